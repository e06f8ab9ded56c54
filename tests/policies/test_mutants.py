"""Every good resource, broken in one place: the rule must notice, or the survivor is excused in writing."""

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
        pytest.param(rule, name, f"{name} of {resource}", resources, id=f"{rule}: {name}")
        for rule, spec in SPECS.items()
        for name, resource, resources in mutants(spec)
    ]


@pytest.mark.parametrize(("rule", "name", "full_name", "resources"), every_mutant())
def test_a_mutant_is_noticed_or_excused(rule: str, name: str, full_name: str, resources: tuple[R, ...]) -> None:
    verdict = judge(rule, *resources, settings=SPECS[rule].settings).verdict
    excused = SPECS[rule].excused
    if reason := excused.get(full_name) or excused.get(name):
        assert verdict != EXPECTED[name.split()[0]], f"killed, although it is excused: {reason}"
    else:
        assert verdict == EXPECTED[name.split()[0]]


def test_no_excuse_is_about_a_mutant_that_does_not_exist() -> None:
    for rule, spec in SPECS.items():
        names = {known for name, resource, _ in mutants(spec) for known in (name, f"{name} of {resource}")}
        assert set(spec.excused) <= names, rule


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
