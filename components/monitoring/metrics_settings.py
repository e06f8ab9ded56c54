"""What the stack file says about Prometheus and Alertmanager.

Units:  days and hours are whole; GiB and MiB are of memory or of a volume; CPU is thousandths of a core.
Source: Prometheus documentation, "Storage" (retention by time and by size), "Configuration" (remote_write, sigv4).
Errors: pydantic.ValidationError naming the field.
"""

from typing import Annotated

from pydantic import Field

from components.model import ImageByDigest, Model
from components.monitoring.alertmanager_settings import AlertmanagerSettings

VOLUME_SHARE = 0.8
"""Of a volume that blocks may take: the write-ahead log and a block in the making have to fit beside them."""


class RemoteWriteSettings(Model):
    """Another store that gets every sample, such as a workspace of Amazon Managed Service for Prometheus."""

    url: Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9./_-]+$")] = Field(
        examples=["https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1234/api/v1/remote_write"]
    )
    """Where it takes samples, over TLS alone."""
    workspace_arn: Annotated[str, Field(pattern=r"^arn:aws:aps:[a-z0-9-]+:[0-9]{12}:workspace/ws-[a-z0-9-]+$")] = Field(
        examples=["arn:aws:aps:eu-west-1:123456789012:workspace/ws-1234"]
    )
    """The workspace: requests are signed (SigV4) with the pods' own role, which may write there and nowhere else."""


class PrometheusSettings(Model):
    """What the stack file says about Prometheus."""

    image: ImageByDigest | None = Field(
        default=None,
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-prometheus@sha256:" + "0" * 64],
    )
    """Its image by digest, such as a copy in the environment's ECR; absent, upstream's."""
    replicas: Annotated[int, Field(ge=1, le=2)] = Field(default=1, examples=[2])
    """Pods, each of which scrapes everything by itself; production has two."""
    scrape_interval_seconds: Annotated[int, Field(ge=10, le=120)] = Field(default=30, examples=[30])
    """How often each target is asked, and rules are evaluated."""
    retention_days: Annotated[int, Field(ge=1, le=400)] = Field(default=15, examples=[15])
    """How long samples are kept, if the volume is large enough: of two bounds the first that is met."""
    volume_size_gib: Annotated[int, Field(ge=5, le=1000)] = Field(default=10, examples=[50])
    """The size of each pod's volume; blocks take 80 % of it at most, then the oldest go."""
    cpu_request_millicores: Annotated[int, Field(ge=50, le=8000)] = Field(default=100, examples=[500])
    """What a pod asks for; it may use ten times as much for a while."""
    memory_mib: Annotated[int, Field(ge=256, le=65536)] = Field(default=768, examples=[4096])
    """What a pod asks for and uses at most: about 4 KiB for each series that is alive."""
    remote_write: RemoteWriteSettings | None = Field(default=None, examples=[None])
    """Another store that gets every sample; absent, there is none."""

    @property
    def retention_size_mib(self) -> int:
        """What blocks may take of the volume."""
        return int(self.volume_size_gib * 1024 * VOLUME_SHARE)


class MetricsSettings(Model):
    """What the stack file says about metrics and alerts."""

    prometheus: PrometheusSettings = Field(default=PrometheusSettings(), examples=[{"replicas": 2}])
    """What scrapes, keeps series and evaluates rules."""
    alertmanager: AlertmanagerSettings = Field(default=AlertmanagerSettings(), examples=[{"replicas": 2}])
    """What tells somebody."""
