"""EC2: networks, by area."""

from twin.providers.aws.types import _ec2_endpoints, _ec2_gateways, _ec2_network, _ec2_routing, _ec2_security_groups

TYPES = (
    *_ec2_network.TYPES,
    *_ec2_gateways.TYPES,
    *_ec2_routing.TYPES,
    *_ec2_endpoints.TYPES,
    *_ec2_security_groups.TYPES,
)
