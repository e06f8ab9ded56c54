"""Decides what one persona's role and group may do, by a small evaluator and by reading the rules."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.policy_document import document
from components.security.permissions_boundary import PermissionsBoundaryArgs, boundary_statements
from components.tags import DataClass, KeyName, KeyPurpose
from components.teams.persona_access import BucketOf, PersonaAccess, PersonaAccessArgs, role_arn
from components.teams.personas import PLATFORM_PERSONAS, TEAM_PERSONAS
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

PEOPLE = (f"arn:aws:iam::{ACCOUNT_ID}:role/VisionScientist",)
KEYS: dict[str, KeyName] = {
    "datasets": DataClass.CONFIDENTIAL,
    "artifacts": DataClass.CONFIDENTIAL,
    "dvc": KeyPurpose.DATA_VERSIONING,
    "audit": DataClass.REGULATED,
}
STORES = {name: BucketOf(bucket_name=f"groundwork-dev-{name}", key_name=key_name) for name, key_name in KEYS.items()}
PERSONAS = [(name, "vision") for name in TEAM_PERSONAS] + [(name, None) for name in PLATFORM_PERSONAS]
each_persona = pytest.mark.parametrize(("persona", "team"), PERSONAS)


def build(persona: str, team: str | None = "vision", **changed: Any) -> PersonaAccess:
    args = {
        "account_id": ACCOUNT_ID,
        "region": REGION,
        "environment": "dev",
        "boundary_arn": f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-dev-boundary",
        "cluster_name": "groundwork-dev",
        "persona": persona,
        "team": team,
        "namespace": f"team-{team}" if team else None,
        "people": PEOPLE,
        "stores": STORES,
    }
    return run_program(lambda: PersonaAccess("one", PersonaAccessArgs.model_validate(args | changed)))


def documents(recorder: Recorder) -> list[str]:
    return [made.inputs["policy"] for made in recorder.of_type("aws:iam/rolePolicy:RolePolicy")]


def may(recorder: Recorder, action: str, resource: str, context: dict[str, str] | None = None) -> bool:
    return any(decision(policy, action, resource, context or {}) == "Allow" for policy in documents(recorder))


def rules(recorder: Recorder) -> list[dict[str, list[str]]]:
    found: list[dict[str, list[str]]] = recorder.one("one-rules").inputs["rules"]
    return found


def test_the_role_is_taken_by_those_whom_a_pattern_names_and_are_of_the_account(recorder: Recorder) -> None:
    build("data-scientist", people=(*PEOPLE, f"arn:aws:iam::{ACCOUNT_ID}:role/aws-reserved/sso/*/Vision_*"))
    policy = recorder.one("one-role").inputs["assumeRolePolicy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{ACCOUNT_ID}:root"]}
    good = {"aws:PrincipalArn": PEOPLE[0]}
    account = f"arn:aws:iam::{ACCOUNT_ID}:root"
    assert decision(policy, "sts:AssumeRole", "*", good, principal=account) == "Allow"
    sso = {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/aws-reserved/sso/eu/Vision_1"}
    assert decision(policy, "sts:AssumeRole", "*", sso, principal=account) == "Allow"
    other = {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/Other"}
    assert decision(policy, "sts:AssumeRole", "*", other, principal=account) == "none"
    assert decision(policy, "sts:AssumeRole", "*", {}, principal=account) == "none"


@each_persona
def test_the_role_has_a_known_name_the_boundary_and_an_entry_with_its_group(
    recorder: Recorder, persona: str, team: str | None
) -> None:
    build(persona, team)
    role = recorder.one("one-role").inputs
    assert role["name"] == f"groundwork-dev-{f'{team}-' if team else ''}{persona}"
    assert role_arn(ACCOUNT_ID, "dev", persona, team).endswith(f"/{role['name']}")
    assert role["permissionsBoundary"].endswith("/groundwork-dev-boundary")
    entry = recorder.one("one-entry").inputs
    assert entry["kubernetesGroups"] == [f"groundwork:{f'team:{team}:' if team else ''}{persona}"]
    assert entry["principalArn"].endswith(f":role/{role['name']}")
    (subject,) = recorder.one("one-binding").inputs["subjects"]
    assert (subject["kind"], [subject["name"]]) == ("Group", entry["kubernetesGroups"])


SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:groundwork-dev/mlflow"
OWN_SECRETS = {
    "data-scientist": "vision/data-scientist",
    "ml-engineer": "vision/ml-engineer",
    "release-approver": "vision/release-approver",
    "auditor": "auditor",
}


@each_persona
def test_a_persona_reads_the_secret_that_it_signs_in_with_and_no_other(
    recorder: Recorder, persona: str, team: str | None
) -> None:
    build(persona, team)
    every = {*OWN_SECRETS.values(), "server", "vision/training", "language/data-scientist", "vision-2/data-scientist"}
    read = {path for path in every if may(recorder, "secretsmanager:GetSecretValue", f"{SECRETS}/{path}-AbCdEf")}
    assert read == ({OWN_SECRETS[persona]} if persona in OWN_SECRETS else set())
    assert not any(may(recorder, "secretsmanager:PutSecretValue", f"{SECRETS}/{path}-AbCdEf") for path in every)


def test_a_teams_rights_end_at_its_namespace(recorder: Recorder) -> None:
    build("ml-engineer")
    assert not recorder.of_type("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
    assert not recorder.of_type("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding")
    for name in ("one-rules", "one-binding"):
        assert recorder.one(name).inputs["metadata"]["namespace"] == "team-vision"


def test_the_platforms_rights_are_for_the_whole_cluster(recorder: Recorder) -> None:
    build("auditor", None)
    assert recorder.one("one-rules").typ.endswith(":ClusterRole")
    assert recorder.one("one-binding").inputs["roleRef"]["kind"] == "ClusterRole"


@each_persona
def test_nobody_gets_what_leads_to_other_rights(recorder: Recorder, persona: str, team: str | None) -> None:
    build(persona, team)
    for rule in rules(recorder):
        for part in ("apiGroups", "resources", "verbs"):
            assert "*" not in rule[part]
        assert not set(rule["verbs"]) & {"bind", "escalate", "impersonate"}
        assert not set(rule["resources"]) & {"secrets", "pods/exec", "pods/attach", "nodes/proxy"}
        if "create" in rule["verbs"]:
            assert not set(rule["resources"]) & {"pods", "persistentvolumes", "serviceaccounts/token"}
        changes = set(rule["verbs"]) - {"get", "list", "watch"}
        if changes:
            assert rule["apiGroups"] not in (["rbac.authorization.k8s.io"], ["admissionregistration.k8s.io"])
            assert not set(rule["resources"]) & {
                "namespaces",
                "resourcequotas",
                "limitranges",
                "networkpolicies",
                "serviceaccounts",
            }


@each_persona
def test_all_rights_in_aws_are_within_the_boundary(recorder: Recorder, persona: str, team: str | None) -> None:
    build(persona, team)
    boundary = document(
        *boundary_statements(PermissionsBoundaryArgs(account_id=ACCOUNT_ID, region=REGION, environment="dev"))
    )
    tags = {"aws:ResourceTag/k8s.io/cluster-autoscaler/groundwork-dev": "owned", "s3:prefix": "teams/vision/"}
    granted = [
        (action, resource.replace("*", "x") if resource != "*" else resource)
        for policy in documents(recorder)
        for statement in json.loads(policy)["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]
    outside = [each for each in granted if decision(boundary, *each, tags) != "Allow"]
    assert not outside


@each_persona
def test_whoever_uses_kubectl_finds_the_cluster(recorder: Recorder, persona: str, team: str | None) -> None:
    build(persona, team)
    cluster = f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/groundwork-"
    assert may(recorder, "eks:DescribeCluster", f"{cluster}dev")
    assert not may(recorder, "eks:DescribeCluster", f"{cluster}prod")


def test_objects_of_the_team_are_reached_and_those_of_another_are_not(recorder: Recorder) -> None:
    build("data-scientist")
    assert may(recorder, "s3:GetObject", "arn:aws:s3:::groundwork-dev-datasets/teams/vision/a")
    assert not may(recorder, "s3:PutObject", "arn:aws:s3:::groundwork-dev-datasets/teams/vision/a")
    assert may(recorder, "s3:PutObject", "arn:aws:s3:::groundwork-dev-artifacts/teams/vision/a")
    for bucket in ("datasets", "artifacts", "dvc"):
        assert not may(recorder, "s3:GetObject", f"arn:aws:s3:::groundwork-dev-{bucket}/teams/language/a")
        assert not may(recorder, "s3:GetObject", f"arn:aws:s3:::groundwork-dev-{bucket}/teams/visionaries/a")
    assert recorder.one("one-role").inputs["tags"] == {
        "key-access-confidential": "write",
        "key-access-data-versioning": "write",
    }


def test_an_approver_writes_approvals_and_nothing_else(recorder: Recorder) -> None:
    build("release-approver")
    artifacts = "arn:aws:s3:::groundwork-dev-artifacts"
    assert may(recorder, "s3:GetObject", f"{artifacts}/teams/vision/model")
    assert not may(recorder, "s3:PutObject", f"{artifacts}/teams/vision/model")
    assert may(recorder, "s3:PutObject", f"{artifacts}/approvals/vision/release")
    assert not may(recorder, "s3:PutObject", f"{artifacts}/approvals/language/release")


def test_an_approver_may_verify_what_a_model_was_made_of(recorder: Recorder) -> None:
    build("release-approver")
    dvc, images = "arn:aws:s3:::groundwork-dev-dvc", f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/groundwork"
    assert may(recorder, "s3:GetObject", f"{dvc}/teams/vision/files/md5/ab/cd")
    assert not may(recorder, "s3:GetObject", f"{dvc}/teams/language/files/md5/ab/cd")
    assert not may(recorder, "s3:PutObject", f"{dvc}/teams/vision/files/md5/ab/cd")
    assert may(recorder, "ecr:DescribeImages", f"{images}-dev-training")
    assert not may(recorder, "ecr:DescribeImages", f"{images}-prod-training")
    assert recorder.one("one-role").inputs["tags"] == {
        "key-access-confidential": "write",
        "key-access-data-versioning": "read",
    }


@pytest.mark.parametrize("persona", ["data-scientist", "ml-engineer"])
def test_nobody_approves_their_own_work(recorder: Recorder, persona: str) -> None:
    build(persona)
    assert not may(recorder, "s3:PutObject", "arn:aws:s3:::groundwork-dev-artifacts/approvals/vision/release")


def test_an_auditor_reads_the_trail_with_its_key_and_no_other_data(recorder: Recorder) -> None:
    build("auditor", None)
    assert may(recorder, "s3:GetObject", "arn:aws:s3:::groundwork-dev-audit/AWSLogs/x")
    assert not may(recorder, "s3:GetObject", "arn:aws:s3:::groundwork-dev-datasets/x")
    assert recorder.one("one-role").inputs["tags"] == {"key-access-regulated": "read"}


def test_a_platform_engineer_scales_the_clusters_groups_and_sees_no_data(recorder: Recorder) -> None:
    build("platform-engineer", None)
    group = f"arn:aws:autoscaling:{REGION}:{ACCOUNT_ID}:autoScalingGroup:1:autoScalingGroupName/eks-system"
    tag = {"aws:ResourceTag/k8s.io/cluster-autoscaler/groundwork-dev": "owned"}
    assert may(recorder, "autoscaling:SetDesiredCapacity", group, tag)
    assert not may(recorder, "autoscaling:SetDesiredCapacity", group)
    assert not [made for made in recorder.made if made.name == "one-objects"]
    assert not recorder.one("one-role").inputs.get("tags")


def test_a_persona_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="there is no persona 'auditor' here; there are data-scientist, ml-engineer"):
        build("auditor", "vision")


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        f"arn:aws:iam::{ACCOUNT_ID}:*",
        f"arn:aws:iam::{ACCOUNT_ID}:role/*",
        f"arn:aws:iam::{ACCOUNT_ID}:user/**",
        "arn:aws:iam::*:role/VisionScientist",
        f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/VisionScientist/me",
    ],
)
def test_a_pattern_that_names_nobody_in_particular_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match="people"):
        build("data-scientist", people=(pattern,))
