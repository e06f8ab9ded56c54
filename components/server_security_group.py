"""The security group of a server that opens one port: named clients come in, nothing goes out.

Source: Amazon VPC user guide, "Security group rules".
"""

from collections.abc import Mapping

import pulumi
from pulumi_aws import ec2, vpc

from components.model import Wire
from components.tags import name_tag


def server_security_group(
    name: str,
    *,
    owner: pulumi.ComponentResource,
    environment: str,
    vpc_id: Wire,
    title: str,
    protocol: str,
    port: int,
    clients: Mapping[str, Wire],
) -> ec2.SecurityGroup:
    """Make the group and its rules as children of `owner`.

    `title` says what serves, such as `Database registry`; `protocol` what is spoken over TCP, such as `PostgreSQL`;
    `clients` are the security groups that may connect, by the role of the client.
    """
    child = pulumi.ResourceOptions(parent=owner)
    group = ec2.SecurityGroup(
        f"{name}-security-group",
        description=f"{title}: {protocol} from its clients",
        vpc_id=vpc_id,
        egress=[],  # explicitly none: AWS gives a new group egress to everywhere
        tags=name_tag(environment, f"{name}-security-group"),
        opts=child,
    )
    for client, client_group_id in clients.items():
        vpc.SecurityGroupIngressRule(
            f"{name}-from-{client}",
            security_group_id=group.id,
            referenced_security_group_id=client_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"{protocol} from {client}",
            tags=name_tag(environment, f"{name}-from-{client}"),
            opts=child,
        )
    return group
