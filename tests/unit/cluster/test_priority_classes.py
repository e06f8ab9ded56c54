"""Decides which classes there are; who may take one is tried on the twin."""

import pytest

from components.cluster.priority_classes import PLATFORM_ONLY, PriorityClasses, PriorityClassesArgs
from tests.support.recorder import Recorder, run_program

TYPE = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
EXPENDABLE = -10


@pytest.fixture(autouse=True)
def classes(recorder: Recorder) -> dict[str, dict[str, object]]:
    run_program(lambda: PriorityClasses("priorities", PriorityClassesArgs()))
    return {made.inputs["metadata"]["name"]: made.inputs for made in recorder.of_type(TYPE)}


def test_the_platform_goes_before_training_and_training_before_batch(classes: dict[str, dict[str, int]]) -> None:
    order = sorted(classes, key=lambda name: -classes[name]["value"])
    assert order == ["groundwork-platform", "groundwork-training", "groundwork-batch"]


def test_batch_puts_nobody_out_and_is_what_a_pod_without_a_class_gets(classes: dict[str, dict[str, object]]) -> None:
    assert classes["groundwork-batch"]["preemptionPolicy"] == "Never"
    assert [name for name, made in classes.items() if made["globalDefault"]] == ["groundwork-batch"]


def test_every_class_makes_nodes_appear(classes: dict[str, dict[str, int]]) -> None:
    assert all(made["value"] > EXPENDABLE for made in classes.values())


def test_the_classes_of_the_platform_alone_are_those_above_training(classes: dict[str, dict[str, int]]) -> None:
    above = {name for name, made in classes.items() if made["value"] > classes["groundwork-training"]["value"]}
    assert above == {name for name in PLATFORM_ONLY if name.startswith("groundwork-")}
