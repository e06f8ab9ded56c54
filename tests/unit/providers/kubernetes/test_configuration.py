"""The provider's settings: what is taken, what is refused by name, when everything is in another cluster."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubernetes_api import FakeApi
from twin.providers.kubernetes import configuration
from twin.providers.kubernetes.errors import ProviderError
from twin.providers.wire import UNKNOWN


def kubeconfig(server: str = "https://127.0.0.1:1") -> str:
    return json.dumps(FakeApi(url=server).kubeconfig(token="t"))


@pytest.mark.parametrize(
    ("values", "name", "words"),
    [
        ({}, "kubeconfig", "is required"),
        ({"renderYamlToDirectory": "x"}, "renderYamlToDirectory", "does not take this configuration"),
        ({"enableServerSideApply": "false"}, "enableServerSideApply", "by server-side apply alone"),
        ({"deleteUnreachable": "maybe"}, "deleteUnreachable", "expected true or false"),
        ({"namespace": 3}, "namespace", "expected a string"),
    ],
)
def test_what_is_wrong_is_said_by_name(values: dict[str, Any], name: str, words: str) -> None:
    given = {} if name == "kubeconfig" else {"kubeconfig": kubeconfig()}
    ((where, said),) = configuration.problems({**given, **values})
    assert where == name
    assert words in said


def test_what_the_sdk_sends_is_understood(tmp_path: Path) -> None:
    values = {
        "kubeconfig": kubeconfig(),
        "enableServerSideApply": "true",
        "enableSecretMutable": "true",
        "version": "4",
    }
    assert configuration.problems(values) == []
    found = configuration.configure(values)
    assert found.switches == {"enableServerSideApply", "enableSecretMutable"}
    assert found.namespace == "default"
    (tmp_path / "config").write_text(kubeconfig())
    by_path = configuration.configure({"kubeconfig": str(tmp_path / "config"), "namespace": "team"})
    assert by_path.access == found.access
    assert by_path.namespace == "team"


def test_another_cluster_than_the_twins_is_refused() -> None:
    with pytest.raises(ProviderError, match=r"https://10\.0\.0\.1 is not on this machine"):
        configuration.configure({"kubeconfig": kubeconfig("https://10.0.0.1")})


def test_a_kubeconfig_that_is_not_known_yet() -> None:
    found = configuration.configure({"kubeconfig": UNKNOWN})
    assert found.access is None
    assert "not known yet" in found.unreachable


@pytest.mark.parametrize(
    ("old", "new", "changed", "replaces"),
    [
        ({}, {}, [], []),
        ({}, {"namespace": "a"}, ["namespace"], []),
        ({}, {"kubeconfig": kubeconfig("https://127.0.0.1:2")}, ["kubeconfig"], ["kubeconfig"]),
        ({}, {"kubeconfig": UNKNOWN}, ["kubeconfig"], ["kubeconfig"]),
        ({"clusterIdentifier": "a"}, {"clusterIdentifier": "a", "kubeconfig": UNKNOWN}, ["kubeconfig"], []),
        ({"clusterIdentifier": "a"}, {"clusterIdentifier": "b"}, ["clusterIdentifier"], ["clusterIdentifier"]),
    ],
)
def test_what_makes_all_objects_new(old: dict[str, Any], new: dict[str, Any], changed: Any, replaces: Any) -> None:
    base = {"kubeconfig": kubeconfig()}
    assert configuration.diff({**base, **old}, {**base, **new}) == (changed, replaces)


def test_another_way_to_say_who_we_are_replaces_nothing() -> None:
    other = json.dumps(FakeApi(url="https://127.0.0.1:1").kubeconfig(token="another"))
    assert configuration.diff({"kubeconfig": kubeconfig()}, {"kubeconfig": other}) == (["kubeconfig"], [])
