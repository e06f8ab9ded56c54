"""What Kubernetes makes AWS charge for: pods are paid with their nodes; load balancers, volumes, requests are not."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from groundwork.cost.charges import ByType, Charge, Resource, times
from groundwork.cost.services.requests import asked_by
from groundwork.cost.use import Use

VOLUMES: Final[Mapping[str, str]] = {"gp3-encrypted": "gp3"}
"""What the volumes of the platform's own storage class are; a test compares them."""
_GIB: Final = r"(\d+)Gi"


def _service(resource: Resource, _: Use) -> Iterator[Charge]:
    kind = resource["spec"]["type"]
    if kind.unknown or kind.value == "LoadBalancer":
        yield Charge("elb.load_balancer", None, "there is no price for the load balancer of a Service")


def _load_balancer(_: Resource, __: Use) -> Iterator[Charge]:
    yield Charge("elb.load_balancer", None, "there is no price for the load balancer that it may make")


def _volume(_: Resource, __: Use) -> Iterator[Charge]:
    yield Charge("ebs.volume", None, "its volume depends on the storage class")


def _stateful_set(resource: Resource, _: Use) -> Iterator[Charge]:
    for template in resource["spec"]["volumeClaimTemplates"].each():
        asked = template["spec"]
        kind = VOLUMES.get(str(asked["storageClassName"].value))
        size = re.fullmatch(_GIB, str(asked["resources"]["requests"]["storage"].value))
        if kind is None or size is None:
            yield Charge("ebs.volume", None, "its volumes depend on the storage class and on its size")
        else:
            yield times(f"ebs.{kind}.gb_month", resource["spec"]["replicas"], Decimal(size[1]), default=1)


def _deployment(resource: Resource, _: Use) -> Iterator[Charge]:
    yield from asked_by(resource)


CHARGES: Final[ByType] = {
    "kubernetes:apps/v1:Deployment": _deployment,
    "kubernetes:apps/v1:StatefulSet": _stateful_set,
    "kubernetes:core/v1:PersistentVolume": _volume,
    "kubernetes:core/v1:PersistentVolumeClaim": _volume,
    "kubernetes:core/v1:Service": _service,
    "kubernetes:networking.k8s.io/v1:Ingress": _load_balancer,
}
