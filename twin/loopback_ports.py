"""Ports of loopback for the twin's servers, which remember theirs from one start to the next."""

import secrets
import socket
from collections.abc import Collection

from twin.errors import TwinError

RANGE = range(20000, 32768)
"""Below those that Linux and macOS hand out to clients: none is taken before its server listens, and seldom later."""
_ATTEMPTS = 1000


def free(count: int, promised: Collection[int] = ()) -> list[int]:
    """So many ports that nobody listens on, and that are `promised` to nobody. Raises TwinError when there are none."""
    found: list[int] = []
    for _ in range(_ATTEMPTS):
        if len(found) == count:
            return found
        port = secrets.choice(RANGE)
        if port not in found and port not in promised and is_free(port):
            found.append(port)
    raise TwinError(f"No {count} free loopback ports were found from {RANGE.start} to {RANGE.stop - 1}.")


def is_free(port: int) -> bool:
    """Whether a server may listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers: a port in TIME_WAIT will do
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
