"""What goes wrong when a machine is prepared, in words for the person who has to fix it."""


class ToolchainError(Exception):
    """Something that Groundwork runs on is missing or could not be made. The text says what to do about it."""


class WayRefusedError(ToolchainError):
    """One of several ways to get a tool cannot be had on this machine. The text is one line; the next way is tried."""
