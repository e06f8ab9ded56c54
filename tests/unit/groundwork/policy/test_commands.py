"""`groundwork policy` as it is typed: what it prints, how it ends, and what it says of a mistake."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from groundwork import reading
from groundwork.__main__ import app
from groundwork.errors import GroundworkError
from policies.frameworks import FRAMEWORKS
from policies.rules import RULES
from tests.support.project import CLONE
from tests.support.stack_files import ENVIRONMENTS
from tests.unit.groundwork.policy.saved import BUCKET, DB, KEY, plan, preview, resource, state, urn
from twin.errors import TwinError
from twin.places import OVERRIDE

GOOD = resource(KEY, "key", {"enableKeyRotation": True, "deletionWindowInDays": 30}, protect=True)
ADVISED = resource(KEY, "key", {"enableKeyRotation": True}, protect=False)
BAD = resource(KEY, "key", {"enableKeyRotation": False}, protect=True)


def typed(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["policy", *arguments], input=stdin)


def refused(*arguments: str) -> str:
    """What a command says that ends with 1."""
    result = typed(*arguments)
    assert isinstance(result.exception, GroundworkError), result.output
    return str(result.exception)


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    def write(text: str, name: str = "saved.json") -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize("form", ["state", "preview", "plan"])
def test_check_ends_with_0_when_fine_and_with_2_when_a_rule_objects(form: str, saved: Any) -> None:
    def written(made: dict[str, Any]) -> str:
        if form == "plan":
            return plan(("create", made, {"adds": made["inputs"]}))
        return state(made) if form == "state" else preview(("create", made))

    bad = typed("check", saved(written(BAD)))
    assert bad.exit_code == 2, bad.output
    assert "ENC-07 mandatory, high: A symmetric key is rotated." in bad.output
    assert "violation key aws:kms/key:Key: enableKeyRotation: the key material is never replaced" in bad.output
    if form != "plan":  # a plan does not say enough about protection here
        fine = typed("check", saved(written(GOOD)))
        assert fine.exit_code == 0, fine.output
        assert "0 objections" in fine.output


def test_advice_is_told_and_stops_nobody_until_the_config_makes_it_mandatory(saved: Any) -> None:
    path = saved(state(ADVISED))
    standard = typed("check", path)
    assert (standard.exit_code, "ENC-08 advisory, medium" in standard.output) == (0, True)
    assert typed("check", path, "--strictness", "baseline").exit_code == 0
    assert typed("check", path, "--strictness", "Regulated").exit_code == 2
    mandatory = saved('{"ENC-08": "mandatory"}', "config.json")
    assert typed("check", path, "--config", mandatory).exit_code == 2
    disabled = typed("check", path, "--config", saved('{"ENC-08": "disabled"}', "config.json"))
    assert (disabled.exit_code, "ENC-08" in disabled.output) == (0, False)


def test_a_waiver_that_nobody_needs_is_an_objection(saved: Any) -> None:
    waiver = {"rule": "ENC-07", "urn": "*", "reason": "r", "owner": "o", "expires": "2999-12-31"}
    config = saved(json.dumps({"pack-settings": {"waivers": [waiver]}}), "config.json")
    assert typed("check", saved(state(BAD)), "--config", config).exit_code == 0
    unused = typed("check", saved(state(GOOD)), "--config", config)
    assert unused.exit_code == 2
    assert "pack-waivers the waiver of ENC-07 for * (owner o) is not used" in unused.output


def test_check_reads_standard_input_and_prints_json(saved: Any) -> None:
    result = typed("check", "-", "--json", stdin=state(BAD, resource(BUCKET, "data", {"bucket": "d"})))
    assert result.exit_code == 2
    printed = json.loads(result.output)
    assert printed["subject"]["name"] == "standard input"
    assert {(answer["rule"], answer["urn"]) for answer in printed["answers"]} >= {
        ("ENC-07", urn(KEY, "key")),
        ("ENC-01", urn(BUCKET, "data")),
    }
    assert all(answer["points"] for answer in printed["answers"])


def test_a_plan_takes_the_state_that_it_needs(saved: Any) -> None:
    path = saved(plan(("update", GOOD, {"updates": {"enableKeyRotation": False}})))
    assert "--state FILE" in refused("check", path)
    result = typed("check", path, "--state", saved(state(GOOD), "state.json"))
    assert "ENC-07 mandatory" in result.output


def test_evidence_is_three_files_of_one_moment(saved: Any, tmp_path: Path) -> None:
    result = typed("evidence", saved(state(BAD)), "--output", str(tmp_path / "deep" / "evidence"))
    assert result.exit_code == 2
    written = {path.suffix: path.read_text() for path in (tmp_path / "deep" / "evidence").iterdir()}
    assert set(written) == {".json", ".sarif", ".html"}
    seal = json.loads(written[".json"])["sha256"]
    assert seal in written[".html"]
    assert json.loads(written[".sarif"])["runs"][0]["properties"]["evidence"] == seal


def test_evidence_names_files_of_this_clone_and_is_written_outside_of_any_too(
    saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def position() -> str:
        typed("evidence", path, "--output", str(tmp_path / "evidence"))
        document = json.loads((tmp_path / "evidence" / "evidence.json").read_text())
        (told,) = {answer["position"] for answer in document["answers"] if answer["urn"]}
        return str(told)

    def nowhere() -> None:
        raise TwinError("no clone")

    path = saved(state(BAD | {"sourcePosition": "project:///../../components/x.py#12"}))
    monkeypatch.delenv(OVERRIDE, raising=False)
    monkeypatch.chdir(CLONE)
    assert position() == "components/x.py#12"
    monkeypatch.setattr("groundwork.policy.commands.places.find", nowhere)
    assert position() == ""


class Running:
    """A stack that runs, without a twin."""

    def __init__(self, resources: list[dict[str, Any]]) -> None:
        exported = SimpleNamespace(version=3, deployment=json.loads(state(*resources))["deployment"])
        self.stack = SimpleNamespace(export_stack=lambda: exported)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_runs_is_judged_with_the_configuration_of_its_environment(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "on_twin", lambda name, console: Running([ADVISED]) if name == environment else None)
    result = typed("check", environment)
    assert result.exit_code == 2, "the project is held to regulated"
    assert "ENC-08 mandatory, medium" in result.output


def test_an_environment_with_nothing_in_it_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "on_twin", lambda name, console: Running([]))
    assert refused("check", "dev") == "dev has nothing on the twin. Build it first: groundwork up dev"


def test_mistakes_are_named(saved: Any, tmp_path: Path) -> None:
    good = saved(state(GOOD))
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert refused("check", "nowhere.json") == (
        "nowhere.json: is no file that can be read, and no environment (dev, prod)"
    )
    assert refused("check", str(binary)).endswith("binary: is no text")
    assert "is no JSON" in refused("check", saved("{", "broken.json"))
    assert refused("check", good, "--strictness", "standart") == (
        "standart: there is no such strictness; did you mean standard? (baseline, standard, regulated)"
    )
    assert refused("check", good, "--strictness", "standard", "--config", good).startswith("--config and --strictness")
    assert "ENC-7: there is no such policy; did you mean ENC-07?" in refused(
        "check", good, "--config", saved('{"ENC-7": "mandatory"}', "config.json")
    )
    assert refused("explain", "ENC-7") == "ENC-7: there is no such rule; did you mean ENC-07?"
    assert refused("list", "--family", "EMC").startswith("EMC: there is no such family; did you mean ENC?")
    assert refused("list", "--framework", "ISO").startswith("ISO: there is no such framework; did you mean ISO42?")
    assert refused("coverage", "--framework", "HIPAA").startswith("HIPAA: there is no such framework")


def test_a_mistake_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "groundwork", "policy", "check", "/nowhere/state.json"]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: /nowhere/state.json: is no file")
    assert len(done.stderr.splitlines()) == 1
    missing = [*command[:-1], str(CLONE / "pyproject.toml"), "--config", "/nowhere/config.json"]
    done = subprocess.run(missing, cwd=CLONE, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_explain_says_all_that_there_is_about_a_rule(rule: Any) -> None:
    result = typed("explain", rule.id.lower())
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{rule.id} {rule.requirement}\n{rule.why}\n")
    for head in ("\nFix\n", "\nSupports\n", "\nLooks at\n", "\nGood", "\nBad"):
        assert head in result.output
    assert rule.severity.value in result.output
    for control in rule.controls:
        framework = next(one for key, one in FRAMEWORKS.items() if control.startswith(key))
        assert framework.title in result.output


def test_list_chooses_by_family_and_by_framework() -> None:
    keys = json.loads(typed("list", "--family", "enc", "--framework", "F", "--json").output)
    assert {rule["id"] for rule in keys} == {
        rule.id
        for rule in RULES
        if rule.id.startswith("ENC") and any(control.startswith("F:") for control in rule.controls)
    }
    (rotation,) = [rule for rule in keys if rule["id"] == "ENC-07"]
    assert (rotation["scope"], rotation["repairs"], rotation["level"]) == ("resource", True, "mandatory")
    everything = typed("list").output
    assert all(rule.id in everything for rule in RULES)


def test_coverage_names_rules_tests_and_gaps() -> None:
    printed = json.loads(typed("coverage", "--json").output)
    assert set(printed) == set(FRAMEWORKS)
    rotated = next(one for one in printed["F"] if one["control"] == "KMS.4")
    assert rotated["rules"] == ["ENC-07"]
    assert rotated["cases"] > 14
    assert not rotated["gap"]
    node = next(one for one in printed["EKS"] if one["control"] == "3.2")
    assert (node["rules"], node["gap"]) == ([], False)
    assert "operating system" in node["outside"]
    gaps = [one["control"] for one in printed["EKS"] if one["gap"]]
    shown = typed("coverage", "--framework", "EKS").output
    assert gaps
    assert f"checked by none: {', '.join(gaps)}." in shown


@pytest.mark.parametrize("command", [["coverage"], ["list"], ["explain", "ACC-05"]])
def test_nothing_claims_compliance(command: list[str]) -> None:
    assert "compliant with" not in typed(*command).output.replace("never compliant with", "")


def test_databases_and_buckets_of_a_state_are_judged_together(saved: Any) -> None:
    text = state(resource(DB, "db", {"storageEncrypted": True, "engine": "postgres", "kmsKeyId": "k"}))
    assert "ENC-06 mandatory" in typed("check", saved(text)).output
