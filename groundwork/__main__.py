"""`groundwork`: the command line. Its commands are listed in `groundwork.commands`, each in a module of its own."""

import sys

import typer

from groundwork.commands import Commands, put_on
from groundwork.errors import GroundworkError
from tools.errors import ToolchainError
from twin.errors import TwinError

app = typer.Typer(
    name="groundwork",
    cls=Commands,
    help="An MLOps platform on AWS as one Pulumi program, proven on a local twin.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
put_on(app)


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
