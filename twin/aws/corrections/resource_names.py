"""Which resource a request is about, and with which tags, when policies are evaluated.

EKS, Auto Scaling, AWS Backup (`backup_resources.py`), alarms (`alarm_resources.py`), search domains
(`search_resources.py`), and what is read (`read_resources.py`).

ministack 1.5.33 takes every request of EKS for one about the cluster, and knows no tags of Auto Scaling groups, nor
which group an instance belongs to. Policies that name a node group, or groups with a tag as the cluster autoscaler's
role does, could not decide. As with condition keys, this can only be given inside the emulator.

Source: Service authorization reference, "Amazon Elastic Kubernetes Service", "Amazon EC2 Auto Scaling".
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import tagging

from twin.aws.corrections import alarm_resources, backup_resources, read_resources, search_resources
from twin.aws.corrections.auto_scaling_groups import KIND
from twin.aws.corrections.memory import Memory

_EKS = re.compile(
    r"/clusters/(?P<cluster>[^/]+)/(?P<kind>node-groups|addons|pod-identity-associations|access-entries)/(?P<name>.+)"
)
_OPERATION = re.compile(r"/(update|update-config|update-version|access-policies(/.*)?)$")
_KINDS = {"node-groups": "nodegroup", "addons": "addon", "pod-identity-associations": "podidentityassociation"}
_PRINCIPAL = re.compile(r"arn:[\w-]+:(?:iam|sts)::(?P<account>\d{12}):(?P<type>[\w-]+)/?(?P<name>.*)")


def install(memory: Memory) -> None:
    """Let the emulator's evaluation know; `memory` tells of Auto Scaling groups. The last one installed counts."""
    extract: Callable[..., str] = getattr(iam_actions.extract_resource_arn, "known", iam_actions.extract_resource_arn)
    tags_of: Callable[[str], Any] = getattr(tagging.resource_tags, "known", tagging.resource_tags)

    def resource(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> str:
        named = None
        if service == "eks":
            named = _of_eks(path, region, account)
        elif service == "autoscaling":
            group = _group(memory, f"{account}/{region}", query)
            named = group and group["AutoScalingGroupARN"]
        elif service in alarm_resources.SERVICES:
            named = alarm_resources.of(service, body, query, f"{region}:{account}")
        elif service == "backup":
            named = backup_resources.of(method, path, f"{region}:{account}")
        elif service == "opensearch":
            named = search_resources.of(path, body, query, f"{region}:{account}")
        else:
            named = read_resources.of(service, headers, body, query, f"{region}:{account}")
        return named or extract(service, method, path, headers, body, query, region, account)

    def tags(arn: str) -> Any:
        if arn.split(":")[2:3] != ["autoscaling"]:
            return tags_of(arn)
        groups = memory.shelf(KIND).of_scope(f"{get_account_id()}/{get_region()}").values()
        found = [group["Tags"] for group in groups if group.get("AutoScalingGroupARN") == arn]
        return {tag["Key"]: tag["Value"] for tag in found[0]} if found else None

    resource.known = extract  # type: ignore[attr-defined]
    tags.known = tags_of  # type: ignore[attr-defined]
    iam_actions.extract_resource_arn = resource
    tagging.resource_tags = tags


def access_entry_arn(principal_arn: str, cluster: str, region: str, account: str) -> str:
    """The ARN of a principal's access entry; the id at its end is one that policies leave open."""
    principal = _PRINCIPAL.fullmatch(principal_arn)
    who = f"{principal['type']}/{principal['account']}/{principal['name']}" if principal else principal_arn
    return f"arn:aws:eks:{region}:{account}:access-entry/{cluster}/{who}/*"


def _of_eks(path: str, region: str, account: str) -> str | None:
    """The part of a cluster that a request is about; None when it is about the cluster itself."""
    if path.startswith("/tags/"):
        return unquote(path.removeprefix("/tags/"))
    found = _EKS.fullmatch(path)
    if found is None:
        return None
    arn, cluster = f"arn:aws:eks:{region}:{account}", found["cluster"]
    name = _OPERATION.sub("", unquote(found["name"]))
    if found["kind"] == "access-entries":
        return access_entry_arn(name, cluster, region, account)
    # The last part of the ARN is an id that policies leave open.
    last = "" if found["kind"] == "pod-identity-associations" else "/*"
    return f"{arn}:{_KINDS[found['kind']]}/{cluster}/{name}{last}"


def _group(memory: Memory, scope: str, query: Any) -> Any:
    """The Auto Scaling group that a request names, by its own name or by an instance of it."""
    name, instance = read_resources.first(query, "AutoScalingGroupName"), read_resources.first(query, "InstanceId")
    shelf = memory.shelf(KIND)
    if name:
        return shelf.get(scope, name)
    held = (
        group
        for group in shelf.of_scope(scope).values()
        if instance and any(one["InstanceId"] == instance for one in group.get("Instances", []))
    )
    return next(held, None)
