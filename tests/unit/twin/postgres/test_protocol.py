"""The first messages of PostgreSQL's protocol, in the bytes of its documentation."""

import struct

import pytest

from twin.postgres import protocol
from twin.postgres.protocol import Startup

VERSION_3 = 196608


def packet(body: bytes, code: int = VERSION_3) -> bytes:
    return struct.pack("!II", len(body) + 8, code) + body


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(b"user\0ada\0database\0registry\0\0", Startup("ada", "registry"), id="both"),
        pytest.param(b"user\0ada\0\0", Startup("ada", "ada"), id="the database is the user's"),
        pytest.param(b"options\0\0user\0ada\0\0", Startup("ada", "ada"), id="an empty value"),
        pytest.param(b"user\0eve\0user\0ada\0\0", Startup("ada", "ada"), id="the last one counts, as for the server"),
        pytest.param(b"user\0" + b"u" * 70 + b"\0\0", Startup("u" * 63, "u" * 63), id="as long as a name may be"),
        pytest.param("user\0\u00e5sa\0\0".encode(), Startup("\u00e5sa", "\u00e5sa"), id="UTF-8"),
        pytest.param(b"user\0\xe5sa\0\0", None, id="not UTF-8"),
        pytest.param(b"database\0registry\0\0", None, id="no user"),
        pytest.param(b"user\0\0\0", None, id="an empty user"),
        pytest.param(b"user\0ada\0", None, id="no end"),
        pytest.param(b"user\0ada", None, id="cut off"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_startup_message_tells_who_wants_what(body: bytes, found: Startup | None) -> None:
    assert protocol.startup_of(packet(body)) == found


@pytest.mark.parametrize("code", [80877102, 80877103, 80877104, 131072, 0])
def test_what_is_no_startup_message_of_protocol_3_is_left_to_the_server(code: int) -> None:
    assert protocol.startup_of(packet(b"user\0ada\0\0", code)) is None


def test_requests_for_encryption() -> None:
    assert bytes.fromhex("00000008 04d2162f") == protocol.SSL_REQUEST
    assert bytes.fromhex("00000008 04d21630") == protocol.GSSENC_REQUEST
    assert b"R" + bytes.fromhex("00000008 00000003") == protocol.ASK_PASSWORD


@pytest.mark.parametrize(
    ("body", "found"),
    [(b"secret\0", "secret"), (b"\0", ""), (b"secret", None), (b"sec\0ret\0", None), (b"\xff\0", None)],
)
def test_a_password_message_holds_one_string(body: bytes, found: str | None) -> None:
    assert protocol.password_of(body) == found


def test_an_error_is_fatal_and_has_its_sqlstate() -> None:
    answer = protocol.fatal("28000", 'PAM authentication failed for user "ada"')
    assert answer[:1] == b"E"
    assert struct.unpack("!I", answer[1:5]) == (len(answer) - 1,)
    assert answer[5:] == b'SFATAL\0VFATAL\0C28000\0MPAM authentication failed for user "ada"\0\0'
