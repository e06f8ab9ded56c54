"""Names, namespaces and kinds that the program leaves out."""

from typing import Any

import pytest

from twin.providers.kubernetes.check import Naming, check
from twin.providers.kubernetes.objects import parse
from twin.providers.wire import UNKNOWN

CONFIG_MAP = parse("kubernetes:core/v1:ConfigMap")
NAMING = Naming("settings", b"seed")


def checked(news: dict[str, Any], olds: dict[str, Any] | None = None, naming: Naming = NAMING) -> tuple[Any, Any]:
    return check(CONFIG_MAP, news, olds or {}, naming, lambda: "default")


def test_a_name_is_made_up_once_and_kept() -> None:
    first, problems = checked({"data": {"a": "1"}})
    assert problems == []
    assert first["metadata"] == {
        "name": "settings-19b25856",
        "namespace": "default",
        "annotations": {"pulumi.com/autonamed": "true"},
    }
    assert (first["apiVersion"], first["kind"]) == ("v1", "ConfigMap")
    again, _ = checked({"data": {"a": "2"}}, first, Naming("settings", b"other seed"))
    assert again["metadata"] == first["metadata"]


def test_a_given_name_is_taken_and_a_made_up_one_forgotten() -> None:
    found, _ = checked({"metadata": {"name": "mine", "namespace": "team", "uid": "x"}}, checked({})[0])
    assert found["metadata"] == {"name": "mine", "namespace": "team"}
    assert checked({"metadata": {"name": UNKNOWN}})[0]["metadata"]["name"] is UNKNOWN
    assert checked({"metadata": UNKNOWN})[0]["metadata"] is UNKNOWN


def test_a_proposed_name_is_taken() -> None:
    assert checked({}, naming=Naming("settings", proposed="other"))[0]["metadata"]["name"] == "other"


@pytest.mark.parametrize(
    ("news", "naming", "path", "words"),
    [
        ({}, Naming("settings", disabled=True), "metadata.name", "autonaming is switched off"),
        ({"metadata": {"generateName": "a-"}}, NAMING, "metadata.generateName", "is not supported"),
        ({"kind": "Secret"}, NAMING, "kind", "is 'Secret', but this resource type is v1 ConfigMap"),
        ({"metadata": "a"}, NAMING, "metadata", "expected an object"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(news: dict[str, Any], naming: Naming, path: str, words: str) -> None:
    ((where, said),) = checked(news, naming=naming)[1]
    assert where == path
    assert words in said


def test_a_patch_needs_a_name() -> None:
    _, problems = check(parse("kubernetes:core/v1:ConfigMapPatch"), {}, {}, NAMING, lambda: None)
    assert problems == [("metadata.name", "is required: a Patch resource is about an object that is there")]
