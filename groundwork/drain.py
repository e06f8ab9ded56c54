"""Before a cluster goes: what people put into it, and what AWS keeps outside of it for them, goes first.

A load balancer of a Service and the volume of a claim are made by controllers in the cluster, and no stack knows them.
Once the cluster is gone, nobody would delete them, and their network interfaces would keep the VPC. So they are deleted
inside the cluster while it still works, in every namespace, and waited for. What holds a claim goes with it: the
workload that its pods belong to.

A volume whose class says Retain stays, on purpose, and is named.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from groundwork.errors import GroundworkError
from twin.kubernetes.client import ApiError, Client

LIMIT_SECONDS = 180.0
"""How long load balancers and volumes may take to go."""
_PAUSE_SECONDS = 1.0
_SYSTEM = ("kube-system", "kube-public", "kube-node-lease")
Thing = Mapping[str, Any]


@dataclass
class Drained:
    """What was deleted, and what stays."""

    services: set[str] = field(default_factory=set)
    claims: set[str] = field(default_factory=set)
    workloads: set[str] = field(default_factory=set)
    kept_volumes: set[str] = field(default_factory=set)
    """Volumes that stay in the account, because their class retains them."""

    def describe(self) -> str:
        """One sentence for a person; empty when there was nothing."""
        parts = [
            f"{len(names)} {what} ({', '.join(sorted(names))})"
            for names, what in (
                (self.services, "load balancers"),
                (self.claims, "volume claims"),
                (self.workloads, "workloads that used them"),
            )
            if names
        ]
        kept = f" Kept, as their class says: {', '.join(sorted(self.kept_volumes))}." if self.kept_volumes else ""
        return f"Deleted inside the cluster before it goes: {', '.join(parts)}.{kept}" if parts else kept.strip()


def drain(
    kubeconfig: str,
    variables: Mapping[str, str],
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Drained:
    """Delete every load balancer and every claim in the cluster, and wait until their AWS resources are gone.

    Raises:
        GroundworkError: some are still there after LIMIT_SECONDS; which, and what the cluster says of them.
        ApiError, KubeconfigError: nobody can look into the cluster.
    """
    api = Client.of(kubeconfig, environment=variables)
    done, end = Drained(), clock() + LIMIT_SECONDS
    while left := _step(api, done):
        if clock() > end:
            raise GroundworkError(_stuck(api, left))
        pause(_PAUSE_SECONDS)
    return done


def _step(api: Client, done: Drained) -> list[Thing]:
    """Begin to delete what is not being deleted yet; what is still there."""
    services = [each for each in api.list("v1", "Service") if each["spec"].get("type") == "LoadBalancer"]
    claims = [each for each in api.list("v1", "PersistentVolumeClaim") if _namespace(each) not in _SYSTEM]
    for service in services:
        _delete(api, service, done.services)
    if claims:
        pods = api.list("v1", "Pod")
        for claim in claims:
            _delete(api, claim, done.claims)
            for holder in _holders(api, claim, pods):
                _delete(api, holder, done.workloads)
    volumes = [each for each in api.list("v1", "PersistentVolume") if each["spec"].get("claimRef")]
    kept = [each for each in volumes if each["spec"].get("persistentVolumeReclaimPolicy") != "Delete"]
    done.kept_volumes |= {each["spec"].get("csi", {}).get("volumeHandle") or each["metadata"]["name"] for each in kept}
    leaving = [each for each in volumes if each not in kept and _ref(each)["namespace"] not in _SYSTEM]
    return [*services, *claims, *leaving]


def _delete(api: Client, thing: Thing, done: set[str]) -> None:
    metadata = thing["metadata"]
    if "deletionTimestamp" in metadata:
        return
    api.delete(thing["apiVersion"], thing["kind"], metadata["name"], _namespace(thing), propagationPolicy="Background")
    done.add(f"{_namespace(thing)}/{metadata['name']}")


def _holders(api: Client, claim: Thing, pods: list[dict[str, Any]]) -> Iterator[Thing]:
    """What keeps a claim in use: the pods with it, by the workload at the top that would make them again."""
    for pod in pods:
        held = {
            volume["persistentVolumeClaim"]["claimName"]
            for volume in pod["spec"].get("volumes", ())
            if "persistentVolumeClaim" in volume
        }
        # A pod of its own, or an ephemeral volume's, whose claim bears the pod's name before the volume's.
        held |= {f"{pod['metadata']['name']}-{v['name']}" for v in pod["spec"].get("volumes", ()) if "ephemeral" in v}
        if _namespace(pod) == _namespace(claim) and claim["metadata"]["name"] in held:
            yield _top(api, pod)
            yield pod


def _top(api: Client, thing: Thing) -> Thing:
    """The object at the top of the chain of owners; an owner that nobody can read ends the chain."""
    for owner in thing["metadata"].get("ownerReferences", ()):
        if owner.get("controller"):
            try:
                found = api.get(owner["apiVersion"], owner["kind"], owner["name"], _namespace(thing))
            except ApiError:
                return thing
            return _top(api, found) if found else thing
    return thing


def _stuck(api: Client, left: list[Thing]) -> str:
    events = api.list("v1", "Event", fieldSelector="type=Warning")
    lines = []
    for thing in left:
        name = f"{_namespace(thing) or 'cluster'}/{thing['metadata']['name']}"
        said = [e["message"] for e in events if e["involvedObject"].get("uid") == thing["metadata"]["uid"]]
        held_by = "held by " + (", ".join(thing["metadata"].get("finalizers", ())) or "nobody")
        lines.append(f"  {thing['kind']} {name}: {said[-1] if said else held_by}")
    first = f"After {LIMIT_SECONDS:.0f} s there is still in the cluster:"
    return "\n".join([first, *lines, "Nothing else was deleted."])


def _namespace(thing: Thing) -> str | None:
    found: str | None = thing["metadata"].get("namespace")
    return found


def _ref(volume: Thing) -> Mapping[str, str]:
    found: Mapping[str, str] = volume["spec"]["claimRef"]
    return found
