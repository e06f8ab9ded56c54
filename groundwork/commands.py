"""Which commands there are and where each is; a command's module is imported when somebody calls it.

To import them all takes longer than most commands take.

Source: Typer's documentation, "SubCommands in a Single File"; Click's documentation, "Lazily Loading Subcommands".
"""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup


class Command(NamedTuple):
    """A command of the first level, or a group of commands."""

    module: str
    """Whose `register` puts it on a command line."""
    help: str
    """Its line in the list of commands: the first of its own help."""


DEPLOY = "groundwork.deploy_commands"
COMMANDS: Mapping[str, Command] = {
    "up": Command(
        DEPLOY,
        "Build the environment on the twin: plan, judge by the policies and the monthly ceiling, "
        "then make the changes.",
    ),
    "preview": Command(
        "groundwork.preview.commands",
        "Show what `up` would change on the twin; or, with --base or --against aws, write a report for a pull request.",
    ),
    "refresh": Command(DEPLOY, "Read the twin into the state and say what was different."),
    "destroy": Command(
        DEPLOY, "Delete everything that the environment has on the twin, after asking; what is protected is named."
    ),
    "recover": Command(
        DEPLOY, "Mend the state after an `up` that was killed; every other command does so first by itself."
    ),
    "inventory": Command(
        DEPLOY, "List what the environment's account holds on the twin, from the AWS APIs, not from the state."
    ),
    "twin": Command("groundwork.twin_commands", "The local stand-in for AWS."),
    "policy": Command(
        "groundwork.policy.commands",
        "The policies outside of a run of the engine. Exit code 0: fine, 1: the command failed, 2: violations.",
    ),
    "lineage": Command(
        "groundwork.lineage.commands",
        "Follow a model version back to run, commit, data, image and files, and look each of them up.",
    ),
    "open": Command(
        "groundwork.open.commands",
        "Run a server of the platform on this machine, as the cluster's manifest describes it, until Ctrl-C.",
    ),
    "cost": Command(
        "groundwork.cost.commands",
        "Say what an environment costs in a month, or what a change costs, and where the money goes.",
    ),
    "deploy": Command(
        "groundwork.deploy_on_aws",
        "Plan, judge by the policies and the monthly ceiling, then make the changes, with this shell's credentials.",
    ),
    "drift": Command(
        "groundwork.drift.commands",
        "Say what is no longer as the state says, property by property, and change nothing.",
    ),
    "dashboards": Command(
        "groundwork.dashboards.commands",
        "Draw the platform's dashboards as one page, as a Prometheus answers their queries. Grafana is not run.",
    ),
}


class Commands(TyperGroup):
    """Lists the commands by the table, and imports the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command itself in place of its line in the list."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else loaded(name), rest


def put_on(app: typer.Typer) -> None:
    """Put the lines of all commands on the command line; its class is `Commands`."""
    for name, command in COMMANDS.items():
        app.command(name, help=command.help)(_never_called)


def loaded(name: str) -> Any:
    """Return a command, from its module."""
    own = typer.Typer()
    importlib.import_module(COMMANDS[name].module).register(own)
    return typer.main.get_group(own).commands[name]


def _never_called() -> None:
    raise NotImplementedError("Commands puts the command in its place")
