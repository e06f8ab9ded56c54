"""The Jobs that belong to a server: which one of a component is the present one, and running it to its end."""

from typing import Any

from groundwork.errors import GroundworkError
from twin.kubernetes.client import Client
from twin.pods import workloads
from twin.pods.runner import PodRunner

COMPONENT = "app.kubernetes.io/component"
KEPT_SECONDS = 600
"""How long Kubernetes keeps a Job that was made here after its end."""
_OF_THE_CONTROLLER = ("controller-uid", "job-name")


def run(runner: PodRunner, api: Client, namespace: str, component: str) -> None:
    """Run the Job of a component. Raises GroundworkError with the end of its log when it fails."""
    name = runnable(api, namespace, component)
    result = runner.run_job(namespace, name)
    if result.exit_code:
        raise GroundworkError(f"Job {namespace}/{name} has failed ({result.reason}). {result.message}")


def runnable(api: Client, namespace: str, component: str) -> str:
    """Return the name of the component's newest Job, or of another like it where its pods are gone with their node."""
    found = api.list("batch/v1", "Job", namespace, f"{COMPONENT}={component}")
    # An `up` that changes a Job makes the new one before it removes the old one.
    alive = [job for job in found if not job["metadata"].get("deletionTimestamp")]
    newest = max(alive, key=lambda job: str(job["metadata"]["creationTimestamp"]), default=None)
    if newest is None:
        raise GroundworkError(f"The cluster has no Job of component {component} in namespace {namespace}.")
    if workloads.pods(api, newest) or not newest.get("status", {}).get("conditions"):
        return str(newest["metadata"]["name"])
    return str(api.create(again(newest, component))["metadata"]["name"])


def again(job: dict[str, Any], component: str) -> dict[str, Any]:
    """Return a Job with the same pod, as `kubectl create job --from` makes one of a CronJob."""
    metadata, spec = job["metadata"], job["spec"]
    template = {**spec["template"], "metadata": dict(spec["template"]["metadata"])}
    template["metadata"]["labels"] = {
        key: value
        for key, value in template["metadata"]["labels"].items()
        if key.rpartition("/")[2] not in _OF_THE_CONTROLLER
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "generateName": f"{component}-",
            "namespace": metadata["namespace"],
            "labels": dict(metadata["labels"]),
        },
        "spec": {
            "backoffLimit": spec.get("backoffLimit", 6),
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": template,
        },
    }
