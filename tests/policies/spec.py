"""What the cases of a rule are made of: good resources, and one change each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.policies.harness import R
from tests.policies.mutate import ABSENT, changed

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = R("aws:kms/key:Key", {"enableKeyRotation": True}, "key", protect=True)


@dataclass(frozen=True)
class Case:
    """Good resources with one change, and the verdict."""

    id: str
    resources: tuple[R, ...]
    verdict: str
    """pass, deny or unknown."""
    settings: Mapping[str, Any] | None = None
    """Settings of the pack for this case, those of the rule's table where None."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A rule's good resources, from which its cases and mutants are made."""

    good: tuple[R, ...]
    """The first one is what the cases change."""
    leaf: str
    """The input that decides."""
    bad: Any
    """A value of it that breaks the rule."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the pack under which its cases and mutants are judged, such as `{"production": True}`."""
    absent: str = "deny"
    """Verdict when the deciding input is not there."""
    twins: Mapping[str, str] = field(default_factory=dict)
    """Current token to older twin, where a twin exists."""
    extra: tuple[Case, ...] = ()
    flips: Mapping[str, Any] = field(default_factory=dict)
    """Bad values of other inputs, where another value of the same type is none."""
    equivalent: Mapping[str, str] = field(default_factory=dict)
    """Mutants that break nothing: by a default of the provider or because the requirement is not about that place, it
    still holds, and an objection would be a false one. `<mutation> <path>` and the reason; where several good resources
    have the path, ` of <name of the resource>` may follow."""
    survives: Mapping[str, str] = field(default_factory=dict)
    """Mutants that a rule might notice and this one does not, likewise: what may break the requirement, and what takes
    a resource out of the rule's sight. They count against the mutation score."""

    def accounted(self, mutant: str, resource: str) -> tuple[str | None, str | None]:
        """Return why a mutant breaks nothing, else why it survives; neither for one that must be noticed."""
        survives, equivalent = (
            reasons.get(f"{mutant} of {resource}") or reasons.get(mutant)
            for reasons in (self.survives, self.equivalent)
        )
        return (None if survives else equivalent), survives

    def settings_of(self, case: Case) -> Mapping[str, Any]:
        """Return the settings of the pack under which a case is judged."""
        return self.settings if case.settings is None else case.settings

    def change(self, path: str, value: Any) -> tuple[R, ...]:
        """Return the good resources with one input of the first one changed."""
        first, *others = self.good
        return (first.with_props(changed(first.props, path, value)), *others)


def swap(resources: tuple[R, ...], number: int, change: Callable[[R], R]) -> tuple[R, ...]:
    """Return `resources` with one of them changed."""
    return tuple(change(item) if index == number else item for index, item in enumerate(resources))


def edit(path: str, value: Any = ABSENT) -> Callable[[R], R]:
    """Return the change of one input."""
    return lambda item: item.with_props(changed(item.props, path, value))


def depending(**targets: R) -> Callable[[R], R]:
    """Return the change that records property dependencies."""
    return lambda item: replace(item, depends={**item.depends, **{key: (target,) for key, target in targets.items()}})


def of_type(token: str, **props: Any) -> R:
    """Return a resource."""
    return R(f"aws:{token}", props)
