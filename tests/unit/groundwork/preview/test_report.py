"""Decides what a report makes of a plan, its code, and that no name can do anything in the comment or on the page."""

import copy
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from groundwork.cost.ceiling import ABOVE_CEILING
from groundwork.policy import sarif
from groundwork.preview import html, markdown, report
from groundwork.preview.drawing import draw
from groundwork.preview.plan import Plan, read
from policies.config.pack_config import PackConfig, parse
from policies.rules import RULES
from tests.unit.groundwork.policy.saved import BUCKET, DB, KEY
from tests.unit.groundwork.preview.digests import digest, step
from tests.unit.groundwork.preview.page import Page
from twin.places import Places

HERE = Places(Path("/clone"), Path("/clone/.twin"))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BASE = {"kind": "base", "ref": "main", "commit": "b" * 40}
QUIET = {"all": "disabled", "pack-settings": "mandatory", "pack-waivers": "mandatory", "pack-notices": "advisory"}
EVIL = (
    "</summary><script>alert(1)</script> ![x](https://evil.example/p.png) @octo/admins `code` [a](javascript:b) "
    "<img src=x onerror=y>"
)


def config(**more: Any) -> PackConfig:
    return parse(json.dumps(QUIET | more), "here", frozenset(rule.id for rule in RULES))


def judged(
    plan: Plan,
    after: PackConfig | None = None,
    before: PackConfig | None = None,
    *,
    confirmed: bool = False,
    protected: frozenset[str] = frozenset(),
) -> report.Judged:
    after = after or config()
    return report.environment(plan, protected, after, before or after, NOW, HERE, confirmed=confirmed)


def built(*environments: report.Judged, judges: tuple[str, ...] = ()) -> dict[str, Any]:
    return report.build(environments, BASE, "a" * 40, judges, NOW)


def plan(*steps: dict[str, Any], errors: tuple[tuple[str, str], ...] = ()) -> Plan:
    return read("dev", digest(*steps, errors=errors), "it failed" if errors else "")


UNCHANGED = step("same", BUCKET, "kept", {"bucket": "kept"}, {"bucket": "kept"})
REPLACED = [
    step("create-replacement", DB, "db", {"identifier": "a"}, {"identifier": "b"}, replaceReasons=["identifier"]),
    step("replace", DB, "db", {"identifier": "a"}, {"identifier": "b"}, replaceReasons=["identifier"]),
    step("delete-replaced", DB, "db", {"identifier": "a"}, {"identifier": "b"}),
]


def test_a_plan_without_a_change_is_fine() -> None:
    document = built(judged(plan(UNCHANGED)))
    assert document["code"] == report.FINE
    assert report.told(document["environments"][0]) == "nothing stands in the way"
    assert document["environments"][0]["counts"] == {"same": 1}
    assert "no change" in markdown.comment(document)


def test_what_stays_keeps_its_id_and_what_it_tells_so_that_nobody_seems_to_lose_a_right() -> None:
    """The engine puts both into the old state alone."""
    role = {"role": "trainer", "policyArn": "arn:aws:iam::1:policy/p"}
    document = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
    attached = step("same", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", role, role)
    policy = step("same", "aws:iam/policy:Policy", "p", {"policy": document}, {"policy": document})
    policy["oldState"] |= {"id": "arn:aws:iam::1:policy/p", "outputs": {"arn": "arn:aws:iam::1:policy/p"}}
    policy["newState"] |= {"id": "", "outputs": {}}
    access = judged(plan(attached, policy)).document["access"]
    assert (access["gains"], access["losses"]) == ([], [])


def test_a_replacement_is_one_change_with_its_reason() -> None:
    (change,) = judged(plan(UNCHANGED, *REPLACED)).document["changes"]
    assert (change["op"], change["name"], change["replaced_for"]) == ("replace", "db", ["identifier"])
    assert change["differences"] == [{"path": "identifier", "before": '"a"', "after": '"b"'}]


@pytest.mark.parametrize("op", ["delete", "replace"])
def test_what_holds_data_is_not_lost_without_a_word(op: str) -> None:
    steps = REPLACED if op == "replace" else [step("delete", DB, "db", {"identifier": "a"}, None)]
    document = built(judged(plan(*steps)))
    assert document["code"] == report.DESTRUCTIVE
    assert document["environments"][0]["losses"][0]["op"] == op
    assert f"{op}s `db`" in markdown.comment(document)
    assert built(judged(plan(*steps), confirmed=True))["code"] == report.FINE


def test_what_is_protected_counts_whatever_it_is() -> None:
    gone = step("delete", "aws:iam/role:Role", "role", {"name": "r"}, None)
    assert built(judged(plan(gone)))["code"] == report.FINE
    protected = frozenset({gone["urn"]})
    assert built(judged(plan(gone), protected=protected))["code"] == report.DESTRUCTIVE


def test_policies_object_and_their_objections_are_told() -> None:
    weak = step("update", KEY, "key", {"enableKeyRotation": True}, {"enableKeyRotation": False})
    document = built(judged(plan(weak), config(**{"ENC-07": "mandatory"})))
    assert document["code"] == report.VIOLATIONS
    assert "**ENC-07** `key`: enableKeyRotation" in markdown.comment(document)


def test_the_gravest_reason_gives_the_code_and_all_are_told() -> None:
    weak = step("update", KEY, "key", {"enableKeyRotation": True}, {"enableKeyRotation": False})
    gone = step("delete", DB, "db", {"identifier": "a"}, None)
    document = built(judged(plan(weak, gone), config(**{"ENC-07": "mandatory"})))
    assert document["code"] == report.VIOLATIONS
    assert document["environments"][0]["reasons"] == [report.VIOLATIONS, report.DESTRUCTIVE]
    assert report.told(document["environments"][0]) == f"policies object; {report.VERDICTS[report.DESTRUCTIVE]}"
    text = markdown.comment(document)
    assert report.VERDICTS[report.DESTRUCTIVE] in text


def test_one_failed_environment_fails_the_report_and_the_other_is_told() -> None:
    document = built(judged(plan(errors=(("error", "SyntaxError: invalid syntax"),))), judged(plan(UNCHANGED)))
    assert document["code"] == report.FAILED
    assert report.told(document["environments"][0]) == "it failed"
    text = markdown.comment(document)
    assert "SyntaxError" in text
    assert "no change" in text


def test_of_a_traceback_its_end_is_told_and_what_the_engine_repeats_is_not() -> None:
    traceback = (
        "Traceback (most recent call last):\n" + '  File "x.py", line 1, in y\n' * 30 + "SyntaxError: invalid syntax"
    )
    end = "error: an unhandled error occurred: Program exited with non-zero exit code: 1"
    document = built(judged(plan(errors=(("error", f"error: it failed: {traceback}"), ("error", end)))))
    text = markdown.comment(document)
    assert "SyntaxError: invalid syntax" in text
    assert "non-zero" not in text
    assert traceback in document["environments"][0]["failed"][0], "the page has all of it"


def test_an_engine_that_prints_no_json_is_a_failure_with_what_it_said() -> None:
    assert read("dev", "", "error: it exploded").errors == ("error: it exploded",)


WAIVER = {"rule": "ENC-07", "urn": "*::key", "reason": EVIL, "owner": "k@example.com", "expires": "2026-12-31"}


def test_a_waiver_that_comes_with_the_change_is_on_top_of_both() -> None:
    after = config(**{"pack-settings": {"waivers": [WAIVER]}})
    document = built(judged(plan(UNCHANGED), after, config()), judges=("policies/environments/dev.json",))
    text = markdown.comment(document)
    assert text.index("this change waives `ENC-07`") < text.index("no change")
    assert "policies/environments/dev.json" in text
    page = html.page(document, {"dev": draw(plan(UNCHANGED))})
    assert page.index("a new waiver of ENC-07") < page.index('<h2 id="dev">')
    assert "waives" not in markdown.comment(built(judged(plan(UNCHANGED), after, after)))


def test_a_level_that_is_lowered_is_on_top_too() -> None:
    document = built(judged(plan(UNCHANGED), config(**{"ENC-07": "disabled"}), config(**{"ENC-07": "mandatory"})))
    assert "this change sets `ENC-07` of the policies** from `mandatory` to `disabled`" in markdown.comment(document)


def evil() -> Plan:
    """Names and values that try everything."""
    rights = {"Statement": [{"Effect": "Allow", "Action": EVIL, "Resource": EVIL}]}
    return plan(
        UNCHANGED,
        step("create", BUCKET, EVIL, None, {"bucket": EVIL, "tags": {"x": EVIL}}),
        step("update", BUCKET, "data", {"bucket": "a", EVIL: 1}, {"bucket": EVIL, EVIL: 2}),
        step("create", "aws:iam/rolePolicy:RolePolicy", EVIL, None, {"role": EVIL, "policy": json.dumps(rights)}),
    )


def assert_harmless(comment: str) -> None:
    """Outside of code spans there is no HTML but ours, no mention, no link, no image."""
    prose = re.sub(r"`[^`\n]*`", "", comment)
    assert re.findall(r"<(?!/?details>|/?summary>|!-- groundwork preview -->)", prose) == []
    assert not re.search(r"(?<!&)[@#]\w|://|www\.", prose, re.IGNORECASE)
    assert not re.search(r"(?<!\\)\]\(|(?<!\\)!\[", prose)
    assert all(line.count("`") % 2 == 0 for line in comment.splitlines()), "every code span ends on its line"


def test_names_do_nothing_in_the_comment() -> None:
    after = config(**{"pack-settings": {"waivers": [WAIVER]}})
    text = markdown.comment(built(judged(evil(), after, config()), judges=(EVIL,)))
    assert "alert" in text
    assert_harmless(text)


@given(st.text())
def test_no_text_at_all_does(name: str) -> None:
    assert_harmless(f"- {markdown.text(name)} {markdown.code(name)}")
    assert "\n" not in markdown.text(name) + markdown.code(name)


def test_names_do_nothing_on_the_page() -> None:
    one = judged(evil())
    page = Page(html.page(built(one, judges=(EVIL,)), {"dev": draw(evil())}))
    assert page.scripts == 0
    assert page.handlers == []
    assert {link.partition("#")[0] for link in page.links} == {"", "data:,"}
    assert "default-src 'none'" in page.policy
    assert "img" not in page.tags


def test_the_page_is_well_formed_and_its_links_lead_somewhere() -> None:
    page = Page(html.page(built(judged(plan(UNCHANGED, *REPLACED))), {"dev": draw(plan(UNCHANGED, *REPLACED))}))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert page.unclosed == []


def test_a_comment_is_never_too_long_and_never_cut_inside_of_a_part() -> None:
    many = [step("create", BUCKET, f"bucket-{n}-{'x' * 250}", None, {"bucket": str(n)}) for n in range(300)]
    one = judged(plan(*many))
    document = built(*[one] * 30)
    text = markdown.comment(document)
    assert len(text) <= markdown.LIMIT
    assert text.count("<details>") == text.count("</details>")
    assert "too long for a comment" in text or "more, in the page" in text


def test_sarif_has_a_run_for_each_environment_and_keeps_to_its_schema() -> None:
    one = judged(plan(UNCHANGED)).evidence
    assert one is not None
    log = sarif.combined([one, copy.deepcopy(one)])
    assert len(log["runs"]) == 2
    SarifLog.model_validate(log)


def test_what_is_drawn_stands_in_words_too_with_its_whole_name() -> None:
    """A name that is cut in the drawing, and a line of it, are shown to a mouse alone."""
    long, needed = "a-component-whose-name-fits-no-box", "groundwork:network:Network"
    parents = {"old": {"custom": False}, "new": {"custom": False}}
    outer = step("same", "groundwork:storage:ObjectStore", long, {}, {}, **copy.deepcopy(parents))
    other = step("same", needed, "network", {}, {}, **copy.deepcopy(parents))
    subnet = step("same", "aws:ec2/subnet:Subnet", "subnet", {}, {}, new={"parent": other["urn"]},
                  old={"parent": other["urn"]})  # fmt: skip
    bucket = step("create", BUCKET, "bucket", None, {}, new={"parent": outer["urn"], "dependencies": [subnet["urn"]]})
    found = plan(outer, other, subnet, bucket)
    text = html.page(built(judged(found)), {"dev": draw(found)})
    (row,) = [row for row in text.split("<tr>") if f'<th scope="row">{long}</th>' in row]
    assert "<td>storage</td>" in row
    assert "<td>+1</td><td>network</td>" in row


LATE = (
    "error: Detected that /home/plugins/pulumi-resource-kubernetes exited prematurely. \n"
    "       This is *always* a bug in the provider. Please report the issue to the provider author as appropriate.\n"
)


def test_a_plugin_that_did_not_say_goodbye_in_time_is_no_failure_of_a_plan_that_is_whole() -> None:
    """The engine waits five seconds for it once the plan is made, which a busy machine may need."""
    late = digest(UNCHANGED, errors=(("error", LATE),))
    assert built(judged(read("dev", late, "")))["code"] == report.FINE
    assert "exited prematurely" in built(judged(read("dev", late, "it ended with 255")))["environments"][0]["failed"][0]
    other = digest(UNCHANGED, errors=(("error", LATE), ("error", "error: no such subnet")))
    assert built(judged(read("dev", other, "")))["code"] == report.FAILED


BUDGET, NODES = "aws:budgets/budget:Budget", "aws:eks/nodeGroup:NodeGroup"
LIMIT = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitUnit": "USD", "limitAmount": "5"}
HELD = step("same", BUDGET, "budget", LIMIT, LIMIT)


def machines(kind: str, least: int = 1) -> dict[str, Any]:
    return {"region": "eu-west-1", "instanceTypes": [kind], "scalingConfig": {"minSize": least}}


def priceless(*steps: dict[str, Any], name: str = "gpu") -> tuple[dict[str, Any], str, str]:
    """What is said of a plan with a new pool whose machines no price table has: JSON, comment, page."""
    found = plan(HELD, step("create", NODES, name, None, machines("p9.large")), *steps)
    document = built(judged(found))
    return document, markdown.comment(document), html.page(document, {"dev": draw(found)})


def test_a_new_price_that_is_not_known_is_said_before_anything_else_and_is_no_zero() -> None:
    document, comment, page = priceless()
    assert document["code"] == report.FINE, "what nobody knows is no reason to stop"
    assert report.told(document["environments"][0]) == (
        "nothing stands in the way; whether its monthly ceiling holds cannot be said, the price is not known of "
        "gpu (ec2.instance.p9.large), gpu (ebs.gp3.gb_month)"
    )
    cost = document["environments"][0]["cost"]
    assert (cost["above"], cost["undecided"]) == (False, True)
    assert [(one["resource"], one["price"], one["new"], one["idle"]) for one in cost["unknown"]] == [
        ("gpu", "ec2.instance.p9.large", True, True),
        ("gpu", "ebs.gp3.gb_month", True, True),
    ]
    why = "the price table has no price for it in eu-west-1"
    assert (cost["unknown"][0]["why"], cost["unknown"][0]["urn"]) == (why, cost["idle"]["newly_unknown"][0]["urn"])
    first = "**dev: whether its monthly ceiling holds cannot be said**: at least 0.00 USD idle, the ceiling is 5; not "
    assert f"{first}known: `gpu` (`ec2.instance.p9.large`), `gpu` (`ebs.gp3.gb_month`)" in comment
    assert comment.index("[!WARNING]") < comment.index(first) < comment.index("#### dev")
    assert f"- ❔ **the price is not known** of `gpu` (`ec2.instance.p9.large`): {why}\n" in comment
    assert "at least 0.00 USD (+0.00 of what is known) idle" in comment
    assert page.index("whether its monthly ceiling holds cannot be said") < page.index('<h2 id="dev">')
    assert page.count("<code>ec2.instance.p9.large</code>") == 2, "on top and in the section of cost"
    assert "at least 0.00</b> USD a month idle" in page


def test_what_had_no_price_before_is_named_once_and_the_ceiling_is_as_undecided() -> None:
    found = plan(HELD, step("same", NODES, "gpu", machines("p9.large"), machines("p9.large")))
    document = built(judged(found))
    comment, page = markdown.comment(document), html.page(document, {"dev": draw(found)})
    assert document["environments"][0]["cost"]["undecided"]
    assert [one["new"] for one in document["environments"][0]["cost"]["unknown"]] == [False, False]
    assert comment.count("`ec2.instance.p9.large`") == 1
    assert comment.index("dev: without a known price, as before") < comment.index("`ec2.instance.p9.large`")
    assert "[!WARNING]" not in comment
    assert "; the ceiling is 5: whether it holds cannot be said" in comment
    assert page.count("<code>ec2.instance.p9.large</code>") == 1


def test_a_price_that_only_use_asks_for_is_named_too_and_leaves_the_ceiling_alone() -> None:
    """A pool from 0, whose machines are there for as long as somebody trains."""
    name = "gpu-node-pool-training-group-nodes"
    found = plan(HELD, step("create", NODES, name, None, machines("p9.large", least=0)))
    document = built(judged(found))
    comment, page = markdown.comment(document), html.page(document, {"dev": draw(found)})
    cost = document["environments"][0]["cost"]
    assert (cost["undecided"], [one["idle"] for one in cost["unknown"]]) == (False, [False, False])
    assert f"- ❔ **the price is not known** of `{name}` (`ec2.instance.p9.large`), in use: the price" in comment
    assert "cannot be said" not in comment + page
    assert "<code>ec2.instance.p9.large</code>" in page


def test_the_ceiling_fails_by_what_is_known_and_what_is_not_is_named_as_well() -> None:
    endpoint = {"region": "eu-west-1", "vpcEndpointType": "Interface", "subnetIds": ["a"]}
    document, comment, page = priceless(step("create", "aws:ec2/vpcEndpoint:VpcEndpoint", "sqs", None, endpoint))
    assert document["code"] == ABOVE_CEILING
    assert "cannot be said" not in comment + page
    assert "**the price is not known** of `gpu` (`ec2.instance.p9.large`)" in comment
    assert "at least 8.03 USD (+8.03 of what is known) idle" in comment


def test_names_without_a_price_do_nothing_either() -> None:
    _, comment, page = priceless(name=EVIL)
    assert "alert" in comment
    assert_harmless(comment)
    assert (Page(page).scripts, Page(page).unclosed) == (0, [])
    assert "img" not in Page(page).tags
