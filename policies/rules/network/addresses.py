"""NET-04: public addresses."""

from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.repair import maps, put
from policies.rule import Findings, ResourceRule, Rule, not_true
from policies.tokens import aws

SUBNET, INSTANCE = aws("ec2/subnet:Subnet"), aws("ec2/instance:Instance")
LAUNCH_TEMPLATE = aws("ec2/launchTemplate:LaunchTemplate")
LAUNCH_CONFIGURATION = aws("ec2/launchConfiguration:LaunchConfiguration")


def _no_public_address(resource: Resource, settings: Settings) -> Findings:
    del settings
    what = "machines get a public address"
    if resource.type in SUBNET:
        yield from not_true(resource["mapPublicIpOnLaunch"], what)
    elif resource.type in LAUNCH_TEMPLATE:
        for interface in resource["networkInterfaces"].each():
            yield from not_true(interface["associatePublicIpAddress"], what, as_text=True)
    else:
        yield from not_true(resource["associatePublicIpAddress"], what)


def _take_public_addresses_away(props: Any) -> bool:
    """Machines are left as they are: they would be made anew."""

    def is_private(value: Any) -> bool:
        return value not in (True, "true")

    interfaces = [
        put(interface, "associatePublicIpAddress", "false", unless=is_private)
        for interface in maps(props.get("networkInterfaces"))
    ]
    return put(props, "mapPublicIpOnLaunch", False, unless=is_private) or any(interfaces)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="NET-04",
        requirement="Machines get no public address.",
        why="A machine with a public address is one mistake in a group away from the internet.",
        fix="map_public_ip_on_launch=False, associate_public_ip_address=False",
        types=SUBNET | INSTANCE | LAUNCH_TEMPLATE | LAUNCH_CONFIGURATION,
        severity=Severity.HIGH,
        controls=("F:EC2.15", "F:EC2.9", "800-53 SC-7/AC-4", "AISF-INFRA-08"),
        check=_no_public_address,
        remediate=_take_public_addresses_away,
        repairs=SUBNET | LAUNCH_TEMPLATE,
    ),
)
