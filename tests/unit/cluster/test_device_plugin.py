"""Decides on which nodes the device plugin runs and what it is told; what it announces is tried on the twin."""

import json
from typing import Any

import pytest

from components.cluster.device_plugin import DevicePlugin, DevicePluginArgs, DevicePluginSettings
from tests.support.recorder import Recorder, run_program


def build(**changed: Any) -> None:
    args = DevicePluginArgs.model_validate({"pool": "training"} | changed)
    run_program(lambda: DevicePlugin("device-plugin-training", args))


def pod(recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = recorder.one("device-plugin-training-daemon").inputs["spec"]["template"]["spec"]
    return found


def told(recorder: Recorder) -> dict[str, Any]:
    data = recorder.one("device-plugin-training-configuration").inputs["data"]
    found: dict[str, Any] = json.loads(data["config.yaml"])
    return found


def test_it_runs_on_the_gpu_nodes_of_its_pool_alone(recorder: Recorder) -> None:
    build()
    assert pod(recorder)["nodeSelector"] == {"nvidia.com/gpu.present": "true", "groundwork.io/node-pool": "training"}
    assert pod(recorder)["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_a_gpu_is_one_pods_unless_it_is_shared(recorder: Recorder) -> None:
    build()
    assert told(recorder) == {"version": "v1", "flags": {"migStrategy": "none"}}


def test_time_slices_are_turns_and_not_more_gpus(recorder: Recorder) -> None:
    build(time_slices=4)
    slicing = told(recorder)["sharing"]["timeSlicing"]
    assert slicing["resources"] == [{"name": "nvidia.com/gpu", "replicas": 4}]
    assert slicing["failRequestsGreaterThanOne"] is True


def test_a_partition_counts_as_a_gpu_and_takes_the_one_capability_that_it_needs(recorder: Recorder) -> None:
    build(mig=True)
    assert told(recorder)["flags"] == {"migStrategy": "single"}
    (container,) = pod(recorder)["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["SYS_ADMIN"]}


def test_without_partitions_it_has_no_capability(recorder: Recorder) -> None:
    build()
    (container,) = pod(recorder)["containers"]
    assert container["securityContext"]["capabilities"]["add"] == []
    assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_a_new_configuration_is_a_new_template(recorder: Recorder) -> None:
    build()
    before = recorder.one("device-plugin-training-daemon").inputs["spec"]["template"]["metadata"]["annotations"]
    recorder.made.clear()
    build(time_slices=2)
    after = recorder.one("device-plugin-training-daemon").inputs["spec"]["template"]["metadata"]["annotations"]
    assert before != after


def test_its_pods_are_those_that_it_selects_and_those_of_no_other_pool(recorder: Recorder) -> None:
    build()
    spec = recorder.one("device-plugin-training-daemon").inputs["spec"]
    selected = spec["selector"]["matchLabels"]
    assert selected["app.kubernetes.io/instance"] == "training"
    assert selected.items() <= spec["template"]["metadata"]["labels"].items()


def test_it_reads_no_api_and_reaches_one_folder_of_the_node(recorder: Recorder) -> None:
    build()
    assert pod(recorder)["automountServiceAccountToken"] is False
    host = [volume["hostPath"]["path"] for volume in pod(recorder)["volumes"] if "hostPath" in volume]
    assert host == ["/var/lib/kubelet/device-plugins"]


@pytest.mark.parametrize("image", ["nvidia/k8s-device-plugin:v0.17.0", "nvcr.io/nvidia/k8s-device-plugin@sha256:ab"])
def test_an_image_without_a_whole_digest_is_refused(image: str) -> None:
    with pytest.raises(ValueError, match="image"):
        DevicePluginSettings(image=image)
