"""What the pipeline may do, as data: one permission is a handful of actions on the same resources, with its reason.

Resources and conditions are templates of `{account}`, `{region}`, `{environment}` and `{boundary}`; a doubled brace
stands for itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.policy_document import Conditions, Statement, allow, deny


@dataclass(frozen=True)
class Scope:
    """The values that fill the templates, all known before anything is made."""

    account: str
    region: str
    environment: str
    boundary: str

    def fill(self, template: str) -> str:
        """Return `template` with this scope's values in it."""
        return template.format(
            account=self.account, region=self.region, environment=self.environment, boundary=self.boundary
        )


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One statement of a policy, without the words of JSON."""

    sid: str
    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)
    denied: bool = False

    def statement(self, scope: Scope) -> Statement:
        """Return the statement for one account, region and environment."""
        return (deny if self.denied else allow)(
            self.sid,
            actions=self.actions,
            resources=[scope.fill(resource) for resource in self.resources],
            conditions=_filled(self.conditions, scope),
        )


def _filled(conditions: Conditions, scope: Scope) -> Mapping[str, Mapping[str, str | list[str]]]:
    return {
        operator: {
            scope.fill(key): scope.fill(value) if isinstance(value, str) else [scope.fill(each) for each in value]
            for key, value in tests.items()
        }
        for operator, tests in conditions.items()
    }
