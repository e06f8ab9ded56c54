"""The pack as the engine runs it: a process of its own, and the engine's four calls over the wire."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from pulumi_policy import Severity
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE as UNKNOWN

from policies.rules import RULES
from tests.support.pack import ADVISORY, DISABLED, MANDATORY, RunningPack, resource, running_pack, urn

DB, KEY = "aws:rds/instance:Instance", "aws:kms/key:Key"
STACK = "pulumi:pulumi:Stack"
JUDGED = {"ENC-04", "ENC-06", "ENC-07", "ENC-08"}
OTHERS: dict[str, tuple[int, dict[str, Any]]] = {rule.id: (DISABLED, {}) for rule in RULES if rule.id not in JUDGED}
"""Rules that these tests are not about, so that a new rule about databases does not change what is said here."""


class Encryption(RunningPack):
    """The pack, of whose rules only those of one family are heard: what it does with rules is the same for all."""

    def analyze(self, token: str, name: str, props: Mapping[str, Any], **options: Any) -> list[Any]:
        return _heard(super().analyze(token, name, props, **options))

    def analyze_stack(self, resources: list[Any]) -> list[Any]:
        return _heard(super().analyze_stack(resources))


def _heard(diagnostics: list[Any]) -> list[Any]:
    return [said for said in diagnostics if said.policyName.startswith(("ENC-", "pack-"))]


@pytest.fixture(scope="module")
def process() -> Iterator[RunningPack]:
    with running_pack(kind=Encryption) as pack:
        yield pack


@pytest.fixture
def pack(process: RunningPack) -> Iterator[RunningPack]:
    process.configure(OTHERS | {"pack-settings": (MANDATORY, {})})
    process.analyze_stack([])  # what another test saw belongs to an ended run
    yield process
    process.configure(OTHERS | {"pack-settings": (MANDATORY, {})})


def waiver(rule: str, expires: str, glob: str = "*::db") -> dict[str, str]:
    return {"rule": rule, "urn": glob, "reason": "moves in May", "owner": "db@example.com", "expires": expires}


def test_every_rule_is_a_policy_whose_level_follows_from_its_severity(pack: RunningPack) -> None:
    info = pack.info()
    levels = {policy.name: policy.enforcementLevel for policy in info.policies}
    assert info.name == "groundwork"
    grave = {rule.id for rule in RULES if rule.severity in (Severity.CRITICAL, Severity.HIGH)}
    assert grave
    assert {rule.id: levels[rule.id] for rule in RULES} == {
        rule.id: MANDATORY if rule.id in grave else ADVISORY for rule in RULES
    }
    assert levels["pack-notices"] == ADVISORY


def test_a_violation_is_mandatory_and_says_what_where_and_how_to_repair(pack: RunningPack) -> None:
    (said,) = pack.analyze(DB, "db", {"storageEncrypted": False, "kmsKeyId": "k"})
    assert (said.policyName, said.enforcementLevel) == ("ENC-04", MANDATORY)
    assert "storageEncrypted: storage is not encrypted; expected true, found false" in said.message
    assert "fix: rds.Instance(" in said.message
    assert "supports: F:RDS.3" in said.message


def test_a_good_resource_is_met_with_silence(pack: RunningPack) -> None:
    good = {"storageEncrypted": True, "kmsKeyId": "k", "parameterGroupName": "p"}
    assert not pack.analyze(DB, "db", good)


def test_an_unknown_key_waits_for_the_stack_and_a_key_of_it_settles_the_question(pack: RunningPack) -> None:
    props = {"storageEncrypted": True, "kmsKeyId": UNKNOWN, "parameterGroupName": "p"}
    group = {"name": "p", "family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": "1"}]}
    parameters = resource("aws:rds/parameterGroup:ParameterGroup", "p", group)
    key = resource(KEY, "key", {"enableKeyRotation": True})
    assert not pack.analyze(DB, "db", props)
    # At preview an unknown value may be missing from the outputs altogether: the inputs were kept.
    assert not pack.analyze_stack([resource(DB, "db", {}, {"kmsKeyId": [urn(KEY, "key")]}), key, parameters])
    (said,) = pack.analyze_stack([resource(DB, "db", {}), key, parameters])
    assert (said.policyName, said.urn, said.enforcementLevel) == ("ENC-04", urn(DB, "db"), MANDATORY)
    assert "kmsKeyId: not known before the update" in said.message


def test_what_a_run_saw_is_forgotten_when_the_next_begins(pack: RunningPack) -> None:
    pack.analyze(DB, "db", {"storageEncrypted": True, "kmsKeyId": UNKNOWN})
    assert pack.analyze_stack([])
    pack.analyze(KEY, "key", {"enableKeyRotation": True}, protect=True)
    assert not pack.analyze_stack([])


def test_a_waiver_is_printed_when_used_and_denied_when_expired_or_not_used(pack: RunningPack) -> None:
    bad = {"storageEncrypted": False, "kmsKeyId": "k"}
    pack.configure(OTHERS | {"pack-settings": (MANDATORY, {"waivers": [waiver("ENC-04", "2999-12-31")]})})
    (used,) = pack.analyze(DB, "db", bad)
    assert (used.policyName, used.enforcementLevel) == ("pack-notices", ADVISORY)
    assert "ENC-04 waived until 2999-12-31 by db@example.com: moves in May (storageEncrypted)" in used.message
    assert not pack.analyze_stack([])

    pack.configure(OTHERS | {"pack-settings": (MANDATORY, {"waivers": [waiver("ENC-04", "2020-01-01")]})})
    assert [said.policyName for said in pack.analyze(DB, "db", bad)] == ["ENC-04"]
    (expired,) = pack.analyze_stack([])
    assert (expired.policyName, expired.enforcementLevel) == ("pack-waivers", MANDATORY)
    assert "expired on 2020-01-01" in expired.message

    pack.configure(OTHERS | {"pack-settings": (MANDATORY, {"waivers": [waiver("ENC-04", "2999-12-31", "*::other")]})})
    assert [said.policyName for said in pack.analyze(DB, "db", bad)] == ["ENC-04"]
    (unused,) = pack.analyze_stack([])
    assert "is not used" in unused.message


def test_settings_that_cannot_be_read_are_denied_before_anything_is_built(pack: RunningPack) -> None:
    wrong = {"unknowns": "maybe", "tierz": [], "waivers": [{"rule": "ENC-04"}], "defaultTier": "secret"}
    pack.configure(OTHERS | {"pack-settings": (MANDATORY, wrong)})
    said = pack.analyze(STACK, "dev", {})
    assert {diagnostic.policyName for diagnostic in said} == {"pack-settings"}
    text = "\n".join(diagnostic.message for diagnostic in said)
    for expected in (
        "unknowns: expected deny or report",
        "tierz: there is no such setting",
        "waivers: expected a list of",
    ):
        assert expected in text
    assert "defaultTier: expected one of tiers (public, internal, confidential, regulated)" in text


def test_a_level_in_the_config_holds_for_both_passes(pack: RunningPack) -> None:
    pack.configure(OTHERS | {"ENC-04": (ADVISORY, {}), "pack-settings": (MANDATORY, {})})
    (now,) = pack.analyze(DB, "db", {"storageEncrypted": False, "kmsKeyId": "k"})
    pack.analyze(DB, "db", {"storageEncrypted": True, "kmsKeyId": UNKNOWN})
    (later,) = pack.analyze_stack([])
    assert (now.enforcementLevel, later.enforcementLevel) == (ADVISORY, ADVISORY)


def test_four_threads_at_once_get_each_their_own_answers(pack: RunningPack) -> None:
    def analyze(number: int) -> int:
        props = {"storageEncrypted": number % 2 == 0, "kmsKeyId": UNKNOWN if number % 3 == 0 else "k"}
        return len(pack.analyze(DB, f"db{number}", props))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(analyze, range(120)))
    assert answers == [number % 2 for number in range(120)]
    # Every instance lacks a parameter group only if the stack pass lists it; here only what was left open is told.
    open_points = pack.analyze_stack([])
    assert sorted(d.urn for d in open_points) == sorted(urn(DB, f"db{n}") for n in range(0, 120, 6))


def test_the_day_of_a_waiver_is_the_last_on_which_it_holds() -> None:
    from policies.config import Waiver
    from policies.waivers import Ledger

    held = Waiver("ENC-04", "*", "r", "o", date(2026, 6, 1))
    assert Ledger([held], date(2026, 6, 1)).accept("ENC-04", "urn") is held
    assert Ledger([held], date(2026, 6, 2)).accept("ENC-04", "urn") is None
