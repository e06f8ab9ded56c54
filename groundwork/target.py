"""The target of the command line: a set of environment variables. The program never sees which one it is."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import boto3
from rich.console import Console

from groundwork.deployment import Deployment
from groundwork.recovery import Find
from tools import toolchain
from twin import environment as twin_environment
from twin import lifecycle, places, project
from twin.provider.clients import Clients
from twin.provider.find import find


def on_twin(environment: str, console: Console) -> Deployment:
    """The environment on this clone's twin, which is started when it does not run.

    Raises TwinError for an environment without a settings file, or a twin that does not start.
    """
    for name in twin_environment.REMOVED:
        os.environ.pop(name, None)  # the engine inherits this process's variables
    here, tools = places.find(), toolchain.locate()
    target = twin_environment.target(here.clone, environment)
    with console.status("Starting the twin …"):
        state = lifecycle.running(here) or lifecycle.start(here, tools, console.print)
        project.prepare(here, tools)
        variables = twin_environment.environment(here, tools, state, target.account_id, target.region)
        project.ensure_stack(here, environment, variables)
    return Deployment(environment, here.project, here.root, variables)


def find_resource(variables: Mapping[str, str]) -> Find:
    """Looks a resource up by its natural key in the account that the variables point at."""
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables.get("AWS_SESSION_TOKEN"),
    )
    client = partial(
        session.client, endpoint_url=variables.get("AWS_ENDPOINT_URL"), verify=variables.get("AWS_CA_BUNDLE")
    )
    clients = Clients(variables["AWS_REGION"], client)

    def look_up(token: str, inputs: Mapping[str, Any], known: frozenset[str]) -> str | None:
        return find(token, inputs, variables["AWS_REGION"], clients, known)

    return look_up
