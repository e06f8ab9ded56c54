"""Everything that is written from the rules and from their tables: `python -m tests.policies.generated`.

Beside what `policies/catalogue.py` makes this is `policies/examples.json`: for each rule a good and a bad example,
which its table proves to be what they say, the settings that it reads, and how much the tests look at it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from policies import catalogue
from policies.config import Settings
from policies.config.reading import camel
from policies.config.settings import read
from policies.examples import FILE
from policies.rules import RULES
from tests.policies.harness import R, judge
from tests.policies.spec import Spec
from tests.policies.specs import SPECS
from tests.policies.test_mutants import mutants
from tests.policies.test_rules import standard

OF_THE_PACK = frozenset({"waivers", "companions", "unknowns"})
"""Settings that are obeyed for every rule, by the pack."""
FIELDS = frozenset(entry.name for entry in fields(Settings))


class Recording(Settings):
    """Settings that remember which of them were asked for."""

    asked: set[str] = set()  # noqa: RUF012 - shared on purpose: the pack makes new settings for each run

    def __getattribute__(self, name: str) -> Any:
        if name in FIELDS:
            Recording.asked.add(name)
        return super().__getattribute__(name)

    __hash__ = object.__hash__  # the dataclass' own reads every field
    __eq__ = object.__eq__


def settings_read(rule: str, spec: Spec) -> list[str]:
    """Return the settings that a rule asks for in its cases, as they are spelt in a config."""

    def recording(config: Mapping[str, Any], rules: frozenset[str]) -> tuple[Settings, list[str]]:
        settings, errors = read(config, rules)
        return Recording(**vars(settings)), errors

    Recording.asked = set()
    with patch("policies.run.read", recording):
        for case in (*standard(spec), *spec.extra):
            judge(rule, *case.resources, settings=spec.settings_of(case))
    return sorted(camel(name) for name in Recording.asked - OF_THE_PACK)


def written(resources: Iterable[R]) -> list[dict[str, Any]]:
    """Return resources as an example holds them."""
    found = []
    for item in resources:
        entry: dict[str, Any] = {"type": item.type, "name": item.name, "props": dict(item.props)}
        if item.protect:
            entry["protect"] = True
        if item.outputs:
            entry["outputs"] = dict(item.outputs)
        if item.depends:
            entry["depends"] = {key: target.name for key, (target, *_) in item.depends.items()}
        found.append(entry)
    return found


def read_back(entries: Iterable[Mapping[str, Any]]) -> list[R]:
    """Return the resources of an example."""
    made = {
        one["name"]: R(
            one["type"], one["props"], one["name"], protect=one.get("protect", False), outputs=one.get("outputs", {})
        )
        for one in entries
    }
    for one in entries:
        depends = {key: (made[name],) for key, name in one.get("depends", {}).items()}
        made[one["name"]] = replace(made[one["name"]], depends=depends)
    return list(made.values())


def examples() -> str:
    """Return what `policies/examples.json` should hold."""
    found = {}
    for rule in RULES:
        spec = SPECS[rule.id]
        found[rule.id] = {
            "good": written(spec.good),
            "bad": written(spec.change(spec.leaf, spec.bad)),
            "settings": dict(spec.settings),
            "reads": settings_read(rule.id, spec),
            "cases": len(standard(spec)) + len(spec.extra),
            "mutants": sum(not spec.accounted(name, resource)[0] for name, resource, _ in mutants(spec)),
            "survivors": sum(bool(spec.accounted(name, resource)[1]) for name, resource, _ in mutants(spec)),
        }
    return "{\n" + ",\n".join(f"{json.dumps(rule)}: {json.dumps(entry)}" for rule, entry in found.items()) + "\n}\n"


def files() -> dict[Path, str]:
    """Return what every generated file should hold."""
    return catalogue.files() | {FILE: examples()}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
