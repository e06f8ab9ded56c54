"""Which resource a request of EC2 or Elastic Load Balancing is about, and with which tags, when policies are evaluated.

ministack 1.5.33 decides the creation of volumes and load balancers, and tagging, on no resource, and knows neither the
tags of EC2 resources nor those in a request. A policy that names what it is about, as a permissions boundary does,
could not allow it. As with condition keys, this can only be given inside the emulator.

Source: Service authorization reference, "Amazon EC2", "AWS Elastic Load Balancing V2".
"""

from collections.abc import Iterable
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, tagging

_OF_A_VOLUME = {"CreateVolume", "DeleteVolume", "ModifyVolume", "AttachVolume", "DetachVolume"}
_TAGGING = {"CreateTags", "DeleteTags"}
_TYPES = {
    "eni": "network-interface",
    "i": "instance",
    "lt": "launch-template",
    "sg": "security-group",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
}
"""How ids begin -> what the ARN calls the thing."""


def install() -> None:
    """Give the emulator's policy evaluation the resources and their tags. Installed once, it stays as it is."""
    if "ec2" in tagging._RESOURCE_TAG_COLLECTORS:
        return
    extract = iam_actions.extract_resource_arn

    def resource(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> str:
        named = None
        if service == "ec2":
            named = _of_ec2(query, f"arn:aws:ec2:{region}:{account}")
        elif service == "elasticloadbalancing":
            named = _of_load_balancing(query, f"arn:aws:elasticloadbalancing:{region}:{account}")
        return named or str(extract(service, method, path, headers, body, query, region, account))

    iam_actions.extract_resource_arn = resource
    tagging._RESOURCE_TAG_COLLECTORS["ec2"] = _tags_of_ec2
    iam_actions._TAG_MEMBERS |= {"TagSpecifications"}
    iam_actions._TAG_OPERATIONS.pop("ec2", None)


def _of_ec2(query: Any, prefix: str) -> str | None:
    action = iam_actions._query_param(query, "Action")
    if action in _OF_A_VOLUME:
        return f"{prefix}:volume/{iam_actions._query_param(query, 'VolumeId') or '*'}"
    if action in _TAGGING:  # the first: who may tag one and not another is not told apart
        thing_id = iam_actions._query_param(query, "ResourceId.1") or ""
        kind = _TYPES.get(thing_id.partition("-")[0])
        return f"{prefix}:{kind}/{thing_id}" if kind else None
    return None


def _of_load_balancing(query: Any, prefix: str) -> str | None:
    action, name = iam_actions._query_param(query, "Action"), iam_actions._query_param(query, "Name")
    if action == "CreateLoadBalancer":
        kind = {"network": "net", "gateway": "gwy"}.get(iam_actions._query_param(query, "Type") or "", "app")
        return f"{prefix}:loadbalancer/{kind}/{name}/*"
    return f"{prefix}:targetgroup/{name}/*" if action == "CreateTargetGroup" else None


def _tags_of_ec2() -> Iterable[tuple[str, list[dict[str, str]]]]:
    for thing_id, tags in list(ec2._tags.items()):
        kind = _TYPES.get(thing_id.partition("-")[0])
        if kind:
            yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{thing_id}", tags
