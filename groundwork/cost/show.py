"""What a person reads of costs: where the money goes, what a change costs, what is not known."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from groundwork.cost.ceiling import is_undecided
from groundwork.cost.compare import Comparison, Difference
from groundwork.cost.estimate import Estimate, Line, rounded
from groundwork.cost.prices import Sureness

BAR: Final = 28
"""Characters of the longest bar."""
BIGGEST: Final = 12
"""Charges that are listed one by one."""
WIDE: Final = 140
"""Columns for what is read from a pipe."""
HOW_SURE: Final[Mapping[Sureness, str]] = {
    "list": "AWS' own price list",
    "bill": "published bills",
    "page": "public documents that quote AWS",
    "recalled": "known, not looked up",
}


def in_a_line(
    console: Console, environment: str, idle: Estimate, before: Estimate | None, limit: Decimal | None
) -> None:
    """One line about a plan; and what has no price."""
    change = f" ({_difference(Comparison(before, idle))} to what is there)" if before is not None else ""
    ceiling = f"; its ceiling is {limit:,}{_whether_it_holds(idle, limit)}" if limit is not None else ""
    _print(console, f"{environment}: {_least(idle)} USD a month idle{change}{ceiling}.")
    unknown(console, idle.unknown)


def undecided(console: Console, environment: str, idle: Estimate, limit: Decimal, new: Iterable[Line]) -> None:
    """That nobody can say whether the ceiling holds, and because of what."""
    names = ", ".join(f"{line.name} ({line.what})" for line in new)
    _print(
        console,
        f"[yellow bold]Whether {environment} keeps to its monthly ceiling cannot be said[/]: {_least(idle)} USD idle, "
        f"the ceiling is {limit:,}; not known: {escape(names)}",
    )


def above(console: Console, environment: str, idle: Estimate, limit: Decimal) -> None:
    """Why a command ends at the ceiling, and what to do."""
    biggest = ", ".join(f"{name} {_money(usd)}" for name, usd in list(idle.by_component().items())[:3])
    _print(
        console,
        f"[red bold]{environment} is above its monthly ceiling[/]: {_least(idle)} USD idle, the ceiling is {limit:,} "
        f"(budget.monthly_usd in Pulumi.{environment}.yaml). Nothing was changed.\n"
        f"  Most of it: {biggest}. Where it goes: groundwork cost {environment}\n"
        "  Make the environment smaller, or raise the ceiling, which is also where AWS' alarms stand.",
    )


def estimates(console: Console, about: str, idle: Estimate, used: Estimate | None, limit: Decimal | None) -> None:
    """Where the money goes: by component, by service, the biggest charges, what is not known, how sure it is."""
    in_use = f", {_least(used)} in use" if used else ""
    ceiling = f"; the ceiling is {limit:,}{_whether_it_holds(idle, limit)}" if limit is not None else ""
    _print(console, f"[bold]{escape(about)}: {_least(idle)} USD a month idle{in_use}[/]{ceiling}")
    if used and used.use.note:
        _print(console, f"[dim]In use: {escape(used.use.note)}[/]")
    shown = used or idle
    for title, idle_sums, sums in (
        ("component", idle.by_component(), shown.by_component()),
        ("service", idle.by_service(), shown.by_service()),
    ):
        _sums(console, title, idle_sums, sums if used else None)
    _charges(console, shown)
    unknown(console, shown.unknown)
    _print(console, _sure(shown))


def comparison(console: Console, about: str, idle: Comparison, used: Comparison | None) -> None:
    """What a change costs: before, after, and what differs, biggest first."""
    _print(console, f"[bold]{escape(about)}: {_changed(idle)} USD a month idle[/]")
    if used:
        _print(console, f"[bold]{' ' * len(about)}  {_changed(used)} in use[/]")
    shown = used or idle
    for title, found in (("component", shown.components()), ("charge", shown.lines()[:BIGGEST])):
        _differences(console, title, found)
    if not shown.lines():
        _print(console, "Nothing costs more or less.")
    if new := shown.newly_unknown():
        _print(
            console,
            "[yellow]New, and without a known price:[/] "
            + escape("; ".join(f"{one.name} ({one.what}): {one.unknown}" for one in new)),
        )
    unknown(console, shown.still_unknown())


def unknown(console: Console, lines: Iterable[Line]) -> None:
    """What has no price: it is in no sum."""
    for line in lines:
        _print(console, f"[yellow]not counted[/] {escape(f'{line.name} ({line.what}): {line.unknown}')}")


def _sums(console: Console, title: str, idle: Mapping[str, Decimal], used: Mapping[str, Decimal] | None) -> None:
    table = Table(title, box=None, pad_edge=False)
    table.add_column("idle", justify="right")
    if used is not None:
        table.add_column("in use", justify="right")
    table.add_column("")
    sums = used if used is not None else idle
    most = max(sums.values(), default=Decimal(0))
    for name, usd in sums.items():
        amounts = [_money(idle.get(name, Decimal(0)))] + ([_money(usd)] if used is not None else [])
        table.add_row(escape(name), *amounts, f"[cyan]{_bar(usd, most)}[/]")
    _table(console, table)


def _charges(console: Console, found: Estimate) -> None:
    known = sorted(
        ((line, line.usd) for line in found.lines if line.usd is not None), key=lambda one: (-one[1], one[0].urn)
    )
    table = Table("resource", "charge", box=None, pad_edge=False)
    for heading in ("amount", "USD"):
        table.add_column(heading, justify="right")
    for line, usd in known[:BIGGEST]:
        table.add_row(escape(line.name), escape(line.what), f"{_plain(line.quantity)} {_unit(line.found)}", _money(usd))
    _table(console, table)
    if rest := known[BIGGEST:]:
        _print(console, f"and {len(rest)} smaller charges, {_money(sum((usd for _, usd in rest), Decimal(0)))} USD")


def _differences(console: Console, title: str, found: Iterable[Difference]) -> None:
    found = tuple(found)
    if not found:
        return
    table = Table(title, box=None, pad_edge=False)
    for heading in ("before", "after", "change"):
        table.add_column(heading, justify="right")
    table.add_column("")
    most = max(abs(one.usd) for one in found)
    for one in found:
        colour = "red" if one.usd > 0 else "green"
        table.add_row(
            escape(one.name), _money(one.before), _money(one.after), f"[{colour}]{_signed(one.usd)}[/]",
            f"[{colour}]{_bar(abs(one.usd), most)}[/]",
        )  # fmt: skip
    _table(console, table)


def _sure(found: Estimate) -> str:
    total = sum(found.by_sureness().values(), Decimal(0))
    shares = [
        f"{usd * 100 / total:.0f} % {HOW_SURE[how]}"  # type: ignore[index]
        for how, usd in found.by_sureness().items()
        if usd
    ]
    return f"[dim]Prices from: {', '.join(shares) or 'nowhere'}. What is not in it: docs/cost.md[/]"


def _unit(found: object) -> str:
    return escape(getattr(found, "unit", ""))


def _least(found: Estimate) -> str:
    return f"{'at least ' if found.unknown else ''}{_money(found.usd)}"


def _changed(found: Comparison) -> str:
    return f"{_money(found.before.usd)} → {_least(found.after)} ({_difference(found)})"


def _difference(found: Comparison) -> str:
    return f"{'' if found.complete else 'of what is known '}{_signed(found.usd)}"


def _whether_it_holds(idle: Estimate, limit: Decimal) -> str:
    return ", and whether that holds cannot be said" if is_undecided(idle, limit) else ""


def _money(usd: Decimal) -> str:
    return f"{rounded(usd):,}"


def _signed(usd: Decimal) -> str:
    return f"{rounded(usd):+,}"


def _plain(quantity: Decimal | None) -> str:
    return "?" if quantity is None else f"{quantity.normalize():,f}"


def _bar(usd: Decimal, most: Decimal) -> str:
    return "█" * max(round(BAR * usd / most), 1) if usd and most else ""


def _table(console: Console, table: Table) -> None:
    if not console.is_terminal:
        console.width = WIDE
    console.print()
    console.print(table)


def _print(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
