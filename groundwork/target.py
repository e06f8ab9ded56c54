"""The target of the command line: a set of environment variables. The program never sees which one it is."""

import json
import os
import shutil
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import yaml
from rich.console import Console

from groundwork.deployment import Deployment
from groundwork.errors import GroundworkError
from groundwork.recovery import Find, Pending
from tools import toolchain
from twin import environment as twin_environment
from twin import lifecycle, places, project
from twin.account import Account
from twin.errors import TwinError
from twin.providers.aws import find as aws
from twin.providers.aws.clients import Clients
from twin.providers.kubernetes import find as kubernetes


class Target(StrEnum):
    """Where an environment is."""

    TWIN = "twin"
    AWS = "aws"


def on(target: Target, environment: str, console: Console) -> Deployment:
    """The environment on a target, to look at: on AWS with whatever credentials this process has.

    Raises TwinError or GroundworkError that says what is missing.
    """
    return on_twin(environment, console) if target is Target.TWIN else on_aws(environment)


def on_aws(environment: str) -> Deployment:
    """The environment where this process's own variables point: the engine, its plugins and its backend are those that
    a plain `pulumi` in this shell has. Raises GroundworkError without an engine or without the settings."""
    here, engine = places.find(), shutil.which("pulumi")
    if engine is None:
        raise GroundworkError("there is no pulumi on PATH. On AWS its own plugins are used: install the official CLI")
    twin_environment.target(here.clone, environment)  # there are settings, and they name an account
    return Deployment(environment, here.clone, Path(engine).absolute().parents[1], {})


def on_twin(environment: str, console: Console) -> Deployment:
    """The environment on this clone's twin, which is started when it does not run.

    Raises TwinError for an environment without a settings file, or a twin that does not start.
    """
    for name in twin_environment.REMOVED:
        os.environ.pop(name, None)  # the engine inherits this process's variables
    here, tools = places.find(), toolchain.locate()
    try:
        target = twin_environment.target(here.clone, environment)
    except TwinError:
        _parse(here.clone, environment)
        raise
    with console.status("Starting the twin …"):
        state = lifecycle.running(here) or lifecycle.start(here, tools, console.print)
        project.prepare(here, tools)
        variables = twin_environment.environment(here, tools, state, target.account_id, target.region)
        project.ensure_stack(here, environment, variables)
    return Deployment(environment, here.project, here.root, variables)


def refuse_wrong_settings(clone: Path, environment: str) -> None:
    """Raise GroundworkError or TwinError with what is wrong in an environment's settings, as its program would."""
    _parse(clone, environment)
    twin_environment.target(clone, environment)


def _parse(clone: Path, environment: str) -> None:
    """Raise GroundworkError with everything that is wrong in the settings, where they can be read at all.

    Two of them are needed before the program runs, which would say the same.
    """
    from stacks.settings import SettingsError, parse_settings  # imports the SDK: only when something is wrong

    try:
        written = yaml.safe_load((clone / f"Pulumi.{environment}.yaml").read_text())["config"][
            twin_environment.SETTINGS
        ]
        parse_settings(json.dumps(written), stack=environment, allow_placeholders=True)
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return
    except SettingsError as error:
        raise GroundworkError(str(error)) from None


def find_resource(variables: Mapping[str, str]) -> Find:
    """Looks a resource up by its natural key in the world that the variables point at."""
    account = Account.of(variables)
    clients = Clients(account.region, account.make_client)

    def look_up(pending: Pending) -> str | None:
        if pending.token.startswith("kubernetes:"):
            return kubernetes.find(
                pending.urn, pending.token, pending.inputs, pending.provider, variables, pending.known
            )
        return aws.find(pending.token, pending.inputs, account.region, clients, pending.known)

    return look_up
