"""Runs the policy pack over saved resources in this process, as the engine does: over the SDK, in both passes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from pulumi_policy import EnforcementLevel, ReportViolation, ResourceValidationArgs, StackValidationArgs
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.policy import PolicyCustomTimeouts, PolicyProviderResource, PolicyResource, PolicyResourceOptions
from pulumi_policy.proxy import unknown_checking_proxy

from groundwork.policy.sources import Saved
from policies.config import Companion, Waiver
from policies.config.pack_config import PACK_LEVELS, SETTINGS, PackConfig
from policies.pack import BothPasses, RulePolicy, policies
from policies.report import Judgement, Point
from policies.rule import Rule, Undecided

STOPPING: Final = frozenset({EnforcementLevel.MANDATORY, EnforcementLevel.REMEDIATE})
VERDICTS: Final = ("violation", "undecided", "waived", "elsewhere", "pass")
"""Gravest first. `elsewhere`: the settings say that the companion is in another stack."""


@dataclass(frozen=True)
class Answer:
    """What one rule says about one resource."""

    rule: Rule
    urn: str
    """Empty for the stack as a whole."""
    points: tuple[Point, ...]

    @property
    def verdict(self) -> str:
        """One of VERDICTS."""
        return min((verdict_of(point) for point in self.points), key=VERDICTS.index, default="pass")


def verdict_of(point: Point) -> str:
    """Return what a finding comes to."""
    if isinstance(point.accepted_by, Waiver):
        return "waived"
    if isinstance(point.accepted_by, Companion):
        return "elsewhere"
    return "undecided" if isinstance(point.finding, Undecided) else "violation"


@dataclass(frozen=True)
class Judged:
    """Every answer, and what the pack says of its own settings and of itself."""

    answers: tuple[Answer, ...]
    complaints: tuple[tuple[str, str], ...]
    """Policy and text: waivers that expired or are unused, and rules that failed."""
    config: PackConfig
    rules: tuple[Rule, ...]

    def level(self, rule: Rule) -> EnforcementLevel:
        """Return the level at which a rule is run."""
        return _level(rule, self.config)

    def stops(self, answer: Answer) -> bool:
        """Whether the engine would stop because of an answer."""
        told = [point for point in answer.points if point.accepted_by is None and not point.advice]
        return bool(told) and self.level(answer.rule) in STOPPING

    @cached_property
    def by_rule(self) -> dict[str, list[Answer]]:
        """The answers of each rule, also of one that had nothing to judge."""
        found: dict[str, list[Answer]] = defaultdict(list)
        for answer in self.answers:
            found[answer.rule.id].append(answer)
        return {rule.id: found[rule.id] for rule in self.rules}

    @property
    def objections(self) -> int:
        """How many answers and complaints would stop the engine."""
        own = {rule.id: rule.default_level for rule in self.rules} | dict(PACK_LEVELS)
        complaints = [name for name, _ in self.complaints if self.config.level(name, own[name]) in STOPPING]
        return sum(map(self.stops, self.answers)) + len(complaints)


def judge(resources: Sequence[Saved], rules: Iterable[Rule], config: PackConfig, today: date) -> Judged:
    """Judge resources as one stack."""
    rules = tuple(rules)
    judgements: list[Judgement] = []
    complaints: list[tuple[str, str]] = []
    enabled = [
        policy
        for policy in policies(rules, today, observers=[judgements.append])
        if isinstance(policy, BothPasses)
        and not (isinstance(policy, RulePolicy) and _level(policy.rule, config) is EnforcementLevel.DISABLED)
    ]
    props = {resource.urn: _proxied(resource.inputs) for resource in resources}
    providers = {
        resource.urn: PolicyProviderResource(resource.type, props[resource.urn], resource.urn, _name(resource.urn))
        for resource in resources
        if resource.type.startswith("pulumi:providers:")
    }
    for resource in resources:
        if resource.external:
            continue  # the engine asks no policy about a read either
        provider = providers.get(resource.provider or "")
        for policy in enabled:
            args = ResourceValidationArgs(
                resource.type, props[resource.urn], resource.urn, _name(resource.urn), _options(resource), provider,
                _config_of(policy, config),
            )  # fmt: skip
            policy.validate(args, _complaining(policy, complaints))
    listed = _stack(resources)
    for policy in enabled:
        policy.validate(StackValidationArgs(listed, _config_of(policy, config)), _complaining(policy, complaints))
    answers = tuple(Answer(one.rule, one.urn, one.points) for one in judgements if not one.deferred)
    return Judged(answers, tuple(dict.fromkeys(complaints)), config, rules)


def _level(rule: Rule, config: PackConfig) -> EnforcementLevel:
    return config.level(rule.id, rule.default_level)


def _complaining(policy: BothPasses, complaints: list[tuple[str, str]]) -> ReportViolation:
    """Keep what is told but is no answer of a rule: the pack's own policies, and a rule that fails."""

    def tell(text: str, urn: str | None) -> None:
        del urn
        own = policy.name in PACK_LEVELS and policy.name != "pack-notices"
        if own or "report this as a bug" in text:
            complaints.append((policy.name, text))

    return tell


def _config_of(policy: BothPasses, config: PackConfig) -> dict[str, Any]:
    return dict(config.properties) if policy.name == SETTINGS else {}


def _stack(resources: Sequence[Saved]) -> list[PolicyResource]:
    """Return the resources of a stack pass, joined to each other as the SDK joins them."""
    made = {
        resource.urn: PolicyResource(
            resource.type, _proxied({**resource.inputs, **resource.outputs}), resource.urn, _name(resource.urn),
            _options(resource), None, None, [], {},
        )
        for resource in resources
    }  # fmt: skip
    for resource in resources:
        made[resource.urn].parent = made.get(resource.parent or "")
        made[resource.urn].property_dependencies = {
            key: [made[urn] for urn in urns if urn in made] for key, urns in resource.property_dependencies.items()
        }
    return list(made.values())


def _proxied(props: Any) -> Any:
    return unknown_checking_proxy(deserialize_properties(props))


def _options(resource: Saved) -> PolicyResourceOptions:
    return PolicyResourceOptions(resource.protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], resource.parent)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
