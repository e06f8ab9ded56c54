"""What resources cost in a month: a line for each thing that AWS charges for, by resource, component and service."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Final

from groundwork.cost.charges import Charge, Resource
from groundwork.cost.prices import Found, PriceTable
from groundwork.cost.services import CHARGES
from groundwork.cost.services.free import why_free
from groundwork.cost.use import Use
from groundwork.events import name_of
from groundwork.policy.sources import Saved

CENT: Final = Decimal("0.01")
PROGRAM: Final = "program"
"""The component of what the program registers outside of any."""
_PROVIDER: Final = "pulumi:providers:aws"
_STACK: Final = "pulumi:pulumi:Stack"
_CLUSTER: Final = "aws:eks/cluster:Cluster"
_IN_CLUSTERS: Final = "kubernetes:"


@dataclass(frozen=True)
class Line:
    """One charge of one resource."""

    urn: str
    type: str
    component: str
    """The outermost component that the resource belongs to."""
    price: str
    """Id in the price table."""
    quantity: Decimal | None
    found: Found | None
    unknown: str = ""
    """Why it has no amount of money; empty where it has."""

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return name_of(self.urn)

    @property
    def key(self) -> tuple[str, str]:
        """The resource and the price: by it a charge is found again in another estimate."""
        return self.urn, self.price

    @property
    def service(self) -> str:
        """The service that charges, as the price table calls it: ec2, rds, kms."""
        return self.price.partition(".")[0]

    @property
    def what(self) -> str:
        """What is charged, in words."""
        return self.found.what if self.found else self.price

    @property
    def usd(self) -> Decimal | None:
        """Dollars a month; None: not known."""
        return None if self.unknown or self.found is None or self.quantity is None else self.quantity * self.found.usd


@dataclass(frozen=True)
class Estimate:
    """What an environment costs in a month with one use."""

    lines: tuple[Line, ...]
    use: Use

    @cached_property
    def usd(self) -> Decimal:
        """Dollars a month, to the cent, of what is known."""
        return cents(line.usd for line in self.lines)

    @cached_property
    def unknown(self) -> tuple[Line, ...]:
        """What could not be priced."""
        return tuple(line for line in self.lines if line.usd is None)

    def by_component(self) -> dict[str, Decimal]:
        """Return dollars by component, biggest first; not rounded."""
        return _sums((line.component, line.usd) for line in self.lines)

    def by_service(self) -> dict[str, Decimal]:
        """Return dollars by service, biggest first; not rounded."""
        return _sums((line.service, line.usd) for line in self.lines)

    def by_sureness(self) -> dict[str, Decimal]:
        """Return dollars by how their prices were found, biggest first; not rounded."""
        return _sums((line.found.sure, line.usd) for line in self.lines if line.found)


def cents(amounts: Iterable[Decimal | None]) -> Decimal:
    """Return the sum of what is known, to the cent."""
    return rounded(sum((amount for amount in amounts if amount is not None), Decimal(0)))


def rounded(amount: Decimal) -> Decimal:
    """Return dollars to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def estimate(resources: Sequence[Saved], table: PriceTable, use: Use) -> Estimate:
    """Return what resources cost in a month."""
    return Estimate(tuple(_lines(resources, table, use)), use)


def _lines(resources: Sequence[Saved], table: PriceTable, use: Use) -> Iterator[Line]:
    by_urn = {one.urn: one for one in resources}
    children: dict[str | None, list[Saved]] = defaultdict(list)
    for one in resources:
        children[one.parent].append(one)
    of_clusters = {_region(one, by_urn) for one in resources if one.type == _CLUSTER}
    for one in resources:
        if not one.custom:
            continue
        region = _region(one, by_urn)
        if one.type.startswith(_IN_CLUSTERS) and len(of_clusters) == 1:
            (region,) = of_clusters  # what is in a cluster says nothing of where that is
        for charge in _charges(Resource(one, children[one.parent]), use):
            if charge.quantity != 0:
                yield _line(one, charge, region, component_of(one, by_urn), table)


def _charges(resource: Resource, use: Use) -> Iterator[Charge]:
    token = resource.saved.type
    if charges_of := CHARGES.get(token):
        yield from charges_of(resource, use)
    elif why_free(token) is None:
        yield Charge(token, None, "there is no price for this type")


def _line(one: Saved, charge: Charge, region: str | None, component: str, table: PriceTable) -> Line:
    found = table.find(charge.price, region) if region else None
    unknown = charge.unknown if charge.quantity is None else ""
    if not unknown and found is None:
        unknown = f"the price table has no price for it in {region}" if region else "its region is not known"
    return Line(one.urn, one.type, component, charge.price, charge.quantity, found, unknown)


def component_of(one: Saved, by_urn: Mapping[str, Saved]) -> str:
    """Return the name of the outermost component around a resource."""
    outermost, parent = None, by_urn.get(one.parent or "")
    while parent is not None and parent.type != _STACK:
        outermost, parent = parent, by_urn.get(parent.parent or "")
    return name_of(outermost.urn) if outermost else PROGRAM


def _region(one: Saved, by_urn: Mapping[str, Saved]) -> str | None:
    """Return where a resource is: where it says so, else where its provider works."""
    own = one.inputs.get("region")
    if isinstance(own, str) and own:
        return own
    provider = by_urn.get(one.provider or "")
    there = provider.inputs.get("region") if provider and provider.type == _PROVIDER else None
    return there if isinstance(there, str) else None


def _sums(amounts: Iterable[tuple[str, Decimal | None]]) -> dict[str, Decimal]:
    """Return sums by key, biggest first."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for key, amount in amounts:
        sums[key] += amount or 0
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
