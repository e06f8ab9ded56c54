"""`groundwork`: the command line. Each group of commands is a module of its own; this one only puts them together."""

import sys

import typer

from groundwork import deploy_commands, twin_commands
from groundwork.cost import commands as cost_commands
from groundwork.drift import commands as drift_commands
from groundwork.errors import GroundworkError
from groundwork.lineage import commands as lineage_commands
from groundwork.open import commands as open_commands
from groundwork.policy import commands as policy_commands
from tools.errors import ToolchainError
from twin.errors import TwinError

app = typer.Typer(
    name="groundwork",
    help="An MLOps platform on AWS as one Pulumi program, proven on a local twin.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# Every group of commands is registered here.
deploy_commands.register(app)
twin_commands.register(app)
policy_commands.register(app)
lineage_commands.register(app)
open_commands.register(app)
cost_commands.register(app)
drift_commands.register(app)


def main() -> None:
    """Run the command line. An error that a person can act on is one message and exit code 1, without a traceback."""
    try:
        app()
    except (GroundworkError, ToolchainError, TwinError) as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(f"error: {error.filename}: {error.strerror}")  # not allowed, no space left, ...


if __name__ == "__main__":
    main()
