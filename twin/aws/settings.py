"""What the process that serves the AWS API has to know."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ServerSettings:
    """Where one twin's AWS API listens and keeps its files. It serves every account: the caller's key id names one."""

    root: Path
    """The twin's folder, `.twin`, absolute."""
    https_port: int
    """Loopback port of the endpoint."""
    http_port: int
    """Loopback port of the same API without TLS, which exists to show that plain HTTP is denied."""
    postgres_bin: Path
    """The folder of `initdb`, `postgres`, `pg_ctl`."""
    kubernetes_bin: Path
    """The folder of etcd, Kubernetes' programs and kwok."""
    root_secret: str = field(repr=False)
    """Secret access key of every account's root user."""

    @property
    def endpoint(self) -> str:
        """The URL that clients use."""
        return f"https://127.0.0.1:{self.https_port}"

    @property
    def state_dir(self) -> Path:
        """What the emulator remembers between starts, a file a service."""
        return self.root / "aws" / "state"

    @property
    def s3_dir(self) -> Path:
        """The objects of all buckets."""
        return self.root / "aws" / "s3"

    @property
    def postgres_dir(self) -> Path:
        """One data directory for each DB instance."""
        return self.root / "postgres"

    @property
    def kubernetes_dir(self) -> Path:
        """One folder for each EKS cluster."""
        return self.root / "kubernetes"

    @property
    def certificates_dir(self) -> Path:
        """The twin's certificate authority and its server's certificate: see twin/certificates.py."""
        return self.root / "certificates"
