"""Repairs, along the SDK's own way: exact, idempotent, in place, and no secret or unknown value touched."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi_policy import ResourceValidationArgs
from pulumi_policy.deserialize import deserialize_properties, serialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from policies.pack import RulePolicy, policies
from policies.rule import Rule
from policies.rules import RULES
from policies.tokens import canonical
from tests.policies.harness import BY_ID, TODAY, UNKNOWN, R, _options, judge, proxied, secret, written
from tests.policies.mutate import changed, leaves, value_at
from tests.policies.repairs import REPAIRS, Repair
from tests.policies.test_fuzz import names, values
from tests.support.pack import MANDATORY, POLICIES, REMEDIATE, running_pack, struct
from twin.providers.aws.diff import diff
from twin.providers.aws.types import all_types, resource_type
from twin.providers.kubernetes.objects import parse
from twin.providers.kubernetes.replacing import is_listed, listed

REPAIRABLE = [rule for rule in RULES if rule.can_repair]
MODELLED = {resource.token for resource in all_types()}
IN_PLACE = {
    "aws:dynamodb/table:Table": {"deletionProtectionEnabled", "pointInTimeRecovery"},
    "aws:ec2/instance:Instance": {"metadataOptions"},
    "aws:lb/loadBalancer:LoadBalancer": {"dropInvalidHeaderFields"},
    "aws:opensearch/domain:Domain": {"domainEndpointOptions"},
    "aws:rds/clusterInstance:ClusterInstance": {"publiclyAccessible"},
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": {
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    },
    "aws:s3/bucketAcl:BucketAcl": {"acl"},
    "aws:sagemaker/notebookInstance:NotebookInstance": {"rootAccess"},
    "aws:secretsmanager/secretPolicy:SecretPolicy": {"blockPublicPolicy"},
    "aws:sns/topic:Topic": {"kmsMasterKeyId"},
    "aws:sqs/queue:Queue": {"kmsMasterKeyId", "sqsManagedSseEnabled"},
}
"""What the official provider changes in place, of types that the twin does not model. Source: terraform-provider-aws,
`ForceNew` in internal/service/*."""
NO_REPAIR = {"ENC-04", "ENC-05", "ENC-11", "ENC-18", "ENC-21", "ENC-25", "MLG-01", "MLG-07"}
"""Rules for which the catalogue asks for a repair and docs/policies.md says why there is none."""


def by_case(repair: Repair) -> str:
    return f"{repair.rule} {repair.before.type}"


def policy_of(rule: str, config: Mapping[str, Any] | None = None) -> RulePolicy:
    """Return the policy of one rule, under settings."""
    pack = policies([BY_ID[rule]], TODAY)
    item = R("pulumi:pulumi:Stack", {})
    pack[0].validate(  # type: ignore[attr-defined]
        ResourceValidationArgs(item.type, proxied({}), item.urn, item.name, _options(item), None, dict(config or {})),
        lambda text, _: pytest.fail(text),
    )
    (policy,) = (policy for policy in pack if isinstance(policy, RulePolicy))
    return policy


def as_sent(item: R, props: Mapping[str, Any]) -> ResourceValidationArgs:
    """Return what the SDK hands a remediation: secrets wrapped, nothing that stops at an unknown value."""
    inputs = unknown_checking_proxy(deserialize_properties(MessageToDict(struct(written(props))), True))
    return ResourceValidationArgs(item.type, inputs, item.urn, item.name, _options(item), None)


def repaired(repair: Repair, props: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the SDK would send back to the engine, None for nothing."""
    answer = policy_of(repair.rule, repair.settings).remediate(as_sent(repair.before, props))
    return None if answer is None else dict(serialize_properties(answer))


@pytest.mark.parametrize("repair", REPAIRS, ids=by_case)
def test_a_repair_is_exact_and_needs_no_second_one(repair: Repair) -> None:
    rest = {"elsewhere": secret("hunter2"), "later": UNKNOWN}
    after = repaired(repair, {**repair.before.props, **rest})
    assert after == {**written(repair.repaired), **rest}
    assert repaired(repair, after) is None


@pytest.mark.parametrize("repair", REPAIRS, ids=by_case)
def test_the_rule_passes_afterwards_and_did_not_before(repair: Repair) -> None:
    assert judge(repair.rule, repair.before, *repair.others, settings=repair.settings).verdict == "deny"
    after = repair.before.with_props(repair.repaired)
    assert judge(repair.rule, after, *repair.others, settings=repair.settings).verdict == "pass"


def differing(repair: Repair) -> Iterator[str]:
    """Yield the path of each scalar that a repair changes."""
    for path in leaves(repair.repaired):
        try:
            before = value_at(repair.before.props, path)
        except (KeyError, IndexError):
            before = None
        if before != value_at(repair.repaired, path):
            yield path


def each_change(*, existing: bool) -> list[Any]:
    """Return each repair with a path that it changes; `existing`: only those that have a value before."""
    found = []
    for repair in REPAIRS:
        for path in differing(repair):
            present = path in set(leaves(repair.before.props))
            if present or not existing:
                place = path if present else re.sub(r"\[\d+\]$", "", path)  # no entry there: the list itself
                found.append(pytest.param(repair, place, id=f"{by_case(repair)} {place}"))
    return found


@pytest.mark.parametrize(("repair", "path"), each_change(existing=True))
def test_a_secret_that_is_repaired_stays_one(repair: Repair, path: str) -> None:
    before = changed(repair.before.props, path, secret(value_at(repair.before.props, path)))
    after = repaired(repair, before)
    assert after is not None
    assert value_at(after, path) == secret(value_at(repair.repaired, path))


@pytest.mark.parametrize(("repair", "path"), each_change(existing=False))
def test_what_is_not_known_yet_is_left_alone(repair: Repair, path: str) -> None:
    before = changed(repair.before.props, path, UNKNOWN)
    after = repaired(repair, before)
    assert value_at(before if after is None else after, path) == UNKNOWN


@pytest.mark.parametrize("repair", REPAIRS, ids=by_case)
def test_inputs_that_are_not_known_as_a_whole_are_left_alone(repair: Repair) -> None:
    for key in repair.after:
        after = repaired(repair, {**repair.before.props, key: UNKNOWN})
        assert after is None or after[key] == UNKNOWN


@pytest.mark.parametrize("repair", REPAIRS, ids=by_case)
def test_a_live_resource_is_changed_in_place(repair: Repair) -> None:
    item = repair.before
    if item.type.startswith("kubernetes:"):
        paths = listed(parse(item.type), item.props)
        assert not [path for path in differing(repair) if is_listed(path, paths)]
    elif item.type in MODELLED:
        assert not diff(resource_type(item.type), item.props, item.props, repair.repaired).replaces
    else:
        assert set(repair.after) <= IN_PLACE[item.type]


def test_what_the_official_provider_makes_anew_is_not_repaired() -> None:
    public, privileged = {"associatePublicIpAddress": True}, {"containers": [{"securityContext": {"privileged": True}}]}
    for rule, item in (
        ("NET-04", R("aws:ec2/instance:Instance", public)),
        ("NET-04", R("aws:ec2/launchConfiguration:LaunchConfiguration", public)),
        ("ACC-17", R("aws:rds/cluster:Cluster", {"publiclyAccessible": True})),
        ("ACC-22", R("aws:ec2/launchConfiguration:LaunchConfiguration", {})),
        ("POD-01", R("kubernetes:core/v1:Pod", {"spec": privileged})),
        ("POD-01", R("kubernetes:batch/v1:Job", {"spec": {"template": {"spec": privileged}}})),
        ("ACC-28", R("kubernetes:core/v1:Pod", {"spec": {**privileged, "serviceAccountName": "reader"}})),
    ):
        assert judge(rule, item).verdict == "deny"
        assert policy_of(rule).remediate(as_sent(item, item.props)) is None


def test_a_repair_without_what_it_needs_is_none() -> None:
    for rule, token, props in (
        ("ENC-14", "aws:sns/topic:Topic", {}),  # no key in the settings
        ("ENC-15", "aws:sqs/queue:Queue", {"sqsManagedSseEnabled": UNKNOWN}),
        ("NET-11", "kubernetes:core/v1:Service", {"spec": {"type": "NodePort", "ports": [{"nodePort": 30_080}]}}),
        ("NET-11", "kubernetes:core/v1:Service", {"spec": {"type": "NodePort", "externalTrafficPolicy": "Local"}}),
        ("NET-12", "aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network"}),
        ("NET-12", "aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": UNKNOWN}),
    ):
        item = R(token, props)
        config = {"repairKey": "alias/queues"} if rule == "ENC-15" else {}
        assert policy_of(rule, config).remediate(as_sent(item, props)) is None, rule


def test_one_range_that_is_not_known_yet_keeps_the_public_endpoint_as_it_is() -> None:
    network = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": [UNKNOWN]}
    item = R("aws:eks/cluster:Cluster", {"vpcConfig": network})
    answer = policy_of("NET-05").remediate(as_sent(item, item.props))
    assert serialize_properties(answer) == {"vpcConfig": {**network, "endpointPrivateAccess": True}}


def test_a_resource_of_another_type_is_left_alone() -> None:
    other = R("aws:route53/zone:Zone", {key: UNKNOWN for repair in REPAIRS for key in repair.after})
    for rule in REPAIRABLE:
        assert policy_of(rule.id).remediate(as_sent(other, other.props)) is None


def test_what_a_waiver_accepts_is_not_repaired() -> None:
    repair = next(repair for repair in REPAIRS if repair.rule == "ENC-07")
    waiver = {"rule": "ENC-07", "urn": "*::it", "reason": "r", "owner": "o", "expires": "2026-12-31"}
    waived = replace(repair, settings={"waivers": [waiver]})
    assert repaired(waived, waived.before.props) is None
    expired = replace(repair, settings={"waivers": [{**waiver, "expires": "2026-01-01"}]})
    assert repaired(expired, expired.before.props) is not None


def test_the_engine_gets_repairs_of_the_rules_that_are_set_to_it_and_of_no_other() -> None:
    with running_pack() as pack:
        pack.configure(
            {
                "pack-settings": (MANDATORY, {"repairKey": "alias/topics"}),
                "ENC-07": (REMEDIATE, {}),
                "ENC-14": (REMEDIATE, {}),
            }
        )
        pack.analyze("pulumi:pulumi:Stack", "dev", {})  # brings the settings, before any resource
        key, topic = "aws:kms/key:Key", "aws:sns/topic:Topic"
        secretly = {"enableKeyRotation": False, "deletionWindowInDays": 7, "policy": secret("{}")}
        assert pack.remediate(key, "key", secretly) == [("ENC-07", {**secretly, "enableKeyRotation": True})]
        assert pack.remediate(topic, "topic", {}) == [("ENC-14", {"kmsMasterKeyId": "alias/topics"})]
        assert not pack.remediate(topic, "topic", {"kmsMasterKeyId": "alias/topics"})


def test_every_repair_has_a_golden_row_and_every_rule_without_one_a_reason() -> None:
    assert {rule.id for rule in REPAIRABLE} == {repair.rule for repair in REPAIRS}
    page = (POLICIES.parent / "docs" / "policies.md").read_text()
    section = page.partition("## Repairs")[2].partition("\n## ")[0]
    assert {rule for rule in NO_REPAIR if rule in section} == NO_REPAIR
    assert not NO_REPAIR & {rule.id for rule in REPAIRABLE}


@pytest.mark.parametrize("rule", REPAIRABLE, ids=lambda rule: rule.id)
@settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_repair_of_random_inputs_raises_nothing(rule: Rule, data: st.DataObject) -> None:
    keys = names(rule)
    props = data.draw(st.dictionaries(st.sampled_from(keys), values(keys), max_size=6))
    token = canonical(data.draw(st.sampled_from(sorted(rule.repairs or rule.types))))
    args = as_sent(R(token, props), props)
    rule.repair(args.props, policy_of(rule.id)._run.settings)
    serialize_properties(args.props)
