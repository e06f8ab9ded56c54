"""What NVIDIA's device plugin announces, by how it was told."""

import base64
from typing import Any

import pytest

from components.compute.mig import Cut
from components.compute.user_data import gpu_user_data
from tests.unit.twin.kubernetes.objects import group, nodes, pod
from twin.kubernetes.controllers.device_plugin import Configuration, configuration_of, is_plugin, resources
from twin.kubernetes.groups import LaunchTemplate
from twin.kubernetes.user_data import mig_profile

SLICED = """
version: v1
sharing:
  timeSlicing:
    resources:
    - name: nvidia.com/gpu
      replicas: 4
"""


def node(kind: str, profile: str = "", **labels: str) -> dict[str, Any]:
    template = LaunchTemplate("lt-1", "1", None, 20, profile or None)
    return nodes(group("i-1", instance_type=kind, labels=labels, launch_template=template))[0]


@pytest.mark.parametrize(
    ("kind", "profile", "told", "announced"),
    [
        ("g5.xlarge", "", Configuration(), {"nvidia.com/gpu": 1}),
        ("g5.12xlarge", "", Configuration(), {"nvidia.com/gpu": 4}),
        ("g5.xlarge", "", Configuration(replicas={"nvidia.com/gpu": 4}), {"nvidia.com/gpu": 4}),
        ("g5.xlarge", "", Configuration(replicas={"nvidia.com/gpu": 4}, renamed=True), {"nvidia.com/gpu.shared": 4}),
        ("p4d.24xlarge", "1g.5gb", Configuration("mixed"), {"nvidia.com/mig-1g.5gb": 56}),
        ("p4d.24xlarge", "1g.5gb", Configuration("single"), {"nvidia.com/gpu": 56}),
        ("p4d.24xlarge", "1g.5gb", Configuration("none"), {"nvidia.com/gpu": 8}),
        ("p5.48xlarge", "3g.40gb", Configuration("mixed"), {"nvidia.com/mig-3g.40gb": 16}),
        ("g5.xlarge", "1g.5gb", Configuration("mixed"), {"nvidia.com/gpu": 1}),  # an A10G cannot be split
    ],
)
def test_what_is_announced(kind: str, profile: str, told: Configuration, announced: dict[str, int]) -> None:
    assert resources(node(kind, profile), told) == announced


def test_a_pool_of_the_program_cuts_its_nodes() -> None:
    cut = Cut(profile="3g.20gb", parts=2, gpus=8)
    assert mig_profile(gpu_user_data(cut)) == "3g.20gb"
    assert mig_profile(gpu_user_data(None)) is None
    assert mig_profile(None) is None


def test_only_a_script_that_the_node_runs_cuts_it() -> None:
    """A label alone does nothing on AWS, nor does a part that cloud-init does not run."""
    assert resources(node("p4d.24xlarge", **{"nvidia.com/mig.config": "all-1g.5gb"}), Configuration("single")) == {
        "nvidia.com/gpu": 8
    }
    cutting = base64.b64decode(gpu_user_data(Cut(profile="1g.5gb", parts=7, gpus=8)))
    unread = cutting.replace(b"text/x-shellscript", b"text/plain")
    assert mig_profile(base64.b64encode(unread).decode()) is None
    without_mode = cutting.replace(b"nvidia-smi -mig 1", b"true")
    assert mig_profile(base64.b64encode(without_mode).decode()) is None


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
