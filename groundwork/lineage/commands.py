"""`groundwork lineage`."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from groundwork.console import console
from groundwork.errors import GroundworkError
from groundwork.lineage import show
from groundwork.lineage.aws import Aws
from groundwork.lineage.chain import Wanted, follow
from groundwork.lineage.tracking import Tracking

BROKEN = 2
UNCHECKED = 3


def lineage(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="MODEL/VERSION or MODEL@ALIAS.")],
    team: Annotated[
        str | None, typer.Option(metavar="TEAM", help="Whose workspace; without it MLFLOW_WORKSPACE says.")
    ] = None,
    env: Annotated[str, typer.Option(metavar="ENV", help="Whose object store: the environment's name.")] = "dev",
    repository: Annotated[
        Path, typer.Option(metavar="FOLDER", help="A clone of the repository of the training code.")
    ] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Follow a model version back to run, commit, data, image and files, and look each of them up.

    Exit code 0: every link is verified, 1: the command failed, 2: a link is broken or missing, 3: none is, but some
    could not be checked. The tracking server is the one of MLFLOW_TRACKING_URI, as for every client of MLflow.
    """
    workspace = team or os.environ.get("MLFLOW_WORKSPACE")
    if not workspace:
        raise GroundworkError("Whose model is it? Give --team TEAM, or set MLFLOW_WORKSPACE")
    wanted = Wanted.of(version)
    tracking = Tracking.of(os.environ, workspace)
    with console.status(f"Following {version} …"):
        found = follow(wanted, tracking, env, repository, Aws())
    if as_json:
        print(json.dumps(show.as_data(found), indent=2, ensure_ascii=False))
    else:
        show.chain(console, found)
    if found.faults:
        raise typer.Exit(BROKEN)
    if found.unchecked:
        raise typer.Exit(UNCHECKED)


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command()(lineage)
