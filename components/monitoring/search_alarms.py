"""Which metrics of a search domain somebody is told of, as data: those that AWS recommends of it as a whole.

They are made with the domain, which costs some thousand times what they do. AWS looks at some of them each minute; here
a value counts for five, as of all alarms.

Units:  storage is MiB in CloudWatch, GiB in settings; pressure is per cent of the heap.
Source: OpenSearch Service developer guide, "Recommended CloudWatch alarms" (and from which values on; of the two of the
key there are values in trouble alone), "Monitoring OpenSearch cluster metrics" (AWS/ES, by account and domain).
"""

from collections.abc import Iterator
from typing import Final

from components.model import Model
from components.monitoring.alarm_metrics import Comparison, MetricAlarm

NAMESPACE: Final = "AWS/ES"
MIB_IN_GIB: Final = 1024
FREE_SHARE: Final = 0.25
"""Of a data node's storage: AWS' advice. At a fifth, or 20 GiB, it may begin to refuse what is written."""
FULL_HEAP_PERCENT: Final = 95


class WatchedSearchDomain(Model):
    """What alarms have to know of a domain."""

    name: str
    """The domain's name, known before it exists."""
    volume_gib: int
    """The storage of each data node."""


def search_alarms(domain: WatchedSearchDomain, account_id: str) -> Iterator[MetricAlarm]:
    """Yield the alarms of a domain."""

    def alarm(
        name: str, title: str, metric: str, threshold: float = 1, *, periods: int = 1, only_in_trouble: bool = False
    ) -> MetricAlarm:
        low: bool = metric == "FreeStorageSpace"
        comparison: Comparison = "LessThanThreshold" if low else "GreaterThanOrEqualToThreshold"
        return MetricAlarm(
            name=f"search-{name}",
            title=title,
            namespace=NAMESPACE,
            metric=metric,
            dimensions={"ClientId": account_id, "DomainName": domain.name},
            statistic="Minimum" if low else "Maximum",
            comparison=comparison,
            threshold=threshold,
            periods=periods,
            missing="notBreaching" if only_in_trouble else "missing",
        )

    least = domain.volume_gib * MIB_IN_GIB * FREE_SHARE
    yield alarm("red", "Logs of some index can be neither searched nor written", "ClusterStatus.red")
    yield alarm("storage", "A data node of the search domain is running out of storage", "FreeStorageSpace", least)
    yield alarm("writes-blocked", "The search domain takes no more logs", "ClusterIndexWritesBlocked")
    yield alarm(
        "memory",
        "A data node of the search domain has no memory left",
        "JVMMemoryPressure",
        FULL_HEAP_PERCENT,
        periods=2,
    )
    key = "The search domain cannot use its key"
    yield alarm("key-error", f"{key}: it is disabled or deleted", "KMSKeyError", only_in_trouble=True)
    yield alarm("key-inaccessible", f"{key}: its grant is gone", "KMSKeyInaccessible", only_in_trouble=True)
