"""What the engine's commands print on."""

import os
import sys

from rich.console import Console


class LastingConsole(Console):
    """A console whose reader may leave (`groundwork up dev | head`) without the work being given up half-way."""

    def on_broken_pipe(self) -> None:
        """Go on without saying anything; rich would end the thread that prints, on which the engine waits."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


console = LastingConsole(emoji=False)  # an ARN has ":secret:" in it
