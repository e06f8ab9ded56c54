"""Keys, secrets, the audit trail.

Source: CloudTrail pricing: the first copy of management events is free, data events are not.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from groundwork.cost.charges import ByType, Charge, Resource
from groundwork.cost.use import Use

ONE: Final = Decimal(1)


def _key(resource: Resource, use: Use) -> Iterator[Charge]:
    yield Charge("kms.key.month", ONE)
    yield Charge("kms.request", use.kms_requests.of(resource.name))


def _secret(resource: Resource, use: Use) -> Iterator[Charge]:
    yield Charge("secretsmanager.secret.month", ONE)
    yield Charge("secretsmanager.request", use.secret_requests.of(resource.name))


def _trail(resource: Resource, use: Use) -> Iterator[Charge]:
    yield Charge("cloudtrail.data_event", use.data_events.of(resource.name))


CHARGES: Final[ByType] = {
    "aws:kms/key:Key": _key,
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:cloudtrail/trail:Trail": _trail,
}
