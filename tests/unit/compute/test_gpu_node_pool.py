"""Decides which machines a pool with GPUs has, what it says of them while it is empty, and what is refused."""

import base64
import json
from email import message_from_string
from typing import Any

import pytest
from pydantic import ValidationError

from components.compute.gpu_node_pool import GpuNodePool, GpuNodePoolArgs, GpuNodePoolSettings
from components.compute.mig import Cut, cutting_script
from tests.support.recorder import Recorder, run_program
from tests.unit.compute.support import place

GOOD: dict[str, Any] = {"instance_types": ["g5.xlarge"], "approved_by": "board", "max_size": 4}
RESERVATION = "cr-0123456789abcdef0"


def build(**settings: Any) -> GpuNodePool:
    args = GpuNodePoolArgs(settings=GpuNodePoolSettings.model_validate(GOOD | settings), place=place(), pool="training")
    return run_program(lambda: GpuNodePool("gpu-node-pool-training", args))


def group(recorder: Recorder) -> dict[str, Any]:
    return recorder.one("gpu-node-pool-training-group-nodes").inputs


def tags(recorder: Recorder) -> dict[str, str]:
    made = recorder.of_type("aws:autoscaling/tag:Tag")
    return {tag.inputs["tag"]["key"].split("node-template/")[-1]: tag.inputs["tag"]["value"] for tag in made}


def test_it_is_empty_by_default_and_takes_only_pods_that_tolerate_it(recorder: Recorder) -> None:
    build()
    assert group(recorder)["scalingConfig"] == {"minSize": 0, "maxSize": 4, "desiredSize": 0}
    assert group(recorder)["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    assert group(recorder)["tags"] == {"gpu-approval": "board"}
    assert group(recorder)["amiType"] == "AL2023_x86_64_NVIDIA"
    assert group(recorder)["labels"] == {
        "groundwork.io/node-pool": "training",
        "workload": "gpu",
        "nvidia.com/gpu.present": "true",
        "k8s.amazonaws.com/accelerator": "nvidia-a10g",
    }


@pytest.mark.parametrize(
    ("settings", "gpus"),
    [
        ({}, "1"),
        ({"instance_types": ["g6.48xlarge"]}, "8"),
        ({"sharing": {"kind": "time-slicing", "replicas": 4}}, "4"),
        ({"instance_types": ["g5.12xlarge"], "sharing": {"kind": "time-slicing", "replicas": 3}}, "12"),
        ({"instance_types": ["p4d.24xlarge"], "sharing": {"kind": "mig", "profile": "1g.5gb"}}, "56"),
    ],
)
def test_an_empty_pool_says_how_many_gpus_a_node_would_bring(
    recorder: Recorder, settings: dict[str, Any], gpus: str
) -> None:
    build(**settings)
    assert tags(recorder)["resources/nvidia.com/gpu"] == gpus
    assert tags(recorder)["taint/nvidia.com/gpu"] == "present:NoSchedule"
    assert tags(recorder)["label/workload"] == "gpu"


def parts(recorder: Recorder) -> dict[str, str]:
    """The parts of the user data by their type."""
    template = recorder.one("gpu-node-pool-training-group-template").inputs
    whole, *found = message_from_string(base64.b64decode(template["userData"]).decode()).walk()
    assert whole.is_multipart()
    assert not whole.defects
    return {part.get_content_type(): str(part.get_payload()) for part in found}


def test_nodes_of_a_mig_profile_cut_their_gpus_before_they_join(recorder: Recorder) -> None:
    build(instance_types=["p5.48xlarge"], sharing={"kind": "mig", "profile": "3g.40gb"})
    assert tags(recorder)["resources/nvidia.com/gpu"] == "16"
    assert list(parts(recorder)) == ["application/node.eks.aws", "text/x-shellscript"]
    script = parts(recorder)["text/x-shellscript"]
    assert script == cutting_script(Cut(profile="3g.40gb", parts=2, gpus=8))
    assert script.startswith("#!/bin/bash\n"), "cloud-init takes it for a script by its first line"
    assert json.loads(parts(recorder)["application/node.eks.aws"])["kind"] == "NodeConfig"


@pytest.mark.parametrize("sharing", [None, {"kind": "time-slicing", "replicas": 4}])
def test_nodes_without_a_mig_profile_run_no_script(recorder: Recorder, sharing: dict[str, Any] | None) -> None:
    build(sharing=sharing)
    assert list(parts(recorder)) == ["application/node.eks.aws"]


def test_images_are_pulled_in_parallel_onto_the_machines_own_disks(recorder: Recorder) -> None:
    build()
    template = recorder.one("gpu-node-pool-training-group-template").inputs
    config = json.loads(parts(recorder)["application/node.eks.aws"])
    assert config["kind"] == "NodeConfig"
    assert config["spec"] == {
        "featureGates": {"FastImagePull": True},
        "instance": {"localStorage": {"strategy": "RAID0"}},
    }
    (mapping,) = template["blockDeviceMappings"]
    assert mapping["ebs"]["throughput"] >= 600, "below that a parallel pull is the slower way"
    assert mapping["ebs"]["throughput"] <= mapping["ebs"]["iops"] / 4, "gp3 has 0.25 MiB/s for each IOPS"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"instance_types": ["g4dn.xlarge"]}, "g4dn.xlarge is none of the GPU machines: g5.xlarge,"),
        ({"instance_types": ["g5.7xlarge"]}, "g5.7xlarge is none of the GPU machines"),
        (
            {"instance_types": ["g5.xlarge", "g6.xlarge"]},
            "the autoscaler takes all nodes of a pool for alike, and these have 1 nvidia-a10g and 1 nvidia-l4",
        ),
        (
            {"instance_types": ["g5.xlarge", "g5.12xlarge"]},
            "the autoscaler takes all nodes of a pool for alike, and these have 1 nvidia-a10g and 4 nvidia-a10g",
        ),
        (
            {"sharing": {"kind": "mig", "profile": "1g.5gb"}},
            "nvidia-a10g has no MIG profile 1g.5gb; its profiles: none: it has no MIG, time-slicing is left",
        ),
        (
            {"instance_types": ["p5.48xlarge"], "sharing": {"kind": "mig", "profile": "1g.5gb"}},
            "nvidia-h100 has no MIG profile 1g.5gb; its profiles: 1g.10gb, 1g.20gb",
        ),
        ({"sharing": {"kind": "time-slicing", "replicas": 1}}, "greater than or equal to 2"),
        (
            {"capacity_type": "CAPACITY_BLOCK", "capacity_reservation_id": RESERVATION, "zones": ["eu-west-1a"]},
            "EC2 sells no capacity blocks of g5.xlarge, only of p4d and p5",
        ),
        (
            {"instance_types": ["p5.48xlarge"], "capacity_type": "CAPACITY_BLOCK"},
            "capacity_type CAPACITY_BLOCK needs the block's capacity_reservation_id",
        ),
        (
            {"capacity_type": "SPOT", "capacity_reservation_id": RESERVATION, "zones": ["eu-west-1a"]},
            "spot machines come out of no reservation: leave capacity_reservation_id out",
        ),
        ({"capacity_reservation_id": RESERVATION}, "a capacity reservation is in one zone: name that one in zones"),
        ({"capacity_reservation_id": "cr-1"}, "match pattern"),
        ({"min_size": 5}, "min_size is 5, more than max_size (4)"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        GpuNodePoolSettings.model_validate(GOOD | change)
    assert said in str(caught.value)
