"""CodeBuild."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World

_SAME = (
    "artifacts",
    "cache",
    "concurrentBuildLimit",
    "encryptionKey",
    "serviceRole",
    "source",
    "vpcConfig",
)
_NUMBERS = {
    "autoRetryLimit": ("autoRetryLimit", 0),
    "buildTimeout": ("timeoutInMinutes", 60),
    "queuedTimeout": ("queuedTimeoutInMinutes", 480),
}
"""By property: the field of the answer, and its value where the program says nothing."""


def _role(world: World) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    made = world.client("iam").create_role(RoleName=world.name("builder"), AssumeRolePolicyDocument=json.dumps(trust))
    return str(made["Role"]["Arn"])


def _project(world: World) -> dict[str, Any]:
    return {
        "name": world.name("runner"),
        "serviceRole": _role(world),
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "computeType": "BUILD_GENERAL1_SMALL",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
        },
        "source": {"type": "GITHUB", "location": "https://github.com/example-org/groundwork.git", "gitCloneDepth": 1},
    }


def _all(world: World) -> dict[str, Any]:
    return {
        **_project(world),
        "autoRetryLimit": 0,
        "buildTimeout": 30,
        "queuedTimeout": 60,
        "concurrentBuildLimit": 4,
        "description": "runners",
        "encryptionKey": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/a",
        "badgeEnabled": True,
        "sourceVersion": "refs/heads/main",
        "cache": {"type": "S3", "location": "bucket/prefix"},
        "logsConfig": {
            "cloudwatchLogs": {"status": "ENABLED", "groupName": "/aws/codebuild/x", "streamName": "jobs"},
            "s3Logs": {"status": "DISABLED"},
        },
        "vpcConfig": {"vpcId": "vpc-1", "subnets": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]},
        "environment": {
            "type": "LINUX_CONTAINER",
            "computeType": "BUILD_GENERAL1_MEDIUM",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "environmentVariables": [{"name": "STAGE", "value": "dev"}],
        },
        "source": {
            "type": "GITHUB",
            "location": "https://github.com/example-org/groundwork.git",
            "auth": {"type": "CODECONNECTIONS", "resource": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/a"},
            "buildspec": "version: 0.2\n",
            "gitSubmodulesConfig": {"fetchSubmodules": False},
        },
        "secondarySources": [
            {"sourceIdentifier": "other", "type": "GITHUB", "location": "https://github.com/example-org/other.git"}
        ],
        "secondarySourceVersions": [{"sourceIdentifier": "other", "sourceVersion": "v1"}],
        "secondaryArtifacts": [{"artifactIdentifier": "report", "type": "S3", "location": "bucket"}],
        "fileSystemLocations": [
            {
                "type": "EFS",
                "identifier": "data",
                "location": "fs-1.efs.eu-west-1.amazonaws.com:/",
                "mountPoint": "/data",
            }
        ],
        "buildBatchConfig": {
            "serviceRole": _role(world),
            "combineArtifacts": True,
            "timeoutInMins": 60,
            "restrictions": {"maximumBuildsAllowed": 5, "computeTypesAlloweds": ["BUILD_GENERAL1_SMALL"]},
        },
        "tags": {"team": "vision"},
    }


def _within(wanted: Any, there: Any) -> bool:
    """Whether all that is wanted is there, whatever AWS has filled in beside it."""
    if isinstance(wanted, Mapping):
        return all(name in there and _within(value, there[name]) for name, value in wanted.items())
    return bool(wanted == there)


def _project_holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    (there,) = world.client("codebuild").batch_get_projects(names=[inputs["name"]])["projects"]
    assert there["arn"] == arn == f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{inputs['name']}"
    for name in _SAME:
        if inputs.get(name) is not None:
            assert _within(inputs[name], there[name]), name
    for name, (field, default) in _NUMBERS.items():
        assert there[field] == inputs.get(name, default)
    assert there["environment"]["computeType"] == inputs["environment"]["computeType"]
    assert len(there["environment"].get("environmentVariables", [])) == len(
        inputs["environment"].get("environmentVariables", [])
    )
    assert there.get("description") == inputs.get("description")
    assert there["badge"]["badgeEnabled"] == inputs.get("badgeEnabled", False)
    for name in ("secondarySources", "secondaryArtifacts", "fileSystemLocations", "secondarySourceVersions"):
        assert len(there.get(name, [])) == len(inputs.get(name) or []), name
    logs = there.get("logsConfig", {}).get("cloudWatchLogs", {})
    assert logs.get("groupName") == (inputs.get("logsConfig") or {}).get("cloudwatchLogs", {}).get("groupName")
    batches, wanted = there.get("buildBatchConfig", {}), inputs.get("buildBatchConfig") or {}
    assert batches.get("restrictions", {}).get("computeTypesAllowed") == (wanted.get("restrictions") or {}).get(
        "computeTypesAlloweds"
    )
    if "vpcConfig" not in inputs:
        assert "vpcConfig" not in there
    if "concurrentBuildLimit" not in inputs:
        assert "concurrentBuildLimit" not in there
    assert {tag["key"]: tag["value"] for tag in there["tags"]} == inputs["tagsAll"]


def _hook(world: World) -> dict[str, Any]:
    project = _project(world)
    world.client("codebuild").create_project(**project)
    return {
        "projectName": project["name"],
        "buildType": "BUILD",
        "filterGroups": [{"filters": [{"type": "EVENT", "pattern": "WORKFLOW_JOB_QUEUED"}]}],
    }


def _hook_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    (project,) = world.client("codebuild").batch_get_projects(names=[inputs["projectName"]])["projects"]
    hook = project["webhook"]
    assert name == inputs["projectName"]
    assert "secret" not in hook
    assert hook["payloadUrl"].startswith("https://codebuild.")
    assert len(hook["filterGroups"]) == len(inputs["filterGroups"])
    for group, wanted in zip(hook["filterGroups"], inputs["filterGroups"], strict=True):
        assert [(one["type"], one["pattern"]) for one in group] == [
            (one["type"], one["pattern"]) for one in wanted["filters"]
        ]
    assert hook.get("branchFilter") == inputs.get("branchFilter")
    assert hook.get("buildType") == inputs.get("buildType")


EXAMPLES = (
    Example(
        "aws:codebuild/project:Project",
        inputs=_all,
        holds=_project_holds,
        updates=(
            {"buildTimeout": 45, "queuedTimeout": 120, "autoRetryLimit": 1, "concurrentBuildLimit": 2},
            {"cache": {"type": "NO_CACHE"}, "badgeEnabled": False, "description": "more runners"},
            {"concurrentBuildLimit": None, "vpcConfig": None, "buildBatchConfig": None, "sourceVersion": None},
            {"secondarySources": None, "secondarySourceVersions": None, "secondaryArtifacts": None},
            {"fileSystemLocations": None, "tags": {"more": "1"}},
        ),
    ),
    Example("aws:codebuild/project:Project", inputs=_project, holds=_project_holds, case="least"),
    Example(
        "aws:codebuild/webhook:Webhook",
        inputs=_hook,
        holds=_hook_holds,
        updates=(
            {
                "filterGroups": [
                    {
                        "filters": [
                            {"type": "EVENT", "pattern": "WORKFLOW_JOB_QUEUED"},
                            {"type": "WORKFLOW_NAME", "pattern": "^deploy$"},
                        ]
                    },
                    {"filters": [{"type": "EVENT", "pattern": "PUSH"}]},
                ]
            },
        ),
    ),
)
