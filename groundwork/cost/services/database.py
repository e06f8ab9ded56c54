"""RDS for PostgreSQL.

Source: RDS for PostgreSQL pricing: a standby doubles machine and storage; backups up to the size of the database are
        free; Secrets Manager charges for the master password that RDS keeps there as for any other secret. CloudWatch
        pricing: Database Insights in advanced mode is charged by the vCPUs that are watched, those of the primary.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from groundwork.cost.charges import HOURS, ByType, Charge, Resource, times
from groundwork.cost.use import Use

_PERFORMANCE: Final = ("iops", "storageThroughput")
_SMALL: Final = frozenset({"micro", "small", "medium", "large"})
_XLARGE: Final = re.compile(r"(\d*)xlarge")


def _vcpus(class_: str) -> int | None:
    """Return the vCPUs of a machine from its size: 2 up to large, 4 for each time that it is extra large."""
    size = class_.rpartition(".")[2]
    if size in _SMALL:
        return 2
    found = _XLARGE.fullmatch(size)
    return 4 * int(found[1] or 1) if found else None


def _instance(resource: Resource, use: Use) -> Iterator[Charge]:
    engine, class_, standby = resource["engine"], resource["instanceClass"], resource["multiAz"]
    machine = f"rds.{engine.value}.{class_.value}"
    if unknown := [node.path for node in (engine, class_, standby) if node.unknown]:
        yield Charge("rds.instance", None, f"{', '.join(unknown)} is not known")
        return
    zones = "multi" if standby.value is True else "single"
    yield Charge(f"{machine}.{zones}", HOURS)
    kind = resource["storageType"].value
    yield times(f"rds.{kind}.{zones}.gb_month", resource["allocatedStorage"])
    for name in _PERFORMANCE:
        if resource[name].is_set or resource[name].unknown:
            yield Charge(f"rds.{kind}.{name}", None, f"there is no price for {name}")
    if resource["databaseInsightsMode"].value == "advanced":
        vcpus = _vcpus(class_.value)
        hours = None if vcpus is None else HOURS * vcpus
        yield Charge("rds.insights.advanced.vcpu_hour", hours, f"the vCPUs of {class_.value} are not known")
    if resource["manageMasterUserPassword"].value is True:
        yield Charge("secretsmanager.secret.month", Decimal(1))
    if resource["monitoringInterval"].is_set and resource["monitoringInterval"].value != 0:
        yield Charge("logs.ingest.gb", use.enhanced_monitoring_gb.of(resource.name))
    yield Charge("rds.backup.gb_month", use.database_backup_gb.of(resource.name))


CHARGES: Final[ByType] = {"aws:rds/instance:Instance": _instance}
