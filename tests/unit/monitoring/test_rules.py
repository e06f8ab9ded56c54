"""Decides what every alert says and that there is a case of it; test_alerts.py tries the cases."""

import re
from typing import Any

import pytest

from components.monitoring.data_files import document
from components.monitoring.rules import alerts, rule_files, runbook
from tests.unit.monitoring.cases import (
    FOLDER,
    RUNBOOKS,
    cases,
    severities,
    written_rules,
)

FILES = sorted(path.stem for path in FOLDER.iterdir())
ALERTS = list(alerts(written_rules()))
SEVERITIES = {"critical", "warning", "info"}
each_alert = pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")


def test_every_alert_has_a_case_that_makes_each_severity_fire_and_one_that_keeps_it_silent() -> None:
    known = severities()
    fired: dict[str, set[str]] = {alert: set() for alert in known}
    silent = set()
    for name in FILES:
        for case in cases(name):
            one = next(iter(known[case.alert])) if len(known[case.alert]) == 1 else ""
            fired[case.alert] |= {labels.get("severity", one) for labels in case.fired}
            silent |= set() if case.fired else {case.alert}
    assert fired == known
    assert set(known) - silent == {"Watchdog"}, "that one always fires, which is its purpose"


@each_alert
def test_an_alert_says_how_bad_it_is_whose_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in SEVERITIES
    assert rule["labels"]["team"]
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"{RUNBOOKS}/{runbook(rule['alert'])}"
    assert rule["annotations"]["description"].endswith(".")
    assert rule["annotations"]["summary"] != rule["annotations"]["description"]


@each_alert
def test_the_texts_of_an_alert_name_only_labels_that_it_has(rule: dict[str, Any]) -> None:
    named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"] + rule["annotations"]["description"]))
    fired = [labels for name in FILES for case in cases(name) if case.alert == rule["alert"] for labels in case.fired]
    assert fired
    for labels in fired:
        assert named <= set(labels) | {"severity", "team"}, f"{named - set(labels)} would be empty"


def test_no_alert_has_two_rules_of_one_severity() -> None:
    both = [(rule["alert"], rule["labels"]["severity"]) for rule in ALERTS]
    assert len(both) == len(set(both))


def test_all_rules_fit_into_one_config_map() -> None:
    assert sum(len(text.encode()) for text in rule_files(RUNBOOKS, 100).values()) < 500_000


@pytest.mark.parametrize(
    ("alert", "page"),
    [("NodeNotReady", "node-not-ready.md"), ("GpuXidError", "gpu-xid-error.md"), ("Watchdog", "watchdog.md")],
)
def test_a_runbook_is_found_by_the_name_of_its_alert(alert: str, page: str) -> None:
    assert runbook(alert) == page


def test_without_a_known_limit_there_is_no_rule_that_pretends_one() -> None:
    assert "facts.yaml" not in rule_files(RUNBOOKS)
    assert "groundwork:database_connections:limit" in rule_files(RUNBOOKS, 100)["facts.yaml"]


def test_what_silences_and_what_is_silenced_are_alerts_that_there_are() -> None:
    known = severities()
    for rule in document("inhibitions"):
        assert set(rule) <= {"source_matchers", "target_matchers", "equal"}
        for matcher in [*rule["source_matchers"], *rule["target_matchers"]]:
            label, value = re.fullmatch(r'(\w+)(?:=~|!=|=)"(.*)"', matcher).groups()  # type: ignore[union-attr]
            assert label != "alertname" or set(value.split("|")) <= set(known), matcher


def test_nothing_is_silenced_for_lack_of_a_label() -> None:
    """Alertmanager takes two labels that are both absent for equal: what silences has to have each of them."""
    fired = [case for name in FILES for case in cases(name)]
    for rule in document("inhibitions"):
        names = next((value for value in rule["source_matchers"] if value.startswith("alertname")), None)
        if names is None:
            continue
        sources = set(re.findall(r"[A-Z]\w+", names))
        for case in fired:
            if case.alert in sources:
                for labels in case.fired:
                    assert set(rule.get("equal", [])) <= set(labels) | {"severity", "team"}, case.alert


def test_what_speaks_for_another_alert_waits_less_than_it() -> None:
    """Else somebody is told of both: what is told is not taken back."""
    waits = {rule["alert"]: minutes(rule) for rule in ALERTS}
    for inhibition in document("inhibitions"):
        speaking, silent = (_alerts_of(inhibition[side]) for side in ("source_matchers", "target_matchers"))
        for one in speaking:
            assert all(waits[one] < waits[other] for other in silent), f"{one} speaks for {silent}"


def minutes(rule: dict[str, Any]) -> float:
    """How long an alert waits before it fires."""
    number, unit = re.fullmatch(r"(\d+)([mh])", rule.get("for", "0m")).groups()  # type: ignore[union-attr]
    return int(number) * {"m": 1, "h": 60}[unit]


def _alerts_of(matchers: list[str]) -> list[str]:
    found = [re.fullmatch(r'alertname=~?"(.+)"', one) for one in matchers]
    return [name for one in found if one for name in one[1].split("|")]
