"""The files of a PostgreSQL server: its parameters, and who may come how.

Source: PostgreSQL 17 documentation, chapters 19.1 (parameters), 20.1 (pg_hba.conf).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from twin.postgres.front_settings import SERVED, TLS_PARAMETERS, VERIFIED, FrontSettings

ADMINISTRATOR = "rdsadmin"


@dataclass(frozen=True)
class Tls:
    """The server's certificate and its key, and those of its front, as PEM files."""

    certificate: Path
    key: Path
    authority: Path
    """Has signed the server's."""
    front_certificate: Path
    front_key: Path
    front_authority: Path
    """Has signed the front's, and no other."""


@dataclass(frozen=True)
class Configuration:
    """What the server's files say."""

    port: int
    tls: Tls
    force_tls: bool
    """Clients without TLS are refused by pg_hba.conf."""
    parameters: Mapping[str, str]
    """PostgreSQL's own parameters, by name."""

    def postgresql_conf(self) -> str:
        """The parameters."""
        settings = {
            "listen_addresses": f"{SERVED},::1" if ":" in VERIFIED else SERVED,
            "port": str(self.port),
            "unix_socket_directories": "",
            "ssl": "on",
            "ssl_cert_file": str(self.tls.certificate),
            "ssl_key_file": str(self.tls.key),
            "ssl_ca_file": str(self.tls.front_authority),
            "password_encryption": "scram-sha-256",
            "shared_buffers": "32MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        return "".join(f"{name} = {_quoted(value)}\n" for name, value in (settings | dict(self.parameters)).items())

    def pg_hba_conf(self) -> str:
        """Who may come how: through the front, the administrator aside. Without TLS nothing proves that.

        Whom the front has let in, it says by the address that it comes from.
        """
        lines = (
            f"hostssl all {ADMINISTRATOR} {SERVED}/32 scram-sha-256",
            f"host all {ADMINISTRATOR} all reject",
            f"hostssl all all {VERIFIED}/{128 if ':' in VERIFIED else 32} trust clientcert=verify-ca",
            f"hostssl all all {SERVED}/32 scram-sha-256 clientcert=verify-ca",
            *(() if self.force_tls else (f"hostnossl all all {SERVED}/32 scram-sha-256",)),
        )
        return "".join(f"{line}\n" for line in lines)

    def front(self, port: int) -> FrontSettings:
        """What the server's front has to know, which listens at the endpoint's `port`."""
        return FrontSettings(
            port=port,
            server_port=self.port,
            certificate=str(self.tls.certificate),
            key=str(self.tls.key),
            authority=str(self.tls.authority),
            client_certificate=str(self.tls.front_certificate),
            client_key=str(self.tls.front_key),
            tls={name: self.parameters[name] for name in TLS_PARAMETERS if self.parameters.get(name)},
        )


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
