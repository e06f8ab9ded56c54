"""What holds for all rules, whatever they require."""

import re
import sys

import pytest

from policies.config import SCHEMA
from policies.config.access import ESCALATIONS, READ_ONLY
from policies.rule import Rule
from policies.rules import RULES
from policies.tokens import TWINS
from tests.policies.harness import R, judge
from tests.policies.specs import SPECS
from tests.policies.test_rules import standard
from tests.support.pack import POLICIES

FAMILIES = ("ENC", "ACC", "POD", "NET", "LOG", "RES", "SUP", "MLG", "CST")
CONTROL = re.compile(r"F:[A-Za-z0-9]+\.\d+|C7:[\d.]+|800-53 .+|AISF-[A-Z]+-\d+|EKS-[\d.]+|PSS-[BR]|AIA-.+|ISO42-.+")
WITHOUT_CONTROLS = {
    *("ACC-03",),
    *("CST-01", "CST-02", "CST-03", "CST-04"),
    *("ENC-10", "ENC-13"),
    *("NET-02", "NET-10"),
    *("POD-10", "POD-11"),
    *("RES-07", "RES-10"),
    *("SUP-01",),
}
"""Rules for which the catalogue has established none."""


def test_ids_are_unique_and_of_a_family() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(rf"({'|'.join(FAMILIES)})-\d\d", id_) for id_ in ids)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_requires_and_how_to_repair(rule: Rule) -> None:
    assert rule.requirement.endswith(".")
    assert rule.why.endswith(".")
    assert rule.why != rule.requirement
    assert rule.fix
    assert "\n" not in rule.fix
    assert bool(rule.controls) != (rule.id in WITHOUT_CONTROLS)
    assert all(CONTROL.fullmatch(control) for control in rule.controls)
    assert not rule.reads & set(TWINS), "rules name current tokens; twins follow"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_silent_on_other_types(rule: Rule) -> None:
    other = R("random:index/randomPet:RandomPet", {"policy": "{", "ingress": "x", "storageEncrypted": False})
    outcome = judge(rule.id, other)
    assert outcome.verdict == "pass"
    assert not outcome.told


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_cases_of_each_verdict(rule: Rule) -> None:
    spec = SPECS[rule.id]
    assert {case.verdict for case in (*standard(spec), *spec.extra)} == {"pass", "deny", "unknown"}


def test_the_page_about_policies_lists_every_setting() -> None:
    page = (POLICIES.parent / "docs" / "policies.md").read_text()
    assert not [name for name in SCHEMA if f"`{name}`" not in page]
    assert f"{len(ESCALATIONS)} sets" in page
    assert f"{len(READ_ONLY)} actions" in page


def test_no_module_of_the_pack_takes_the_place_of_a_standard_one() -> None:
    """Python starts in `policies/`, which then comes first on its path."""
    assert not {path.stem for path in POLICIES.iterdir()} & set(sys.stdlib_module_names)
