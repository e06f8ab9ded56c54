"""A certificate authority of the twin's own, and the certificates of its servers (AWS API, PostgreSQL, Kubernetes).

Each EKS cluster has an authority of its own, which also signs the certificates of its programs as clients.

Keys are ECDSA P-256, files of keys have mode 0600. The authority is never given to the operating system: clients get it
by AWS_CA_BUNDLE and PGSSLROOTCERT.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=825)
"""The longest that clients accept of a server's certificate (macOS)."""
RENEWED_BEFORE_END = timedelta(days=30)


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate (PEM) and of its key (PKCS 8, PEM, unencrypted)."""

    certificate: Path
    key: Path


def issue(names: Sequence[str], directory: Path, stem: str = "server") -> Certificate:
    """`<stem>.pem` and `<stem>.key` in `directory` for these DNS names and IP addresses, signed by its `ca.pem`.

    The authority is made at the first call. A certificate that is there, holds for just these names and is far from
    its end is kept.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = Certificate(directory / f"{stem}.pem", directory / f"{stem}.key")
    alternatives = [_alternative(name) for name in names]
    authority, authority_key = _authority(directory)
    if _still_good(wanted, authority, alternatives):
        return wanted
    key = ec.generate_private_key(ec.SECP256R1())
    unsigned = _certificate(_named(names[0]), key.public_key(), authority.subject).add_extension(
        x509.SubjectAlternativeName(alternatives), critical=False
    )
    _write(wanted, key, _signed(unsigned, ExtendedKeyUsageOID.SERVER_AUTH, authority_key))
    return wanted


def issue_client(user: str, group: str | None, directory: Path, stem: str) -> Certificate:
    """`<stem>.pem` and `<stem>.key` in `directory`, by which Kubernetes and etcd know `user`, a member of `group`.

    Kept and renewed as those of `issue`. Source: Kubernetes documentation, "Authenticating", X509 client certificates.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = Certificate(directory / f"{stem}.pem", directory / f"{stem}.key")
    authority, authority_key = _authority(directory)
    organisation = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    subject = x509.Name([*organisation, x509.NameAttribute(NameOID.COMMON_NAME, user)])
    held = _held(wanted, authority)
    if held is not None and held.subject == subject:
        return wanted
    key = ec.generate_private_key(ec.SECP256R1())
    unsigned = _certificate(subject, key.public_key(), authority.subject)
    _write(wanted, key, _signed(unsigned, ExtendedKeyUsageOID.CLIENT_AUTH, authority_key))
    return wanted


def _authority(directory: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    files = Certificate(directory / "ca.pem", directory / "ca.key")
    if files.certificate.exists() and files.key.exists():
        authority = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        if not _ends_soon(authority) and isinstance(key, ec.EllipticCurvePrivateKey):
            return authority, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = "Groundwork twin"
    # Key identifiers and key usage: Python 3.13 refuses an authority without them (VERIFY_X509_STRICT).
    authority = (
        _certificate(_named(name), key.public_key(), _named(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                key_cert_sign=True,
                crl_sign=True,
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    _write(files, key, authority)
    return authority, key


def _signed(
    unsigned: x509.CertificateBuilder, usage: x509.ObjectIdentifier, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    return (
        unsigned.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _certificate(subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks of containers on one machine differ a little
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _named(name: str) -> x509.Name:
    # X.520 allows 64 characters; the names that count are the alternative ones.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _still_good(files: Certificate, authority: x509.Certificate, names: Sequence[x509.GeneralName]) -> bool:
    certificate = _held(files, authority)
    if certificate is None:
        return False
    return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == list(names)


def _held(files: Certificate, authority: x509.Certificate) -> x509.Certificate | None:
    """The certificate in these files, when this authority has signed it and its end is far."""
    if not (files.certificate.exists() and files.key.exists()):
        return None
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    signed_by = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    authority_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return certificate if signed_by == authority_id and not _ends_soon(certificate) else None


def _ends_soon(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc - RENEWED_BEFORE_END < datetime.now(UTC)


def _write(files: Certificate, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files.key.unlink(missing_ok=True)
    files.key.touch(mode=0o600)
    files.key.write_bytes(pem)
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
