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
        """Return the charges that differ, biggest difference first: `network-nat-a: NAT gateway`.

        One whose amount is not known before or after is none of them: what nobody knows differs from nothing by nothing
        that could be said.
        """
        unknown = {_charge(line) for line in (*self.before.unknown, *self.after.unknown)}
        found = _differences(_by_charge(self.before), _by_charge(self.after))
        return tuple(one for one in found if one.name not in unknown)

    def newly_unknown(self) -> tuple[Line, ...]:
        """Return what has no known price and had not been without one before."""
        return tuple(line for line in self.after.unknown if line.key not in self._unknown_before())

    def still_unknown(self) -> tuple[Line, ...]:
        """Return what has no known price and had none before."""
        return tuple(line for line in self.after.unknown if line.key in self._unknown_before())

    @property
    def complete(self) -> bool:
        """Every price is known, before and after: the difference is one of the whole."""
        return not self.before.unknown and not self.after.unknown

    def _unknown_before(self) -> frozenset[tuple[str, str]]:
        return frozenset(line.key for line in self.before.unknown)


def _charge(line: Line) -> str:
    return f"{line.name}: {line.what}"


def _by_charge(estimate: Estimate) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in estimate.lines:
        sums[_charge(line)] += line.usd or 0
    return sums


def _differences(before: dict[str, Decimal], after: dict[str, Decimal]) -> tuple[Difference, ...]:
    def found() -> Iterator[Difference]:
        for name in before.keys() | after.keys():
            one = Difference(name, before.get(name, Decimal(0)), after.get(name, Decimal(0)))
            if rounded(one.usd):
                yield one

    return tuple(sorted(found(), key=lambda one: (-abs(one.usd), one.name)))
