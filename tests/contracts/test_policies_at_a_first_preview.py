"""A first preview from nothing, judged by the whole pack: what only an update will know leaves no rule undecided.

The recorder stands for the engine: what AWS would fill in is unknown, and the registrations carry the property
dependencies that the engine hands to the stack pass. The pack is the one that `groundwork` runs, settings included.
"""

from functools import cache
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest
from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.policy import PolicyCustomTimeouts, PolicyProviderResource, PolicyResourceOptions
from pulumi_policy.proxy import unknown_checking_proxy

from groundwork.policy import config as policy_config
from policies.config.pack_config import SETTINGS
from policies.pack import policies
from policies.rules import RULES
from tests.policies.harness import TODAY
from tests.support.program import record
from tests.support.stack_files import CLONE, ENVIRONMENTS


def props(struct: Any) -> Any:
    """Return inputs as the SDK hands them to a policy."""
    return unknown_checking_proxy(deserialize_properties(MessageToDict(struct)))


def options(request: RegisterResourceRequest) -> PolicyResourceOptions:
    return PolicyResourceOptions(request.protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], request.parent)


class FirstPreview:
    """What the engine would send for one environment, and what the pack says."""

    def __init__(self, environment: str) -> None:
        requests = record(environment, preview=True).requests
        self.urns = {request.name: f"{environment}::{request.type}::{name}" for name, request in requests.items()}
        self.requests = requests
        self.providers = {
            request.type.rpartition(":")[2]: PolicyProviderResource(
                request.type, props(request.object), self.urns[name], name
            )
            for name, request in requests.items()
            if request.type.startswith("pulumi:providers:")
        }
        self.settings = policy_config.path_of(environment, CLONE)

    def provider(self, request: RegisterResourceRequest) -> PolicyProviderResource | None:
        return self.providers.get(request.type.split(":")[0]) if request.custom else None

    def resources(self) -> list[PolicyResource]:
        """Return the arguments of the stack pass, with the resources that inputs depend on."""
        listed = {
            name: PolicyResource(
                request.type, props(request.object), self.urns[name], name, options(request), self.provider(request),
                None, [], {},
            )
            for name, request in self.requests.items()
        }  # fmt: skip
        for name, request in self.requests.items():
            listed[name].parent = listed.get(request.parent.rpartition("::")[2])
            for key, value in request.propertyDependencies.items():
                targets = {urn.rpartition("::")[2] for urn in value.urns}
                listed[name].property_dependencies[key] = [listed[target] for target in targets if target in listed]
        return list(listed.values())


@cache
def objections(environment: str) -> tuple[str, ...]:
    """Return what blocks the preview: each as `<rule> <resource>: <what>`."""
    preview = FirstPreview(environment)
    config = policy_config.of(preview.settings)
    said: list[str] = []
    pack = policies(RULES, TODAY)
    values = {policy.name: config.properties if policy.name == SETTINGS else {} for policy in pack}
    for name, request in preview.requests.items():
        if not request.custom or request.type.startswith("pulumi:"):
            continue
        inputs, provider = props(request.object), preview.provider(request)
        for policy in pack:
            args = ResourceValidationArgs(
                request.type, inputs, preview.urns[name], name, options(request), provider, values[policy.name]
            )
            policy.validate(args, lambda text, _, p=policy, n=name: said.append(f"{p.name} {n}: {text}"))  # type: ignore[attr-defined]
    listed = preview.resources()
    for policy in pack:
        stack = StackValidationArgs(listed, values[policy.name])
        policy.validate(stack, lambda text, urn, p=policy: said.append(f"{p.name} {urn}: {text}"))  # type: ignore[attr-defined]
    advice = {policy.name for policy in pack if policy.enforcement_level is EnforcementLevel.ADVISORY}
    return tuple(line for line in said if line.split()[0] not in {"pack-notices"} & advice)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_first_preview_meets_no_objection_and_leaves_nothing_undecided(environment: str) -> None:
    assert not objections(environment)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_first_preview_has_values_that_are_not_known(environment: str) -> None:
    """Else the test above would say nothing."""
    preview = FirstPreview(environment)
    unknown = [
        name
        for name, request in preview.requests.items()
        if "04da6b54-80e4-46f7-96ec-b56ff0331ba9" in str(request.object)
    ]
    assert len(unknown) > len(preview.requests) / 4
    assert any(request.propertyDependencies for request in preview.requests.values())
