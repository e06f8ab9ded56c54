"""What a person reads of drift."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from groundwork.differences import said
from groundwork.drift.drifted import Drifted


def drift(console: Console, environment: str, found: Sequence[Drifted]) -> None:
    """Each resource that differs, with the properties in words, and what to do."""
    for one in found:
        colour, word = ("red", "is gone") if one.what == "gone" else ("yellow", "is changed")
        _print(console, f"[{colour}]{escape(one.name)} {word}[/] [dim]{escape(one.type)}[/]")
        for each in one.differences:
            before, after = (said(value, secret=each.secret) for value in (each.before, each.after))
            _print(console, escape(f"  {each.path}: {before} in the state, {after} in the world"))
        if one.what == "changed" and not one.differences:
            _print(console, "  the engine says so, and names no property")
    if found:
        _print(
            console,
            f"{environment}: {len(found)} of its resources {'is' if len(found) == 1 else 'are'} not as the state says. "
            "Nothing was changed.\n"
            f"  To put them back: groundwork refresh {environment}, then groundwork up {environment}. To keep what is "
            "there, write it into the settings or the program first.",
        )
    else:
        _print(console, f"{environment}: no drift.")


def _print(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
