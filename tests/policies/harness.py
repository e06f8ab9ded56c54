"""Judges resources in this process, along the SDK's own way: Struct, dicts, secrets unwrapped, proxies."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from google.protobuf.json_format import MessageToDict
from pulumi_policy import PolicyResource, ResourceValidationArgs, StackValidationArgs
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY, deserialize_properties
from pulumi_policy.policy import PolicyCustomTimeouts, PolicyProviderResource, PolicyResourceOptions
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.pack import policies
from policies.report import Judgement
from policies.rule import Pass, Undecided, Violation
from policies.rules import RULES
from tests.support.pack import struct, urn

UNKNOWN = UNKNOWN_STRING_VALUE
TODAY = date(2026, 6, 1)
DOCUMENTS = frozenset({"policy", "assumeRolePolicy", "inlinePolicy", "accessPolicies", "pipelineDefinition", "content"})
BY_ID = {rule.id: rule for rule in RULES}


def secret(value: Any) -> dict[str, Any]:
    """Return a value as the engine sends a secret."""
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


@dataclass(frozen=True)
class R:
    """A resource of a case. A policy document is written as a map and sent as a JSON text."""

    type: str
    props: Mapping[str, Any]
    name: str = "it"
    depends: Mapping[str, tuple["R", ...]] = field(default_factory=dict)
    protect: bool = False
    parent: str | None = None
    default_tags: Mapping[str, str] | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return urn(self.type, self.name)

    def with_props(self, props: Mapping[str, Any]) -> "R":
        return replace(self, props=props)


def proxied(props: Mapping[str, Any]) -> Any:
    """Return inputs as the SDK hands them to a policy."""
    return unknown_checking_proxy(deserialize_properties(MessageToDict(struct(written(props)))))


def written(value: Any, key: str = "") -> Any:
    """Return inputs with every policy document as a JSON text."""
    if key in DOCUMENTS and isinstance(value, dict) and SPECIAL_SIG_KEY not in value:
        return json.dumps(value)
    if isinstance(value, Mapping):
        return {name: written(entry, name) for name, entry in value.items()}
    return [written(entry) for entry in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Outcome:
    """What a pack of one rule said about some resources."""

    verdict: str
    """pass, deny or unknown: the gravest of all."""
    told: tuple[tuple[str, str, str], ...]
    """Policy, URN, text."""
    judgements: tuple[Judgement, ...]

    def about(self, resource: R) -> str:
        return _gravest(j for j in self.judgements if j.urn == resource.urn)

    @property
    def text(self) -> str:
        return "\n".join(text for _, _, text in self.told)


def _gravest(judgements: Any) -> str:
    verdicts = [type(judgement.verdict) for judgement in judgements if not judgement.deferred]
    return "deny" if Violation in verdicts else "unknown" if Undecided in verdicts else "pass"


def judge(rule: str, *resources: R, settings: Mapping[str, Any] | None = None, targeted: bool = False) -> Outcome:
    """Run both passes of a pack that holds one rule."""
    judgements: list[Judgement] = []
    told: list[tuple[str, str, str]] = []
    pack = policies([BY_ID[rule]], TODAY, targeted=targeted, observers=[judgements.append])
    config = {"pack-settings": settings or {}}
    for item in resources:
        for policy in pack:
            args = ResourceValidationArgs(
                item.type,
                proxied(item.props),
                item.urn,
                item.name,
                _options(item),
                _provider(item),
                config.get(policy.name),
            )
            policy.validate(args, lambda text, _, p=policy, r=item: told.append((p.name, r.urn, text)))  # type: ignore[attr-defined]
    listed = {item.urn: _stack_resource(item) for item in resources}
    for item in resources:
        for key, targets in item.depends.items():
            listed[item.urn].property_dependencies[key] = [
                listed.get(target.urn) or _stack_resource(target) for target in targets
            ]
    for target in [t for item in resources for targets in item.depends.values() for t in targets]:
        listed.setdefault(target.urn, _stack_resource(target))
    for policy in pack:
        stack = StackValidationArgs(list(listed.values()), config.get(policy.name))
        policy.validate(stack, lambda text, at, p=policy: told.append((p.name, at or "", text)))  # type: ignore[attr-defined]
    outcome = Outcome(_gravest(judgements), tuple(told), tuple(judgements))
    crashed = [text for _, _, text in told if "report this as a bug" in text]
    assert not crashed, crashed
    unexcused = any(not isinstance(j.verdict, Pass) and not j.deferred and j.waiver is None for j in judgements)
    if not {"waivers", "companions", "unknowns"} & set(settings or {}) and not targeted:
        assert unexcused == bool(told), "a verdict and what is told must agree"
    return outcome


def _options(item: R) -> PolicyResourceOptions:
    return PolicyResourceOptions(item.protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], item.parent)


def _provider(item: R) -> PolicyProviderResource | None:
    if item.default_tags is None:
        return None
    props = proxied({"defaultTags": json.dumps({"tags": dict(item.default_tags)})})
    return PolicyProviderResource("pulumi:providers:aws", props, urn("pulumi:providers:aws", "p"), "p")


def _stack_resource(item: R) -> PolicyResource:
    props = proxied({**item.props, **item.outputs})
    return PolicyResource(item.type, props, item.urn, item.name, _options(item), _provider(item), None, [], {})
