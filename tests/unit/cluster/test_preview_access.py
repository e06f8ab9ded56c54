"""Decides what the pipeline's previews read in the cluster: all that the program makes there, no secret."""

import json
from collections.abc import Iterable

import pytest

from components.cluster.group_rights import Rule
from components.cluster.preview_access import LOOKED_AT, MADE, RULES, PreviewAccess, PreviewAccessArgs
from tests.support.program import recorded
from tests.support.recorder import Recorder, run_program
from tests.support.stack_files import ENVIRONMENTS

NO_GROUP = {"core": ""}
"""How the SDK calls the API group without a name."""


def resources(*tokens: str) -> set[tuple[str, str]]:
    """API group and resource of `kubernetes:<group>/<version>:<Kind>`."""
    found = set()
    for token in tokens:
        _, place, kind = token.split(":")
        group, lower = place.split("/")[0], kind.lower()
        plural = f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}es" if lower.endswith("s") else f"{lower}s"
        found.add((NO_GROUP.get(group, group), plural))
    return found


def named(rules: Iterable[Rule]) -> set[tuple[str, str]]:
    return {(rule.group, resource) for rule in rules for resource in rule.resources}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_previews_read_every_kind_that_the_program_makes_and_no_other(environment: str) -> None:
    made = {each.typ for each in recorded(environment).children() if each.typ.startswith("kubernetes:")}
    assert named(MADE) == resources(*made)
    assert not named(MADE) & named(LOOKED_AT)


def test_previews_look_and_see_no_secret(recorder: Recorder) -> None:
    run_program(lambda: PreviewAccess("preview-access", PreviewAccessArgs(group="groundwork:preview")))
    rules = recorder.one("preview-access-rules").inputs["rules"]
    assert [rule["verbs"] for rule in rules] == [["get", "list", "watch"]] * len(RULES)
    assert not {"secrets", "pods/log", "*"} & {resource for rule in rules for resource in rule["resources"]}
    assert "*" not in json.dumps(rules)


def test_the_group_alone_has_the_role(recorder: Recorder) -> None:
    run_program(lambda: PreviewAccess("preview-access", PreviewAccessArgs(group="groundwork:preview")))
    binding = recorder.one("preview-access-binding")
    assert binding.typ.endswith(":ClusterRoleBinding")
    (subject,) = binding.inputs["subjects"]
    assert (subject["kind"], subject["name"]) == ("Group", "groundwork:preview")
    assert binding.inputs["roleRef"]["name"] == recorder.one("preview-access-rules").inputs["metadata"]["name"]
