"""The load balancer of the tracking server: internal, TLS alone, for named ranges, straight to the pods.

It is made by the AWS Load Balancer Controller, which whoever sets this has to have in the cluster.

Source: EKS user guide, "Route TCP and UDP traffic with Network Load Balancers"; AWS Load Balancer Controller, "NLB
annotations", "NLB IP mode"; Elastic Load Balancing, "Health checks for Network Load Balancer target groups".
"""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from components.model import Model
from components.private_ranges import PrivateRange

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
CERTIFICATE = r"^arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate/[a-f0-9-]+$"
CLASS = "service.k8s.aws/nlb"
"""Of the AWS Load Balancer Controller, which sends to pods and needs no port of a node."""
AUTHENTICATION = "groundwork.io/authentication"
"""What says how callers are asked who they are."""


def _somebody(ranges: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
    if not ranges:
        raise ValueError("nobody may connect: name a range, or leave the load balancer out")
    return ranges


# Not `min_length`: where a range is wrong, that would call the list empty too.
SourceRanges = Annotated[tuple[PrivateRange, ...], AfterValidator(_somebody)]


class LoadBalancerSettings(Model):
    """Who reaches the tracking server from outside the cluster."""

    hostname: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])$")] = Field(
        examples=["mlflow.ml.example.org"]
    )
    """The name of the certificate, which people type; your DNS points it at the load balancer."""
    certificate_arn: Annotated[str, Field(pattern=CERTIFICATE)] = Field(
        examples=["arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"]
    )
    """The certificate in ACM, of the environment's account and region."""
    source_ranges: SourceRanges = Field(examples=[["10.0.0.0/8"]])
    """Private IPv4 ranges that may connect: offices and networks behind your VPN."""


def annotations_of(settings: LoadBalancerSettings) -> dict[str, str]:
    """Return the annotations of the Service."""
    return {
        f"{PREFIX}nlb-target-type": "ip",
        f"{PREFIX}scheme": "internal",
        f"{PREFIX}internal": "true",
        f"{PREFIX}ssl-cert": settings.certificate_arn,
        f"{PREFIX}ssl-ports": "443",
        f"{PREFIX}ssl-negotiation-policy": TLS_POLICY,
        f"{PREFIX}backend-protocol": "tcp",
        # Network policies then see who calls.
        f"{PREFIX}target-group-attributes": "preserve_client_ip.enabled=true",
        AUTHENTICATION: "basic-auth",
    }


def calling_ranges(settings: LoadBalancerSettings, vpc_cidr: str) -> list[str]:
    """Return where connections to the pods come from: callers' own addresses, and health checks from the VPC.

    A Network Load Balancer asks after health from its own addresses in the subnets, whatever it preserves of callers.
    """
    return [*(str(cidr) for cidr in settings.source_ranges), vpc_cidr]


def load_balancer_spec(settings: LoadBalancerSettings, selector: Mapping[str, str]) -> dict[str, Any]:
    """Return the specification of the Service."""
    return {
        "type": "LoadBalancer",
        "load_balancer_class": CLASS,
        "allocate_load_balancer_node_ports": False,
        "load_balancer_source_ranges": [str(cidr) for cidr in settings.source_ranges],
        "selector": dict(selector),
        "ports": [{"name": "https", "port": 443, "target_port": "http"}],
    }
