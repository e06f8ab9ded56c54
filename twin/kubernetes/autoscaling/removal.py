"""Take nodes away that have been needed by nobody for long enough: mark, evict, terminate the instance.

Source: cluster-autoscaler/FAQ.md, "How does scale-down work?".
"""

import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from twin.account import Account
from twin.kubernetes import nodes as node_objects
from twin.kubernetes.autoscaling import scale_down
from twin.kubernetes.autoscaling.events import Events, status_map
from twin.kubernetes.autoscaling.flags import Flags
from twin.kubernetes.autoscaling.state import TO_BE_DELETED, State, places_of
from twin.kubernetes.client import Client
from twin.kubernetes.drain import evict
from twin.kubernetes.nodes import Node


class Removal:
    """Remembers since when nodes are unneeded; a restart begins anew, as that of the real one does."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._unneeded: dict[str, float] = {}
        self._marked: dict[str, float] = {}
        self._not_before = 0.0
        self._last_growth: float | None = None

    def after_scale_up(self) -> None:
        """A group was made larger just now."""
        self._last_growth = time.monotonic()

    def step(self, api: Client, role: Account, flags: Flags, state: State, namespace: str) -> None:
        """Go on with the nodes that are marked, then mark those whose time has come."""
        marked = [node for node in state.nodes if _mark(node)]
        for node in marked:
            self._go_on(api, role, flags, state, node, namespace)
        self._look(flags, state)
        now = time.monotonic()
        grown = self._last_growth is not None and now < self._last_growth + flags.scale_down_delay_after_add
        if not flags.scale_down_enabled or grown or now < self._not_before:
            return
        for node in self._ripe(flags, state, marked):
            self._begin(api, node)

    def _look(self, flags: Flags, state: State) -> None:
        now = time.monotonic()
        needless = {node["metadata"]["name"] for node in unneeded(flags, state)}
        self._unneeded = {name: self._unneeded.get(name, now) for name in needless}

    def _ripe(self, flags: Flags, state: State, marked: Sequence[Node]) -> list[Node]:
        """The nodes to mark now: within each group's minimum, many that are empty, few that have pods to move."""
        now = time.monotonic()
        shrinking = [group.name for node in marked if (group := state.group_of(node))]
        draining = sum(bool(_movable(state, node)) for node in marked)
        found: list[Node] = []
        for node in state.nodes:
            group, since = state.group_of(node), self._unneeded.get(node["metadata"]["name"])
            if group is None or since is None or now - since < flags.scale_down_unneeded_time or _mark(node):
                continue
            if group.desired - shrinking.count(group.name) <= group.min_size:
                continue
            if len(marked) + len(found) >= flags.max_scale_down_parallelism:
                break
            if _movable(state, node):
                if draining >= flags.max_drain_parallelism:
                    continue
                draining += 1
            shrinking.append(group.name)
            found.append(node)
        return found

    def _begin(self, api: Client, node: Node) -> None:
        name = node["metadata"]["name"]
        taint = {"key": TO_BE_DELETED, "value": f"{time.time():.0f}", "effect": "NoSchedule"}
        _set_taints(api, node, [*node["spec"].get("taints", ()), taint])
        self._marked[name] = time.monotonic()
        self._events.tell(api, node, "ScaleDown", "marked the node as toBeDeleted/unschedulable")

    def _go_on(self, api: Client, role: Account, flags: Flags, state: State, node: Node, namespace: str) -> None:
        name, group = node["metadata"]["name"], state.group_of(node)
        if group is None:  # the instance is gone; so will be the Node
            return
        moving = _movable(state, node)
        since = self._marked.setdefault(name, time.monotonic())
        if moving and time.monotonic() - since > flags.max_pod_eviction_time:
            self._fail(api, flags, node, f"Failed to drain the node, aborting ScaleDown: {len(moving)} pods are left")
            return
        # Budgets aside: evictions of before may have used them up, and they hold each one by themselves.
        held = next((why for pod in moving if (why := scale_down.holds(pod, flags, ()))), None)
        if held:  # since the node was marked
            self._fail(api, flags, node, f"Failed to drain the node, aborting ScaleDown: of a pod, {held}")
            return
        for pod in moving:
            if "deletionTimestamp" not in pod["metadata"]:
                self._events.record(api, pod, "ScaleDown", "deleting pod for node scale down")
                evict(api, pod, min(_grace(pod), flags.max_graceful_termination_sec))
        if moving:
            return
        try:
            role.client("autoscaling").terminate_instance_in_auto_scaling_group(
                InstanceId=node_objects.instance_id(node), ShouldDecrementDesiredCapacity=True
            )
        except ClientError as error:
            self._fail(api, flags, node, f"failed to delete the node of group {group.name}: {error}")
            return
        self._marked.pop(name, None)
        self._events.tell(api, node, "ScaleDown", "node removed by cluster autoscaler")
        self._events.tell(api, status_map(namespace), "ScaleDown", f"Scale-down: node {name} removed")

    def _fail(self, api: Client, flags: Flags, node: Node, message: str) -> None:
        self._events.record(api, node, "ScaleDownFailed", message, warning=True)
        kept = [taint for taint in node["spec"].get("taints", ()) if taint["key"] != TO_BE_DELETED]
        _set_taints(api, node, kept)
        self._marked.pop(node["metadata"]["name"], None)
        self._not_before = time.monotonic() + flags.scale_down_delay_after_failure


def unneeded(flags: Flags, state: State) -> list[Node]:
    """The nodes whose pods, if any, would find room on those that stay."""
    places = places_of(state)
    found: list[Node] = []
    receivers: set[str] = set()
    for node in state.nodes:
        name, pods = node["metadata"]["name"], state.pods_on(node)
        if state.group_of(node) is None or not _may_go(node) or not scale_down.is_idle(node, pods, flags):
            continue
        if any(scale_down.holds(pod, flags, state.budgets) for pod in pods):
            continue
        moving = [pod for pod in pods if scale_down.moves(pod)]
        others = [place for place in places if place.name != name]
        # What is to receive pods of a node before is needed for them: it shows as less room, and as a receiver.
        after = scale_down.put_elsewhere(moving, others)
        if after is None or name in receivers:
            continue
        receivers |= {place.name for place, before in zip(after, others, strict=True) if place is not before}
        places = after
        found.append(node)
    return found


def _may_go(node: Node) -> bool:
    kept = node["metadata"].get("annotations", {}).get(scale_down.DISABLED) == "true"
    return node_objects.is_ready(node) and not kept


def _movable(state: State, node: Node) -> list[Any]:
    return [pod for pod in state.pods_on(node) if scale_down.moves(pod)]


def _mark(node: Node) -> bool:
    return any(taint["key"] == TO_BE_DELETED for taint in node["spec"].get("taints", ()))


def _set_taints(api: Client, node: Node, taints: Sequence[Any]) -> None:
    # The whole object, as the real one does: its rights are to `update` nodes. A conflict is left to the next scan.
    api.replace({**node, "spec": {**node["spec"], "taints": list(taints)}})


def _grace(pod: Any) -> int:
    return int(pod["spec"].get("terminationGracePeriodSeconds", 30))
