"""What follows from the rules: docs/policy-rules.md, the tables of the pack's README, and `policies/strictness/`.

`python -m tests.policies.generated` writes them, and what follows from the tables of the tests; a test compares.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from policies.config.settings import READERS
from policies.families import FAMILIES
from policies.kinds import NAMESPACED
from policies.ladder import FOLDER, LADDER, configuration
from policies.rule import Rule, StackRule
from policies.rules import RULES
from policies.workloads import WORKLOADS

PAGE: Final = Path(__file__).parent.parent / "docs" / "policy-rules.md"
README: Final = Path(__file__).with_name("README.md")
MARK: Final = "<!-- rules -->\n"
"""What follows it in a page is written."""
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
    return "; can repair" if rule.can_repair else ""


def tables(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield the lines of the README about settings and rules, one a row."""
    yield from ("## Settings", "", "| setting | expected |", "|---|---|")
    yield from (f"| `{name}` | {_cell(reader.allowed)} |" for name, reader in sorted(READERS.items()))
    yield from ("", "## Rules", "", "| rule | severity | what must hold |", "|---|---|---|")
    yield from (f"| {rule.id} | {rule.severity.value} | {_cell(rule.requirement)} |" for rule in rules)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def rendered(path: Path, lines: Iterable[str]) -> str:
    """Return a page with lines in place of what followed its mark."""
    return path.read_text(encoding="utf-8").split(MARK)[0] + MARK + "\n".join(lines).rstrip("\n") + "\n"


def files() -> dict[Path, str]:
    """Return what the generated files should hold."""
    written = {FOLDER / f"{name}.json": json.dumps(configuration(name, RULES), indent=2) + "\n" for name in LADDER}
    return written | {PAGE: rendered(PAGE, sections(RULES)), README: rendered(README, tables(RULES))}
