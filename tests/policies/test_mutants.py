"""Every good resource, changed in one place: the rule must notice, or it is said in writing why it does not.

What the tables call equivalent is held to two things that an excuse would not stand: with the deciding input broken as
well the rule still objects, so that the change has not blinded it; and an unknown value is none while another value of
the same place breaks the rule.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.policies.harness import DOCUMENTS, UNKNOWN, R, judge, secret
from tests.policies.mutate import ABSENT, changed, flipped, leaves, value_at
from tests.policies.spec import Spec
from tests.policies.specs import SPECS

EXPECTED = {"delete": "deny", "flip": "deny", "unknown": "unknown", "secret": "pass"}


def mutants(spec: Spec) -> Iterator[tuple[str, str, tuple[R, ...]]]:
    """Yield each mutant of a rule's good resources as `<mutation> <path>`, with the name of the resource."""
    for number, item in enumerate(spec.good):
        for path in leaves(item.props):
            value = value_at(item.props, path)
            in_document = any(step in path.split(".")[0:1] for step in DOCUMENTS)
            mutations: dict[str, Any] = {"delete": ABSENT, "flip": spec.flips.get(path, flipped(value))}
            if not in_document:  # a document is one text: it is known or secret as a whole
                mutations |= {"unknown": UNKNOWN, "secret": secret(value)}
            for mutation, new in mutations.items():
                yield f"{mutation} {path}", item.name, _with(spec.good, number, changed(item.props, path, new))
        for name in DOCUMENTS & set(item.props):
            yield f"unknown {name}", item.name, _with(spec.good, number, changed(item.props, name, UNKNOWN))
            yield f"delete {name}", item.name, _with(spec.good, number, changed(item.props, name, ABSENT))


def _with(resources: tuple[R, ...], number: int, props: dict[str, Any]) -> tuple[R, ...]:
    return tuple(item.with_props(props) if index == number else item for index, item in enumerate(resources))


def every_mutant() -> list[Any]:
    return [
        pytest.param(rule, name, resource, resources, id=f"{rule}: {name}")
        for rule, spec in SPECS.items()
        for name, resource, resources in mutants(spec)
    ]


def is_noticed(rule: str, name: str, resources: tuple[R, ...]) -> bool:
    return judge(rule, *resources, settings=SPECS[rule].settings).verdict == EXPECTED[name.split()[0]]


@pytest.mark.parametrize(("rule", "name", "resource", "resources"), every_mutant())
def test_a_mutant_is_noticed_or_accounted_for(rule: str, name: str, resource: str, resources: tuple[R, ...]) -> None:
    equivalent, survives = SPECS[rule].accounted(name, resource)
    if reason := equivalent or survives:
        assert not is_noticed(rule, name, resources), f"it is noticed, although: {reason}"
    else:
        assert is_noticed(rule, name, resources)


@pytest.mark.parametrize(
    ("rule", "name", "resource", "resources"),
    [one for one in every_mutant() if SPECS[str(one.values[0])].accounted(str(one.values[1]), str(one.values[2]))[0]],
)
def test_an_equivalent_mutant_blinds_no_rule(rule: str, name: str, resource: str, resources: tuple[R, ...]) -> None:
    spec, (mutation, _, path) = SPECS[rule], name.partition(" ")
    if path != spec.leaf:
        first, *others = resources
        broken = first.with_props(changed(first.props, spec.leaf, spec.bad))
        verdict = judge(rule, broken, *others, settings=spec.settings).verdict
        assert verdict == "deny" or (mutation, verdict) == ("unknown", "unknown")
    if mutation == "unknown":
        for other, of, changed_otherwise in mutants(spec):
            if of == resource and other in (f"delete {path}", f"flip {path}"):
                assert not is_noticed(rule, other, changed_otherwise), f"it may turn out to be as after: {other}"


def test_no_account_is_of_a_mutant_that_does_not_exist() -> None:
    for rule, spec in SPECS.items():
        names = {known for name, resource, _ in mutants(spec) for known in (name, f"{name} of {resource}")}
        assert spec.equivalent.keys() | spec.survives.keys() <= names, rule
        assert not spec.equivalent.keys() & spec.survives.keys(), rule


@pytest.mark.parametrize("rule", SPECS)
def test_a_bad_sibling_changes_nothing_for_a_good_resource(rule: str) -> None:
    spec = SPECS[rule]
    bad = spec.change(spec.leaf, spec.bad)[0]
    props = {key: "elsewhere" if key == "bucket" else value for key, value in bad.props.items()}
    sibling = replace(bad.with_props(props), name="sibling", outputs={})
    alone = judge(rule, *spec.good, settings=spec.settings)
    together = judge(rule, *spec.good, sibling, settings=spec.settings)
    for item in spec.good:
        assert alone.about(item) == together.about(item) == "pass"
