"""`groundwork open`."""

import sys
from typing import Annotated

import typer

from groundwork.errors import GroundworkError
from groundwork.open.servers import SERVERS


def open_command(
    server: Annotated[str, typer.Argument(metavar="SERVER", help=f"{' or '.join(SERVERS)}.")],
    env: Annotated[str, typer.Option(metavar="ENV", help="Of which environment on the twin: dev or prod.")] = "dev",
    team: Annotated[
        str | None,
        typer.Option(metavar="TEAM", help="tensorboard: whose. mlflow: tell of this team's users alone."),
    ] = None,
) -> None:
    """Run a server of the platform on this machine, as the cluster's manifest describes it, until Ctrl-C.

    What it runs is read from the API server of an environment that is up: command, variables, secrets, role. Its
    database and its object store are the twin's.
    """
    from groundwork.open.opening import serve
    from tools.progress import Progress

    if server not in SERVERS:
        raise GroundworkError(f"{server!r} is nothing that can be opened: there is {', '.join(SERVERS)}")
    if code := serve(SERVERS[server], env, team, Progress(sys.stderr)):
        raise typer.Exit(code)


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command("open")(open_command)
