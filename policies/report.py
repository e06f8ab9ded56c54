"""What a person reads: what is wrong, where, what is expected, the one-line fix, the controls.

The engine prints the rule's id, the resource and the requirement above these lines.
"""

from dataclasses import dataclass

from policies.config import Companion, Waiver
from policies.rule import Finding, Rule, Verdict, Violation


@dataclass(frozen=True)
class Point:
    """A finding, and what became of it."""

    finding: Finding
    accepted_by: Waiver | Companion | None = None
    """What excuses it."""
    advice: bool = False
    """It is reported, whatever the level of its rule."""


@dataclass(frozen=True)
class Judgement:
    """The answer of one rule about one resource: what evidence is made of."""

    rule: Rule
    urn: str
    """Empty for the stack as a whole."""
    verdict: Verdict
    points: tuple[Point, ...] = ()
    """Every finding; none for Pass."""
    deferred: bool = False
    """Undecided in the resource pass; the stack pass answers."""

    @property
    def waiver(self) -> Waiver | None:
        """The waiver that accepts a finding, if one does."""
        return next((point.accepted_by for point in self.points if isinstance(point.accepted_by, Waiver)), None)


def message(rule: Rule, finding: Finding) -> str:
    """Return the lines about a finding."""
    if isinstance(finding, Violation):
        place = finding.path or "resource"
        found = f", found {finding.found}" if finding.found else ""
        first = f"{place}: {finding.what}; expected {finding.expected}{found}"
    else:
        first = (
            f"{finding.path}: not known before the update, so the rule cannot be decided; expected a value known at "
            f"preview{' or taken from a resource of this stack' if finding.accepts else ''}"
        )
    lines = [first, f"fix: {rule.fix}"]
    if rule.controls:
        lines.append(f"supports: {', '.join(rule.controls)}")
    return "\n".join(lines)


def crash(rule: Rule, error: Exception) -> str:
    """Return the line about a rule that failed. The text of the error is left out: it may quote an input."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "unknown place"
    return f"{rule.id} failed ({type(error).__name__} in {place}), so the resource is not judged: report this as a bug"


def waived(rule: Rule, waiver: Waiver, finding: Finding) -> str:
    """Return the line about a waiver's use."""
    return f"{rule.id} waived until {waiver.expires} by {waiver.owner}: {waiver.reason} ({finding.path or 'resource'})"


def elsewhere(rule: Rule, companion: Companion) -> str:
    """Return the line about a companion that config declares to be in another stack."""
    return f"{rule.id}: the companion is taken to be in stack {companion.stack}, as the settings of the pack say"
