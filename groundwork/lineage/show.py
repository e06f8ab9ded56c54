"""What a person reads of `groundwork lineage`, and what a program does."""

from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from groundwork.lineage.link import Chain, Link, State

MARKS: Final = {
    State.VERIFIED: "[green]✓[/]",
    State.BROKEN: "[red bold]✗[/]",
    State.MISSING: "[red bold]✗[/]",
    State.UNCHECKED: "[yellow]?[/]",
}
COLOURS: Final = {State.BROKEN: "red", State.MISSING: "red", State.UNCHECKED: "yellow"}
INDENT: Final = " " * 14


def chain(console: Console, found: Chain) -> None:
    """The chain, a paragraph for each link; then what it comes to."""
    aliases = f" ({', '.join(f'@{alias}' for alias in found.aliases)})" if found.aliases else ""
    _line(
        console, f"[bold]{escape(f'{found.model}/{found.version}')}[/]{escape(aliases)} in workspace {found.workspace}"
    )
    for link in found.links:
        _link(console, link)
    _line(console, summed_up(found))


def summed_up(found: Chain) -> str:
    """Return one line about the whole chain."""
    name = escape(f"{found.model}/{found.version}")
    parts = [
        f"[{COLOURS[state]}]{len(names)} {state} ({', '.join(names)})[/]"
        for state in (State.BROKEN, State.MISSING, State.UNCHECKED)
        if (names := [link.name for link in found.links if link.state is state])
    ]
    verified = sum(link.state is State.VERIFIED for link in found.links)
    return f"{name}: {', '.join([*parts, f'{verified} of {len(found.links)} links verified'])}."


def as_data(found: Chain) -> dict[str, Any]:
    """Return the chain for programs."""
    return {
        "model": found.model,
        "version": found.version,
        "workspace": found.workspace,
        "aliases": list(found.aliases),
        "links": [
            {"name": link.name, "state": link.state, "value": link.value, "said": link.said, "details": link.details}
            for link in found.links
        ],
    }


def _link(console: Console, link: Link) -> None:
    colour = COLOURS.get(link.state)
    said = f"[{colour}]{link.state}: {escape(link.said)}[/]" if colour else escape(link.said)
    _line(console, f"  {MARKS[link.state]} {link.name:<10}{escape(link.value) or said}")
    if link.value:
        _line(console, f"{INDENT}{said}")
    for name, text in link.details.items():
        if text:
            _line(console, f"{INDENT}[dim]{name}[/] {escape(text)}")


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
