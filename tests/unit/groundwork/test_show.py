"""Decides what a person reads of what the engine said, not what the engine says."""

import io
from typing import Any

import pytest
from pulumi.automation.events import EngineEvent
from rich.console import Console

from groundwork import show
from groundwork.events import EventLog

BUCKET = "urn:pulumi:dev::groundwork::groundwork:storage:ObjectStore$aws:s3/bucket:Bucket::datasets-bucket"


def heard(*events: dict[str, Any]) -> EventLog:
    log = EventLog()
    for number, event in enumerate(events):
        log.on_event(EngineEvent.from_json({"sequence": number, "timestamp": 0, **event}))
    return log


def diagnostic(severity: str, message: str, urn: str | None = None, ephemeral: bool = False) -> dict[str, Any]:
    said = {"severity": severity, "message": message, "urn": urn, "color": "raw", "ephemeral": ephemeral}
    return {"diagnosticEvent": said}


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_warning_is_told_once_with_its_resource_and_without_the_engines_colours(console: Console) -> None:
    warning = diagnostic("warning", "<{%fg 3%}>it is [deprecated]<{%reset%}>\n", BUCKET)
    log = heard(warning, warning, diagnostic("warning", "passing by", ephemeral=True))
    show.warnings(console, log.warnings)
    assert printed(console) == "warning datasets-bucket: it is [deprecated]\n"


def test_of_errors_the_causes_are_told_not_what_follows_from_them(console: Console) -> None:
    show.errors(
        console,
        heard(
            diagnostic("error", "AccessDenied: no", BUCKET),
            diagnostic("error", "reading: context canceled"),
            diagnostic("error", "update failed"),
        ),
    )
    assert printed(console) == "error datasets-bucket: AccessDenied: no\n"


@pytest.mark.parametrize("only", ["update failed", "reading: context canceled"])
def test_an_error_that_is_all_there_is_is_told(console: Console, only: str) -> None:
    show.errors(console, heard(diagnostic("error", only)))
    assert printed(console) == f"error {only}\n"


@pytest.mark.parametrize(("level", "blocks"), [("mandatory", True), ("advisory", False)])
def test_a_violation_is_told_under_its_policy_and_blocks_when_mandatory(
    console: Console, level: str, blocks: bool
) -> None:
    violation = {
        "resourceUrn": BUCKET, "message": "no key [sse]", "color": "raw", "policyName": "ENC-01",
        "policyPackName": "groundwork", "policyPackVersion": "0", "policyPackVersionTag": "0",
        "enforcementLevel": level,
    }  # fmt: skip
    log = heard({"policyEvent": violation})
    show.violations(console, log.violations)
    assert printed(console) == f"ENC-01 {level}\n  datasets-bucket: no key [sse]\n"
    assert bool(log.blocking()) is blocks


def test_outputs_are_whole_but_for_documents_to_which_the_way_is_told() -> None:
    console = Console(record=True, width=60, file=io.StringIO())
    arn = f"arn:aws:iam::111122223333:role/{'x' * 300}"
    show.outputs(console, {"role_arn": arn, "kubeconfig": "k" * 1800})
    said = console.export_text()
    assert arn in said
    assert "kkk" not in said
    assert "(1,800 characters: pulumi stack output kubeconfig)" in said
