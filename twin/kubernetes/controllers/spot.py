"""Spot interruptions, which come only when somebody asks for one: `groundwork twin interrupt-spot`.

EC2 tells of an interruption two minutes before. Managed node groups then launch a replacement (they rebalance capacity
themselves) and drain the node, so no node-termination-handler is needed. Here the notice is an annotation of the Node:
the Node is tainted, its instance leaves the Auto Scaling group, which launches another one, and the Node is drained as
that of any instance that leaves (node_groups.py), until it is empty or NOTICE_SECONDS are over.

Source: EKS user guide, "Managed node group capacity types", Spot.
"""

import logging
from typing import Any

from twin.kubernetes import nodes as node_objects
from twin.kubernetes.controllers.loop import World
from twin.kubernetes.drain import NOTICE
from twin.kubernetes.nodes import Node

NOTICE_SECONDS = 10.0
"""From the notice to the end of the instance. On AWS two minutes."""
TAINT: dict[str, Any] = {"key": "aws-node-termination-handler/spot-itn", "effect": "NoSchedule"}
"""As AWS' node-termination-handler names it, so that what tolerates or watches it works here too."""
_log = logging.getLogger("twin.kubernetes.spot")


class SpotInterruptions:
    """See the module."""

    name = "spot interruptions"

    def reconcile(self, world: World) -> None:
        """See Controller."""
        noticed = [node for node in world.api.list("v1", "Node") if NOTICE in _annotations(node)]
        if not noticed:
            return
        held = _instances(world)
        for node in noticed:
            instance = node_objects.instance_id(node)
            if instance not in held:  # its Node is being drained
                continue
            _taint(world, node)
            world.aws.client("autoscaling").terminate_instance_in_auto_scaling_group(
                InstanceId=instance, ShouldDecrementDesiredCapacity=False
            )
            _log.info("spot instance %s of node %s is interrupted", instance, node["metadata"]["name"])


def _annotations(node: Node) -> dict[str, str]:
    found: dict[str, str] = node["metadata"].get("annotations", {})
    return found


def _instances(world: World) -> set[str]:
    pages = world.aws.client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate()
    return {one["InstanceId"] for page in pages for group in page["AutoScalingGroups"] for one in group["Instances"]}


def _taint(world: World, node: Node) -> None:
    taints = node["spec"].get("taints", [])
    if all(taint["key"] != TAINT["key"] for taint in taints):
        world.api.patch("v1", "Node", node["metadata"]["name"], None, {"spec": {"taints": [*taints, TAINT]}})
