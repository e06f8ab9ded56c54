"""What NVIDIA's device plugin announces, by how it was told."""

from typing import Any

import pytest

from tests.unit.twin.kubernetes.objects import group, nodes, pod
from twin.kubernetes.controllers.device_plugin import Configuration, configuration_of, is_plugin, resources

SLICED = """
version: v1
sharing:
  timeSlicing:
    resources:
    - name: nvidia.com/gpu
      replicas: 4
"""


def node(kind: str, **labels: str) -> dict[str, Any]:
    return nodes(group("i-1", instance_type=kind, labels={k.replace("_", "/"): v for k, v in labels.items()}))[0]


@pytest.mark.parametrize(
    ("kind", "profile", "told", "announced"),
    [
        ("g5.xlarge", "", Configuration(), {"nvidia.com/gpu": 1}),
        ("g5.12xlarge", "", Configuration(), {"nvidia.com/gpu": 4}),
        ("g5.xlarge", "", Configuration(replicas={"nvidia.com/gpu": 4}), {"nvidia.com/gpu": 4}),
        ("g5.xlarge", "", Configuration(replicas={"nvidia.com/gpu": 4}, renamed=True), {"nvidia.com/gpu.shared": 4}),
        ("p4d.24xlarge", "all-1g.5gb", Configuration("mixed"), {"nvidia.com/mig-1g.5gb": 56}),
        ("p4d.24xlarge", "all-1g.5gb", Configuration("single"), {"nvidia.com/gpu": 56}),
        ("p4d.24xlarge", "all-1g.5gb", Configuration("none"), {"nvidia.com/gpu": 8}),
        ("p5.48xlarge", "all-3g.40gb", Configuration("mixed"), {"nvidia.com/mig-3g.40gb": 16}),
        ("g5.xlarge", "all-1g.5gb", Configuration("mixed"), {"nvidia.com/gpu": 1}),  # an A10G cannot be split
    ],
)
def test_what_is_announced(kind: str, profile: str, told: Configuration, announced: dict[str, int]) -> None:
    labels = {"nvidia.com_mig.config": profile} if profile else {}
    assert resources(node(kind, **labels), told) == announced


def test_the_file_comes_before_flags_and_flags_before_variables() -> None:
    container = {"args": ["--mig-strategy", "single"], "env": [{"name": "MIG_STRATEGY", "value": "mixed"}]}
    assert configuration_of(container, None).mig_strategy == "single"
    assert configuration_of({"env": container["env"]}, None).mig_strategy == "mixed"
    assert configuration_of(container, "flags: {migStrategy: mixed}").mig_strategy == "mixed"
    assert configuration_of({}, SLICED).replicas == {"nvidia.com/gpu": 4}


def test_a_plugin_is_a_pod_of_a_daemon_set_with_its_image() -> None:
    made = pod(owner="DaemonSet")
    made["spec"]["containers"][0]["image"] = "nvcr.io/nvidia/k8s-device-plugin@sha256:00"
    assert is_plugin(made)
    assert not is_plugin(pod(owner="DaemonSet"))
    made["metadata"]["ownerReferences"][0]["kind"] = "ReplicaSet"
    assert not is_plugin(made)
