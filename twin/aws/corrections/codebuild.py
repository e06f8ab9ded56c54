"""CodeBuild: what ministack 1.5.33 forgets of a project, webhooks, which it has not, and the role that is handed over.

The emulator keeps a project's source, artifacts, environment, role, key, timeout and tags. It starts no build by
itself: a webhook is there and says how it is set up, and no provider of sources ever calls it.

Source: AWS CodeBuild API reference: CreateProject, UpdateProject, BatchGetProjects, CreateWebhook, UpdateWebhook,
DeleteWebhook (defaults, limits and errors); AWS CodeBuild user guide, "Allow CodeBuild to interact with other AWS
services" (the role has to trust codebuild.amazonaws.com), "Local caching" (none in a VPC).
"""

import re
import secrets
from typing import Any
from urllib.parse import unquote

from twin.aws.corrections.authorisation import require, require_pass_role
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields, found_at
from twin.aws.corrections.wire import AwsError, Parameters
from twin.aws.service_sessions import as_service, trusts

SERVICE = "codebuild.amazonaws.com"
_PROJECTS, _WEBHOOKS = "codebuild-project", "codebuild-webhook"
_FORGOTTEN = (
    "autoRetryLimit",
    "buildBatchConfig",
    "cache",
    "concurrentBuildLimit",
    "fileSystemLocations",
    "logsConfig",
    "queuedTimeoutInMinutes",
    "secondaryArtifacts",
    "secondarySourceVersions",
    "secondarySources",
    "vpcConfig",
)
_DEFAULTS = {
    "autoRetryLimit": 0,
    "cache": {"type": "NO_CACHE"},
    "projectVisibility": "PRIVATE",
    "queuedTimeoutInMinutes": 480,
}
_NONE = {"concurrentBuildLimit": -1}
"""How UpdateProject is told to take something away, beside an empty value."""
_LIMITS = {"timeoutInMinutes": (5, 2160), "queuedTimeoutInMinutes": (5, 480), "autoRetryLimit": (0, 10)}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,254}")
_HOOK_FIELDS = (
    "branchFilter",
    "buildType",
    "filterGroups",
    "manualCreation",
    "pullRequestBuildPolicy",
    "scopeConfiguration",
)
_SHOWN = {
    "CreateProject": "project",
    "UpdateProject": "project",
    "BatchGetProjects": "projects[]",
}


async def _refuse_wrong_projects(exchange: Exchange) -> None:
    """What AWS looks at before it makes or changes a project."""
    asked = exchange.parameters
    require(exchange, _arn(exchange, asked["name"]))
    if not _NAME.fullmatch(asked["name"]):
        raise AwsError("InvalidInputException", f"Invalid project name: {asked['name']}")
    for name, (least, most) in _LIMITS.items():
        if (value := asked.get(name)) is not None and not least <= value <= most:
            raise AwsError("InvalidInputException", f"Invalid {name}: it must be between {least} and {most}")
    if (asked.get("cache") or {}).get("type") == "LOCAL" and (asked.get("vpcConfig") or {}).get("vpcId"):
        raise AwsError("InvalidInputException", "Invalid cache: local caching is not supported in a VPC")
    if role := asked.get("serviceRole"):
        await _check_role(exchange, role)


async def _check_role(exchange: Exchange, arn: str) -> None:
    require_pass_role(exchange, arn, SERVICE)
    refused = AwsError("InvalidInputException", f"CodeBuild is not authorized to perform: sts:AssumeRole on {arn}")
    try:
        role = (await exchange.emulator.call("iam", "GetRole", RoleName=arn.rpartition("/")[2]))["Role"]
    except AwsError as error:
        raise refused from error
    project = _arn(exchange, exchange.parameters["name"])
    if not trusts(unquote(role["AssumeRolePolicyDocument"]), as_service(SERVICE, arn, exchange.emulator, project)):
        raise refused


async def _keep(exchange: Exchange) -> None:
    """CreateProject: what the emulator does not keep."""
    asked = exchange.parameters
    badge = {"badge": _badge(exchange, asked)} if asked.get("badgeEnabled") else {}
    kept = {name: asked[name] for name in _FORGOTTEN if asked.get(name)}
    exchange.shelf(_PROJECTS).put(exchange.scope, asked["name"], kept | badge)


async def _change(exchange: Exchange) -> None:
    """UpdateProject: what is given replaces what there was, what is given empty goes."""
    asked, shelf = exchange.parameters, exchange.shelf(_PROJECTS)
    known = shelf.get(exchange.scope, asked["name"]) or {}
    given = {name: asked[name] for name in _FORGOTTEN if asked.get(name) is not None}
    known |= given
    if asked.get("badgeEnabled") is not None:
        known["badge"] = _badge(exchange, asked)
    kept = {name: value for name, value in known.items() if value and value != _NONE.get(name)}
    shelf.put(exchange.scope, asked["name"], kept)


def _badge(exchange: Exchange, asked: Parameters) -> Fields:
    if not asked["badgeEnabled"]:
        return {"badgeEnabled": False}
    url = f"https://codebuild.{exchange.emulator.region}.amazonaws.com/badges?uuid={asked['name']}&branch=main"
    return {"badgeEnabled": True, "badgeRequestUrl": url}


async def _show(exchange: Exchange) -> None:
    for project in found_at(_SHOWN[exchange.operation.name], exchange.answer):
        project.update(_DEFAULTS | (exchange.shelf(_PROJECTS).get(exchange.scope, project["name"]) or {}))
        if hook := exchange.shelf(_WEBHOOKS).get(exchange.scope, project["name"]):
            project["webhook"] = _without_secret(hook)
        for name in ("description", "sourceVersion"):
            if project.get(name) == "":
                del project[name]


async def _forget(exchange: Exchange) -> None:
    for kind in (_PROJECTS, _WEBHOOKS):
        exchange.shelf(kind).forget(exchange.scope, exchange.parameters["name"])


async def _create_webhook(exchange: Exchange) -> None:
    asked = exchange.parameters
    project = await _project(exchange, asked["projectName"])
    shelf = exchange.shelf(_WEBHOOKS)
    if shelf.get(exchange.scope, project["name"]) is not None:
        raise AwsError("ResourceAlreadyExistsException", f"Webhook for project {project['name']} already exists.")
    source = project["source"]
    if not _has_hooks(source):
        raise AwsError("InvalidInputException", f"Project source type {source['type']} is not supported for webhooks")
    hook = {name: asked[name] for name in _HOOK_FIELDS if asked.get(name) is not None}
    region = exchange.emulator.region
    hook |= {
        "url": f"{source['location'].removesuffix('.git')}/settings/hooks",
        "payloadUrl": f"https://codebuild.{region}.amazonaws.com/webhooks?t={project['name']}",
        "secret": secrets.token_hex(16),
        "status": "ACTIVE",
    }
    shelf.put(exchange.scope, project["name"], hook)
    exchange.answer["webhook"] = hook


def _has_hooks(source: Fields) -> bool:
    return source.get("type") in ("BITBUCKET", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED")


async def _update_webhook(exchange: Exchange) -> None:
    asked, shelf = exchange.parameters, exchange.shelf(_WEBHOOKS)
    known = shelf.get(exchange.scope, asked["projectName"])
    if known is None:
        raise AwsError("ResourceNotFoundException", f"Webhook for project {asked['projectName']} does not exist.")
    known |= {name: asked[name] for name in _HOOK_FIELDS if asked.get(name) is not None}
    if known.get("branchFilter") == "":
        del known["branchFilter"]
    if asked.get("rotateSecret"):
        known["secret"] = secrets.token_hex(16)
    shelf.put(exchange.scope, asked["projectName"], known)
    exchange.answer["webhook"] = known if asked.get("rotateSecret") else _without_secret(known)


async def _delete_webhook(exchange: Exchange) -> None:
    name = exchange.parameters["projectName"]
    if exchange.shelf(_WEBHOOKS).get(exchange.scope, name) is None:
        raise AwsError("ResourceNotFoundException", f"Webhook for project {name} does not exist.")
    exchange.shelf(_WEBHOOKS).forget(exchange.scope, name)


async def _project(exchange: Exchange, name: str) -> Fields:
    found: list[Any] = (await exchange.emulator.call("codebuild", "BatchGetProjects", names=[name]))["projects"]
    if not found:
        raise AwsError("ResourceNotFoundException", f"Project cannot be found: {_arn(exchange, name)}")
    return dict(found[0])


def _without_secret(hook: Fields) -> Fields:
    """It is told when it is made, and never again."""
    return {name: value for name, value in hook.items() if name != "secret"}


def _arn(exchange: Exchange, name: str) -> str:
    return f"arn:aws:codebuild:{exchange.emulator.region}:{exchange.emulator.account}:project/{name}"


CORRECTIONS = (
    Correction("codebuild", ("CreateProject", "UpdateProject"), before=_refuse_wrong_projects),
    Correction("codebuild", ("CreateProject",), after=_keep),
    Correction("codebuild", ("UpdateProject",), after=_change),
    Correction("codebuild", tuple(_SHOWN), after=_show),
    Correction("codebuild", ("DeleteProject",), after=_forget),
    Correction("codebuild", ("CreateWebhook",), supply=_create_webhook),
    Correction("codebuild", ("UpdateWebhook",), supply=_update_webhook),
    Correction("codebuild", ("DeleteWebhook",), supply=_delete_webhook),
)
