"""What a change costs: two estimates, component by component, biggest difference first."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from groundwork.cost.estimate import Estimate, Line, rounded


@dataclass(frozen=True)
class Difference:
    """An amount before and after."""

    name: str
    before: Decimal
    after: Decimal

    @property
    def usd(self) -> Decimal:
        """Dollars more a month; negative: less."""
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """Two sets of resources, priced alike."""

    before: Estimate
    after: Estimate

    @property
    def usd(self) -> Decimal:
        """Dollars more a month, as the difference of the two totals that are shown."""
        return self.after.usd - self.before.usd

    def components(self) -> tuple[Difference, ...]:
        """Return the components that cost something else, biggest difference first."""
        return _differences(self.before.by_component(), self.after.by_component())

    def lines(self) -> tuple[Difference, ...]:
        """Return the charges that differ, biggest difference first: `network-nat-a: NAT gateway`."""
        return _differences(_by_charge(self.before), _by_charge(self.after))

    def newly_unknown(self) -> tuple[Line, ...]:
        """Return what has no price and was not there before."""
        known = {(line.urn, line.price) for line in self.before.unknown}
        return tuple(line for line in self.after.unknown if (line.urn, line.price) not in known)


def _by_charge(estimate: Estimate) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in estimate.lines:
        sums[f"{line.name}: {line.what}"] += line.usd or 0
    return sums


def _differences(before: dict[str, Decimal], after: dict[str, Decimal]) -> tuple[Difference, ...]:
    def found() -> Iterator[Difference]:
        for name in before.keys() | after.keys():
            one = Difference(name, before.get(name, Decimal(0)), after.get(name, Decimal(0)))
            if rounded(one.usd):
                yield one

    return tuple(sorted(found(), key=lambda one: (-abs(one.usd), one.name)))
