"""`groundwork twin`: start, stop and look at the local stand-in for AWS."""

import os
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tools import toolchain
from twin import environment as variables
from twin import lifecycle, places, project
from twin.account import Account
from twin.codebuild.build import Machine

console = Console(stderr=True, highlight=False)
"""For people. What another program reads goes to stdout."""
WIDE = 200
"""Columns for what is read from a pipe, where nothing should be wrapped."""
COLOURS = {"running": "green", "unhealthy": "red", "stopped": "yellow"}

app = typer.Typer(help="The local stand-in for AWS.", no_args_is_help=True)


def say(line: str) -> None:
    """A line for the person, never broken: it may be copied."""
    console.print(line, soft_wrap=True)


@app.command()
def start() -> None:
    """Start the twin of this clone; what already runs is left alone."""
    here = places.find()
    began = time.monotonic()
    with console.status("Starting the twin (2 to 5 s) …"):
        started = lifecycle.start(here, toolchain.locate(), say)
    say(f"The twin runs at {started.endpoint} ({time.monotonic() - began:.1f} s).")


@app.command()
def stop(
    keep_state: Annotated[
        bool, typer.Option("--keep-state", help="End the processes, keep everything that was built for the next start.")
    ] = False,
) -> None:
    """Stop the twin and remove all of it: processes, ports, files."""
    here = places.find()
    with console.status("Stopping the twin …"):
        was_there = lifecycle.stop(here, say, keep_state)
    kept = f" {here.root} is kept." if keep_state else f" {here.root} is removed."
    say(f"The twin is stopped.{kept}" if was_there else "There is no twin to stop.")


@app.command()
def status() -> None:
    """Show every service. Exit code 1 when one of them does not run or is not healthy."""
    found = lifecycle.status(places.find())
    if not found:
        say("There is no twin. Start it with: groundwork twin start")
        raise typer.Exit(1)
    table = Table("service", "state", "pid", "address", "health", box=None)
    for one in found:
        shown = f"[{COLOURS[one.state]}]{one.state}[/]"
        table.add_row(one.name, shown, str(one.pid or ""), one.address, one.health or ("ok" if one.pid else ""))
    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = WIDE
    out.print(table)
    if any(one.state != "running" for one in found):
        raise typer.Exit(1)


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="As `groundwork twin status` names it.")] = "aws",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl-C.")] = False,
) -> None:
    """Print the log of a service."""
    try:
        for line in lifecycle.logs(places.find(), service, follow):
            print(line, flush=follow)
    except KeyboardInterrupt:  # the way to end --follow
        raise typer.Exit(0) from None


@app.command()
def restart(service: Annotated[str, typer.Argument(help="As `groundwork twin status` names it.")] = "aws") -> None:
    """Restart one service; it keeps what it knows."""
    with console.status(f"Restarting {service} …"):
        lifecycle.restart(places.find(), toolchain.locate(), service, say)
    say(f"{service} was restarted.")


@app.command()
def env(
    environment: Annotated[str, typer.Option("--env", metavar="ENV", help="Whose account: dev or prod.")] = "dev",
) -> None:
    """Print the shell commands that make this shell talk to the twin: eval "$(groundwork twin env)"."""
    here, tools = places.find(), toolchain.locate()
    target = variables.target(here.clone, environment)
    twin_state = lifecycle.required(here)
    exported = variables.environment(here, tools, twin_state, target.account_id, target.region)
    project.ensure_stack(here, environment, exported)
    from groundwork.policy import config as policy_config  # with it comes every rule, which no other command here needs

    judged = f"--policy-pack policies --policy-pack-config {policy_config.FOLDER / environment}.json"
    say(f"With the policies: pulumi preview -s {environment} {judged}")
    print(f"unset {' '.join(variables.REMOVED)}")
    for name, value in exported.items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def interrupt_spot(
    node: Annotated[str | None, typer.Argument(help="Name or instance id; the first spot node when left out.")] = None,
    environment: Annotated[str, typer.Option("--env", metavar="ENV", help="Whose cluster: dev or prod.")] = "dev",
) -> None:
    """Interrupt a spot node: its pods move, its instance ends, its node group launches another one."""
    from twin.kubernetes.controllers.spot import NOTICE_SECONDS
    from twin.kubernetes.interruption import interrupt

    here = places.find()
    lifecycle.required(here)
    told = interrupt(here, variables.target(here.clone, environment), node)
    say(f"{told} has its notice: it is drained and ends in {NOTICE_SECONDS:.0f} s at the latest.")


@app.command("run-job")
def run_job(
    pool: Annotated[str, typer.Argument(help="A pool of runners, as the settings name it.")],
    commands: Annotated[list[str] | None, typer.Argument(help="The job, a command each; none: the pool's own.")] = None,
    environment: Annotated[str, typer.Option("--env", metavar="ENV", help="Whose pool: dev or prod.")] = "dev",
    source: Annotated[
        Path | None, typer.Option(help="A folder that the job works in.", exists=True, file_okay=False)
    ] = None,
) -> None:
    """Run a job on a CodeBuild pool: as local processes, with its build specification, and the rights of its role."""
    from components.runners.codebuild_settings import codebuild_project_name
    from stacks.runner_relations import component_name
    from twin.codebuild import build

    here, tools = places.find(), toolchain.locate()
    target = variables.target(here.clone, environment)
    known = variables.environment(here, tools, lifecycle.required(here), target.account_id, target.region)
    name = codebuild_project_name(environment, component_name(pool))
    with console.status(f"Running a job on {name} …"):
        done = build.run(Account.of(known), name, _machine(known, tools), commands or (), source)
    logs = Account.of(known).client("logs")
    for page in logs.get_paginator("filter_log_events").paginate(
        logGroupName=done.log_group, logStreamNames=[done.log_stream]
    ):
        for event in page["events"]:
            print(event["message"])
    say(f"{done.id}: {done.status}; its log is {done.log_stream} in {done.log_group}.")
    if done.status != build.SUCCEEDED:
        raise typer.Exit(1)


def _machine(known: Mapping[str, str], tools: toolchain.Toolchain) -> Machine:
    """What a job finds: the toolchain's `aws` and Python, the system's programs, and the way to the twin."""
    names = (
        "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
    )  # fmt: skip
    return Machine(f"{tools.python.parent}:{os.defpath}", {name: known[name] for name in names})


def register(group: typer.Typer) -> None:
    """Put the commands on the command line, as `groundwork twin …`."""
    group.add_typer(app, name="twin")
