"""Decides what is made of a refresh's events, for people and for programs, not what the engine finds."""

import io
import json
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from groundwork.__main__ import app
from groundwork.console import console as shared
from groundwork.deployment import EngineError
from groundwork.drift import commands, show
from groundwork.drift.drifted import document, drifted
from groundwork.events import EventLog
from tests.unit.groundwork.policy.saved import BUCKET, KEY, urn
from tests.unit.groundwork.test_show import diagnostic, heard


def read(
    token: str, name: str, op: str, before: dict[str, Any], after: dict[str, Any] | None, *paths: str
) -> list[dict[str, Any]]:
    """The two events of a resource that is refreshed."""
    old = {
        "urn": urn(token, name),
        "type": token,
        "id": "i",
        "parent": "",
        "provider": "",
        "inputs": before,
        "outputs": before,
    }
    step = {"urn": urn(token, name), "type": token, "provider": ""}
    first = {"metadata": {**step, "op": "refresh", "old": old}}
    outcome = {
        **step,
        "op": op,
        "old": old,
        "detailedDiff": {path: {"diffKind": "update", "inputDiff": True} for path in paths},
    }
    if after is not None:
        outcome["new"] = {**old, "inputs": after, "outputs": after}
    return [{"resourcePreEvent": first}, {"resOutputsEvent": {"metadata": outcome}}]


def log() -> EventLog:
    return heard(
        *read(BUCKET, "kept", "same", {"a": 1}, {"a": 1}),
        *read(BUCKET, "data", "update", {"a": 1, "note": "x"}, {"a": 2, "note": "y"}, "a"),
        *read(KEY, "key", "delete", {}, None),
        *read(KEY, "hidden", "update", {"token": "one-two-three"}, {"token": "four-five-six"}, "token"),
    )


def printed(*found: Any) -> str:
    out = Console(file=io.StringIO(), width=200)
    show.drift(out, "dev", *found)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_what_is_gone_and_what_is_changed_is_told_in_words() -> None:
    text = printed(drifted(log()))
    assert "data is changed aws:s3/bucket:Bucket\n  a: 1 in the state, 2 in the world\n" in text
    assert "key is gone aws:kms/key:Key\n" in text
    assert "kept" not in text
    assert "note" not in text, "the engine does not count it"
    assert "token: [secret] in the state, [secret] in the world" in text
    assert "3 of its resources are not as the state says" in text


def test_programs_get_no_secret_either() -> None:
    text = json.dumps(document("dev", drifted(log())))
    assert "one-two-three" not in text
    assert '"path": "token", "state": "[secret]"' in text


def test_a_difference_of_what_the_provider_says_alone_is_told_from_there() -> None:
    events = read(BUCKET, "data", "update", {"a": 1}, {"a": 1})
    events[1]["resOutputsEvent"]["metadata"]["new"]["outputs"] = {"a": 1, "zone": "b"}
    assert "zone: absent in the state" in printed(drifted(heard(*events)))


def test_no_drift_is_said() -> None:
    assert printed(drifted(heard(*read(BUCKET, "kept", "same", {}, {})))) == "dev: no drift.\n"


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The command without an engine: it hears these events."""

    class Heard:
        def drift(self, on_event: Any) -> None:
            for event in request.param:
                on_event(event)
            if any(event.diagnostic_event for event in request.param):
                raise EngineError("drift failed for dev", "")

    monkeypatch.setattr(commands, "on", lambda *_: Heard())
    monkeypatch.setattr(commands, "mend", lambda _: False)
    monkeypatch.setattr(shared, "stderr", False)


def events(*of: dict[str, Any]) -> list[Any]:
    from pulumi.automation.events import EngineEvent

    return [EngineEvent.from_json({"sequence": n, "timestamp": 0, **one}) for n, one in enumerate(of)]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (events(*read(BUCKET, "kept", "same", {}, {})), 0),
        (events(*read(KEY, "key", "delete", {}, None)), 2),
        (events(*read(KEY, "key", "delete", {}, None), diagnostic("error", "AccessDenied: no", urn(KEY, "other"))), 1),
    ],
    indirect=["found"],
)
def test_the_exit_code_tells_a_pipeline_what_was_found(found: None, code: int) -> None:
    result = CliRunner().invoke(app, ["drift", "dev"])
    assert result.exit_code == code, result.output


def test_a_target_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    result = CliRunner().invoke(app, ["drift", "dev", "--target", "azure"])
    assert result.exit_code == 2
    assert "twin" in result.output


def test_on_aws_a_missing_engine_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = CliRunner().invoke(app, ["drift", "dev", "--target", "aws"])
    assert "no pulumi on PATH" in str(result.exception)
