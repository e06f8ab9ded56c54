"""Prometheus' rules as the platform has them: the data beside this package, and what is not said in each of them.

An alert's runbook is the page of its name; its team is that of the namespace that it is about, else the platform's.

Source: Prometheus documentation, "Recording rules", "Alerting rules".
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from components.monitoring.data_files import documents, written
from components.monitoring.objectives import objective_groups

TEAM_OF_ALERT: Final = "{{ with $labels.team }}{{ . }}{{ else }}platform{{ end }}"
FACTS: Final = "facts"


def rule_files(runbooks_url: str, database_connections: int | None = None) -> dict[str, str]:
    """Return Prometheus' rule files by name.

    `runbooks_url` is where the pages of `docs/runbooks` are, without a slash at the end; `database_connections` how
    many the database can have, absent where nobody knows.
    """
    contents = dict(documents("rules")) | {"objectives": {"groups": objective_groups()}}
    if database_connections is not None:
        contents[FACTS] = {"groups": [_facts(database_connections)]}
    for rule in alerts(contents):
        rule["labels"].setdefault("team", TEAM_OF_ALERT)
        rule["annotations"]["runbook_url"] = f"{runbooks_url}/{runbook(rule['alert'])}"
    return {f"{name}.yaml": written(content) for name, content in sorted(contents.items())}


def alerts(contents: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the alerts of rule files, by what these hold."""
    for content in contents.values():
        for group in content["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


def runbook(alert: str) -> str:
    """Return the file name of an alert's runbook: `NodeNotReady` has `node-not-ready.md`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", alert).lower() + ".md"


def _facts(database_connections: int) -> dict[str, Any]:
    limit = {"record": "groundwork:database_connections:limit", "expr": f"vector({database_connections})"}
    return {"name": FACTS, "rules": [limit]}
