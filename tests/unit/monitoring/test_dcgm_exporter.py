"""Decides which nodes tell of their GPUs, what they tell, and how little of a node that takes."""

from typing import Any

import pytest

from components.monitoring.dcgm_exporter import FIELDS, DcgmExporter, DcgmExporterArgs
from tests.support.recorder import Recorder, run_program
from tests.unit.monitoring.queries import metrics_of, panel_queries, rule_queries


@pytest.fixture(autouse=True)
def pod(recorder: Recorder) -> dict[str, Any]:
    run_program(lambda: DcgmExporter("dcgm-exporter", DcgmExporterArgs()))
    found: dict[str, Any] = recorder.one("dcgm-exporter-daemon").inputs["spec"]["template"]["spec"]
    return found


def test_it_runs_on_gpu_nodes_alone(pod: dict[str, Any]) -> None:
    assert pod["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_it_reads_the_fields_that_are_asked_for_and_none_that_needs_a_capability(pod: dict[str, Any]) -> None:
    asked = {
        metric
        for _, query in [*rule_queries(), *panel_queries()]
        for metric in metrics_of(query)
        if metric.startswith("DCGM_")
    }
    assert asked == set(FIELDS)
    assert not [field for field in FIELDS if "_PROF_" in field]
    (container,) = pod["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_a_field_is_a_line_of_three_columns(recorder: Recorder) -> None:
    lines = recorder.one("dcgm-exporter-fields").inputs["data"]["counters.csv"].splitlines()
    assert [line.split(", ")[0] for line in lines] == list(FIELDS)
    assert all(line.count(",") == 2 and line.split(", ")[1] == "gauge" for line in lines)


def test_it_takes_of_its_node_the_socket_that_knows_whose_a_gpu_is(pod: dict[str, Any]) -> None:
    paths = [volume["hostPath"]["path"] for volume in pod["volumes"] if "hostPath" in volume]
    assert paths == ["/var/lib/kubelet/pod-resources"]
    (container,) = pod["containers"]
    (mount,) = [mount for mount in container["volumeMounts"] if mount["mountPath"] == paths[0]]
    assert mount["readOnly"] is True


def test_its_series_keep_the_labels_of_the_pod_that_has_the_gpu(recorder: Recorder) -> None:
    annotations = recorder.one("dcgm-exporter-daemon").inputs["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/honor-labels"] == "true"
