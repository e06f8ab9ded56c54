"""Which Job of a component is run, and what is done for one whose pods are gone."""

import pytest

from groundwork.errors import GroundworkError
from groundwork.open import jobs
from tests.unit.groundwork.open.cluster import Held, Manifest, api, thing

LABELS = {"app.kubernetes.io/name": "mlflow", jobs.COMPONENT: "migration"}
OF_THE_CONTROLLER = {
    "batch.kubernetes.io/controller-uid": "u",
    "controller-uid": "u",
    "batch.kubernetes.io/job-name": "n",
}
DONE = {"conditions": [{"type": "Complete", "status": "True"}]}
POD_SPEC = {"containers": [{"name": "migration", "image": "i"}], "restartPolicy": "OnFailure"}


def job(name: str, made: int, status: Manifest | None = None, **metadata: object) -> Manifest:
    template = {"metadata": {"labels": LABELS | OF_THE_CONTROLLER}, "spec": POD_SPEC}
    return thing(
        "Job",
        name,
        metadata={"labels": LABELS, "creationTimestamp": f"2026-01-0{made}T00:00:00Z", **metadata},
        spec={"backoffLimit": 3, "template": template, "selector": {"matchLabels": OF_THE_CONTROLLER}},
        status=status or {},
    )


def pod_of(name: str) -> Manifest:
    owner = {"uid": f"uid-{name}", "controller": True}
    return thing("Pod", f"{name}-pod", metadata={"ownerReferences": [owner]})


def test_the_newest_job_that_stays_is_run() -> None:
    held = Held(job("old", 1), job("new", 2), job("going", 3, deletionTimestamp="2026-01-03T00:00:00Z"))
    held.objects += [pod_of("old"), pod_of("new"), pod_of("going")]
    assert jobs.runnable(api(held), "mlflow", "migration") == "new"


def test_a_job_that_has_just_been_made_is_waited_for() -> None:
    assert jobs.runnable(api(Held(job("new", 1))), "mlflow", "migration") == "new"


def test_a_job_that_is_done_and_whose_pods_went_with_their_node_is_made_again() -> None:
    held = Held(job("done", 1, DONE))
    assert jobs.runnable(api(held), "mlflow", "migration") == "migration-new"
    made = held.objects[-1]
    assert made["metadata"]["labels"] == LABELS
    assert made["spec"]["template"] == {"metadata": {"labels": LABELS}, "spec": POD_SPEC}
    assert made["spec"]["backoffLimit"] == 3
    assert "selector" not in made["spec"], "the API server makes it of the new Job's own id"
    assert held.objects[0]["spec"]["template"]["metadata"]["labels"] == LABELS | OF_THE_CONTROLLER


def test_a_missing_job_is_named() -> None:
    with pytest.raises(GroundworkError, match="no Job of component bootstrap in namespace mlflow"):
        jobs.runnable(api(Held(job("new", 1))), "mlflow", "bootstrap")
