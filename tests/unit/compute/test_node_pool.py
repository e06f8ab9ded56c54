"""Decides which machines a pool without GPUs has, and which settings are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.compute.node_pool import NodePool, NodePoolArgs, NodePoolSettings
from tests.support.recorder import Recorder, run_program
from tests.unit.compute.support import place

GOOD: dict[str, Any] = {"instance_types": ["t4g.large"], "min_size": 2, "max_size": 4}


def build(**settings: Any) -> NodePool:
    args = NodePoolArgs(settings=NodePoolSettings.model_validate(GOOD | settings), place=place(), pool="system")
    return run_program(lambda: NodePool("node-pool-system", args))


@pytest.mark.parametrize(
    ("types", "image"),
    [
        (["t4g.large"], "AL2023_ARM_64_STANDARD"),
        (["c7gn.large", "m6gd.large"], "AL2023_ARM_64_STANDARD"),
        (["m7i.large", "t3.large"], "AL2023_x86_64_STANDARD"),
    ],
)
def test_the_machine_image_follows_from_the_processor(recorder: Recorder, types: list[str], image: str) -> None:
    build(instance_types=types)
    group = recorder.one("node-pool-system-group-nodes").inputs
    assert (group["amiType"], group["instanceTypes"]) == (image, types)
    assert group["labels"] == {"groundwork.io/node-pool": "system", "workload": "general"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"instance_types": ["t4g.large", "t3.large"]},
            "a pool has machines of one architecture, not t4g.large (arm64) and t3.large (x86_64)",
        ),
        ({"instance_types": ["g5.xlarge"]}, "g5.xlarge has GPUs: it belongs to gpu_node_pools"),
        ({"min_size": 5}, "min_size is 5, more than max_size (4)"),
        ({"instance_types": []}, "at least 1 item"),
        ({"capacity_type": "CAPACITY_BLOCK"}, "'ON_DEMAND' or 'SPOT'"),
        ({"version": "1.32"}, "'1.33', '1.34', '1.35' or '1.36'"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        NodePoolSettings.model_validate(GOOD | change)
    assert said in str(caught.value)
