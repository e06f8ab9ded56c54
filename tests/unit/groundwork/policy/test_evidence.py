"""Evidence says what was judged, holds no input, keeps to its formats, and its seal notices a change."""

import base64
import copy
import hashlib
import json
import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pydantic
import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from groundwork.policy import evidence, html, sarif, sources
from groundwork.policy.judging import judge
from policies.config.pack_config import PackConfig, parse
from policies.rules import RULES
from tests.support.devtools import browsing, needs_browser
from tests.unit.groundwork.policy.saved import BUCKET, DB, KEY, resource, secret, state, urn
from twin.places import Places

HERE = Places(Path("/home/somebody/shop"), Path("/home/somebody/shop/.twin"))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SEEDS = ("hunter2-s3cr3t", "AKIAIOSFODNN7SEEDED1", "-----BEGIN PRIVATE KEY-----seed")
WAIVERS = [
    {
        "rule": "ENC-07",
        "urn": "*::key",
        "reason": "<b>moves</b> in May",
        "owner": "kms@example.com",
        "expires": "2026-12-31",
    },
    {"rule": "ENC-01", "urn": "*::gone", "reason": "old", "owner": "s3@example.com", "expires": "2020-01-31"},
]
CONFIG = {
    "all": "mandatory",
    "pack-notices": "advisory",
    "ENC-08": "advisory",
    "NET-04": "disabled",
    "pack-settings": {
        "waivers": WAIVERS,
        "companions": [{"rule": "ENC-03", "urn": "*::data", "stack": "shop/policies/dev"}],
    },
}


def config() -> PackConfig:
    return parse(json.dumps(CONFIG), "here", frozenset(rule.id for rule in RULES))


def seeded() -> str:
    """A state full of secrets, readable and not, in inputs, outputs, names of tags and policies."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": SEEDS[1], "Condition": {"x": {"y": SEEDS[0]}}}
    return state(
        resource(KEY, "key", {"enableKeyRotation": False, "description": SEEDS[0]}, sourcePosition="project:///a.py#7"),
        resource(BUCKET, "data", {"bucket": SEEDS[0], "tags": {"note": SEEDS[2]}}),
        resource(
            DB,
            "db",
            {
                "storageEncrypted": secret(SEEDS[0], shown=True),
                "kmsKeyId": secret(),
                "password": secret(SEEDS[0], shown=True),
                "parameterGroupName": SEEDS[1],
                "engine": SEEDS[2],
                "tags": {"data-classification": SEEDS[0]},
            },
            sourcePosition="project:///../../../elsewhere.py#7",
        ),
        resource(
            DB,
            "other",
            {"storageEncrypted": True, "kmsKeyId": secret()},
            sourcePosition="project:///../../components/a%20store.py#12,5",
        ),
        resource("aws:iam/policy:Policy", "policy", {"policy": json.dumps({"Statement": [statement]})}),
        resource("aws:iam/role:Role", "role", {"assumeRolePolicy": f"{{{SEEDS[0]}", "inlinePolicies": [SEEDS[1]]}),
        resource("aws:ec2/subnet:Subnet", "subnet", {"mapPublicIpOnLaunch": True}),
        resource(
            "kubernetes:core/v1:Pod",
            "pod",
            {
                "spec": {
                    "containers": [{"image": SEEDS[1], "env": [{"name": "X", "value": SEEDS[0]}], "args": [SEEDS[2]]}]
                }
            },
        ),
        resource("kubernetes:core/v1:ConfigMap", "map", {"data": {"password": SEEDS[0], "key": SEEDS[1]}}),
    )


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    source = sources.read(seeded(), "state.json")
    judged = judge(source.resources, RULES, config(), date(2026, 6, 1))
    return evidence.build(judged, source, NOW, HERE)


def test_every_answer_is_there_with_its_finding_and_what_became_of_it(document: dict[str, Any]) -> None:
    by = {(answer["rule"], answer["urn"]): answer for answer in document["answers"]}
    rotation = by["ENC-07", urn(KEY, "key")]
    assert (rotation["verdict"], rotation["stops"], rotation["position"]) == ("waived", False, "a.py#7")
    (point,) = rotation["points"]
    assert point["path"] == "enableKeyRotation"
    assert point["accepted"] == "until 2026-12-31 by kms@example.com: <b>moves</b> in May"
    assert by["ENC-01", urn(BUCKET, "data")]["stops"]
    assert by["ENC-03", urn(BUCKET, "data")]["verdict"] == "elsewhere"
    assert by["ENC-08", urn(KEY, "key")] | {"points": []} == {
        "rule": "ENC-08", "urn": urn(KEY, "key"), "position": "a.py#7", "verdict": "violation", "stops": False,
        "points": [],
    }  # fmt: skip
    assert by["ENC-04", urn(DB, "db")]["position"] == "", "places outside of the clone are nobody's business"
    assert by["ENC-04", urn(DB, "other")]["position"] == "components/a%20store.py#12,5"
    assert not any(rule == "NET-04" for rule, _ in by), "a rule that is disabled judges nothing"


def test_rules_controls_waivers_and_counts_agree_with_the_answers(document: dict[str, Any]) -> None:
    assert [rule["id"] for rule in document["rules"]] == [rule.id for rule in RULES]
    results = {rule["id"]: rule["result"] for rule in document["rules"]}
    assert results["NET-04"] == "disabled"
    assert results["ENC-05"] == "nothing to judge"
    assert results["ENC-07"] == "waived"
    seen = {rule["id"]: rule["verdicts"] for rule in document["rules"]}
    for rule, verdicts in seen.items():
        answers = [answer["verdict"] for answer in document["answers"] if answer["rule"] == rule]
        assert verdicts == {verdict: answers.count(verdict) for verdict in set(answers)}
    counted = document["summary"]
    assert sum(number for verdict, number in counted.items() if verdict != "objections") == len(document["answers"])
    stopping = sum(answer["stops"] for answer in document["answers"])
    assert counted["objections"] == stopping + len(document["complaints"]) > 0
    by_control = {(control["framework"], control["control"]): control for control in document["controls"]}
    rotated = by_control["AWS Foundational Security Best Practices", "KMS.4"]
    assert (rotated["rules"], rotated["resources"], rotated["result"]) == (["ENC-07"], 1, "waived")
    assert [(waiver["rule"], waiver["used"], waiver["state"]) for waiver in document["waivers"]] == [
        ("ENC-07", 1, "in use"),
        ("ENC-01", 0, "expired"),
    ]
    assert [complaint["policy"] for complaint in document["complaints"]] == ["pack-waivers"]


def test_it_says_where_it_comes_from(document: dict[str, Any]) -> None:
    subject = document["subject"]
    assert (subject["kind"], subject["project"], subject["stack"]) == ("state", "shop", "dev")
    assert subject["sha256"] == hashlib.sha256(seeded().encode()).hexdigest()
    assert document["taken"] == "2026-06-01T12:00:00+00:00"
    assert document["pack"]["levels"]["all"] == "mandatory"
    assert re.fullmatch(r"[0-9a-f]{64}", document["pack"]["sha256"])
    assert "compliant" in document["note"]


def test_the_seal_is_what_jq_makes_of_it_and_notices_any_change(document: dict[str, Any], tmp_path: Path) -> None:
    assert document["sha256"] == evidence.seal(document)
    forged = copy.deepcopy(document)
    forged["answers"][0]["verdict"] = "pass"
    assert evidence.seal(forged) != document["sha256"]
    if jq := shutil.which("jq"):
        path = tmp_path / "evidence.json"
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")
        printed = subprocess.run([jq, "-cS", "del(.sha256)", str(path)], capture_output=True, check=True).stdout
        assert hashlib.sha256(printed).hexdigest() == document["sha256"]


def test_no_secret_of_a_seeded_program_is_in_any_of_the_three(document: dict[str, Any]) -> None:
    texts = {"json": json.dumps(document), "sarif": json.dumps(sarif.document(document)), "html": html.page(document)}
    for form, text in texts.items():
        for seed in SEEDS:
            found = [spelt for spelt in (seed, seed[:8], base64.b64encode(seed.encode()).decode()) if spelt in text]
            assert not found, (form, found)
    assert "storageEncrypted" in texts["json"], "the seeds were looked at"


def test_sarif_keeps_to_its_schema_and_a_mistake_would_be_noticed(document: dict[str, Any]) -> None:
    log = sarif.document(document)
    for result in log["runs"][0]["results"]:
        for suppression in result.get("suppressions", ()):
            # The model follows an earlier text of the schema, in which this key had another name.
            suppression["state"] = suppression.pop("status")
    SarifLog.model_validate(log)
    for breaking in ({"kind": "maybe"}, {"verdict": "x"}, {"level": "fatal"}):
        broken = copy.deepcopy(log)
        broken["runs"][0]["results"][0] |= breaking
        with pytest.raises(pydantic.ValidationError):
            SarifLog.model_validate(broken)


def test_sarif_tells_failures_open_questions_and_what_is_accepted_apart(document: dict[str, Any]) -> None:
    (run,) = sarif.document(document)["runs"]
    rules = run["tool"]["driver"]["rules"]
    by: dict[str, list[dict[str, Any]]] = {}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        by.setdefault(result["ruleId"], []).append(result)
    assert [(r["kind"], r["level"], "suppressions" in r) for r in by["ENC-01"]] == [("fail", "error", False)]
    assert {(r["kind"], r["level"], "suppressions" in r) for r in by["ENC-08"]} == {("fail", "warning", False)}
    (waived,) = by["ENC-07"]
    assert waived["suppressions"][0]["status"] == "accepted"
    place = waived["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "a.py"
    assert place["physicalLocation"]["region"] == {"startLine": 7}
    assert place["logicalLocations"][0]["fullyQualifiedName"] == f"{urn(KEY, 'key')}#enableKeyRotation"
    undecided = [r for answers in by.values() for r in answers if r["kind"] == "open"]
    assert undecided
    assert {r["level"] for r in undecided} == {"none"}
    fingerprints = [json.dumps(r["partialFingerprints"]) for r in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints)


def test_every_result_has_a_file_and_a_line_without_which_code_scanning_refuses_them_all(
    document: dict[str, Any],
) -> None:
    places_of: dict[str, set[tuple[str, int]]] = {}
    for log in (sarif.document(document), sarif.combined([document])):
        (run,) = log["runs"]
        for result in run["results"]:
            (location,) = result["locations"]
            physical, (logical,) = location["physicalLocation"], location["logicalLocations"]
            assert physical["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
            found = (physical["artifactLocation"]["uri"], physical["region"]["startLine"])
            places_of.setdefault(logical["name"], set()).add(found)
    assert places_of["key"] == {("a.py", 7)}
    assert places_of["other"] == {("components/a%20store.py", 12)}
    settings = {("Pulumi.dev.yaml", 1)}
    assert places_of["data"] == settings, "the engine has told no position"
    assert places_of["db"] == settings, "the position is outside of the clone"


def test_what_a_rule_says_of_a_stack_as_a_whole_is_at_its_settings(document: dict[str, Any]) -> None:
    (point, *_) = next(answer["points"] for answer in document["answers"] if answer["points"])
    answer = {"rule": "ENC-07", "urn": "", "position": "", "points": [point | {"verdict": "violation"}]}
    for stack, uri in (("dev", "Pulumi.dev.yaml"), ("", "Pulumi.yaml"), ("../../x", "Pulumi...%2F..%2Fx.yaml")):
        told = document | {"answers": [answer], "subject": document["subject"] | {"stack": stack}}
        (result,) = sarif.document(told)["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"] == {
            "artifactLocation": {"uri": uri, "uriBaseId": "PROJECT"},
            "region": {"startLine": 1},
        }


def test_no_place_outside_of_the_clone_is_in_any_of_the_three(document: dict[str, Any]) -> None:
    for text in (json.dumps(document), json.dumps(sarif.document(document)), html.page(document)):
        assert "elsewhere.py" not in text
        assert "components/a%20store.py" in text, "where positions are shown at all"


def test_sarif_relates_every_rule_to_controls_that_are_listed(document: dict[str, Any]) -> None:
    (run,) = sarif.document(document)["runs"]
    listed = {(one["guid"], taxon["id"]) for one in run["taxonomies"] for taxon in one["taxa"]}
    related = {
        (relation["target"]["toolComponent"]["guid"], relation["target"]["id"])
        for rule in run["tool"]["driver"]["rules"]
        for relation in rule["relationships"]
    }
    assert related
    assert related <= listed


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.handlers: list[str] = []
        self.inline: dict[str, list[str]] = {"style": [], "script": []}
        self.policy = ""
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "data", "srcset")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.ids += [given["id"] or ""] if "id" in given else []
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given.get("content") or ""
        self._in = tag if tag in self.inline else ""
        if self._in:
            self.inline[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in:
            self.inline[self._in][-1] += data


def test_the_page_asks_for_nothing_from_outside_and_admits_only_its_own_code(document: dict[str, Any]) -> None:
    page = Page(html.page(document))
    assert {link.partition("#")[0] for link in page.links} == {"", "data:,"}
    targets = {link[1:] for link in page.links if link.startswith("#")}
    assert targets <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert "default-src 'none'" in page.policy
    assert not page.handlers, "the policy would refuse them"
    for kind, texts in page.inline.items():
        (text,) = texts
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page.policy
    assert "@import" not in page.inline["style"][0]
    assert "url(" not in page.inline["style"][0]


def test_what_people_wrote_is_text_on_the_page(document: dict[str, Any]) -> None:
    text = html.page(document)
    assert "<b>moves</b>" not in text
    assert "&lt;b&gt;moves&lt;/b&gt; in May" in text


def test_the_page_tells_every_rule_control_and_answer(document: dict[str, Any]) -> None:
    text = html.page(document)
    assert set(Page(text).ids) >= {rule.id for rule in RULES}
    for answer in document["answers"]:
        assert answer["urn"] in text
    assert document["sha256"] in text
    assert document["pack"]["sha256"] in text


@needs_browser
def test_a_browser_runs_the_page_without_an_error_and_would_refuse_a_request(
    document: dict[str, Any], tmp_path: Path
) -> None:
    text, file = html.page(document), tmp_path / "page.html"
    with browsing(tmp_path) as browser:
        file.write_text(text, encoding="utf-8")
        browser.open(file.as_uri(), f"{len(RULES)} of {len(RULES)} rules")  # the script has run
        assert browser.complaints() + browser.logged() == []
        file.write_text(text.replace("<main>", '<main><img src="https://example.com/pixel.png">'), encoding="utf-8")
        browser.open(file.as_uri(), f"{len(RULES)} of {len(RULES)} rules")
        assert any("Content Security Policy" in line for line in browser.logged())
