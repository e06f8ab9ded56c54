"""Answers the engine as the SDK does, but reads each request once instead of once for every policy.

The stock servicer turns the properties of a request into dicts and proxies again for each policy, and for a stack each
resource again for each policy: with 120 policies 30 ms a resource, and 9 s for a stack of 1,000. Policies of this pack
share what was read, and those that a resource does not concern are not called at all.

The class is a private name of the SDK, so the SDK is pinned, `install` says whether it did its work, and with another
SDK everything runs as the SDK has it. A proxy is shared by all policies of a request: no rule writes to it.
Source: `pulumi_policy.policy` 1.21.0, _PolicyAnalyzerServicer.Analyze and AnalyzeStack.
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationArgs, StackValidationArgs
from pulumi_policy import policy as sdk
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.policy import PolicyResource
from pulumi_policy.proxy import unknown_checking_proxy

from policies.pack import BothPasses

SDK_VERSION: Final = "1.21.0"
_NAME: Final = "_PolicyAnalyzerServicer"
_STOCK: Final[Any] = getattr(sdk, _NAME, object)


class QuickServicer(_STOCK):  # type: ignore[misc]  # the SDK has no types for it
    """The SDK's servicer for a pack whose policies are all ours."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._concerned: dict[str, tuple[tuple[BothPasses, EnforcementLevel], ...]] = {}

    def Configure(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take levels and settings, on which it depends who is concerned."""
        answer = super().Configure(request, _context)
        self._concerned = {}
        return answer

    def Analyze(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Judge one resource."""
        self._configure_runtime_settings()
        response = analyzer_pb2.AnalyzeResponse()
        props = _props(request.properties)
        options, provider = self._get_resource_options(request), self._get_provider_resource(request)
        for policy, level in self._concerned.get(request.type) or self._asked(request.type):
            args = ResourceValidationArgs(
                request.type, props, request.urn, request.name, options, provider,
                self._get_policy_config(policy.name), self._of_the_sdk("stack_tags"),
            )  # fmt: skip
            policy.validate(args, self._teller(response, policy, level))
        return response

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Judge all resources together."""
        self._configure_runtime_settings()
        response = analyzer_pb2.AnalyzeResponse()
        resources = self._stack(request)
        for policy, level in self._enabled():
            config = self._get_policy_config(policy.name)
            args = StackValidationArgs(resources, config, self._of_the_sdk("stack_tags"))
            policy.validate(args, self._teller(response, policy, level))
        return response

    def _enabled(self) -> Iterator[tuple[BothPasses, EnforcementLevel]]:
        """Yield the policies with the level at which they report."""
        for policy in self._of_the_sdk("policies"):
            level = self._get_enforcement_level(policy)
            if level is EnforcementLevel.REMEDIATE:
                yield policy, EnforcementLevel.MANDATORY  # it still finds something after its repair
            elif level is not EnforcementLevel.DISABLED:
                yield policy, level

    def _asked(self, token: str) -> Iterator[tuple[BothPasses, EnforcementLevel]]:
        """Yield the policies that a type concerns, and remember them.

        Each is asked after the ones before it have judged: the first takes the settings, on which the others depend.
        """
        known, concerned = self._concerned, []
        for policy, level in self._enabled():
            if policy.concerns(token):
                concerned.append((policy, level))
                yield policy, level
        known[token] = tuple(concerned)

    def _teller(self, response: Any, policy: BothPasses, level: EnforcementLevel) -> Any:
        return self._create_report_violation(response, policy.name, policy.description, level, policy.severity)

    def _stack(self, request: Any) -> list[PolicyResource]:
        """Return the resources of a request, joined to each other."""
        made = {
            one.urn: PolicyResource(
                one.type, _props(one.properties), one.urn, one.name, self._get_resource_options(one),
                self._get_provider_resource(one), None, [], {},
            )
            for one in request.resources
        }  # fmt: skip
        for one in request.resources:
            resource = made[one.urn]
            resource.parent = made.get(one.parent)
            resource.dependencies = [made[urn] for urn in one.dependencies if urn in made]
            resource.property_dependencies = {
                key: [made[urn] for urn in depended.urns if urn in made]
                for key, depended in one.propertyDependencies.items()
            }
        return list(made.values())

    def _of_the_sdk(self, name: str) -> Any:
        """Return what the SDK's own class keeps under a private name."""
        return getattr(self, f"{_NAME}__{name}")


def _props(message: Any) -> Mapping[str, Any]:
    props: Mapping[str, Any] = unknown_checking_proxy(deserialize_properties(json_format.MessageToDict(message)))
    return props


def install() -> bool:
    """Have the SDK serve with `QuickServicer`. False: the SDK is not the one it was written for, and stays as it is."""
    if version("pulumi-policy") != SDK_VERSION or _STOCK is object:
        return False
    vars(sdk)[_NAME] = QuickServicer
    return True


def uninstall() -> None:
    """Give the SDK its own servicer back, for a comparison of the two."""
    vars(sdk)[_NAME] = _STOCK
