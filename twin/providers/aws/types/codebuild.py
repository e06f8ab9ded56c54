"""CodeBuild: projects, and the webhooks that start their builds.

Source: AWS CodeBuild API reference: CreateProject, UpdateProject, BatchGetProjects, CreateWebhook, UpdateWebhook;
UpdateProject leaves alone what it is not told, so what a program no longer says is taken away by an empty value.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, STRING, Block, ListOf
from twin.providers.aws.schema import REGION, TAGS, Call, Facet, Property, ResourceType

_GONE = ("ResourceNotFoundException",)
_TEXTS = ListOf(STRING, ordered=False)
_UNBOUNDED = -1
"""How UpdateProject is told that there is no limit any more."""

_ARTIFACTS = {
    "artifactIdentifier": Property(),
    "bucketOwnerAccess": Property(),
    "encryptionDisabled": Property(kind=BOOLEAN, default=False),
    "location": Property(),
    "name": Property(),
    "namespaceType": Property(),
    "overrideArtifactName": Property(kind=BOOLEAN, default=False),
    "packaging": Property(),
    "path": Property(),
    "type": Property(required=True),
}
_SOURCE = {
    "auth": Property(kind=Block({"resource": Property(), "type": Property(required=True)})),
    "buildspec": Property(),
    "buildStatusConfig": Property(kind=Block({"context": Property(), "targetUrl": Property()})),
    "gitCloneDepth": Property(kind=INTEGER),
    "gitSubmodulesConfig": Property(
        kind=Block({"fetchSubmodules": Property(kind=BOOLEAN, required=True)}),
    ),
    "insecureSsl": Property(kind=BOOLEAN),
    "location": Property(),
    "reportBuildStatus": Property(kind=BOOLEAN),
    "type": Property(required=True),
}
_ENVIRONMENT = Block(
    {
        "certificate": Property(),
        "computeType": Property(required=True),
        "environmentVariables": Property(
            kind=ListOf(
                Block(
                    {
                        "name": Property(required=True),
                        "type": Property(default="PLAINTEXT"),
                        "value": Property(required=True),
                    }
                )
            )
        ),
        "image": Property(required=True),
        "imagePullCredentialsType": Property(default="CODEBUILD"),
        "privilegedMode": Property(kind=BOOLEAN, default=False),
        "registryCredential": Property(
            kind=Block({"credential": Property(required=True), "credentialProvider": Property(required=True)})
        ),
        "type": Property(required=True),
    }
)
_LOGS = Block(
    {
        "cloudwatchLogs": Property(
            kind=Block({"groupName": Property(), "status": Property(default="ENABLED"), "streamName": Property()})
        ),
        "s3Logs": Property(
            kind=Block(
                {
                    "bucketOwnerAccess": Property(),
                    "encryptionDisabled": Property(kind=BOOLEAN, default=False),
                    "location": Property(),
                    "status": Property(default="DISABLED"),
                }
            )
        ),
    }
)
_BATCHES = Block(
    {
        "combineArtifacts": Property(kind=BOOLEAN),
        "restrictions": Property(
            kind=Block(
                {
                    "computeTypesAlloweds": Property(kind=_TEXTS, api="computeTypesAllowed"),
                    "maximumBuildsAllowed": Property(kind=INTEGER),
                }
            )
        ),
        "serviceRole": Property(required=True),
        "timeoutInMins": Property(kind=INTEGER),
    }
)
_FILE_SYSTEM = Block({name: Property() for name in ("identifier", "location", "mountOptions", "mountPoint", "type")})

_CLEARED: dict[str, tuple[str, Any]] = {
    "buildBatchConfig": ("buildBatchConfig", {}),
    "concurrentBuildLimit": ("concurrentBuildLimit", _UNBOUNDED),
    "description": ("description", ""),
    "fileSystemLocations": ("fileSystemLocations", []),
    "secondaryArtifacts": ("secondaryArtifacts", []),
    "secondarySources": ("secondarySources", []),
    "secondarySourceVersions": ("secondarySourceVersions", []),
    "sourceVersion": ("sourceVersion", ""),
    "vpcConfig": ("vpcConfig", {}),
}
"""By property: the parameter, and the value that takes it away."""
_CHANGEABLE = (
    *_CLEARED,
    "artifacts",
    "autoRetryLimit",
    "badgeEnabled",
    "buildTimeout",
    "cache",
    "encryptionKey",
    "environment",
    "logsConfig",
    "queuedTimeout",
    "serviceRole",
    "source",
)


def _update(ctx: Context) -> None:
    wanted = ctx.request(Call("update_project", {"name": "{name}"}), _CHANGEABLE)
    cleared = {
        parameter: empty
        for name, (parameter, empty) in _CLEARED.items()
        if ctx.inputs.get(name) is None and ctx.old.get(name)
    }
    ctx.call("update_project", **cleared | wanted)


def _update_tags(ctx: Context) -> None:
    """All of them at once: a project's tags are part of it."""
    wanted = ctx.inputs.get("tagsAll") or {}
    tags = [{"key": key, "value": value} for key, value in sorted(wanted.items())]
    ctx.call("update_project", name=ctx.value("name"), tags=tags)


_PRIVATE = "the twin shows no project's builds to the public"
_FLEETS = "the twin has no fleets and no Docker servers"

PROJECT = ResourceType(
    "aws:codebuild/project:Project",
    "codebuild",
    id="=project.arn",
    properties={
        "arn": Property(output=True),
        "artifacts": Property(kind=Block(_ARTIFACTS), required=True),
        "autoRetryLimit": Property(kind=INTEGER, default=0),
        "badgeEnabled": Property(kind=BOOLEAN, default=False, read="badge.badgeEnabled"),
        "badgeUrl": Property(output=True, read="badge.badgeRequestUrl"),
        "buildBatchConfig": Property(kind=_BATCHES),
        "buildTimeout": Property(kind=INTEGER, default=60, api="timeoutInMinutes"),
        "cache": Property(
            kind=Block(
                {
                    "cacheNamespace": Property(),
                    "location": Property(),
                    "modes": Property(kind=ListOf(STRING)),
                    "type": Property(default="NO_CACHE"),
                }
            ),
            computed=True,
        ),
        "concurrentBuildLimit": Property(kind=INTEGER),
        "description": Property(computed=True),
        "encryptionKey": Property(computed=True),
        "environment": Property(kind=_ENVIRONMENT, required=True),
        "fileSystemLocations": Property(kind=ListOf(_FILE_SYSTEM, ordered=False)),
        "logsConfig": Property(kind=_LOGS, computed=True),
        "name": Property(replaces=True),
        "queuedTimeout": Property(kind=INTEGER, default=480, api="queuedTimeoutInMinutes"),
        "region": REGION,
        "secondaryArtifacts": Property(
            kind=ListOf(
                Block({**_ARTIFACTS, "artifactIdentifier": Property(required=True)}),
                ordered=False,
            )
        ),
        "secondarySourceVersions": Property(
            kind=ListOf(
                Block({"sourceIdentifier": Property(required=True), "sourceVersion": Property(required=True)}),
                ordered=False,
            )
        ),
        "secondarySources": Property(
            kind=ListOf(Block({**_SOURCE, "sourceIdentifier": Property(required=True)}), ordered=False)
        ),
        "serviceRole": Property(required=True),
        "source": Property(kind=Block(_SOURCE), required=True),
        "sourceVersion": Property(),
        **TAGS,
        "vpcConfig": Property(
            kind=Block(
                {
                    "securityGroupIds": Property(kind=_TEXTS, required=True),
                    "subnets": Property(kind=_TEXTS, required=True),
                    "vpcId": Property(required=True),
                }
            )
        ),
    },
    create=Call("create_project"),
    read=Call("batch_get_projects", {"names": ["{id}"]}, result="projects[0]"),
    facets=(
        Facet(properties=_CHANGEABLE, put=_update, created=True),
        Facet(properties=("tagsAll",), put=_update_tags, created=True),
    ),
    # By name: DeleteProject takes no ARN.
    delete=Call("delete_project", {"name": "{name}"}, missing=_GONE),
    find=lambda ctx: ctx.run(Call("batch_get_projects", {"names": ["{name}"]}, result="projects[0].arn")),
    refused={
        "environment.dockerServer": _FLEETS,
        "environment.fleet": _FLEETS,
        "environment.hostKernel": _FLEETS,
        "projectVisibility": _PRIVATE,
        "resourceAccessRole": _PRIVATE,
    },
    absent={"projectVisibility": _PRIVATE, "publicProjectAlias": _PRIVATE, "resourceAccessRole": _PRIVATE},
)


def _update_webhook(ctx: Context) -> None:
    names = ("branchFilter", "buildType", "filterGroups", "pullRequestBuildPolicy")
    params = ctx.request(Call("update_webhook", {"projectName": "{projectName}"}), names)
    if ctx.inputs.get("branchFilter") is None and ctx.old.get("branchFilter"):
        params["branchFilter"] = ""
    ctx.call("update_webhook", **params)


_FILTER = Block(
    {
        "excludeMatchedPattern": Property(kind=BOOLEAN, default=False),
        "pattern": Property(required=True),
        "type": Property(required=True),
    }
)


class _Groups(ListOf):
    """Groups of filters: a list in a list in the API, a list of objects with one list in the SDK."""

    def to_api(self, value: Any, shape: Any) -> Any:
        """Without the objects."""
        return [ListOf(_FILTER).to_api(group.get("filters") or [], shape and shape.member) for group in value]

    def from_api(self, value: Any) -> Any:
        """With them."""
        return None if value is None else [{"filters": ListOf(_FILTER).from_api(group)} for group in value]


WEBHOOK = ResourceType(
    "aws:codebuild/webhook:Webhook",
    "codebuild",
    id="{projectName}",
    properties={
        "branchFilter": Property(),
        "buildType": Property(),
        "filterGroups": Property(kind=_Groups(Block({"filters": Property(kind=ListOf(_FILTER))}), ordered=False)),
        "manualCreation": Property(kind=BOOLEAN, replaces=True, returned=False),
        "payloadUrl": Property(output=True),
        "projectName": Property(required=True, replaces=True),
        "pullRequestBuildPolicy": Property(
            kind=Block(
                {
                    "approverRoles": Property(kind=_TEXTS, computed=True),
                    "requiresCommentApproval": Property(required=True),
                }
            ),
            computed=True,
        ),
        "region": REGION,
        "scopeConfiguration": Property(
            kind=Block(
                {
                    "domain": Property(replaces=True),
                    "name": Property(required=True, replaces=True),
                    "scope": Property(required=True, replaces=True),
                }
            ),
            replaces=True,
        ),
        "url": Property(output=True),
    },
    create=Call("create_webhook"),
    read=Call("batch_get_projects", {"names": ["{id}"]}, result="projects[0].webhook"),
    facets=(
        Facet(
            properties=("branchFilter", "buildType", "filterGroups", "pullRequestBuildPolicy"),
            put=_update_webhook,
            created=True,
        ),
    ),
    delete=Call("delete_webhook", {"projectName": "{id}"}, missing=_GONE),
    absent={"secret": "CodeBuild tells it when it is made and never again; nothing here needs it"},
)

TYPES = (PROJECT, WEBHOOK)
"""Projects and their webhooks."""
