"""Check: what a program may say, and what is filled in when it says nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import Problem
from twin.providers.aws.tags import all_tags
from twin.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.providers.aws.context import Account
    from twin.providers.aws.schema import Autoname, ResourceType

DEFAULTS = "__defaults"
"""The input that lists which others were filled in, as the official provider keeps it; the engine hides it."""


@dataclass(frozen=True)
class Naming:
    """What the engine says about the names that providers make up."""

    logical_name: str
    seed: bytes = b""
    proposed: str = ""
    disabled: bool = False

    def name(self, rule: Autoname, prefix: Any = None) -> Any:
        """A physical name: the proposed one, else the logical one and seven hex digits made from the engine's seed.

        Where the program gives a prefix (`namePrefix`), that and 26 digits, as the official provider does.
        """
        digits = hashlib.sha256(self.seed + self.logical_name.encode()).hexdigest()
        if prefix is not None:
            return UNKNOWN if prefix is UNKNOWN else f"{prefix}{digits[:26]}"
        if self.disabled:
            raise ProviderError("autonaming is switched off by pulumi:autonaming; give this name in the program")
        if self.proposed:
            return self.proposed
        stem = self.logical_name.lower() if rule.lower else self.logical_name
        return f"{rule.prefix}{stem[: rule.limit - len(rule.prefix) - 8]}-{digits[:7]}"


def check(
    resource: ResourceType, account: Account, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming
) -> tuple[dict[str, Any], list[Problem]]:
    """The inputs with defaults, autonames and default tags filled in, and what is wrong with them."""
    given = {name: value for name, value in news.items() if not name.startswith("__") and value is not None}
    problems = list(_problems(resource, given))
    inputs = dict(given)
    filled: list[str] = []
    formerly_filled = set(olds.get(DEFAULTS) or ())
    for name, prop in resource.input_properties().items():
        if name in given:
            inputs[name] = prop.kind.with_defaults(given[name])
            if prop.autoname is not None and f"{name}Prefix" in given:
                problems.append((name, f"excludes {name}Prefix; give one of them"))
        elif prop.autoname is not None:
            prefix = given.get(f"{name}Prefix")
            kept = name in formerly_filled and olds.get(f"{name}Prefix") == prefix
            try:
                inputs[name] = olds.get(name) if kept else naming.name(prop.autoname, prefix)
            except ProviderError as error:
                problems.append((name, str(error)))
            filled.append(name)
        elif name == "region":
            inputs[name] = account.region
            filled.append(name)
        elif prop.default is not None:
            inputs[name] = prop.default
            filled.append(name)
    if resource.tagged:
        inputs["tagsAll"] = all_tags(account.default_tags, inputs.get("tags"))
    inputs[DEFAULTS] = sorted(filled)
    return inputs, problems


def _problems(resource: ResourceType, given: Mapping[str, Any]) -> list[Problem]:
    inputs = resource.input_properties()
    found: list[Problem] = []
    for name, value in given.items():
        if name in inputs:  # tagsAll too: the engine gives back what a read has told it, and it is computed anew
            found.extend(inputs[name].kind.problems(value, name))
        else:
            found.append((name, refusal(resource, name)))
    found.extend(
        (name, "is required") for name, prop in inputs.items() if prop.required and given.get(name) is None
    )  # fmt: skip
    return found


def refusal(resource: ResourceType, name: str) -> str:
    """Why an input is not taken, and where to add it."""
    why = resource.refused.get(name) or resource.absent.get(name, "there is no such property")
    allowed = ", ".join(sorted(set(resource.input_properties()) - {"tagsAll"}))
    return (
        f"the twin's AWS provider does not take this property of {resource.token}: {why}. It takes {allowed}. "
        f"To add it: twin/providers/aws/types/{resource.module}.py, described in docs/provider.md"
    )


def preview_of_create(resource: ResourceType, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs as far as they are known before the resource exists: what goes in; the rest is up to AWS."""
    known = {name: value for name, value in inputs.items() if name != DEFAULTS}
    for name, prop in resource.properties.items():
        if name not in known and (prop.output or prop.computed):
            known[name] = UNKNOWN
    return known


def preview_of_update(
    resource: ResourceType, inputs: Mapping[str, Any], old: Mapping[str, Any], changed: set[str]
) -> dict[str, Any]:
    """The outputs after an update of the `changed` inputs: what goes in, and what AWS said before of the rest.

    That holds also for an output that follows a changed input (`targetKeyArn` of an alias with another key): the
    official provider's plan keeps a computed attribute until the update tells its new value.
    Source: terraform-provider-aws, internal/service/kms/alias.go: computed, and no CustomizeDiff makes it unknown.
    """
    kept = {
        name: value
        for name, value in old.items()
        if name in resource.properties and (resource.properties[name].output or resource.properties[name].computed)
    }
    kept |= dict.fromkeys((name for name, new in resource.recomputed.items() if new(inputs, changed)), UNKNOWN)
    wanted = {
        name: resource.properties[name].kind.planned(old.get(name), value)
        for name, value in inputs.items()
        if name != DEFAULTS
    }
    return kept | wanted
