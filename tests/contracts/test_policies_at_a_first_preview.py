"""A first preview from nothing, judged by the whole pack: what only an update will know leaves no rule undecided.

The recorder stands for the engine: what AWS would fill in is unknown, and the registrations carry the property
dependencies that the engine hands to the stack pass. The pack is the one that `groundwork` runs, settings included.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from groundwork.policy import config as policy_config
from groundwork.policy.judging import Answer, judge
from groundwork.policy.sources import Saved
from policies.rules import RULES
from tests.policies.harness import TODAY
from tests.support.load_balancers import with_load_balancer
from tests.support.program import record
from tests.support.runner_pools import with_scale_set
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import CLONE, ENVIRONMENTS

Option: TypeAlias = Callable[[str], dict[str, Any]]
"""What makes the settings of an environment with something that its stack file leaves out."""


@cache
def first_preview(environment: str, option: Option | None = None) -> tuple[Saved, ...]:
    """Return what the engine would send, under whole URNs: the mocks' own are shortened."""
    requests = record(environment, option and option(environment), preview=True).requests
    urns = {name: f"urn:pulumi:{environment}::groundwork::{request.type}::{name}" for name, request in requests.items()}

    def whole(urn: str) -> str | None:
        return urns.get(urn.rpartition("::")[2])

    return tuple(
        Saved(
            urn=urns[name],
            type=request.type,
            inputs=MessageToDict(request.object),
            outputs={},
            parent=whole(request.parent),
            protect=request.protect,
            provider=whole(request.provider.rpartition("::")[0]),
            property_dependencies={
                key: tuple(urn for short in dependencies.urns if (urn := whole(short)))
                for key, dependencies in request.propertyDependencies.items()
            },
        )
        for name, request in requests.items()
    )


def passed(resources: tuple[Saved, ...], environment: str) -> tuple[Answer, ...]:
    """Judge a preview by the environment's own settings, and see that every rule passes; what each answered."""
    config = policy_config.of(policy_config.path_of(environment, CLONE))
    judged = judge(resources, RULES, config, TODAY)
    assert not [answer for answer in judged.answers if answer.verdict != "pass"]
    assert not judged.complaints
    return judged.answers


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_first_preview_meets_no_objection_and_leaves_nothing_undecided(environment: str) -> None:
    passed(first_preview(environment), environment)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nor_does_one_with_runners_on_the_cluster(environment: str) -> None:
    answers = passed(first_preview(environment, with_scale_set), environment)
    (pods,) = {answer.urn for answer in answers if answer.urn.endswith("::runners-gpu-scale-set")}
    read = {answer.rule.id for answer in answers if answer.urn == pods}
    assert {"POD-05", "POD-10", "POD-11", "SUP-01", "SUP-02"} <= read, "the template of runners is judged as a pod is"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nor_does_one_with_a_search_domain(environment: str) -> None:
    answers = passed(first_preview(environment, with_search_domain), environment)
    domain = {answer.rule.id for answer in answers if answer.urn.endswith("::search-domain")}
    assert {"ENC-18", "ENC-19", "ACC-19", "NET-08", "LOG-07", "RES-06"} <= domain


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nor_does_one_with_a_load_balancer_of_the_tracking_server(environment: str) -> None:
    answers = passed(first_preview(environment, with_load_balancer), environment)
    service = {answer.rule.id for answer in answers if answer.urn.endswith("::tracking-server-load-balancer")}
    assert {"NET-11"} <= service, service


@pytest.mark.parametrize(
    ("kind", "value", "rule"),
    [
        ("aws:kms/key:Key", "enableKeyRotation", "ENC-07"),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blockPublicPolicy", "ACC-09"),
        ("aws:rds/instance:Instance", "storageEncrypted", "ENC-04"),
    ],
)
def test_pulumi_users_a_mandatory_rule_becomes_no_advice_where_an_input_is_unknown(
    kind: str, value: str, rule: str
) -> None:
    """A defect that others met live (shared/anchors.md 4.1): where nobody knows yet, the run is stopped."""
    resources = first_preview("dev")
    chosen = next(resource for resource in resources if resource.type == kind)
    assert value in chosen.inputs
    unknown = replace(chosen, inputs={**chosen.inputs, value: UNKNOWN_STRING_VALUE})
    config = policy_config.of(policy_config.path_of("dev", CLONE))
    judged = judge([unknown if one is chosen else one for one in resources], RULES, config, TODAY)
    found = {answer.rule.id: answer for answer in judged.answers if answer.verdict == "undecided"}
    assert rule in found, sorted(found)
    assert found[rule].urn == chosen.urn
    assert judged.stops(found[rule])
    assert judged.objections


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_first_preview_has_values_that_are_not_known(environment: str) -> None:
    """Else the test above would say nothing."""
    resources = first_preview(environment)
    unknown = [resource for resource in resources if UNKNOWN_STRING_VALUE in str(resource.inputs)]
    assert len(unknown) > len(resources) / 4
    assert any(resource.property_dependencies for resource in resources)
    assert any(resource.provider for resource in resources), "the default tags are the provider's"
