"""Decides what pools of a kind share: made once, and nothing for kinds that share nothing."""

from typing import Any

from components.runners.kinds import KINDS
from components.runners.runner_kinds import RunnerKinds, RunnerKindsArgs
from tests.support.program import record
from tests.support.recorder import Recorder, run_program
from tests.support.runner_pools import scale_set, with_scale_set
from tests.unit.cluster.test_preview_access import resources
from tests.unit.runners.test_runner_pool import PLACE

DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


def build(*kinds: str) -> RunnerKinds:
    return run_program(lambda: RunnerKinds("runner-kinds", RunnerKindsArgs(kinds=kinds, place=PLACE)))


def definitions(recorder: Recorder) -> list[dict[str, Any]]:
    return [dict(made.inputs) for made in recorder.of_type(DEFINITION)]


def test_several_pools_of_a_kind_have_one_of_each_definition(recorder: Recorder) -> None:
    build("actions-runner-controller", "codebuild", "actions-runner-controller")
    assert sorted(made["metadata"]["name"] for made in definitions(recorder)) == [
        f"{name}.actions.github.com"
        for name in ("autoscalinglisteners", "autoscalingrunnersets", "ephemeralrunners", "ephemeralrunnersets")
    ]


def test_every_definition_is_one_that_the_api_server_takes(recorder: Recorder) -> None:
    """Structural: each schema says its type; a list what is in it; what is required is described."""
    build(*KINDS)

    def check(schema: dict[str, Any], where: str) -> None:
        assert schema.get("type"), f"{where} has no type"
        assert (schema["type"] == "array") == ("items" in schema), where
        assert set(schema.get("required", ())) <= set(schema.get("properties", {})), where
        for name, inner in schema.get("properties", {}).items():
            check(inner, f"{where}.{name}")
        for inner in (schema.get("items"), schema.get("additionalProperties")):
            if inner is not None:
                check(inner, f"{where}[]")

    for made in definitions(recorder):
        names, (version,) = made["spec"]["names"], made["spec"]["versions"]
        assert made["metadata"]["name"] == f"{names['plural']}.{made['spec']['group']}"
        assert version["subresources"] == {"status": {}}, "the controller writes it by itself"
        check(version["schema"]["openAPIV3Schema"], names["kind"])


def test_kinds_that_share_nothing_make_nothing(recorder: Recorder) -> None:
    build("codebuild")
    assert [made.typ for made in recorder.made] == ["groundwork:runners:RunnerKinds"]


def test_two_scale_sets_share_the_definitions_and_no_namespace() -> None:
    settings = with_scale_set("dev")
    settings["runners"]["other"] = scale_set("dev")
    recorder = record("dev", settings)
    assert len(recorder.of_type(DEFINITION)) == len(
        {made.inputs["metadata"]["name"] for made in recorder.of_type(DEFINITION)}
    )
    sets = [made for made in recorder.made if made.typ.endswith(":AutoscalingRunnerSet")]
    assert {made.inputs["metadata"]["namespace"] for made in sets} == {"runners-gpu", "runners-other"}
    controllers = {name for name in recorder.requests if name.endswith("-controller")}
    assert {"runners-gpu-controller", "runners-other-controller"} <= controllers


def test_previews_see_all_that_the_program_makes_with_runners_too() -> None:
    recorder = record("dev", with_scale_set("dev"))
    made = resources(*(each.typ for each in recorder.children() if each.typ.startswith("kubernetes:")))
    seen = {
        (group, resource)
        for role in recorder.of_type("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
        if role.inputs["metadata"]["name"].startswith("groundwork-preview")
        for rule in role.inputs["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if set(rule["verbs"]) == {"get", "list", "watch"}
    }
    assert made <= seen
    assert ("", "secrets") not in seen
