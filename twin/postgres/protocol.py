"""PostgreSQL's protocol as far as the front of a server has to understand it: the first messages of a connection.

Source: PostgreSQL 17 documentation, 53.2.1 "Start-up", 53.2.9 "Canceling Requests in Progress", 53.2.10 "SSL Session
Encryption", 53.7 "Message Formats", 53.8 "Error and Notice Message Fields"; appendix A, "PostgreSQL Error Codes".
"""

import struct
from dataclasses import dataclass

LONGEST_STARTUP = 10000
"""Bytes of a start-up packet that a server reads (MAX_STARTUP_PACKET_LENGTH)."""
LONGEST_PASSWORD = 65535
"""Bytes of a password message that a server reads (PG_MAX_AUTH_TOKEN_LENGTH)."""
ASK_PASSWORD = b"R" + struct.pack("!II", 8, 3)
"""AuthenticationCleartextPassword."""
_HEAD = struct.Struct("!II")
SSL_REQUEST = _HEAD.pack(8, 80877103)
GSSENC_REQUEST = _HEAD.pack(8, 80877104)
_LONGEST_NAME = 63


@dataclass(frozen=True)
class Startup:
    """Who wants which database. Names are as long as the server lets them be."""

    user: str
    database: str


def startup_of(packet: bytes) -> Startup | None:
    """A start-up message of protocol 3; None for what is the server's matter: a CancelRequest, nonsense."""
    _, code = _HEAD.unpack_from(packet)
    fields = packet[_HEAD.size :].split(b"\0")
    if code >> 16 != 3 or len(fields) < 3 or fields[-2:] != [b"", b""]:
        return None
    # The last two are the end of the last value and of the message; an odd one before them has no value.
    given = dict(zip(fields[:-2:2], fields[1:-2:2], strict=False))
    user = given.get(b"user", b"")[:_LONGEST_NAME]
    database = given.get(b"database", b"")[:_LONGEST_NAME] or user
    try:
        return Startup(user.decode(), database.decode(errors="replace")) if user else None
    except UnicodeDecodeError:  # no role of IAM's: a token names its user in UTF-8
        return None


def password_of(body: bytes) -> str | None:
    """The password in a PasswordMessage; None for a malformed one."""
    text, end, rest = body.partition(b"\0")
    try:
        return text.decode() if end and not rest else None
    except UnicodeDecodeError:
        return None


def fatal(code: str, message: str) -> bytes:
    """ErrorResponse that ends a connection. `code` is an SQLSTATE."""
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": message}
    body = b"".join(f"{kind}{value}".encode() + b"\0" for kind, value in fields.items()) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body
