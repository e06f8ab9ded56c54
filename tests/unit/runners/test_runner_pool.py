"""Decides how a pool is set up and what its jobs may do, by a small evaluator; AWS is not asked."""

import ast
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

import components.runners
from components.policy_document import document
from components.runners.codebuild_settings import GPU, CodeBuildSettings
from components.runners.kinds import KINDS, RunnerPoolSettings
from components.runners.place import CacheStore, ClusterPlace, RunnerPlace
from components.runners.runner_pool import RunnerPool, RunnerPoolArgs
from components.security.permissions_boundary import PermissionsBoundaryArgs, boundary_statements
from components.security.secret import SecretSettings
from components.tags import DataClass
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.support.stack_files import CLONE
from tests.unit.security.evaluator import decision

HERE = f"{REGION}:{ACCOUNT_ID}"
CONNECTION = f"arn:aws:codeconnections:{HERE}:connection/01234567-89ab-cdef-0123-456789abcdef"
PROJECT = f"arn:aws:codebuild:{HERE}:project/groundwork-dev-runners-build"
LOGS = f"arn:aws:logs:{HERE}:log-group:/aws/codebuild/groundwork-dev-runners-build"
BUCKET = "arn:aws:s3:::groundwork-dev-artifacts"
IMAGE = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/groundwork-dev-training@sha256:{'a1' * 32}"
GOOD: dict[str, Any] = {"repository": "octo-org/groundwork", "connection_arn": CONNECTION}
PLACE = RunnerPlace(
    account_id=ACCOUNT_ID,
    region=REGION,
    environment="dev",
    vpc_id="vpc-1",
    subnet_ids=("subnet-a", "subnet-b"),
    boundary_arn="boundary",
    key_arn="key",
    logs_key_arn="logs-key",
    cache=CacheStore(bucket_name="groundwork-dev-artifacts", key_name=DataClass.CONFIDENTIAL),
    cluster=ClusterPlace(
        known_cluster_name="groundwork-dev",
        cluster_name="groundwork-dev",
        vpc_cidr="10.20.0.0/16",
        api_server_address="172.20.0.1",
        egress_ranges=("52.218.0.0/17",),
        preview_group="groundwork:preview",
        secrets=SecretSettings(),
        secrets_key_arn="secrets-key",
    ),
)


def build(**settings: Any) -> RunnerPool:
    args = RunnerPoolArgs(settings=CodeBuildSettings.model_validate(GOOD | settings), place=PLACE)
    return run_program(lambda: RunnerPool("runners-build", args))


def project(recorder: Recorder) -> dict[str, Any]:
    return dict(recorder.one("runners-build-project").inputs)


def policies(recorder: Recorder) -> list[str]:
    return [made.inputs["policy"] for made in recorder.of_type("aws:iam/rolePolicy:RolePolicy")]


def may(recorder: Recorder, action: str, resource: str, **context: str) -> bool:
    given = {key.replace("__", ":"): value for key, value in context.items()}
    return any(decision(policy, action, resource, given) == "Allow" for policy in policies(recorder))


def test_a_job_gets_a_machine_of_its_own_in_the_private_subnets(recorder: Recorder) -> None:
    build(concurrent_jobs=7, build_timeout_minutes=90, queued_timeout_minutes=30)
    made = project(recorder)
    assert made["vpcConfig"]["subnets"] == ["subnet-a", "subnet-b"]
    assert made["vpcConfig"]["securityGroupIds"] == ["runners-build-security-group-id"]
    assert (made["buildTimeout"], made["queuedTimeout"], made["concurrentBuildLimit"]) == (90, 30, 7)
    assert made["autoRetryLimit"] == 0
    assert made["environment"] == {
        "type": "LINUX_CONTAINER",
        "computeType": "BUILD_GENERAL1_MEDIUM",
        "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
        "imagePullCredentialsType": "CODEBUILD",
        "privilegedMode": False,
    }
    assert made["encryptionKey"] == "key"


def test_what_reaches_a_job_and_what_it_reaches(recorder: Recorder) -> None:
    build()
    assert not recorder.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    (rule,) = recorder.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("tcp", 443, 443)


def test_its_log_is_in_a_group_of_its_own_under_our_key(recorder: Recorder) -> None:
    build()
    group = recorder.one("runners-build-log-group").inputs
    assert group["name"] == "/aws/codebuild/groundwork-dev-runners-build"
    assert (group["kmsKeyId"], group["retentionInDays"]) == ("logs-key", 365)
    logs = project(recorder)["logsConfig"]
    assert logs["cloudwatchLogs"] == {"status": "ENABLED", "groupName": group["name"]}
    assert logs["s3Logs"] == {"status": "DISABLED"}


@pytest.mark.parametrize(
    ("provider", "location", "label"),
    [
        ("github", "https://github.com/octo-org/groundwork.git", "${{ github.run_id }}-${{ github.run_attempt }}"),
        ("gitlab", "https://gitlab.com/octo-org/groundwork.git", "$CI_PROJECT_ID-$CI_PIPELINE_IID-$CI_JOB_NAME"),
    ],
)
def test_a_queued_job_starts_it_over_a_connection_and_never_with_a_token(
    recorder: Recorder, provider: str, location: str, label: str
) -> None:
    pool = build(provider=provider)
    source = project(recorder)["source"]
    assert (source["type"], source["location"]) == (provider.upper(), location)
    assert source["auth"] == {"type": "CODECONNECTIONS", "resource": CONNECTION}
    hook = recorder.one("runners-build-webhook").inputs
    assert hook["filterGroups"] == [{"filters": [{"type": "EVENT", "pattern": "WORKFLOW_JOB_QUEUED"}]}]
    values: list[str] = []
    run_program(lambda: pool.runs_on.apply(values.append))
    assert values == [f"codebuild-groundwork-dev-runners-build-{label}"]


def test_only_the_workflows_that_are_named_start_it_and_no_part_of_a_name_does(recorder: Recorder) -> None:
    build(workflows=["deploy", "drift.daily"])
    groups = recorder.one("runners-build-webhook").inputs["filterGroups"]
    assert [group["filters"][1] for group in groups] == [
        {"type": "WORKFLOW_NAME", "pattern": "^deploy$"},
        {"type": "WORKFLOW_NAME", "pattern": r"^drift\.daily$"},
    ]
    assert all(group["filters"][0]["pattern"] == "WORKFLOW_JOB_QUEUED" for group in groups)


def test_the_role_is_codebuilds_for_this_project_alone_and_bounded(recorder: Recorder) -> None:
    build()
    role = recorder.one("runners-build-jobs-role").inputs
    assert role["permissionsBoundary"] == "boundary"
    trust = role["assumeRolePolicy"]
    context = {"aws:SourceAccount": ACCOUNT_ID, "aws:SourceArn": PROJECT}
    service = "codebuild.amazonaws.com"
    assert decision(trust, "sts:AssumeRole", "*", context, principal=service) == "Allow"
    other = context | {"aws:SourceArn": f"{PROJECT}-2"}
    assert decision(trust, "sts:AssumeRole", "*", other, principal=service) == "none"
    assert decision(trust, "sts:AssumeRole", "*", context, principal="ec2.amazonaws.com") == "none"


CACHE = f"{BUCKET}/runner-caches/runners-build/toolchain.tar.gz"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:groundwork-dev/mlflow/server"
INTERFACE = f"arn:aws:ec2:{HERE}:network-interface/eni-1"
OURS = {"aws__ResourceTag/environment": "dev"}


@pytest.mark.parametrize(
    ("action", "resource", "context", "allowed"),
    [
        ("logs:PutLogEvents", f"{LOGS}:log-stream:1", {}, True),
        ("logs:PutLogEvents", f"{LOGS}-2:log-stream:1", {}, False),
        ("logs:GetLogEvents", f"{LOGS}:log-stream:1", {}, False),
        ("logs:DeleteLogGroup", LOGS, {}, False),
        ("s3:PutObject", CACHE, {}, True),
        ("s3:GetObject", CACHE, {}, True),
        ("s3:PutObject", f"{BUCKET}/runner-caches/runners-other/toolchain.tar.gz", {}, False),
        ("s3:GetObject", f"{BUCKET}/models/wine", {}, False),
        ("s3:DeleteObject", CACHE, {}, False),
        ("codeconnections:GetConnectionToken", CONNECTION, {}, True),
        ("codeconnections:GetConnectionToken", CONNECTION.replace("0123", "9123"), {}, False),
        ("ec2:CreateNetworkInterface", INTERFACE, {}, True),
        ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:subnet/subnet-a", OURS, True),
        ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:subnet/subnet-a", {}, False),
        (
            "ec2:CreateNetworkInterfacePermission",
            INTERFACE,
            {"ec2__AuthorizedService": "codebuild.amazonaws.com"},
            True,
        ),
        ("ec2:CreateNetworkInterfacePermission", INTERFACE, {"ec2__AuthorizedService": "rds.amazonaws.com"}, False),
        ("ec2:DetachNetworkInterface", INTERFACE, {}, False),
        ("ecr:BatchGetImage", f"arn:aws:ecr:{HERE}:repository/groundwork-dev-training", {}, False),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-github-deploy", {}, False),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-runners-build-jobs", {}, False),
        (
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:{HERE}:secret:groundwork-dev/mlflow/server",
            {},
            False,
        ),
        ("codebuild:UpdateProject", PROJECT, {}, False),
        ("codebuild:StartBuild", PROJECT, {}, False),
        ("eks:DescribeCluster", f"arn:aws:eks:{HERE}:cluster/groundwork-dev", {}, False),
    ],
)
def test_what_a_job_may_do_and_what_it_may_not(
    recorder: Recorder, action: str, resource: str, context: dict[str, str], allowed: bool
) -> None:
    build()
    assert may(recorder, action, resource, **context) is allowed
    if allowed:
        boundary = document(
            *boundary_statements(PermissionsBoundaryArgs(account_id=ACCOUNT_ID, region=REGION, environment="dev"))
        )
        given = {key.replace("__", ":"): value for key, value in context.items()}
        assert decision(boundary, action, resource, given) == "Allow", "its boundary leaves it nothing"


def test_an_image_of_ours_is_pulled_with_the_role_and_no_other(recorder: Recorder) -> None:
    build(image=IMAGE, environment_type=GPU, compute_type="BUILD_GENERAL1_LARGE")
    made = project(recorder)["environment"]
    assert (made["image"], made["imagePullCredentialsType"]) == (IMAGE, "SERVICE_ROLE")
    assert may(recorder, "ecr:BatchGetImage", f"arn:aws:ecr:{HERE}:repository/groundwork-dev-training")
    assert not may(recorder, "ecr:BatchGetImage", f"arn:aws:ecr:{HERE}:repository/groundwork-dev-serving")
    assert not may(recorder, "ecr:PutImage", f"arn:aws:ecr:{HERE}:repository/groundwork-dev-training")


def test_a_pool_without_a_cache_has_no_right_to_one(recorder: Recorder) -> None:
    build(cache=False)
    assert not may(recorder, "s3:PutObject", CACHE)
    assert not may(recorder, "s3:GetObject", CACHE)
    specification = json.loads(project(recorder)["source"]["buildspec"])
    assert "RUNNER_CACHE" not in json.dumps(specification)
    assert "key-access-confidential" not in recorder.one("runners-build-jobs-role").inputs.get("tags", {})


def test_the_build_specification_keeps_the_cache_where_the_role_may(recorder: Recorder) -> None:
    build()
    specification = json.loads(project(recorder)["source"]["buildspec"])
    assert specification["env"]["variables"] == {"RUNNER_CACHE": CACHE.replace("arn:aws:s3:::", "s3://")}
    assert set(specification["phases"]) == {"pre_build", "post_build"}, "the job itself is CodeBuild's"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"environment_type": GPU, "compute_type": "BUILD_GENERAL1_MEDIUM", "image": IMAGE}, "machines with GPUs are"),
        ({"environment_type": GPU, "compute_type": "BUILD_GENERAL1_SMALL"}, "no image of its own for GPUs"),
        ({"image": f"docker.io/library/python@sha256:{'a1' * 32}"}, "not of an ECR repository"),
        ({"image": "aws/codebuild/standard:7.0"}, "image"),
        ({"provider": "gitlab", "workflows": ["deploy"]}, "only GitHub Actions"),
        ({"connection_arn": "ghp_0123456789"}, "connection_arn"),
        ({"repository": "groundwork"}, "repository"),
        ({"concurrent_jobs": 0}, "concurrent_jobs"),
        ({"token": "x"}, "token"),
    ],
)
def test_settings_that_name_no_machine_or_no_way_in_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CodeBuildSettings.model_validate(GOOD | wrong)


def _modules_of_kinds() -> set[str]:
    return {kind.build.__module__ for kind in KINDS.values()}


def test_every_kind_has_settings_that_name_it() -> None:
    settings = get_args(get_args(RunnerPoolSettings)[0]) if get_args(RunnerPoolSettings) else (RunnerPoolSettings,)
    assert {one.model_fields["kind"].default for one in settings} == set(KINDS)


def test_a_kind_is_known_in_one_place_alone() -> None:
    """So that adding one touches that place: nothing else imports a kind, or asks for one by its name."""
    (folder,) = components.runners.__path__
    allowed = {"kinds.py"} | {Path(name.rpartition(".")[2] + ".py").name for name in _modules_of_kinds()}
    found = []
    for path in (path for room in ("components", "stacks", "groundwork") for path in (CLONE / room).rglob("*.py")):
        if path.parent == Path(folder) and path.name in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (
                node.module in _modules_of_kinds()
                or {f"{node.module}.{alias.name}" for alias in node.names} & _modules_of_kinds()
            ):
                found.append(f"{path.relative_to(CLONE)}:{node.lineno} imports {node.module}")
            if isinstance(node, ast.Compare) and any(
                isinstance(part, ast.Constant) and part.value in KINDS for part in (node.left, *node.comparators)
            ):
                found.append(f"{path.relative_to(CLONE)}:{node.lineno} asks for a kind")
    assert not found
