"""Values between engine and provider: nothing is lost, and a secret stays one."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from twin.providers.wire import UNKNOWN, decode, encode

SIGNATURE = "4dabf18193072939515e22adb298388d"


@pytest.mark.parametrize(
    "value", ["text", "", True, False, 3, -1, 2.5, [], ["a", {"b": [1]}], {}, {"a": {"b": None}}, UNKNOWN, [UNKNOWN]]
)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    back = decode(encode({"it": value})).values["it"]
    expected = {"a": {}} if value == {"a": {"b": None}} else value
    assert back == expected
    assert type(back) is type(expected)


def test_what_is_absent_is_left_out() -> None:
    assert decode(encode({"it": None})).values == {}


def test_a_secret_deep_inside_makes_its_property_a_secret() -> None:
    sent = Struct()
    secret = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}
    sent.update({"tags": {"a": {"b": [secret]}}, "plain": "x"})
    received = decode(sent)
    assert received.values == {"tags": {"a": {"b": ["hunter2"]}}, "plain": "x"}
    assert received.secrets == {"tags"}
    returned = encode(received.values, received.secrets)
    assert returned.fields["tags"].struct_value.fields[SIGNATURE].string_value == secret[SIGNATURE]
    assert returned.fields["plain"].string_value == "x"


def test_an_unknown_value_has_no_truth() -> None:
    with pytest.raises(TypeError, match="ask `is UNKNOWN`"):
        bool(UNKNOWN)


def test_an_asset_is_refused() -> None:
    sent = Struct()
    sent.update({"it": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}})
    with pytest.raises(ValueError, match="is no property here"):
        decode(sent)


def test_a_secret_goes_back_to_just_where_it_was() -> None:
    sent = Struct()
    secret = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}
    sent.update({"spec": {"plain": "x", "deep": {"password": secret}, "list": [{"value": secret}]}})
    received = decode(sent)
    assert received.secret_paths == {("spec", "deep", "password"), ("spec", "list")}
    returned = encode(received.values, received.secret_paths).fields["spec"].struct_value
    assert returned.fields["plain"].string_value == "x"
    assert returned.fields["deep"].struct_value.fields["password"].struct_value.fields[SIGNATURE]
    assert returned.fields["list"].struct_value.fields[SIGNATURE].string_value == secret[SIGNATURE]
