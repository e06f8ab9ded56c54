"""What a person sees while the engine works: one moving line on a terminal, a line for each tenth elsewhere."""

from types import TracebackType
from typing import Self

from pulumi.automation.events import EngineEvent, OpType
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from groundwork.events import EventLog, name_of


class Progress:
    """Counts resources as the engine finishes them and passes every event on to the log."""

    def __init__(self, console: Console, title: str, log: EventLog, total: int | None = None) -> None:
        self._console = console
        self._title = title
        self._log = log
        self._total = total
        self._done = 0
        self._tenths = 0
        self._bar = Bar(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=28), MofNCompleteColumn(),
            TimeElapsedColumn(), TextColumn("[dim]{task.fields[latest]}"),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task(title, total=total, latest="starting the engine")

    def __enter__(self) -> Self:
        if not self._console.is_terminal:
            self._console.print(f"{self._title} …")
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def on_event(self, event: EngineEvent) -> None:
        """Take one event in; it is called from the thread that reads the engine's event log."""
        self._log.on_event(event)
        if event.resource_pre_event and event.resource_pre_event.metadata.op is not OpType.SAME:
            self._bar.update(self._task, latest=name_of(event.resource_pre_event.metadata.urn))
        finished = event.res_outputs_event or event.res_op_failed_event
        if finished:
            self._done += 1
            self._bar.update(self._task, completed=self._done)
            self._say_a_tenth()

    def _say_a_tenth(self) -> None:
        if self._console.is_terminal or not self._total:
            return
        tenths = self._done * 10 // self._total
        if tenths > self._tenths:
            self._tenths = tenths
            self._console.print(f"  {self._done} of {self._total} resources")
