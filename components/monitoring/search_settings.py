"""What the stack file says about the search domain of logs.

Units:  days, GiB.
Source: OpenSearch Service developer guide, "Configuring a multi-AZ domain" (three data nodes in three zones elect a
master after the loss of one; in two zones only dedicated masters do), "Dedicated master nodes" (three, and of which
size), "Quotas" (a volume's size by instance type).
Errors: pydantic.ValidationError naming the field.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from components.model import ImageByDigest, Model
from components.private_ranges import PrivateRange
from components.retention import FromThreeMonths
from components.tags import DataClass, LogClass

ZONES = 3
"""Over how many zones data nodes are spread at most: each copy of an index is in another."""
MASTERS = 3
"""Dedicated master nodes, where there are any: with two the loss of one is the loss of the quorum."""
LEAST_NODES = 3
"""With fewer, the loss of one is the loss of an index's only other copy, or of the quorum."""

MOST_SENSITIVE_FIRST = (DataClass.REGULATED, DataClass.CONFIDENTIAL, DataClass.INTERNAL)


class SearchSettings(Model):
    """What the stack file says about the search domain."""

    setup_image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/opensearch-setup@sha256:" + "0" * 64]
    )
    """The image that images/opensearch-setup builds, by digest."""
    instance_type: Annotated[str, Field(pattern=r"^[a-z0-9]+\.[a-z0-9]+\.search$")] = Field(
        default="m7g.large.search", examples=["m7g.large.search", "r7g.xlarge.search"]
    )
    """OpenSearch Service's name of the data nodes' size. Encryption at rest and fine-grained access exclude the old
    ones (m3, r3, t2)."""
    instance_count: Annotated[int, Field(ge=LEAST_NODES, le=30)] = Field(default=LEAST_NODES, examples=[3])
    """Data nodes: as many in each zone, so three or more in three zones, and four or more in two."""
    master_instance_type: Annotated[str, Field(pattern=r"^[a-z0-9]+\.[a-z0-9]+\.search$")] | None = Field(
        default=None, examples=["m7g.large.search"]
    )
    """The size of three dedicated master nodes, which AWS advises for production; absent, the data nodes elect one of
    themselves."""
    volume_gib: Annotated[int, Field(ge=10, le=1000)] = Field(default=100, examples=[100])
    """gp3 storage of each data node. AWS takes less at some sizes of node; for more, take more nodes."""
    source_ranges: Annotated[tuple[PrivateRange, ...], Field(max_length=10)] = Field(
        default=(), examples=[["10.0.0.0/8"]]
    )
    """Private IPv4 ranges from which people may connect to Dashboards: offices and networks behind your VPN. Who
    somebody is, and what they find, is asked of each request; none by default."""
    days: Annotated[dict[LogClass, Annotated[int, Field(ge=1, le=365)]], Field(min_length=1)] = Field(
        default={"internal": 14, "confidential": 14}, examples=[{"internal": 7, "confidential": 30}]
    )
    """The data classes that can be searched, and after how many days an index is deleted. CloudWatch keeps its own
    copy for its own time."""
    audit_retention_in_days: FromThreeMonths = Field(default=365, examples=[365])
    """How long CloudWatch keeps what the domain says of itself: who asked for what, slow requests, errors."""
    buffer_mib: Annotated[int, Field(ge=64, le=20480)] = Field(default=512, examples=[512])
    """How much of each node's disk may hold what the domain has not taken yet; beyond it the oldest goes."""
    off_peak_hour: Annotated[int, Field(ge=0, le=23)] = Field(default=1, examples=[1])
    """The hour, in UTC, from which AWS may update the domain's software, for ten hours."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the domain."""

    @model_validator(mode="after")
    def _no_old_machine(self) -> Self:
        for name in ("instance_type", "master_instance_type"):
            wanted = getattr(self, name)
            if wanted and wanted.partition(".")[0] in {"m3", "r3", "t2"}:
                raise ValueError(f"{name} {wanted} has neither encryption nor fine-grained access")
        return self

    @property
    def data_class(self) -> DataClass:
        """Of the most sensitive lines in it: whose key the domain has."""
        return next(one for one in MOST_SENSITIVE_FIRST if one.value in self.days)
