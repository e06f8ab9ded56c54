"""Managed node groups: the instances of each one's Auto Scaling group are the cluster's nodes.

The Auto Scaling group in the AWS API decides how many instances there are and where. A new one becomes a Node after
BOOT_SECONDS; the Node of one that is gone is drained and deleted; an update of the group replaces its nodes a few at a
time. What became of it goes into `node-groups.json` in the cluster's folder, from which the AWS API tells the status
and the health of a node group (twin/aws/corrections/eks_node_groups.py).
"""

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.kubernetes import nodes as node_objects
from twin.kubernetes.controllers.loop import World
from twin.kubernetes.drain import SINCE, drain, remove
from twin.kubernetes.groups import Instance, NodeGroup, node_groups
from twin.kubernetes.instance_types import UnknownInstanceTypeError
from twin.kubernetes.nodes import Node

BOOT_SECONDS = 2.0
"""From the launch of an instance to its Ready node. On AWS one to two minutes."""
REPORT = "node-groups.json"
_log = logging.getLogger("twin.kubernetes.node_groups")


@dataclass
class _Round:
    """What is known in one round."""

    world: World
    groups: Sequence[NodeGroup]
    nodes: Sequence[Node]
    issues: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By node group, as EKS words them."""

    def nodes_of(self, group: NodeGroup) -> list[Node]:
        return [node for node in self.nodes if node["metadata"].get("labels", {}).get(node_objects.GROUP) == group.name]


class NodeGroups:
    """See the module."""

    name = "node groups"

    def __init__(self) -> None:
        self._launched: dict[str, float] = {}
        self._reported: str | None = None

    def reconcile(self, world: World) -> None:
        """See Controller."""
        groups = node_groups(world.aws, world.cluster)
        nodes = [node for node in world.api.list("v1", "Node") if node_objects.instance_id(node)]
        if not groups and not nodes and self._reported in (None, "{}"):
            return
        now = _Round(world, groups, nodes)
        self._leave(now)
        for group in groups:
            if group.status != "DELETING":
                self._join(now, group)
                self._update(now, group)
                _replace_outdated(now, group)
        self._report(now)

    def _join(self, now: _Round, group: NodeGroup) -> None:
        known = {node_objects.instance_id(node) for node in now.nodes}
        for instance in group.instances:
            if instance.id in known:
                continue
            launched = self._launched.setdefault(instance.id, time.monotonic())
            if time.monotonic() - launched < BOOT_SECONDS:
                continue
            try:
                _register(now, group, instance)
            except UnknownInstanceTypeError as error:
                now.issues.setdefault(group.name, []).append(
                    {
                        "code": "AsgInstanceLaunchFailures",
                        "message": str(error),
                        "resourceIds": [group.auto_scaling_group],
                    }
                )

    def _update(self, now: _Round, group: NodeGroup) -> None:
        """Changed labels and taints of the group reach the nodes that are there. Source: UpdateNodegroupConfig."""
        for node in now.nodes_of(group):
            change = node_objects.change_to(node, group)
            if change:
                now.world.api.patch("v1", "Node", node["metadata"]["name"], None, change)

    def _leave(self, now: _Round) -> None:
        wanted = {one.id for group in now.groups if group.status != "DELETING" for one in group.instances}
        leaving = [node for node in now.nodes if node_objects.instance_id(node) not in wanted]
        pods = now.world.api.list("v1", "Pod") if leaving else ()
        for node in leaving:
            if drain(now.world.api, node, pods):
                remove(now.world.api, node)
                self._launched.pop(node_objects.instance_id(node), None)
                _log.info("node %s is gone", node["metadata"]["name"])

    def _report(self, now: _Round) -> None:
        # Nodes as they were at the round's beginning: one that was removed since is told of in the next.
        report = {group.name: _report_of(now, group) for group in now.groups}
        written = json.dumps(report, sort_keys=True)
        if written != self._reported:
            _write(now.world.folder / REPORT, written)
            self._reported = written
            for name, issues in now.issues.items():
                _log.error("node group %s: %s", name, "; ".join(issue["message"] for issue in issues))


def _register(now: _Round, group: NodeGroup, instance: Instance) -> None:
    aws = now.world.aws
    told = aws.client("ec2").describe_instances(InstanceIds=[instance.id])["Reservations"][0]["Instances"][0]
    if any(node["metadata"]["name"] == told["PrivateDnsName"] for node in now.nodes):
        return  # the address was another instance's, whose Node is about to go
    made = node_objects.manifest(group, instance, aws.region, told["PrivateIpAddress"], told["PrivateDnsName"])
    now.world.api.create(made)
    _log.info("node %s (%s, %s) joins %s", made["metadata"]["name"], instance.type, instance.zone, group.name)


def _replace_outdated(now: _Round, group: NodeGroup) -> None:
    """Let the Auto Scaling group replace nodes of an older version: as many at once as the group says.

    The new instance comes at once, the old node is drained meanwhile, so that its pods have somewhere to go.
    """
    for instance in to_replace(group, now.nodes_of(group)):
        _log.info("an update of %s replaces instance %s", group.name, instance)
        now.world.aws.client("autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=instance, ShouldDecrementDesiredCapacity=False
        )


def to_replace(group: NodeGroup, nodes: Sequence[Node]) -> list[str]:
    """The instances that an update may terminate now: none while a replacement is not yet Ready or one is leaving."""
    instances = {one.id for one in group.instances}
    in_service = [node for node in nodes if node_objects.instance_id(node) in instances]
    outdated = [node_objects.instance_id(node) for node in in_service if node_objects.is_outdated(node, group)]
    ready = [node for node in in_service if node_objects.is_ready(node) and SINCE not in _annotations(node)]
    unavailable = len(instances) - len(ready) + len(nodes) - len(in_service)
    return sorted(outdated)[: max(0, group.max_unavailable - unavailable)]


def _annotations(node: Node) -> Mapping[str, str]:
    found: Mapping[str, str] = node["metadata"].get("annotations", {})
    return found


def _report_of(now: _Round, group: NodeGroup) -> dict[str, Any]:
    nodes = now.nodes_of(group)
    return {
        "arn": group.arn,
        "status": group.status,
        "nodes": len(nodes),
        "ready": sum(node_objects.is_ready(node) for node in nodes),
        "outdated": sum(node_objects.is_outdated(node, group) for node in nodes),
        "issues": now.issues.get(group.name, []),
    }


def _write(file: Path, text: str) -> None:
    draft = file.with_suffix(".tmp")
    draft.write_text(text)
    os.replace(draft, file)
