"""What the repairs of rules about pods, service accounts and repositories write, and what they leave."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi_policy import ResourceValidationArgs
from pulumi_policy.deserialize import deserialize_properties, serialize_properties

from policies.pack import RulePolicy, policies
from tests.policies.harness import BY_ID, TODAY, UNKNOWN, R, _options, judge, secret
from tests.support.pack import struct

LABEL = "pod-security.kubernetes.io/enforce"


def args_of(item: R) -> ResourceValidationArgs:
    """A resource as Remediate has it: secrets wrapped, unknown values as they are."""
    props = deserialize_properties(MessageToDict(struct(item.props)), True)
    return ResourceValidationArgs(item.type, props, item.urn, item.name, _options(item), None)


def policy_of(rule: str) -> RulePolicy:
    (policy,) = [p for p in policies([BY_ID[rule]], TODAY) if p.name == rule]
    assert isinstance(policy, RulePolicy)
    return policy


def deployment(**spec: Any) -> R:
    return R("kubernetes:apps/v1:Deployment", {"spec": {"template": {"spec": spec}}, "secret": secret("hunter2")})


def container(**context: Any) -> dict[str, Any]:
    return {"containers": [{"name": "main", "securityContext": context}]}


REPAIRS: list[Any] = [
    ("POD-01", container(privileged=True), container(privileged=False)),
    (
        "POD-01",
        {"containers": [], "securityContext": {"windowsOptions": {"hostProcess": True}}},
        {"containers": [], "securityContext": {"windowsOptions": {"hostProcess": False}}},
    ),
    (
        "POD-02",
        {"containers": [], "hostNetwork": True, "hostPID": True, "hostIPC": False},
        {"containers": [], "hostNetwork": False, "hostPID": False, "hostIPC": False},
    ),
    ("POD-05", {"containers": [{"name": "main"}]}, container(capabilities={"drop": ["ALL"]})),
    (
        "POD-05",
        container(capabilities={"drop": ["NET_RAW"], "add": ["NET_BIND_SERVICE"]}),
        container(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}),
    ),
    ("POD-06", {"initContainers": [{"name": "a"}]}, {"initContainers": [
        {"name": "a", "securityContext": {"allowPrivilegeEscalation": False}}]}),
    ("POD-06", container(allowPrivilegeEscalation=True), container(allowPrivilegeEscalation=False)),
    (
        "POD-07",
        container(runAsNonRoot=False),
        container(runAsNonRoot=True) | {"securityContext": {"runAsNonRoot": True}},
    ),
    (
        "POD-08",
        container(seccompProfile={"type": "Unconfined"}),
        container(seccompProfile={"type": "RuntimeDefault"})
        | {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}},
    ),
    (
        "ACC-28",
        {"containers": [], "serviceAccountName": "trainer"},
        {"containers": [], "serviceAccountName": "trainer", "automountServiceAccountToken": False},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after"), REPAIRS)
def test_a_repair_of_a_pod_ends_the_finding_keeps_secrets_and_runs_once(
    rule: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    policy, args = policy_of(rule), args_of(deployment(**before))
    repaired = policy.remediate(args)
    assert repaired is not None
    assert serialize_properties(repaired) == deployment(**after).props
    assert policy.remediate(args) is None
    assert judge(rule, deployment(**after)).verdict == "pass"


@pytest.mark.parametrize("rule", sorted({rule for rule, _, _ in REPAIRS}))
@pytest.mark.parametrize(
    "spec",
    [UNKNOWN, {"containers": UNKNOWN}, {"containers": [UNKNOWN]}, {"containers": [{"securityContext": UNKNOWN}]}],
    ids=["pod", "containers", "container", "context"],
)
def test_a_repair_of_a_pod_leaves_what_is_unknown(rule: str, spec: Any) -> None:
    item = R("kubernetes:apps/v1:Deployment", {"spec": {"template": {"spec": spec}}})
    args = args_of(item)
    if policy_of(rule).remediate(args) is not None:  # what is not said for the pod may be, beside an unknown container
        repaired = serialize_properties(args.props)["spec"]["template"]["spec"]
        assert repaired["containers"] == spec["containers"]


@pytest.mark.parametrize("capability", ["CHOWN", UNKNOWN])
def test_capabilities_stay_as_they_are_where_one_is_added_that_may_be_refused(capability: str) -> None:
    item = deployment(**container(capabilities={"add": [capability]}))
    assert policy_of("POD-05").remediate(args_of(item)) is None


def test_a_pod_that_its_level_lets_pass_is_not_repaired() -> None:
    policy = policy_of("POD-06")
    item = deployment(**container(allowPrivilegeEscalation=True))
    item = item.with_props({**item.props, "metadata": {"namespace": "gpu"}})
    settings = {"gpuNamespaces": ["gpu"]}
    assert judge("POD-06", item, settings=settings).verdict == "pass"
    run = policy._run
    run.configure(settings)
    assert policy.remediate(args_of(item)) is None
    run.configure({})
    assert policy.remediate(args_of(item)) is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, "restricted"), ({LABEL: "privileged"}, "restricted"), ({LABEL: "baseline"}, None), ({LABEL: UNKNOWN}, None)],
)
def test_a_namespace_gets_the_strictest_level_unless_it_has_another(before: dict[str, str], after: str | None) -> None:
    item = R("kubernetes:core/v1:Namespace", {"metadata": {"name": "team", "labels": before}})
    repaired = policy_of("POD-13").remediate(args_of(item))
    if after is None:
        assert repaired is None
    else:
        assert serialize_properties(repaired)["metadata"] == {"name": "team", "labels": {LABEL: after}}


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": [], "serviceAccountName": "trainer", "automountServiceAccountToken": True},
        {"containers": [], "serviceAccountName": UNKNOWN},
        {"containers": []},
    ],
    ids=["a token that is asked for", "an unknown account", "no account"],
)
def test_a_token_stays_mounted_where_it_may_be_needed(spec: dict[str, Any]) -> None:
    assert policy_of("ACC-28").remediate(args_of(deployment(**spec))) is None


def test_a_service_account_mounts_no_token_any_more() -> None:
    account = R("kubernetes:core/v1:ServiceAccount", {"metadata": {"name": "trainer"}})
    repaired = policy_of("ACC-28").remediate(args_of(account))
    assert repaired is not None
    assert serialize_properties(repaired) == {**account.props, "automountServiceAccountToken": False}


def test_a_repository_keeps_its_tags_unless_that_is_not_known_yet() -> None:
    repository = R("aws:ecr/repository:Repository", {"name": "model", "imageTagMutability": "MUTABLE"})
    repaired = policy_of("SUP-03").remediate(args_of(repository))
    assert repaired is not None
    assert serialize_properties(repaired) == {"name": "model", "imageTagMutability": "IMMUTABLE"}
    unknown = repository.with_props({"imageTagMutability": UNKNOWN})
    assert policy_of("SUP-03").remediate(args_of(unknown)) is None
