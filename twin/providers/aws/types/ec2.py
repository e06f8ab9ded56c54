"""EC2: networks and launch templates, by area."""

from twin.providers.aws.types import _ec2_endpoints, _ec2_gateways, _ec2_network, _ec2_routing, _ec2_security_groups
from twin.providers.aws.types._ec2_launch_template import LAUNCH_TEMPLATE
from twin.providers.aws.types._ec2_tag import TAG

TYPES = (
    *_ec2_network.TYPES,
    *_ec2_gateways.TYPES,
    *_ec2_routing.TYPES,
    *_ec2_endpoints.TYPES,
    *_ec2_security_groups.TYPES,
    LAUNCH_TEMPLATE,
    TAG,
)
