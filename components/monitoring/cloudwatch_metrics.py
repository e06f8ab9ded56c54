"""What is read of CloudWatch, as data: those metrics that alerts and dashboards ask for, since each request costs.

Source: Amazon RDS user guide, "Amazon CloudWatch metrics for Amazon RDS"; Amazon SQS developer guide, "Available
        CloudWatch metrics for Amazon SQS"; Amazon S3 user guide, "Amazon S3 metrics and dimensions"; AWS CodeBuild user
        guide, "CodeBuild CloudWatch metrics"; AWS Certificate Manager user guide, "Supported CloudWatch metrics".
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from components.model import Model

FIVE_MINUTES, DAY = 300, 86400


class Watched(NamedTuple):
    """A metric of a service, and how it is summed up over its period."""

    name: str
    statistic: str


class Service(NamedTuple):
    """A service of AWS: where its metrics are and which are read."""

    namespace: str
    dimension: str
    metrics: tuple[Watched, ...]
    period: int = FIVE_MINUTES
    length: int = FIVE_MINUTES
    zero: bool = False
    """No data means none: a queue that nobody uses, a project without a build."""
    more: tuple[tuple[str, str], ...] = ()
    """Further dimensions, the same for all."""


DATABASE: Final = Service(
    "AWS/RDS",
    "DBInstanceIdentifier",
    (
        Watched("DatabaseConnections", "Maximum"),
        Watched("CPUUtilization", "Average"),
        Watched("CPUCreditBalance", "Minimum"),
        Watched("FreeStorageSpace", "Minimum"),
        Watched("FreeableMemory", "Minimum"),
        Watched("ReadLatency", "Average"),
        Watched("WriteLatency", "Average"),
    ),
)
QUEUE: Final = Service(
    "AWS/SQS",
    "QueueName",
    (
        Watched("ApproximateAgeOfOldestMessage", "Maximum"),
        Watched("ApproximateNumberOfMessagesVisible", "Maximum"),
        Watched("NumberOfMessagesReceived", "Sum"),
    ),
    zero=True,
)
# CloudWatch has these once a day, some time after midnight.
BUCKET_SIZE: Final = Service(
    "AWS/S3",
    "BucketName",
    (Watched("BucketSizeBytes", "Average"),),
    DAY,
    2 * DAY,
    more=(("StorageType", "StandardStorage"),),
)
BUCKET_OBJECTS: Final = Service(
    "AWS/S3",
    "BucketName",
    (Watched("NumberOfObjects", "Average"),),
    DAY,
    2 * DAY,
    more=(("StorageType", "AllStorageTypes"),),
)
BUILDS: Final = Service(
    "AWS/CodeBuild",
    "ProjectName",
    (Watched("Builds", "Sum"), Watched("FailedBuilds", "Sum"), Watched("Duration", "Average")),
    zero=True,
)
CERTIFICATE: Final = Service(
    "AWS/CertificateManager", "CertificateArn", (Watched("DaysToExpiry", "Minimum"),), DAY, 2 * DAY
)


class WatchedResources(Model):
    """What of AWS is looked at, by names known beforehand."""

    databases: tuple[str, ...] = ()
    """Identifiers of DB instances."""
    queues: tuple[str, ...] = ()
    """Names of queues."""
    buckets: tuple[str, ...] = ()
    """Names of buckets."""
    build_projects: tuple[str, ...] = ()
    """Names of CodeBuild projects."""
    certificates: tuple[str, ...] = ()
    """ARNs of certificates."""

    def by_service(self) -> Iterator[tuple[Service, str]]:
        """Give each resource under each of the services that have metrics of it."""
        for services, names in (
            ((DATABASE,), self.databases),
            ((QUEUE,), self.queues),
            ((BUCKET_SIZE, BUCKET_OBJECTS), self.buckets),
            ((BUILDS,), self.build_projects),
            ((CERTIFICATE,), self.certificates),
        ):
            for name in names:
                for service in services:
                    yield service, name


def configuration(region: str, resources: WatchedResources) -> dict[str, Any]:
    """Return the exporter's configuration: one job for each resource, so that it has to search for none."""
    jobs = [_job(region, service, name) for service, name in resources.by_service()]
    return {"apiVersion": "v1alpha1", "sts-region": region, "static": jobs}


def _job(region: str, service: Service, name: str) -> dict[str, Any]:
    dimensions: Mapping[str, str] = {service.dimension: name, **dict(service.more)}
    return {
        "name": name,
        "namespace": service.namespace,
        "regions": [region],
        "dimensions": [{"name": dimension, "value": value} for dimension, value in dimensions.items()],
        "metrics": [
            {
                "name": metric.name,
                "statistics": [metric.statistic],
                "period": service.period,
                "length": service.length,
                **({"nilToZero": True} if service.zero else {}),
            }
            for metric in service.metrics
        ],
    }
