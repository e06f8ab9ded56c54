"""`groundwork drift`: compare the state of an environment with the world."""

import json
from typing import Annotated

import typer

from groundwork.console import console
from groundwork.drift import show
from groundwork.drift.drifted import DRIFTED, document, drifted
from groundwork.operation import mend, run
from groundwork.target import Target, on

Environment = Annotated[str, typer.Argument(metavar="ENV", help="dev or prod: the name in Pulumi.<env>.yaml")]


def drift(
    environment: Environment = "dev",
    target: Annotated[
        Target,
        typer.Option(help="Where the environment is: aws is what this shell's credentials and Pulumi backend are of."),
    ] = Target.TWIN,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is no longer as the state says, property by property, and change nothing.

    Exit code 2: something differs; 1: it could not be found out.
    """
    console.stderr = as_json  # standard output is then a program's: progress and warnings go elsewhere
    deployment = on(target, environment, console)
    if target is Target.TWIN:
        mend(deployment)
    found = drifted(run(deployment.drift, f"Comparing {environment} with its state"))
    if as_json:
        print(json.dumps(document(environment, found), indent=2, ensure_ascii=False))
    else:
        show.drift(console, environment, found)
    if found:
        raise typer.Exit(DRIFTED)


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command()(drift)
