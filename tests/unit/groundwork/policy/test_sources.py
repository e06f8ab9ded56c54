"""What is judged is read whole, or refused: three forms of it, secrets, deletions, differences."""

import json
from datetime import date
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from groundwork.errors import GroundworkError
from groundwork.policy import sources
from groundwork.policy.judging import judge
from policies.config.pack_config import PackConfig
from policies.rules import RULES
from tests.unit.groundwork.policy.saved import (
    BUCKET,
    DB,
    KEY,
    SIGNATURE,
    UNKNOWN,
    plan,
    preview,
    resource,
    secret,
    state,
    urn,
)


def inputs(text: str, *, before: str | None = None) -> dict[str, Any]:
    read = sources.read(text, "it", before)
    return {one.urn.rpartition("::")[2]: dict(one.inputs) for one in read.resources}


def test_a_state_is_read_with_where_it_comes_from() -> None:
    made = resource(KEY, "key", {"a": 1}, protect=True, provider="urn:pulumi:dev::shop::pulumi:providers:aws::p::id-1")
    read = sources.read(state(made), "state.json")
    assert (read.kind, read.stack, read.project, read.engine) == ("state", "dev", "shop", "3.255.0")
    (one,) = read.resources
    assert (one.protect, one.provider) == (True, "urn:pulumi:dev::shop::pulumi:providers:aws::p")


def test_the_file_of_a_backend_is_a_state_too() -> None:
    latest = json.loads(state(resource(KEY, "key", {"a": 1})))["deployment"]
    assert inputs(json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": latest}})) == {"key": {"a": 1}}


def test_what_waits_for_its_deletion_is_not_judged() -> None:
    assert inputs(state(resource(KEY, "key", {}), resource(KEY, "old", {}, delete=True))) == {"key": {}}
    steps = ("create", resource(KEY, "key", {"a": 1})), ("delete", resource(DB, "db", {}))
    assert inputs(preview(*steps)) == {"key": {"a": 1}}
    assert inputs(plan(("create", resource(KEY, "key", {}), {}), ("delete", resource(DB, "db", {}), {}))) == {"key": {}}


def test_a_secret_that_cannot_be_read_counts_as_not_known() -> None:
    hidden = {"password": secret(), "tags": {"a": secret(), "list": [secret()]}}
    unknown = {"password": UNKNOWN, "tags": {"a": UNKNOWN, "list": [UNKNOWN]}}
    assert UNKNOWN == UNKNOWN_STRING_VALUE
    assert inputs(state(resource(DB, "db", hidden))) == {"db": unknown}
    blinded = {"password": "[secret]", "tags": {"a": "[secret]", "list": ["[secret]"]}}
    assert inputs(preview(("create", resource(DB, "db", blinded)))) == {"db": unknown}


def test_a_secret_that_was_exported_in_clear_is_judged_by_its_value() -> None:
    def verdicts(rotation: Any) -> set[str]:
        read = sources.read(state(resource(KEY, "key", {"enableKeyRotation": rotation}, protect=True)), "it")
        judged = judge(read.resources, RULES, PackConfig(), date(2026, 6, 1))
        return {answer.verdict for answer in judged.by_rule["ENC-07"]}

    assert verdicts(secret(True, shown=True)) == {"pass"}
    assert verdicts(secret(False, shown=True)) == {"violation"}
    assert verdicts(secret()) == {"undecided"}


def test_an_output_value_is_its_value_or_not_known() -> None:
    output = {SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
    assert inputs(state(resource(KEY, "key", {"a": output | {"value": "x"}, "b": output}))) == {
        "key": {"a": "x", "b": UNKNOWN}
    }


def test_a_preview_that_leaves_unchanged_resources_out_is_refused() -> None:
    shown = preview(("update", resource(KEY, "key", {})), ("same", resource(DB, "db", {})), same=3)
    with pytest.raises(GroundworkError, match=r"leaves out 2 unchanged resources.*--show-sames"):
        sources.read(shown, "preview.json")


def test_a_replacement_is_one_resource_as_it_will_be() -> None:
    before, after = resource(BUCKET, "data", {"bucket": "old"}), resource(BUCKET, "data", {"bucket": "new"})
    steps = ("create-replacement", after), ("replace", after), ("delete-replaced", before)
    assert inputs(preview(*steps)) == {"data": {"bucket": "new"}}


def test_a_plan_of_existing_resources_needs_their_state() -> None:
    key, bucket = resource(KEY, "key", {"a": 1, "b": 2, "c": 3}), resource(BUCKET, "data", {"bucket": "d"})
    changed = plan(
        ("update", key, {"adds": {"d": 4}, "updates": {"a": 9}, "deletes": ["b"]}),
        ("same", bucket, {}),
        ("create", resource(DB, "db", {}), {"adds": {"engine": "postgres"}}),
    )
    with pytest.raises(GroundworkError, match="--state FILE"):
        sources.read(changed, "plan.json")
    assert inputs(changed, before=state(key, bucket)) == {
        "key": {"a": 9, "c": 3, "d": 4},
        "data": {"bucket": "d"},
        "db": {"engine": "postgres"},
    }


def test_dependencies_join_resources_whose_values_are_not_known() -> None:
    key = resource(KEY, "key", {"enableKeyRotation": True}, protect=True)
    db = resource(
        DB,
        "db",
        {"storageEncrypted": True, "kmsKeyId": UNKNOWN},
        propertyDependencies={"kmsKeyId": [urn(KEY, "key")], "storageEncrypted": []},
    )

    def verdict(*resources: dict[str, Any]) -> str:
        text = preview(*(("create", one) for one in resources))
        judged = judge(sources.read(text, "it").resources, RULES, PackConfig(), date(2026, 6, 1))
        (answer,) = judged.by_rule["ENC-04"]
        return answer.verdict

    assert verdict(key, db) == "pass"
    assert verdict(db) == "undecided"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[]", "expected the JSON of `pulumi stack export`"),
        ("{}", "expected the JSON of `pulumi stack export`"),
        ('{"deployment": null}', "expected the JSON of"),
        ('{"deployment": {"resources": [{"type": "x"}]}}', r"a resource cannot be read \(KeyError\)"),
        ('{"deployment": {"resources": [7]}}', r"a resource cannot be read \(AttributeError\)"),
        ('{"steps": [{"op": "create"}]}', r"a resource cannot be read \(KeyError\)"),
        ('{"resourcePlans": {"u": {"goal": {}, "steps": ["create"]}}}', None),
        (
            '{"resourcePlans": {"u": {"goal": {"x": 1}, "steps": ["create"]}}}',
            r"a resource cannot be read \(KeyError\)",
        ),
    ],
)
def test_what_is_none_of_the_three_is_refused_with_what_is_expected(text: str, said: str | None) -> None:
    if said is None:
        assert not sources.read(text, "it").resources
        return
    with pytest.raises(GroundworkError, match=said) as refused:
        sources.read(text, "it.json")
    assert str(refused.value).startswith("it.json: ")


def test_a_stack_without_resources_is_read() -> None:
    assert not sources.read('{"version": 3, "deployment": {"resources": []}}', "it").resources
    assert not sources.read('{"changeSummary": {}}', "it").resources
