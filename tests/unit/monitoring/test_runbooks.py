"""Decides that every alert has its page, that every page has an alert, and that a page says what one needs at night."""

import json
import re
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict

from components.monitoring.alarm_metrics import (
    AuditCopyAlarmSettings,
    DatabaseAlarmSettings,
    QueueAlarmSettings,
    audit_copy_alarms,
    database_alarms,
    queue_alarms,
)
from components.monitoring.rules import alerts, runbook
from components.monitoring.search_alarms import WatchedSearchDomain, search_alarms
from components.monitoring.security_events import EVENT_ALARMS
from groundwork.commands import COMMANDS
from tests.support.program import recorded
from tests.support.stack_files import CLONE
from tests.unit.monitoring.cases import written_rules
from tests.unit.monitoring.runbook_rights import LINE, beyond

FOLDER = CLONE / "docs" / "runbooks"
FULL = DatabaseAlarmSettings(connections=1, free_storage_gib=1, cpu_credits=1, cpu_percent=1)
METRICS = (
    *database_alarms(FULL, "db"),
    *queue_alarms(QueueAlarmSettings(oldest_message_minutes=1), "queue", "dead"),
    *audit_copy_alarms(AuditCopyAlarmSettings(late_minutes=15), "stream"),
    *search_alarms(WatchedSearchDomain(name="domain", volume_gib=10), "000000000000"),
)
OF_AWS = sorted([*(event.runbook for event in EVENT_ALARMS), *(alarm.runbook for alarm in METRICS)])
ALERTS = sorted({rule["alert"] for rule in alerts(written_rules())})
PAGES = sorted(FOLDER.glob("*.md"))
SECTIONS = ["First looks", "Likely causes", "Mend", "Escalate"]
OF_ADD_ONS = ("ebs-csi-controller",)
"""Workloads that EKS makes."""
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def test_alerts_and_pages_are_the_same() -> None:
    assert {runbook(alert) for alert in ALERTS} | {f"{name}.md" for name in OF_AWS} == {page.name for page in PAGES}


@pytest.mark.parametrize("alert", ALERTS)
def test_a_page_bears_the_name_of_its_alert(alert: str) -> None:
    assert (FOLDER / runbook(alert)).read_text().startswith(f"# {alert}\n\n")


@pytest.mark.parametrize("name", OF_AWS)
def test_a_page_of_an_alarm_of_aws_does_too(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text().startswith(f"# {name}\n\n")


@each_page
def test_a_page_says_what_it_means_who_is_hurt_what_to_look_at_and_when_to_call_somebody(page: Path) -> None:
    text = page.read_text()
    assert [title.split(",")[0] for title in re.findall("^## (.+)$", text, re.M)] == SECTIONS
    meaning = text.split("\n\n")[1]
    assert len(meaning.split()) >= 8
    assert "**Who is hurt" in text
    for section in re.split("^## .+$", text, flags=re.M)[1:]:
        assert len(section.split()) >= 4, "an empty section helps nobody"


@each_page
def test_a_page_is_short(page: Path) -> None:
    assert len(page.read_text().split()) <= 330


@each_page
def test_links_of_a_page_lead_to_other_pages(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        assert (FOLDER / target).is_file(), target


@each_page
def test_a_page_says_which_of_its_commands_are_beyond_who_is_on_call(page: Path) -> None:
    text = page.read_text()
    assert [line for line in text.splitlines() if line.startswith(LINE)] == ([line] if (line := beyond(text)) else [])


@pytest.mark.parametrize(
    ("command", "for_whom"),
    [
        ("kubectl -n mlflow get hpa,pods", None),
        ("kubectl -n NAMESPACE delete pod POD", None),
        ("kubectl drain NODE --ignore-daemonsets", None),
        ("kubectl -n monitoring port-forward service/prometheus 9090", None),
        ("kubectl -n mlflow port-forward service/tracking-server 5000", "`cluster.administrators`"),
        ("kubectl -n NAMESPACE exec POD -- df -h", "`cluster.administrators`"),
        ("kubectl -n mlflow rollout undo deployment/tracking-server", "`cluster.administrators`"),
        ("kubectl -n NAMESPACE rollout undo deployment/NAME", "the team's `ml-engineer`"),
        ("kubectl get --raw /readyz?verbose", None),
        ("kubectl get --raw /metrics", "`cluster.administrators`"),
        ("kubectl -n NAMESPACE get secrets", "`cluster.administrators`"),
        ("aws eks describe-cluster --name groundwork-prod", None),
        ("aws rds describe-events", "an administrator of the account"),
    ],
)
def test_who_may_run_a_command_is_read_off_the_personas(command: str, for_whom: str | None) -> None:
    for text in (f"```\n{command} | head\n```", f"Then `{command}`."):
        found = beyond(text)
        assert found.startswith(LINE) and f" for {for_whom}" in found if for_whom else not found


@each_page
def test_commands_of_a_page_are_programs_of_this_platform(page: Path) -> None:
    for block in re.findall(r"```\n(.*?)```", page.read_text(), re.S):
        for line in block.strip().splitlines():
            command = re.sub(r"^\w+=\$\(", "", line)
            program, word = command.split()[:2]
            assert program in {"kubectl", "aws", "groundwork"}, line
            assert program != "groundwork" or word in COMMANDS, line


def test_names_of_resources_on_a_page_are_those_of_the_program() -> None:
    made = json.dumps([MessageToDict(request.object) for request in recorded("prod").requests.values()])
    for page in PAGES:
        for name in re.findall(r"groundwork-prod[a-z0-9/-]*[a-z0-9]", page.read_text()):
            assert name in made, f"{page.name} names {name}"


def test_workloads_on_a_page_are_those_of_the_program() -> None:
    made = {
        (request.type.rsplit(":", 1)[1].lower(), MessageToDict(request.object)["metadata"]["name"])
        for request in recorded("prod").requests.values()
        if request.type.rsplit(":", 1)[1] in ("DaemonSet", "Deployment", "StatefulSet")
    } | {("deployment", name) for name in OF_ADD_ONS}
    for page in PAGES:
        for kind, name in re.findall(r"\b(deployment|daemonset|statefulset)/([a-z][a-z-]+)", page.read_text()):
            assert (kind, name) in made, f"{page.name} names {kind}/{name}"
