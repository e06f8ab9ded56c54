"""What a Service of type LoadBalancer asks of Elastic Load Balancing, and where it may be put.

The annotations are those of the controller that is part of EKS. Its load balancers are classic ones unless the Service
says `nlb`; the emulator has no classic load balancers, so both are network load balancers here.

Source: kubernetes/cloud-provider-aws, docs/service_controller.md; EKS user guide, "View Amazon EKS networking
requirements for VPC and subnets" (tags of subnets).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from twin.kubernetes.controllers.addon_manifests import Manifest

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
SERVICE_TAG = "kubernetes.io/service-name"
_PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
_ELSEWHERE = ("external", "nlb-ip")
"""Values of the type annotation that leave a Service to the AWS Load Balancer Controller."""
_NAME_LIMIT = 32


class NoSubnetError(Exception):
    """No subnet of the cluster's VPC can take the load balancer."""


def annotation(service: Manifest, name: str) -> str:
    """An annotation of the controller, by the end of its name; empty when it is not there."""
    return str(service["metadata"].get("annotations", {}).get(_PREFIX + name, ""))


def is_ours(service: Manifest) -> bool:
    """Whether the controller of EKS sees to this Service."""
    spec = service["spec"]
    elsewhere = spec.get("loadBalancerClass") or annotation(service, "type") in _ELSEWHERE
    return spec.get("type") == "LoadBalancer" and not elsewhere


def is_internal(service: Manifest) -> bool:
    """Whether only the VPC is to reach it."""
    return annotation(service, "internal").lower() not in ("", "false")


def is_network(service: Manifest) -> bool:
    """Whether it is to be a network load balancer: that has no security group of its own here."""
    return annotation(service, "type") == "nlb"


def load_balancer_name(service: Manifest) -> str:
    """`a` and the Service's uid, as Kubernetes has always named them.

    >>> load_balancer_name({"metadata": {"uid": "0b5a3f7e-6d1f-4f0e-9a43-1f1e1a2b3c4d"}})
    'a0b5a3f7e6d1f4f0e9a431f1e1a2b3c4'
    """
    return f"a{service['metadata']['uid'].replace('-', '')}"[:_NAME_LIMIT]


def group_name(service: Manifest) -> str:
    """The name of its security group."""
    return f"k8s-elb-{load_balancer_name(service)}"


def target_group_name(service: Manifest, port: Mapping[str, Any]) -> str:
    """The name of the target group of one port."""
    of = f"{service['metadata']['uid']}:{port['port']}:{port.get('protocol', 'TCP')}"
    return f"k8s-{hashlib.sha256(of.encode()).hexdigest()[: _NAME_LIMIT - 4]}"


def tags(service: Manifest, cluster: str) -> list[dict[str, str]]:
    """Its tags: whose it is, and those that an annotation adds."""
    metadata = service["metadata"]
    found = {
        SERVICE_TAG: f"{metadata['namespace']}/{metadata['name']}",
        f"kubernetes.io/cluster/{cluster}": "owned",
    }
    for each in filter(None, annotation(service, "additional-resource-tags").split(",")):
        key, _, value = each.partition("=")
        found[key.strip()] = value.strip()
    return [{"Key": key, "Value": value} for key, value in found.items()]


def subnets(
    service: Manifest, cluster: str, candidates: Iterable[Mapping[str, Any]], public: frozenset[str]
) -> list[str]:
    """One subnet for each zone, of those of the cluster's VPC; `public` are those with a route to the internet.

    A subnet with the role's tag goes before one without, else the one with the first id. One that is tagged for another
    cluster only is not taken; one without a route to the internet is not taken for a load balancer that faces it.

    Raises NoSubnetError.
    """
    chosen = [each.strip() for each in annotation(service, "subnets").split(",") if each.strip()]
    internal = is_internal(service)
    role = f"kubernetes.io/role/{'internal-elb' if internal else 'elb'}"
    by_zone: dict[str, tuple[bool, str]] = {}
    for subnet in candidates:
        held = {tag["Key"]: tag["Value"] for tag in subnet.get("Tags", ())}
        if chosen and not {subnet["SubnetId"], held.get("Name")} & set(chosen):
            continue
        clusters = [key for key in held if key.startswith("kubernetes.io/cluster/")]
        if clusters and f"kubernetes.io/cluster/{cluster}" not in clusters:
            continue
        if not internal and subnet["SubnetId"] not in public:
            continue
        rank = (role not in held, subnet["SubnetId"])
        by_zone[subnet["AvailabilityZone"]] = min(rank, by_zone.get(subnet["AvailabilityZone"], rank))
    if not by_zone:
        raise NoSubnetError("could not find any suitable subnets for creating the ELB")
    return [subnet for _, (_, subnet) in sorted(by_zone.items())]
