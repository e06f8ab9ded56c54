"""What a person reads: planned changes, violations, errors, what was built and how to reach it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pulumi.automation.events import OpType
from rich.console import Console
from rich.markup import escape

from groundwork.events import Change, EventLog, Violation

SYMBOLS = {
    OpType.CREATE: "[green]+[/]",
    OpType.UPDATE: "[yellow]~[/]",
    OpType.DELETE: "[red]-[/]",
    OpType.REPLACE: "[magenta]±[/]",
    OpType.CREATE_REPLACEMENT: "[magenta]+[/]",
    OpType.DELETE_REPLACED: "[magenta]-[/]",
    OpType.IMPORT: "[cyan]=[/]",
}

REPEATED = (
    "update failed",
    "preview failed",
    "an unhandled error occurred: Program exited with non-zero exit code: 1",
)
"""What the engine says last, after what has happened."""

LONGEST_OUTPUT = 400
"""Characters: more than any ARN or address, less than a document such as a kubeconfig."""


def changes(console: Console, log: EventLog, limit: int = 60) -> None:
    """The changes by component, at most `limit` lines; the rest is counted, not hidden."""
    by_component: dict[str, list[Change]] = defaultdict(list)
    # A replacement is three steps of the engine (create, replace, delete) and one fact for a reader.
    steps = [change for change in log.changes if change.op not in (OpType.CREATE_REPLACEMENT, OpType.DELETE_REPLACED)]
    for change in steps:
        by_component[change.component].append(change)
    shown = 0
    for component, members in sorted(by_component.items()):
        if shown >= limit:
            break
        console.print(f"[bold]{component or 'program'}[/]", soft_wrap=True)
        for change in members[: limit - shown]:
            console.print(
                f"  {SYMBOLS.get(change.op, '?')} {change.name} [dim]{change.type}[/]{_why(change)}", soft_wrap=True
            )
            shown += 1
    if len(steps) > shown:
        console.print(f"  … and {len(steps) - shown} more")


def _why(change: Change) -> str:
    if change.replaced_for:
        return f" [magenta]replaced for {escape(', '.join(change.replaced_for))}[/]"
    if change.op is OpType.UPDATE and change.properties:
        return f" [yellow]{escape(', '.join(change.properties))}[/]"
    return ""


def violations(console: Console, found: Iterable[Violation]) -> None:
    """The objections by policy, a line for each resource."""
    by_policy: dict[tuple[str, str], list[Violation]] = defaultdict(list)
    for violation in found:
        by_policy[violation.policy, violation.level].append(violation)
    for (policy, level), members in sorted(by_policy.items()):
        colour = "red" if level == "mandatory" else "yellow"
        console.print(f"[{colour} bold]{policy}[/] {level}")
        for violation in members:
            message = escape(violation.message).replace("\n", "\n    ")
            console.print(f"  [bold]{violation.resource or 'stack'}[/]: {message}", soft_wrap=True, highlight=False)


def warnings(console: Console, said: Iterable[str]) -> None:
    """What the engine, the provider or the program warned of, each once."""
    for text in dict.fromkeys(said):
        console.print(f"[yellow]warning[/] {escape(text)}", highlight=False, soft_wrap=True)


def errors(console: Console, log: EventLog) -> None:
    """What went wrong, in the words of the engine, the provider or the program."""
    for line in log.program_output:
        console.print(escape(line), highlight=False, soft_wrap=True)
    # "update failed" and the like repeat what the lines above say in detail; what ends in "context canceled" was given
    # up because something else had failed.
    said = [text for text in log.errors if text not in REPEATED] or ([] if log.program_output else log.errors)
    causes = [text for text in said if not text.endswith("context canceled")]
    for text in causes or said:
        console.print(f"[red]error[/] {escape(text)}", highlight=False, soft_wrap=True)


def counted(log: EventLog) -> str:
    """`187 created, 3 updated, 12 unchanged`."""
    words = {
        "create": "created", "update": "updated", "delete": "deleted", "replace": "replaced",
        "import": "imported", "same": "unchanged",
    }  # fmt: skip
    return ", ".join(f"{log.counts[op]} {word}" for op, word in words.items() if log.counts[op]) or "nothing to do"


def outputs(console: Console, values: Mapping[str, object]) -> None:
    """The stack's outputs, a line each and never cut: they are copied. A whole document is named, with the way to it.

    A secret one is named, never shown.
    """
    width = max(map(len, values), default=0)
    for name, value in sorted(values.items()):
        text = str(value)
        if len(text) > LONGEST_OUTPUT:
            text = f"({len(text):,} characters: pulumi stack output {name})"
        console.print(f"  [cyan]{name:<{width}}[/]  {escape(text)}", soft_wrap=True, highlight=False)
