"""The conversion of the SDK's proxies, nodes, and what is told of a value."""

import pulumi
import pytest

from policies.values import MALFORMED, UNKNOWN, Node, describe, plain
from tests.policies.harness import UNKNOWN as SENTINEL
from tests.policies.harness import proxied, secret


def test_proxies_become_plain_data_with_whole_numbers_and_a_marker() -> None:
    props = proxied({"a": [1, 2.5, SENTINEL], "b": {"c": True, "d": None, "e": SENTINEL}, "f": secret("x")})
    assert plain(props) == {"a": [1, 2.5, UNKNOWN], "b": {"c": True, "d": None, "e": UNKNOWN}, "f": "x"}
    assert isinstance(plain(props)["a"][0], int)


def test_an_asset_is_left_as_it_is() -> None:
    asset = pulumi.StringAsset("text")
    assert plain(asset) is asset


def test_a_marker_refuses_to_be_a_truth_value() -> None:
    with pytest.raises(TypeError, match="no truth value"):
        bool(UNKNOWN)


def test_a_node_stays_readable_below_what_is_absent_unknown_or_wrong() -> None:
    root = Node({"unknown": UNKNOWN, "text": "x", "list": [1]}, "")
    below = root["unknown"]["a"]["b"]
    assert (below.unknown, below.inherited, below.path, below.root) == (True, True, "unknown", "unknown")
    assert root["text"]["a"].value is MALFORMED
    assert root["absent"]["a"]["b"].value is None
    assert [node.path for node in root["list"].each()] == ["list[0]"]
    assert [node.path for node in root["text"].each()] == ["text"]
    assert root["absent"].each() == ()
    assert root["unknown"].each()[0].inherited


@pytest.mark.parametrize("value", ["hunter2", 4711, ["hunter2"], {"hunter2": 1}])
def test_a_description_has_length_and_hash_and_not_the_value(value: object) -> None:
    said = describe(value)
    assert "hunter2" not in said
    assert "4711" not in said
    assert "sha256" in said


def test_what_cannot_be_a_secret_is_said() -> None:
    assert [describe(v) for v in (None, True, False, UNKNOWN)] == ["null", "true", "false", "<unknown>"]
