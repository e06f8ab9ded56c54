"""Rules as policies of the SDK: two passes, waivers, levels, and answers that cannot be silent.

Every rule is one policy that the engine calls for each resource and again for the stack, under one name and one level.
A resource rule that meets an unknown value leaves the question to the stack pass, where a property dependency on the
expected type answers it. A rule that crashes reports that at its own level. Three policies of the pack itself frame the
rules: the first takes the settings, the last but one judges the waivers, the last prints notices.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import Policy

from policies import report
from policies.config import SCHEMA, Companion
from policies.config.pack_config import PACK_LEVELS, SETTINGS
from policies.index import Resource, Stack
from policies.report import Judgement, Point
from policies.rule import Finding, ResourceRule, Rule, StackRule, Undecided, Violation, verdict, weigh
from policies.run import Run
from policies.tokens import STACK

Observer = Callable[[Judgement], None]


class BothPasses(ResourceValidationPolicy, StackValidationPolicy):
    """A policy that the SDK calls for each resource and for the stack, so that one name has one level."""

    def __init__(self, name: str, description: str, level: EnforcementLevel, **facts: Any) -> None:
        # The two parents take their arguments in different orders; what they add is replaced below.
        Policy.__init__(self, name, description, level, **facts)

    def has_validation(self) -> bool:
        """Every one validates."""
        return True

    def has_remediation(self) -> bool:
        """None repairs, unless it says so."""
        return False

    def validate(self, args: Any, report_violation: ReportViolation) -> None:
        """Called by the SDK with a resource or with the stack."""
        if isinstance(args, StackValidationArgs):
            self.on_stack(args, report_violation)
        else:
            self.on_resource(args, report_violation)

    def concerns(self, token: str) -> bool:
        """Whether it has anything to say about a resource of a type. Asked before each, so it has to be quick."""
        del token
        return True

    def on_resource(self, args: ResourceValidationArgs, tell: ReportViolation) -> None:
        """Judge one resource."""
        raise NotImplementedError

    def on_stack(self, args: StackValidationArgs, tell: ReportViolation) -> None:
        """Judge the stack."""
        raise NotImplementedError


class SettingsPolicy(BothPasses):
    """First of the pack: takes the settings, says what is wrong with them, builds the index of the stack pass."""

    def __init__(self, run: Run) -> None:
        super().__init__(
            SETTINGS,
            "The settings of the pack can be read.",
            PACK_LEVELS[SETTINGS],
            config_schema=PolicyConfigSchema(SCHEMA),
            severity=Severity.HIGH,
        )
        self._run = run

    def on_resource(self, args: ResourceValidationArgs, tell: ReportViolation) -> None:
        """Complain at the stack's own resource, before anything else is registered."""
        self._run.configure(args.get_config())
        if args.resource_type == STACK:
            self._complain(tell)

    def on_stack(self, args: StackValidationArgs, tell: ReportViolation) -> None:
        """Complain, and begin the stack pass."""
        self._run.configure(args.get_config())
        self._run.begin_stack(args.resources)
        self._complain(tell)

    def _complain(self, tell: ReportViolation) -> None:
        for error in self._run.setting_errors:
            tell(error, None)


class WaiversPolicy(BothPasses):
    """Last but one: waivers that expired or are not used."""

    def __init__(self, run: Run, *, targeted: bool) -> None:
        super().__init__(
            "pack-waivers",
            "Every waiver is in use and has not expired.",
            PACK_LEVELS["pack-waivers"],
            severity=Severity.MEDIUM,
        )
        self._run, self._targeted = run, targeted

    def on_resource(self, args: ResourceValidationArgs, tell: ReportViolation) -> None:
        """Only the end of a run shows what was used."""

    def on_stack(self, args: StackValidationArgs, tell: ReportViolation) -> None:  # noqa: ARG002 - the run holds what the pass saw
        """Judge the waivers."""
        for complaint in self._run.ledger.complaints(whole_stack=not self._targeted):
            tell(complaint, None)


class NoticesPolicy(BothPasses):
    """Last: prints, as advice, each use of a waiver and what the settings have reported rather than denied."""

    def __init__(self, run: Run) -> None:
        super().__init__(
            "pack-notices",
            "What was waived, or reported only.",
            PACK_LEVELS["pack-notices"],
            severity=Severity.LOW,
        )
        self._run = run

    def on_resource(self, args: ResourceValidationArgs, tell: ReportViolation) -> None:
        """Print what the rules before it noted about this resource."""
        for _, text in self._run.take_notices(args.urn):
            tell(text, None)

    def on_stack(self, args: StackValidationArgs, tell: ReportViolation) -> None:  # noqa: ARG002 - the run holds what the pass saw
        """Print the rest, and end the stack pass."""
        for urn, text in self._run.take_notices():
            tell(text, urn or None)
        self._run.end_stack()


class RulePolicy(BothPasses):
    """One rule of the catalogue."""

    def __init__(self, rule: Rule, run: Run, observers: Sequence[Observer], *, targeted: bool) -> None:
        super().__init__(
            rule.id,
            rule.requirement,
            rule.default_level,
            severity=rule.severity,
            tags=list(rule.controls),
            remediation_steps=rule.fix,
        )
        self.rule = rule
        self._run, self._observers, self._targeted = run, observers, targeted

    def has_remediation(self) -> bool:
        """Whether the rule has a safe repair."""
        return self.rule.can_repair

    def remediate(self, args: ResourceValidationArgs) -> Any:
        """Repair in place, so that secrets stay secrets; None when nothing changes."""
        rule, settings = self.rule, self._run.settings
        if not rule.can_repair or not rule.may_repair(args.resource_type, settings):
            return None
        try:
            return args.props if self._is_to_be_repaired(args) and rule.repair(args.props, settings) else None
        except Exception:  # the same error is reported when the rule judges; here it would end the run
            return None

    def _is_to_be_repaired(self, args: ResourceValidationArgs) -> bool:
        """What a rule lets pass is not touched, though its repair might: a pod at the level baseline, for one. Nor is
        what a waiver accepts.

        A stack rule judges when it is too late to repair: it repairs what is wrong whatever else is in the stack.
        """
        if self._run.is_waived(self.rule.id, args.urn):
            return False
        if not isinstance(self.rule, ResourceRule):
            return True
        findings = self.rule.check(self._run.read(args), self._run.settings)
        return any(isinstance(finding, Violation) for finding in findings)

    def concerns(self, token: str) -> bool:
        """Whether the rule looks at a type."""
        return self.rule.concerns(token, self._run.settings)

    def on_resource(self, args: ResourceValidationArgs, tell: ReportViolation) -> None:
        """Judge a resource, or leave it to the stack pass."""
        if not self.concerns(args.resource_type):
            return
        try:
            resource = self._run.see(args)
            if not isinstance(self.rule, ResourceRule):
                return
            self._run.answered(self.rule.id, resource.urn)
            findings = weigh(self.rule.check(resource, self._run.settings))
            open_points = tuple(f for f in findings if isinstance(f, Undecided))
            if open_points and self._run.defer(self.rule.id, resource, open_points):
                self._observe(Judgement(self.rule, resource.urn, open_points[0], deferred=True))
                return
            self._tell_all(resource.urn, findings, lambda text: tell(text, None))
        except Exception as error:  # one rule that fails must not end the run of all others
            tell(report.crash(self.rule, error), None)

    def on_stack(self, args: StackValidationArgs, tell: ReportViolation) -> None:
        """Judge the stack, or answer what was left open."""
        try:
            stack = self._run.stack(args.resources)
            rule = self.rule
            if isinstance(rule, StackRule):
                judged: dict[str, list[Finding]] = {resource.urn: [] for resource in stack.of(rule.types)}
                for subject, finding in rule.check(stack, self._run.settings):
                    judged.setdefault(subject.urn if subject else "", []).append(self._settled(stack, subject, finding))
            else:
                judged = {
                    resource.urn: [self._settled(stack, stack.resources.get(resource.urn), point) for point in points]
                    for resource, points in self._run.deferred(rule.id)
                }
            for urn, findings in judged.items():
                left = weigh(finding for finding in findings if finding is not _SETTLED)
                self._tell_all(urn, left, partial(_tell_about, tell, urn))
        except Exception as error:
            tell(report.crash(self.rule, error), None)

    def _settled(self, stack: Stack, resource: Resource | None, finding: Finding) -> Finding:
        """Return _SETTLED for an unknown value that comes of a resource of the expected type."""
        if isinstance(finding, Undecided) and finding.accepts and resource:
            root = finding.path.split(".", 1)[0].split("[", 1)[0]
            if stack.depended_on(resource, root, finding.accepts):
                return _SETTLED
        return finding

    def _tell_all(self, urn: str, findings: tuple[Finding, ...], tell: Callable[[str], None]) -> None:
        run, rule = self._run, self.rule
        points = tuple(self._point(urn, finding) for finding in findings)
        for point in points:
            if isinstance(point.accepted_by, Companion):
                run.notice(urn, report.elsewhere(rule, point.accepted_by))
            elif point.accepted_by:
                run.notice(urn, report.waived(rule, point.accepted_by, point.finding))
            elif point.advice:
                run.notice(urn, f"{rule.id}: {report.message(rule, point.finding)}")
            else:
                tell(report.message(rule, point.finding))
        self._observe(Judgement(rule, urn, verdict(findings), points))

    def _point(self, urn: str, finding: Finding) -> Point:
        """Return what becomes of a finding: it is told, unless the settings accept it or make it advice."""
        run = self._run
        missing = isinstance(finding, Violation) and finding.companion
        if missing:
            for companion in run.settings.companions:
                if companion.rule == self.rule.id and fnmatchcase(urn, companion.urn):
                    return Point(finding, accepted_by=companion)
        if waiver := run.accept(self.rule.id, urn):
            return Point(finding, accepted_by=waiver)
        reported = isinstance(finding, Undecided) and run.settings.unknowns == "report"
        return Point(finding, advice=reported or (missing and self._targeted))

    def _observe(self, judgement: Judgement) -> None:
        for observer in self._observers:
            observer(judgement)


_SETTLED = Undecided("")


def _tell_about(tell: ReportViolation, urn: str, text: str) -> None:
    tell(text, urn or None)


def policies(
    rules: Iterable[Rule], today: date, *, targeted: bool = False, observers: Sequence[Observer] = ()
) -> list[Policy]:
    """Return the policies of a pack, in the order in which the SDK must call them.

    `today` (UTC) decides which waivers hold. `targeted`: the run sees part of the stack, so a missing companion and an
    unused waiver prove nothing. `observers` get every answer, Pass included: evidence is made there.
    """
    rules = tuple(rules)
    tokens = frozenset(token for rule in rules for token in rule.tokens)
    run = Run(frozenset(rule.id for rule in rules), tokens, today)
    judges = [RulePolicy(rule, run, observers, targeted=targeted) for rule in rules]
    return [SettingsPolicy(run), *judges, WaiversPolicy(run, targeted=targeted), NoticesPolicy(run)]
