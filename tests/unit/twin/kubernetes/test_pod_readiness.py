"""Which pods the twin's kubelets call ready again."""

from typing import Any

import pytest

from twin.kubernetes.controllers.pod_readiness import is_wrongly_not_ready


def pod(ready: str = "False", containers: tuple[bool, ...] = (True, True), **more: Any) -> dict[str, Any]:
    return {
        "metadata": more.get("metadata", {}),
        "spec": more.get("spec", {}),
        "status": {
            "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": ready}],
            "containerStatuses": [{"ready": one} for one in containers],
        },
    }


def test_one_whose_containers_are_all_ready_is_called_so_again() -> None:
    assert is_wrongly_not_ready(pod())


@pytest.mark.parametrize(
    "other",
    [
        pod("True"),
        pod(containers=(True, False)),
        pod(containers=()),
        pod(metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}),
        pod(spec={"readinessGates": [{"conditionType": "target-health"}]}),
        {"metadata": {}, "spec": {}},
    ],
)
def test_any_other_stays_as_it_is(other: dict[str, Any]) -> None:
    assert not is_wrongly_not_ready(other)
