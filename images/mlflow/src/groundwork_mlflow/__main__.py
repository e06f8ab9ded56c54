"""The command `groundwork-mlflow`: one word for each thing that the platform runs beside MLflow."""

import argparse
import importlib
import sys

from groundwork_mlflow.errors import PodError

COMMANDS = {
    "server": "start MLflow's server with its secrets; what follows is for `mlflow server`",
    "bootstrap": "make the database, its user and the server's secret",
    "migration": "bring the schema up to date",
    "access": "make workspaces, roles, users and webhooks what the configuration says",
    "rotation": "give every user of the configuration, and the administrator, a new password",
    "events": "receive registry events, send them to the queue, and serve the server's metrics",
}


def main() -> None:
    """Run one command; what went wrong is one line, and the exit code is 1."""
    parser = argparse.ArgumentParser(prog="groundwork-mlflow", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, does in COMMANDS.items():
        commands.add_parser(command, help=does, description=does)
    known, rest = parser.parse_known_args()
    chosen = known.command
    if rest and chosen != "server":
        parser.error(f"{chosen} takes no arguments, got {' '.join(rest)}")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        # Imported by name: each brings libraries that the others can do without.
        run = importlib.import_module(f"groundwork_mlflow.{chosen}").run
        run(rest) if chosen == "server" else run()
    except PodError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
