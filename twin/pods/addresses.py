"""An address of a pod's own on the loopback interface, so that its ports are those of the manifest.

Linux answers at every address of 127.0.0.0/8. Elsewhere there is 127.0.0.1 alone, which the pods then share.
"""

import errno
import hashlib
import socket
from collections.abc import Iterable

from twin.pods.errors import PodError

SHARED = "127.0.0.1"
AGENT_PORT = 2703
"""Where the Pod Identity agent listens at an address of a pod's own; it holds the address against other twins too."""
_ATTEMPTS = 16


def claim(identity: str, ports: Iterable[int]) -> tuple[str, socket.socket]:
    """An address on which these ports are free, and a socket that listens there, for the pod's agent.

    The same `identity` gets the same address each time, unless another program has it.
    Raises PodError when none is free.
    """
    ports = list(ports)
    for attempt in range(_ATTEMPTS):
        digest = hashlib.sha256(f"{identity} {attempt}".encode()).digest()
        # Not the first and last of each part: 127.0.0.1 is the machine's, 127.0.0.53 some resolvers'.
        address = f"127.{digest[0] % 200 + 20}.{digest[1] % 254 + 1}.{digest[2] % 254 + 1}"
        try:
            held = _listen(address, AGENT_PORT)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return _shared(ports)
            continue
        if not (taken := [port for port in ports if not _is_free(address, port)]):
            return address, held
        held.close()
    raise PodError(f"No address of 127.0.0.0/8 has its ports {', '.join(map(str, taken or ports))} free.")


def _shared(ports: list[int]) -> tuple[str, socket.socket]:
    if taken := [port for port in ports if not _is_free(SHARED, port)]:
        raise PodError(f"Another program has taken port {', '.join(map(str, taken))} of {SHARED}.")
    return SHARED, _listen(SHARED, 0)


def _listen(address: str, port: int) -> socket.socket:
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen()
    except BaseException:
        made.close()
        raise
    return made


def _is_free(address: str, port: int) -> bool:
    try:
        _listen(address, port).close()
    except OSError:
        return False
    return True
