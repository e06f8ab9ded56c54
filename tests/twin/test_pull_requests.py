"""Fifteen pull requests against one base: report, exit code and verdict of each are what a reviewer needs.

The base is brought up once, on a twin of its own, and kept; each preview works on a copy of it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from groundwork.preview.report import DESTRUCTIVE, FINE
from tests.support.devtools import Browser, browsing, needs_browser
from tests.support.git import git
from tests.support.loopback import listening
from tests.support.repository import Repository
from tests.support.waiting import eventually
from tests.twin.pull_requests import EVIL, PULL_REQUESTS, THIEF, stealing_for
from tests.unit.groundwork.preview.page import Page
from tests.unit.groundwork.preview.test_report import assert_harmless

FILES = {"comment.md", "report.html", "report.json", "policies.sarif"}
SEEDS = {
    "GITHUB_TOKEN": "ghs_seeded0seeded0seeded0seeded0seeded0",
    "ACTIONS_RUNTIME_TOKEN": "seeded-runtime-token-of-the-runner",
    "AWS_SECRET_ACCESS_KEY": "seeded/secret/access/key/of/somebody",
    "SOME_PASSWORD": "seeded-password-of-somebody",
}


@dataclass(frozen=True)
class Report:
    folder: Path
    code: int
    said: str
    stolen: str
    sent: str
    """What has arrived at the listener."""

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text("report.json"))
        return found


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    made = Repository.make(tmp_path_factory.mktemp("pull-requests"))
    yield made
    commands = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    left = [command for command in commands if str(made.cache) in command]
    assert left == [], "a preview leaves no process"


@pytest.fixture(scope="module")
def reports(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """The reports of all of them; the first one brings the base up."""
    folder, found = tmp_path_factory.mktemp("reports"), {}
    for name in PULL_REQUESTS:
        found[name] = reported(repository, name, folder / name)
    return found


def reported(repository: Repository, name: str, output: Path, *options: str) -> Report:
    """The report of one of them, made in a shell that holds secrets while somebody listens outside."""
    one, stolen = PULL_REQUESTS[name], repository.root / "stacks" / "stolen.txt"
    with listening() as outside:
        edits = {"stacks/wiring.py": stealing_for(outside.port)} if name == THIEF else one.edits
        repository.branch(name, edits)
        done = repository.groundwork(
            "preview", *one.environments, "--base", "main", "--output", str(output), *options, variables=SEEDS
        )
    text = stolen.read_text() if stolen.exists() else ""
    stolen.unlink(missing_ok=True)
    return Report(output, done.returncode, done.stdout + done.stderr, text, "\n".join(outside.heard))


@pytest.mark.parametrize("name", PULL_REQUESTS)
def test_its_exit_code_and_its_comment_are_what_a_reviewer_needs(reports: dict[str, Report], name: str) -> None:
    wanted, report = PULL_REQUESTS[name], reports[name]
    assert report.code == wanted.code, report.said
    assert {path.name for path in report.folder.iterdir()} == FILES
    comment, at = report.text("comment.md"), 0
    for part in wanted.told:
        at = comment.find(part, at)
        assert at >= 0, f"{part!r} is not told, or too early:\n{comment}"
    assert [part for part in wanted.untold if part in comment] == []
    assert len(comment) <= 65_000
    assert_harmless(comment)
    assert report.document["code"] == wanted.code
    assert [one["name"] for one in report.document["environments"]] == list(wanted.environments or ("dev", "prod"))


@pytest.mark.parametrize("name", PULL_REQUESTS)
def test_its_page_asks_for_nothing_and_runs_nothing(reports: dict[str, Report], name: str) -> None:
    page = Page(reports[name].text("report.html"))
    assert (page.scripts, page.handlers, page.unclosed) == (0, [], [])
    assert {link.partition("#")[0] for link in page.links} == {"", "data:,"}


def test_the_base_is_built_once(reports: dict[str, Report]) -> None:
    built = [name for name, report in reports.items() if "Building dev and prod of main" in report.said]
    assert built == [next(iter(PULL_REQUESTS))]


def test_what_is_kept_of_the_base_is_what_a_plan_asks(reports: dict[str, Report], repository: Repository) -> None:
    (kept,) = (repository.cache / "groundwork" / "previews").glob("*/kept")
    assert reports["nothing"].document["base"]["commit"]
    assert {path.name for path in kept.glob("kubernetes/*/etcd/*")} == {"member"}
    assert list(kept.glob("postgres/*/instance.json"))
    assert not [*kept.glob("postgres/*/data"), *kept.glob("kubernetes/*/audit"), *kept.glob("kubernetes/*/logs")]
    assert not (kept.parent / "twin").exists()


def test_nothing_that_the_caller_holds_reaches_the_program_or_a_report(reports: dict[str, Report]) -> None:
    stolen, sent = reports[THIEF].stolen, reports[THIEF].sent
    assert "PATH=" in stolen, "the program has run"
    assert "PATH=" in sent, "and what it has found did arrive outside"
    for name, seed in SEEDS.items():
        assert seed not in stolen, name
        assert seed not in sent, name
    assert [name for name, report in reports.items() if report.sent] == [THIEF]
    # What it does find are keys of a twin that is gone; not even those are published.
    found = dict(re.findall(r"^(AWS_SECRET_ACCESS_KEY|PULUMI_CONFIG_PASSPHRASE)=(.+)$", stolen, re.MULTILINE))
    assert len(found) == 2
    for report in reports.values():
        for file in FILES:
            text = report.text(file).replace("\\", "")  # the comment's escapes would hide it
            assert [value for value in (*SEEDS.values(), *found.values()) if value in text] == []


def test_a_loss_that_a_person_confirms_is_told_and_stands_in_nobodys_way(
    reports: dict[str, Report], repository: Repository, tmp_path: Path
) -> None:
    name = "a-replaced-database"
    assert reports[name].code == DESTRUCTIVE
    confirmed = reported(repository, name, tmp_path / "confirmed", "--confirm-destructive")
    assert confirmed.code == FINE, confirmed.said
    (dev,) = confirmed.document["environments"]
    assert (dev["confirmed"], dev["reasons"]) == (True, [])
    assert dev["losses"] == reports[name].document["environments"][0]["losses"] != []
    (line,) = [line for line in confirmed.text("comment.md").splitlines() if "replaces `registry-instance`" in line]
    assert line.endswith(": confirmed")
    assert "nobody confirmed that" not in confirmed.text("comment.md") + confirmed.text("report.html")


def test_a_name_is_text_everywhere(reports: dict[str, Report]) -> None:
    report = reports["a-malicious-name"]
    assert "<script>" not in report.text("report.html")
    assert any(step["name"] == EVIL for step in report.document["environments"][0]["changes"])


def test_sarif_has_the_objections(reports: dict[str, Report]) -> None:
    (run,) = json.loads(reports["encryption-weakened"].text("policies.sarif"))["runs"]
    assert {result["ruleId"] for result in run["results"] if result["level"] == "error"} == {"ENC-07"}


def test_sarif_has_a_line_of_a_file_of_the_clone_for_every_result(
    reports: dict[str, Report], repository: Repository
) -> None:
    """Code scanning refuses the whole upload for one result without; the engine works far away from the clone here."""
    found: dict[str, set[str]] = {}
    for name, report in reports.items():
        for run in json.loads(report.text("policies.sarif"))["runs"]:
            for result in run["results"]:
                (location,) = result["locations"]
                uri = location["physicalLocation"]["artifactLocation"]["uri"]
                written = git(repository.root, "show", f"{name}:{uri}")  # fails where the branch has no such file
                line = location["physicalLocation"]["region"]["startLine"]
                assert 1 <= line <= len(written.splitlines()), (name, uri, line)
                found.setdefault(result["ruleId"], set()).add(uri)
    assert found["ENC-07"] == {"components/security/encryption_keys.py"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("browser")) as made:
        yield made


@needs_browser
@pytest.mark.parametrize("name", ["a-new-bucket", "a-malicious-name", "a-replaced-database"])
def test_a_browser_shows_the_page_without_an_error_and_would_refuse_a_request(
    reports: dict[str, Report], browser: Browser, name: str, tmp_path: Path
) -> None:
    file, pictures = reports[name].folder / "report.html", {}
    browser.events.clear()
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        browser.open(file.as_uri(), "Architecture")
        browser.screenshot(tmp_path / f"{scheme}.png")
        pictures[scheme] = (tmp_path / f"{scheme}.png").read_bytes()
    assert browser.complaints() + browser.logged() == []
    assert {url.partition(":")[0] for url in browser.asked() if url != file.as_uri()} <= {"about", "data"}
    assert min(map(len, pictures.values())) > 10_000
    assert pictures["light"] != pictures["dark"]
    broken = file.read_text(encoding="utf-8").replace("<main>", '<main><img src="https://example.com/pixel.png">')
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    browser.open((tmp_path / "broken.html").as_uri(), "Architecture")
    eventually(lambda: any("Content Security Policy" in line for line in browser.logged()), "the browser complains")
