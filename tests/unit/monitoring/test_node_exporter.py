"""Decides on which nodes the node exporter runs, and that it takes nothing of them."""

from typing import Any

import pytest

from components.monitoring.node_exporter import COLLECTORS, NodeExporter, NodeExporterArgs
from tests.support.recorder import Recorder, run_program
from tests.unit.monitoring.queries import metrics_of, panel_queries, rule_queries

COLLECTOR_OF = {"node_cpu": "cpu", "node_filesystem": "filesystem", "node_memory": "meminfo"}


@pytest.fixture(autouse=True)
def pod(recorder: Recorder) -> dict[str, Any]:
    run_program(lambda: NodeExporter("node-exporter", NodeExporterArgs()))
    found: dict[str, Any] = recorder.one("node-exporter-daemon").inputs["spec"]["template"]["spec"]
    return found


def test_it_runs_on_every_node_whatever_its_taints(pod: dict[str, Any]) -> None:
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert "nodeSelector" not in pod


def test_it_takes_nothing_of_its_node(pod: dict[str, Any]) -> None:
    assert all("hostPath" not in volume for volume in pod["volumes"])
    assert not {"hostPID", "hostNetwork", "hostIPC"} & set(pod)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_its_collectors_are_those_that_queries_need() -> None:
    asked = {
        "_".join(metric.split("_")[:2])
        for _, query in [*rule_queries(), *panel_queries()]
        for metric in metrics_of(query)
        if metric.startswith("node_") and ":" not in metric
    }
    assert {COLLECTOR_OF[prefix] for prefix in asked} == set(COLLECTORS)


def test_the_file_system_that_queries_name_is_a_volume_on_the_nodes_disk(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    (mount,) = container["volumeMounts"]
    assert pod["volumes"] == [{"name": mount["name"], "emptyDir": {"sizeLimit": "1Mi"}}]
    assert f"--collector.filesystem.mount-points-include=^{mount['mountPath']}$" in container["args"]
    named = [query for _, query in [*rule_queries(), *panel_queries()] if "node_filesystem" in query]
    assert named
    assert all(f'mountpoint="{mount["mountPath"]}"' in query for query in named)
