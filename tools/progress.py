"""Progress of long steps: what is being done, for how long, how long it usually takes.

On a terminal the line lives and is redrawn; elsewhere (a log, CI) plain lines come at intervals.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

REDRAW_SECONDS = 0.2
PLAIN_LINE_SECONDS = 20.0


def duration(seconds: float) -> str:
    """`9 s` or `2 min 05 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


class Step:
    """One running step. `detail` may be set at any time and is shown with the next redraw."""

    def __init__(self, title: str, usual_seconds: float, stream: TextIO) -> None:
        self.detail = ""
        self._title = title
        self._usual_seconds = usual_seconds
        self._stream = stream
        self._started = time.monotonic()
        self._over = threading.Event()
        self._is_live = stream.isatty()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def _text(self) -> str:
        elapsed = duration(time.monotonic() - self._started)
        detail = f", {self.detail}" if self.detail else ""
        return f"{self._title}: {elapsed} of usually {duration(self._usual_seconds)}{detail}"

    def _show(self) -> None:
        while not self._over.wait(REDRAW_SECONDS if self._is_live else PLAIN_LINE_SECONDS):
            self._write(f"\r\x1b[K{self._text()}" if self._is_live else f"{self._text()}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def start(self) -> None:
        """Say what begins and how long it usually takes."""
        self._write(f"{self._title} (usually {duration(self._usual_seconds)})" + ("" if self._is_live else "\n"))
        self._thread.start()

    def end(self, outcome: str) -> None:
        """Stop redrawing and leave one line behind: the title, the outcome and the time that it took."""
        self._over.set()
        self._thread.join()
        start_of_line = "\r\x1b[K" if self._is_live else ""
        self._write(f"{start_of_line}{self._title}: {outcome} after {duration(time.monotonic() - self._started)}\n")


class Progress:
    """Where the installer says what it does."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        """One whole line."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    @contextmanager
    def step(self, title: str, usual_seconds: float) -> Iterator[Step]:
        """A step that takes a while, shown until the block ends."""
        step = Step(title, usual_seconds, self._stream)
        step.start()
        outcome = "failed"
        try:
            yield step
            outcome = "done"
        finally:
            step.end(outcome)
