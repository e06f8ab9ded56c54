"""The cluster-autoscaler, wherever a Deployment of that name has a running pod; without one nothing scales.

It reads the pod's flags, finds its groups with the role of the pod's service account (Pod Identity) and reads the
cluster as that service account, so that a right that is missing shows: an event says which, and nothing scales. What
is not simulated is in docs/twin.md.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from twin.account import Account
from twin.kubernetes import pod_identity, service_accounts
from twin.kubernetes.autoscaling import flags as command_line
from twin.kubernetes.autoscaling import scale_up
from twin.kubernetes.autoscaling.events import Events, status_map
from twin.kubernetes.autoscaling.flags import FlagError, Flags
from twin.kubernetes.autoscaling.node_groups import Group, discover
from twin.kubernetes.autoscaling.removal import Removal
from twin.kubernetes.autoscaling.state import State, places_of, upcoming_of
from twin.kubernetes.client import ApiError, Client
from twin.kubernetes.controllers.loop import World
from twin.kubernetes.drain import Pod
from twin.kubernetes.instance_types import UnknownInstanceTypeError
from twin.kubernetes.pod_identity import PodIdentityError
from twin.kubernetes.scheduling import selected

NAME = "app.kubernetes.io/name=cluster-autoscaler"
PRIORITIES = "cluster-autoscaler-priority-expander"
CREDENTIALS_SECONDS = 900.0
"""How long credentials of a role are used before new ones are asked for, as the SDKs do well before they end."""
_log = logging.getLogger("twin.kubernetes.autoscaler")


@dataclass(frozen=True)
class _Identity:
    """What the autoscaler's pod may use."""

    api: Client
    role: Account
    until: float


class Autoscaler:
    """See the module."""

    name = "cluster-autoscaler"

    def __init__(self) -> None:
        self._events = Events()
        self._identities: dict[str, _Identity] = {}
        self._removal = Removal(self._events)
        self._next_scan = 0.0
        self._unknown: tuple[str, ...] = ()

    def reconcile(self, world: World) -> None:
        """See Controller."""
        if time.monotonic() < self._next_scan:
            return
        pod = _running_pod(world.api)
        if pod is None:
            return
        try:
            flags = command_line.parse(pod["spec"]["containers"][0])
        except FlagError as error:
            self._events.record(world.api, pod, "Failed", str(error), warning=True)
            return
        self._next_scan = time.monotonic() + flags.scan_interval
        if flags.unknown != self._unknown:
            _log.warning("flags without effect in the twin: %s", ", ".join(flags.unknown))
            self._unknown = flags.unknown
        try:
            self._scan(world, pod, flags)
        except PodIdentityError as error:
            self._complain(world, pod, f"no credentials: {error}")
        except ClientError as error:
            self._complain(world, pod, f"AWS refuses: {error}")
        except ApiError as error:
            if error.status != 403:
                raise
            self._complain(world, pod, f"the API server refuses: {error.message}")
        except (UnknownInstanceTypeError, ValueError) as error:
            self._complain(world, pod, str(error))
        else:
            self._events.forget(pod, "Failed")

    def _complain(self, world: World, pod: Pod, message: str) -> None:
        """The real one writes this into its log and ends, or tries again; here it is an event of its pod too."""
        self._identities.pop(pod["metadata"]["uid"], None)  # a right may be given meanwhile
        self._events.record(world.api, pod, "Failed", message, warning=True)

    def _scan(self, world: World, pod: Pod, flags: Flags) -> None:
        identity = self._identity(world, pod)
        groups = discover(identity.role, flags.discovery_tags)
        state = State.read(identity.api, groups)
        if self._scale_up(identity, pod, flags, state):
            self._removal.after_scale_up()
            return
        self._removal.step(identity.api, identity.role, flags, state, pod["metadata"]["namespace"])

    def _identity(self, world: World, pod: Pod) -> _Identity:
        uid = pod["metadata"]["uid"]
        held = self._identities.get(uid)
        if held and time.monotonic() < held.until:
            return held
        namespace, account = pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]
        made = _Identity(
            service_accounts.client(world.folder, world.api, namespace, account),
            pod_identity.credentials(world, namespace, account),
            time.monotonic() + CREDENTIALS_SECONDS,
        )
        self._identities = {uid: made}
        return made

    def _scale_up(self, identity: _Identity, pod: Pod, flags: Flags, state: State) -> bool:
        """Whether a group was made larger."""
        namespace = pod["metadata"]["namespace"]
        cluster = scale_up.Cluster(places_of(state), upcoming_of(state), state.pods)
        priorities = _priorities(identity.api, namespace) if "priority" in flags.expander else ""
        plan = scale_up.plan(state.groups, cluster, flags.expander, priorities, flags.balance_similar_node_groups)
        for waiting, reasons in plan.refused:
            said = f"pod didn't trigger scale-up: {reasons}" if reasons else "pod didn't trigger scale-up"
            self._events.record(identity.api, waiting, "NotTriggerScaleUp", said)
        sizes = _within(plan.sizes, state, flags.max_nodes_total)
        done = [
            group for group in state.groups if group.name in sizes and self._grow(identity, namespace, group, sizes)
        ]
        if done:
            changes = ", ".join(f"{{{g.name} {g.desired}->{sizes[g.name]} (max: {g.max_size})}}" for g in done)
            for helped in plan.helped:
                self._events.tell(identity.api, helped, "TriggeredScaleUp", f"pod triggered scale-up: [{changes}]")
        return bool(done)

    def _grow(self, identity: _Identity, namespace: str, group: Group, sizes: Mapping[str, int]) -> bool:
        about = status_map(namespace)
        try:
            identity.role.client("autoscaling").set_desired_capacity(
                AutoScalingGroupName=group.name, DesiredCapacity=sizes[group.name], HonorCooldown=False
            )
        except ClientError as error:
            said = f"Scale-up failed for group {group.name}: {error}"
            self._events.record(identity.api, about, "FailedToScaleUpGroup", said, warning=True)
            return False
        said = f"Scale-up: setting group {group.name} size to {sizes[group.name]} instead of {group.desired}"
        self._events.tell(identity.api, about, "ScaledUpGroup", f"{said} (max: {group.max_size})")
        return True


def _running_pod(api: Client) -> Pod | None:
    """A running pod of the Deployment; several elect one of them, and which one makes no difference here."""
    for deployment in api.list("apps/v1", "Deployment", None, NAME):
        namespace = deployment["metadata"]["namespace"]
        for pod in api.list("v1", "Pod", namespace):
            running = pod.get("status", {}).get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
            if running and selected(deployment["spec"]["selector"], pod["metadata"].get("labels", {})):
                return pod
    return None


def _priorities(api: Client, namespace: str) -> str:
    found = api.get("v1", "ConfigMap", PRIORITIES, namespace)
    if found is None:
        raise ValueError(f"--expander=priority needs ConfigMap {namespace}/{PRIORITIES}")
    return str(found.get("data", {}).get("priorities", ""))


def _within(sizes: Mapping[str, int], state: State, most: int) -> dict[str, int]:
    """The new sizes, as far as the cluster may grow."""
    if not most:
        return dict(sizes)
    desired = {group.name: group.desired for group in state.groups}
    room = most - max(len(state.nodes), sum(desired.values()))
    found: dict[str, int] = {}
    for name, size in sizes.items():
        more = max(0, min(size - desired[name], room))
        room -= more
        if more:
            found[name] = desired[name] + more
    return found
