"""Mutants of the registrations of an environment, and whether a rule notices them.

Only the rules that read the type of what is weakened are run: a resource rule on that resource, a stack rule on the
resources that it reads. So thousands of mutants take about a minute.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import ResourceRule, Rule, StackRule, Violation
from policies.rules import RULES
from tests.policies.mutate import changed
from tests.policies.platform.documents import weakened_documents
from tests.policies.platform.objects import weakened_objects
from tests.policies.platform.values import Weakening, weakened_values

GUARDS: Final = frozenset(
    {
        *(
            f"aws:s3/bucket{name[0].upper()}{name[1:]}:Bucket{name[0].upper()}{name[1:]}"
            for name in (
                *("publicAccessBlock", "policy", "logging", "versioning", "lifecycleConfiguration"),
                *("serverSideEncryptionConfiguration", "objectLockConfiguration", "ownershipControls"),
            )
        ),
        *("aws:ec2/flowLog:FlowLog", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"),
        *("aws:cloudtrail/trail:Trail", "aws:budgets/budget:Budget", "aws:rds/parameterGroup:ParameterGroup"),
        *("kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:core/v1:ResourceQuota"),
        *("kubernetes:core/v1:LimitRange", "kubernetes:policy/v1:PodDisruptionBudget"),
        *(
            f"kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy{suffix}"
            for suffix in ("", "Binding")
        ),
    }
)
"""Types that are there to guard another: each is taken away as a whole."""


@dataclass(frozen=True)
class Mutant:
    """A resource of the platform with one thing weakened."""

    environment: str
    operator: str
    path: str
    before: Resource
    after: Resource | None
    """None: it is not there."""

    def __str__(self) -> str:
        place = f".{self.path}" if self.path else ""
        return f"{self.environment}: {self.operator}: {self.before.type}::{self.before.urn.rpartition('::')[2]}{place}"


def mutants(environment: str, resources: tuple[Resource, ...], required_tags: tuple[str, ...]) -> Iterator[Mutant]:
    """Yield every mutant of an environment."""
    tagged: set[str] = set()
    for resource in resources:
        for operator, path, after in _of(resource, required_tags if resource.type not in tagged else ()):
            yield Mutant(environment, operator, path, resource, after)
        tagged.add(resource.type)


def _of(resource: Resource, default_tags: tuple[str, ...]) -> Iterator[tuple[str, str, Resource | None]]:
    done: set[tuple[str, str]] = set()
    for operator, path, value in _weakenings(resource):
        inputs = changed(resource.inputs, path, value)
        if inputs != resource.inputs and (operator, path) not in done:
            done.add((operator, path))
            yield operator, path, replace(resource, inputs=inputs, outputs=inputs | {"id": resource.outputs.get("id")})
    if resource.protect:
        yield "protection off", "opts.protect", replace(resource, protect=False)
    if resource.type in GUARDS:
        yield "guard removed", "", None
    if "tags" in resource.inputs:
        for key in default_tags:
            left = {name: value for name, value in resource.default_tags.items() if name != key}
            yield "default tag removed", f"provider.defaultTags.{key}", replace(resource, default_tags=left)


def _weakenings(resource: Resource) -> Iterator[Weakening]:
    inputs = dict(resource.inputs)
    yield from weakened_values(resource.type, inputs)
    yield from weakened_documents(inputs)
    yield from weakened_objects(resource.type, inputs)


class Judge:
    """The rules of one environment, by the types that they read."""

    def __init__(self, resources: tuple[Resource, ...], settings: Settings) -> None:
        self._settings = settings
        self._rules: dict[str, list[Rule]] = {}
        self._read: dict[str, list[Resource]] = {}
        for rule in RULES:
            read = [resource for resource in resources if rule.concerns(resource.type, settings)]
            self._read[rule.id] = read
            for type_ in {resource.type for resource in read}:
                self._rules.setdefault(type_, []).append(rule)
        for rules in self._rules.values():
            rules.sort(key=lambda rule: isinstance(rule, StackRule))  # the quick ones first

    def caught_by(self, mutant: Mutant) -> str | None:
        """Return the first rule that finds a violation, or None: it survives."""
        for rule in self._rules.get(mutant.before.type, ()):
            if self._finds(rule, mutant):
                return rule.id
        return None

    def _finds(self, rule: Rule, mutant: Mutant) -> bool:
        if isinstance(rule, ResourceRule):
            found = rule.check(mutant.after, self._settings) if mutant.after else ()
            return any(isinstance(finding, Violation) for finding in found)
        assert isinstance(rule, StackRule)
        others = [resource for resource in self._read[rule.id] if resource is not mutant.before]
        stack = Stack([*others, mutant.after] if mutant.after else others)
        return any(isinstance(finding, Violation) for _, finding in rule.check(stack, self._settings))
