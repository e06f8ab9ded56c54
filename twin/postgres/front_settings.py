"""What the front of a server has to know. No secret: keys are named by their files."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

SERVED = "127.0.0.1"
"""Where the front and the server listen, and the address that the front has for those whom the server shall ask."""
VERIFIED = "127.0.0.2" if sys.platform == "linux" else "::1"
"""The address that the front has, at the server, for those whom it has let in: pg_hba.conf tells them apart by it.
Another loopback address, which macOS has in IPv6 alone."""
TLS_PARAMETERS = ("ssl_min_protocol_version", "ssl_max_protocol_version", "ssl_ciphers")
"""PostgreSQL's parameters of TLS that are the front's matter."""


@dataclass(frozen=True)
class FrontSettings:
    """Paths are absolute."""

    port: int
    """Where clients come: the endpoint's port."""
    server_port: int
    certificate: str
    """The server's own, so that channel binding holds through the front."""
    key: str
    authority: str
    """Has signed the server's certificate."""
    client_certificate: str
    """By which the server knows the front."""
    client_key: str
    tls: Mapping[str, str] = field(default_factory=dict)
    """Values of TLS_PARAMETERS, where they are not PostgreSQL's defaults."""

    def encoded(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def decoded(cls, text: str) -> "FrontSettings":
        """From JSON."""
        return cls(**json.loads(text))
