"""What a person reads of `groundwork policy`."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from groundwork.events import name_of
from groundwork.policy.coverage import Covered
from groundwork.policy.evidence import summary
from groundwork.policy.judging import VERDICTS, Answer, Judged, verdict_of
from groundwork.policy.sources import Source
from policies.config import SCHEMA, Companion, Waiver
from policies.examples import Example, code, examples
from policies.frameworks import in_words
from policies.frameworks.framework import Framework
from policies.report import Point
from policies.rule import Rule, StackRule, Violation

COLOURS: Final = {"violation": "red", "undecided": "yellow", "waived": "magenta", "elsewhere": "magenta"}
WIDE: Final = 200
"""Columns for what is read from a pipe, where nothing should be wrapped."""
MANY: Final = 12
"""Types that are listed; a rule about everything in Kubernetes has more."""


def answers(console: Console, judged: Judged, source: Source) -> None:
    """What does not pass, by rule, a line for each finding; then how much was judged."""
    for rule in judged.rules:
        told = [answer for answer in judged.by_rule[rule.id] if answer.points]
        if told:
            stops = any(map(judged.stops, told))
            console.print(
                f"[{'red' if stops else 'yellow'} bold]{rule.id}[/] {judged.level(rule).value}, "
                f"{rule.severity.value}: {escape(rule.requirement)}",
                soft_wrap=True, highlight=False,
            )  # fmt: skip
            for answer in told:
                _answer(console, answer)
            console.print(f"  fix: {escape(rule.fix)}", soft_wrap=True, highlight=False)
    for policy, text in judged.complaints:
        console.print(f"[red bold]{policy}[/] {escape(text)}", soft_wrap=True, highlight=False)
    console.print(summed_up(judged, source), soft_wrap=True, highlight=False)


def summed_up(judged: Judged, source: Source) -> str:
    """Return one line about everything that was judged."""
    counted = summary(judged)
    parts = [f"{counted[verdict]} {verdict}" for verdict in VERDICTS if counted[verdict]]
    about = f"{source.project}, {source.stack}" if source.stack else source.name
    return (
        f"{escape(about)} ({source.kind}): {len(source.resources)} resources, {len(judged.rules)} rules; "
        f"{', '.join(parts) or 'nothing to judge'}; {judged.objections} objections."
    )


def explanation(console: Console, rule: Rule) -> None:
    """Everything that is known of a rule."""
    example = examples()[rule.id]
    console.print(f"[bold]{rule.id}[/] {escape(rule.requirement)}", soft_wrap=True, highlight=False)
    console.print(escape(rule.why), soft_wrap=True, highlight=False)
    scope = "with the whole stack" if isinstance(rule, StackRule) else "each resource by itself, before it is made"
    console.print(
        f"\n{rule.family.title}; severity {rule.severity.value}, {rule.default_level.value} by default; judged {scope}"
        f"{'; can repair (level remediate)' if rule.can_repair else ''}.",
        soft_wrap=True, highlight=False,
    )  # fmt: skip
    _head(console, "Fix")
    console.print(f"  {escape(rule.fix)}", soft_wrap=True, highlight=False)
    _head(console, "Supports")
    words = [line for control in rule.controls for line in in_words(control)]
    for line in words or ["no control has been established"]:
        console.print(f"  {escape(line)}", soft_wrap=True, highlight=False)
    _head(console, "Looks at")
    types = sorted(rule.reads)
    for token in types[:MANY]:
        console.print(f"  {token}", highlight=False)
    if len(types) > MANY:
        console.print(f"  and {len(types) - MANY} more types")
    if example.reads:
        _head(console, "Settings")
        for name in example.reads:
            console.print(f"  {name}: {escape(SCHEMA[name]['description'])}", soft_wrap=True, highlight=False)
    _examples(console, example)


def rules(console: Console, chosen: Iterable[Rule]) -> None:
    """A line for each rule."""
    table = Table("rule", "severity", "level", "scope", "what must hold", box=None, pad_edge=False)
    for rule in chosen:
        scope = "stack" if isinstance(rule, StackRule) else "resource"
        table.add_row(rule.id, rule.severity.value, rule.default_level.value, scope, escape(rule.requirement))
    _table(console, table)


def as_data(rule: Rule) -> dict[str, Any]:
    """Return a rule for programs."""
    return {
        "id": rule.id,
        "family": rule.family.title,
        "requirement": rule.requirement,
        "why": rule.why,
        "fix": rule.fix,
        "severity": rule.severity.value,
        "level": rule.default_level.value,
        "scope": "stack" if isinstance(rule, StackRule) else "resource",
        "types": sorted(rule.reads),
        "controls": list(rule.controls),
        "settings": list(examples()[rule.id].reads),
        "repairs": rule.can_repair,
    }


def coverage(console: Console, framework: Framework, covered: Sequence[Covered]) -> None:
    """Each control of a framework, with what checks it."""
    console.print(f"\n[bold]{framework.key}[/] {escape(framework.title)}", highlight=False)
    console.print(f"{escape(framework.note)}", style="dim", soft_wrap=True, highlight=False)
    table = Table("control", "about", "rules", "cases", "also tested by", box=None, pad_edge=False)
    for one in covered:
        by = " ".join(one.rules) or (f"[dim]outside: {escape(one.outside)}[/]" if one.outside else "")
        table.add_row(
            one.control, escape(one.about), "[yellow]none[/]" if one.gap else by, str(one.cases or ""),
            " ".join(one.tests),
        )  # fmt: skip
    _table(console, table)
    gaps = [one.control for one in covered if one.gap]
    supported = sum(bool(one.rules) for one in covered)
    known = "its controls" if framework.complete else "the controls that the catalogue names"
    missing = f"; checked by none: {', '.join(gaps)}" if gaps else ""
    console.print(
        f"{supported} of {len(covered)} of {known} are supported by rules{missing}.", soft_wrap=True, highlight=False
    )


def _answer(console: Console, answer: Answer) -> None:
    for point in answer.points:
        verdict = verdict_of(point)
        console.print(
            f"  [{COLOURS[verdict]}]{verdict}[/] [bold]{escape(name_of(answer.urn)) or 'stack'}[/]"
            f" [dim]{answer.urn.split('::')[2].rpartition('$')[2] if answer.urn else ''}[/]: {escape(_said(point))}",
            soft_wrap=True, highlight=False,
        )  # fmt: skip


def _said(point: Point) -> str:
    finding = point.finding
    if isinstance(finding, Violation):
        found = f", found {finding.found}" if finding.found else ""
        text = f"{finding.path or 'resource'}: {finding.what}; expected {finding.expected}{found}"
    else:
        text = f"{finding.path}: not known, or a secret that cannot be read here"
    if isinstance(point.accepted_by, Waiver):
        text += f" (until {point.accepted_by.expires} by {point.accepted_by.owner}: {point.accepted_by.reason})"
    elif isinstance(point.accepted_by, Companion):
        text += f" (said to be in {point.accepted_by.stack})"
    return text


def _examples(console: Console, example: Example) -> None:
    under = f", with the settings {example.settings}" if example.settings else ""
    for title, resources in (("Good", example.good), ("Bad", example.bad)):
        _head(console, f"{title}{under}")
        console.print(Syntax(code(resources), "python", background_color="default", word_wrap=True))


def _table(console: Console, table: Table) -> None:
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)


def _head(console: Console, text: str) -> None:
    console.print(f"\n[bold]{escape(text)}[/]", highlight=False)
