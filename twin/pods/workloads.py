"""The pods that the cluster has made of a Deployment, a StatefulSet or a Job, and what of a Job is done."""

from collections.abc import Mapping
from typing import Any

from twin.kubernetes.client import Client
from twin.pods.errors import PodError

Manifest = Mapping[str, Any]
NO_DEADLINE = float("inf")
_REVISION = "deployment.kubernetes.io/revision"
_OF_STATEFUL_SET = "controller-revision-hash"
_JOB = frozenset(
    [
        "template",
        "backoffLimit",
        "activeDeadlineSeconds",
        "completions",
        "parallelism",
        "completionMode",
        "selector",
        "manualSelector",
        "ttlSecondsAfterFinished",
        "suspend",
        "podReplacementPolicy",
    ]
)


API_VERSIONS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}
"""Of each kind whose pods run as processes."""


def workload(api: Client, kind: str, namespace: str, name: str) -> dict[str, Any]:
    """The workload of that kind. Raises PodError when there is none, or when not everything of a Job is done."""
    found = api.get(API_VERSIONS[kind], kind, name, namespace)
    if found is None:
        raise PodError(f"The cluster has no {kind} {namespace}/{name}.")
    if kind == "Job":
        _check_job(found)
    return found


def named(of: Manifest) -> str:
    """`Deployment mlflow/tracking-server`."""
    return f"{of['kind']} {of['metadata']['namespace']}/{of['metadata']['name']}"


def pods(api: Client, of: Manifest) -> list[dict[str, Any]]:
    """The pods of a workload by name, without those that are about to go; of its newest revision alone."""
    namespace, owner = of["metadata"]["namespace"], of["metadata"]["uid"]
    if of["kind"] == "Deployment":
        owner = _newest_set(api, of)
    found = [one for one in api.list("v1", "Pod", namespace) if owner and _owner(one) == owner]
    if of["kind"] == "StatefulSet":
        revision = _newest_revision(api, of)
        found = [one for one in found if revision and one["metadata"]["labels"].get(_OF_STATEFUL_SET) == revision]
    alive = [one for one in found if not one["metadata"].get("deletionTimestamp")]
    return sorted(alive, key=lambda one: str(one["metadata"]["name"]))


def why_none(found: list[dict[str, Any]]) -> str:
    """What keeps these pods from having a place, in the scheduler's words."""
    conditions = (one for pod in found for one in pod.get("status", {}).get("conditions", ()))
    said = [one.get("message", "") for one in conditions if one["type"] == "PodScheduled" and one["status"] != "True"]
    return next(filter(None, said), "its controller has made none; kubectl describe says why")


def deadline_seconds(job: Manifest) -> float:
    """How long a Job may take; its pods' own deadline counts too."""
    spec = job["spec"]
    given = (spec.get("activeDeadlineSeconds"), spec["template"]["spec"].get("activeDeadlineSeconds"))
    return min((float(one) for one in given if one is not None), default=NO_DEADLINE)


def _check_job(job: Manifest) -> None:
    spec, name = job["spec"], named(job)
    if spec.get("suspend"):
        raise PodError(f"{name} is suspended.")
    if spec.get("completions", 1) != 1 or spec.get("parallelism", 1) != 1 or spec.get("completionMode") == "Indexed":
        raise PodError(f"{name} cannot run as processes: one completion at a time is modelled, Indexed is not.")
    if others := sorted(key for key, value in spec.items() if key not in _JOB and value):
        raise PodError(f"{name} cannot run as processes; not modelled: {', '.join(others)}.")


def _newest_set(api: Client, of: Manifest) -> str:
    """The ReplicaSet of a Deployment as it is now; empty while its controller has not seen that."""
    namespace, name = of["metadata"]["namespace"], of["metadata"]["name"]
    now = api.get("apps/v1", "Deployment", name, namespace) or of
    if now.get("status", {}).get("observedGeneration", 0) < now["metadata"]["generation"]:
        return ""
    sets = [one for one in api.list("apps/v1", "ReplicaSet", namespace) if _owner(one) == now["metadata"]["uid"]]
    return next((str(one["metadata"]["uid"]) for one in sets if _revision(one) == _revision(now)), "")


def _newest_revision(api: Client, of: Manifest) -> str:
    """The name of a StatefulSet's revision as it is now; empty while its controller has not seen that."""
    namespace, name = of["metadata"]["namespace"], of["metadata"]["name"]
    now = api.get("apps/v1", "StatefulSet", name, namespace) or of
    status = now.get("status", {})
    seen = status.get("observedGeneration", 0) >= now["metadata"]["generation"]
    return str(status.get("updateRevision", "")) if seen else ""


def _owner(of: Manifest) -> str:
    return next((str(one["uid"]) for one in of["metadata"].get("ownerReferences", ()) if one.get("controller")), "")


def _revision(of: Manifest) -> str:
    return str((of["metadata"].get("annotations") or {}).get(_REVISION, ""))
