import datetime
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from twin import certificates

NAMES = ["127.0.0.1", "localhost", "*.localhost"]


def greeted(directory: Path, issued: certificates.Certificate, name: str) -> str | None:
    """The TLS version of a connection to a server with this certificate, as `name`, by a strict client."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(issued.certificate, issued.key)
    client = ssl.create_default_context(cafile=directory / "ca.pem")
    client.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(there, server_side=True) as connection:
                connection.recv(1)
        except ssl.SSLError:
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(here, server_hostname=name) as connection:
            return connection.version()
    finally:
        here.close()
        thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_strict_client_trusts_the_server_by_each_of_its_names(tmp_path: Path, name: str) -> None:
    assert greeted(tmp_path, certificates.issue(NAMES, tmp_path), name) == "TLSv1.3"


def test_a_client_does_not_trust_it_by_another_name(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for 'example\\.com'"):
        greeted(tmp_path, certificates.issue(NAMES, tmp_path), "example.com")


def test_keys_are_for_their_owner_only_and_of_curve_p_256(tmp_path: Path) -> None:
    certificates.issue(NAMES, tmp_path / "new")
    keys = sorted((tmp_path / "new").glob("*.key"))
    assert [key.name for key in keys] == ["ca.key", "server.key"]
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    public = x509.load_pem_x509_certificate((tmp_path / "new" / "server.pem").read_bytes()).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"


def test_a_good_certificate_is_kept_and_a_second_server_has_the_same_authority(tmp_path: Path) -> None:
    first = certificates.issue(NAMES, tmp_path).certificate.read_bytes()
    authority = (tmp_path / "ca.pem").read_bytes()
    assert certificates.issue(NAMES, tmp_path).certificate.read_bytes() == first
    assert greeted(tmp_path, certificates.issue(["db.example"], tmp_path, "postgres"), "db.example")
    assert (tmp_path / "ca.pem").read_bytes() == authority


def test_other_names_and_a_near_end_lead_to_a_new_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = certificates.issue(NAMES, tmp_path).certificate.read_bytes()
    second = certificates.issue([*NAMES, "db.example"], tmp_path).certificate.read_bytes()
    assert first != second
    monkeypatch.setattr(certificates, "RENEWED_BEFORE_END", certificates.LIFETIME + datetime.timedelta(days=1))
    issued = certificates.issue([*NAMES, "db.example"], tmp_path)
    assert issued.certificate.read_bytes() != second
    assert greeted(tmp_path, issued, "localhost")
