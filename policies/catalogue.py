"""docs/policy-rules.md, the page of all rules, and the files of `policies/strictness/`: both follow from the rules.

`python -m tests.policies.generated` writes them, and what follows from the tables of the tests; a test compares.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from policies.families import FAMILIES
from policies.kinds import NAMESPACED
from policies.ladder import FOLDER, LADDER, configuration
from policies.rule import Rule, StackRule
from policies.rules import RULES
from policies.workloads import WORKLOADS

PAGE: Final = Path(__file__).parent.parent / "docs" / "policy-rules.md"
MARK: Final = "<!-- rules -->\n"
MANY: Final = 100
"""Types of one rule that are counted rather than named."""


def sections(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield the lines about all rules, family by family."""
    by_family: dict[str, list[Rule]] = {name: [] for name in FAMILIES}
    for rule in rules:
        by_family[rule.id.partition("-")[0]].append(rule)
    for name, members in by_family.items():
        if members:
            yield from (f"## {name}: {FAMILIES[name].title}", "", FAMILIES[name].why, "")
            for rule in members:
                yield from _section(rule)


def _section(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}"
    yield rule.requirement
    if rule.why:
        yield f"*{rule.why}*"
    yield ""
    yield f"- severity {rule.severity.value}, {rule.default_level.value}; judged {_scope(rule)}{_repair(rule)}"
    yield f"- fix: `{rule.fix}`"
    if rule.controls:
        yield f"- supports: {', '.join(rule.controls)}"
    yield f"- looks at: {_types(rule)}"
    yield ""


def _scope(rule: Rule) -> str:
    return "with the whole stack" if isinstance(rule, StackRule) else "by itself, before it is created"


def _types(rule: Rule) -> str:
    tokens, groups = rule.reads, []
    for group, name in ((NAMESPACED, "every kind with a namespace"), (WORKLOADS, "everything that runs pods")):
        if group <= tokens:
            tokens -= group
            groups.append(name)
    listed = sorted(tokens)
    if len(listed) > MANY:
        return ", ".join([*groups, f"{len(listed)} types, from `{listed[0]}` to `{listed[-1]}`"])
    return ", ".join([*groups, *(f"`{token}`" for token in listed)])


def _repair(rule: Rule) -> str:
    return "; can repair" if getattr(rule, "remediate", None) else ""


def rendered(document: str, rules: Iterable[Rule] = RULES) -> str:
    """Return the page with the rules in place of what followed the mark."""
    return document.split(MARK)[0] + MARK + "\n".join(sections(rules))


def files() -> dict[Path, str]:
    """Return what the generated files should hold."""
    written = {FOLDER / f"{name}.json": json.dumps(configuration(name, RULES), indent=2) + "\n" for name in LADDER}
    return written | {PAGE: rendered(PAGE.read_text(encoding="utf-8"))}
