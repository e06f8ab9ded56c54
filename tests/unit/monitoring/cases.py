"""Cases of alerts as data, and promtool's own test files made of them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from components.monitoring.rules import alerts, rule_files

FOLDER = Path(__file__).parent / "alerts"
RUNBOOKS = "https://runbooks.example.org"
CONNECTIONS = 100
DEFAULT_TEAM = "platform"
WORLD = (
    'kube_namespace_labels{namespace="team-vision", label_groundwork_io_team="vision", pod="ksm", team="platform"}',
    'kube_namespace_labels{namespace="mlflow", pod="ksm", team="platform"}',
    'kube_namespace_labels{namespace="monitoring", pod="ksm", team="platform"}',
    'kube_namespace_labels{namespace="kube-system", pod="ksm", team="platform"}',
)
"""The namespaces that there are in every case: one of a team, three of the platform."""
OBJECTIVES = "objectives"
LONGEST = "1x6000"
"""Minutes, more than any case looks back."""


class Case(NamedTuple):
    """One world and what is alarmed in it."""

    alert: str
    name: str
    at: str
    given: Mapping[str, str]
    fired: tuple[Mapping[str, str], ...]


def written_rules() -> dict[str, Any]:
    """Return what each rule file of the platform holds, by its name without the ending."""
    texts = rule_files(RUNBOOKS, CONNECTIONS)
    return {name.removesuffix(".yaml"): yaml.safe_load(text) for name, text in texts.items()}


def severities() -> dict[str, set[str]]:
    """Return the severities of each alert."""
    found: dict[str, set[str]] = {}
    for rule in alerts(written_rules()):
        found.setdefault(rule["alert"], set()).add(rule["labels"]["severity"])
    return found


@cache
def cases(name: str) -> tuple[Case, ...]:
    """Return the cases of the alerts of one rule file."""
    return tuple(
        Case(alert, title, case["at"], case["given"], tuple(case["alerts"]))
        for alert, written in yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")).items()
        for title, case in written.items()
    )


def promtool_test(name: str) -> dict[str, Any]:
    """Return promtool's test file for the cases of one rule file."""
    known = severities()
    return {
        "rule_files": ["rules.yaml"],
        # Objectives look back for days.
        "evaluation_interval": "5m" if name == OBJECTIVES else "1m",
        "tests": [_test(case, known[case.alert]) for case in cases(name)],
    }


def rules_of(name: str) -> dict[str, Any]:
    """Return the rules of one file, and what others record, as promtool is to evaluate them.

    Less the texts: promtool compares these whole, and they are looked at apart. Less the alerts of others: each case
    is evaluated from its first minute to its last.
    """
    groups = []
    for file, content in written_rules().items():
        for group in content["groups"]:
            rules = [
                {key: value for key, value in rule.items() if key != "annotations"}
                for rule in group["rules"]
                if file == name or ("record" in rule and file != OBJECTIVES)
            ]
            groups.append(group | {"rules": rules})
    return {"groups": [group for group in groups if group["rules"]]}


def _test(case: Case, severities: set[str]) -> dict[str, Any]:
    only = {"severity": next(iter(severities))} if len(severities) == 1 else {}
    given = dict.fromkeys(WORLD, LONGEST) | dict(case.given)
    return {
        "name": f"{case.alert}: {case.name}",
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in given.items()],
        "alert_rule_test": [
            {
                "eval_time": case.at,
                "alertname": case.alert,
                "exp_alerts": [{"exp_labels": {"team": DEFAULT_TEAM} | only | dict(fired)} for fired in case.fired],
            }
        ],
    }
