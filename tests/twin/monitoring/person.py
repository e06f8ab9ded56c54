"""Somebody who signs in to the API server with a certificate, as people did before there were tokens of an hour."""

import contextlib
import datetime
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from twin.kubernetes.cluster_files import ClusterFiles
from twin.kubernetes.controllers.loop import World


@contextmanager
def somebody_signs_in(world: World, lasting: datetime.timedelta) -> Iterator[None]:
    """Again and again, with a certificate that lasts so long."""
    files, server, enough = ClusterFiles(world.folder), world.api.access.server, threading.Event()

    def sign_in(own: str) -> None:
        with requests.Session() as session:
            session.cert, session.verify = own, str(files.authority)
            session.trust_env = False  # a bundle of this machine's would take the authority's place
            while not enough.wait(0.05):
                with contextlib.suppress(requests.RequestException):
                    session.get(f"{server}/version", timeout=10)

    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "person.pem"
        own.write_bytes(_certificate(files, lasting))
        somebody = threading.Thread(target=sign_in, args=(str(own),))
        somebody.start()
        try:
            yield
        finally:
            enough.set()
            somebody.join()


def _certificate(files: ClusterFiles, lasting: datetime.timedelta) -> bytes:
    """A person's, signed by the cluster's own authority, with its key."""
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    signing = serialization.load_pem_private_key((files.certificates / "ca.key").read_bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + lasting)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *private)
