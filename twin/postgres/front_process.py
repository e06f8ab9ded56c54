"""The process of a server's front: started, configured, answered, started again when it ends, stopped.

It ends by itself with the process that started it: see twin/postgres/front.py.
"""

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from twin.postgres.front import READY
from twin.postgres.front_settings import FrontSettings
from twin.postgres.server import PostgresError
from twin.services import variables

START_SECONDS = 30.0
STOP_SECONDS = 5.0
AGAIN_SECONDS = 1.0
"""After how long a front that has ended is started again."""
_log = logging.getLogger("twin.postgres")
Answer = Callable[[str, str | None], Awaitable[object]]
"""Answers what the front asks about a user, with his token or without: see `Questions` of twin/postgres/front.py."""


class FrontProcess:
    """The front of one server. `start`, `configure` and `stop` are called by one thread at a time."""

    def __init__(self, log: Path, answer: Answer) -> None:
        """`log`: the server's. `answer` runs in the loop in which this is made."""
        self._log, self._answer = log, answer
        self._loop = asyncio.get_running_loop()
        self._settings: FrontSettings | None = None
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        """Held by whoever writes to the process."""
        self._stopped = threading.Event()
        self._listener: threading.Thread | None = None

    def start(self, settings: FrontSettings) -> None:
        """Start it, and return when it listens. Errors: PostgresError."""
        self.stop()
        self._settings = settings
        self._stopped.clear()
        process = self._launched()
        self._listener = threading.Thread(target=self._listen, args=(process,), name="front", daemon=True)
        self._listener.start()

    def configure(self, settings: FrontSettings) -> None:
        """Give it other settings, for the connections that come from now on."""
        self._settings = settings
        self._tell(settings.encoded())

    def stop(self) -> None:
        """End it, if it runs, and every connection through it."""
        self._stopped.set()
        with self._lock:
            if self._process is not None:
                _close(self._process)
        if self._listener is not None:
            self._listener.join(STOP_SECONDS)
            if self._listener.is_alive() and self._process is not None:
                self._process.kill()
            self._listener.join()
        self._listener = self._process = None

    def _launched(self) -> "subprocess.Popen[str]":
        """A process that listens. Errors: PostgresError."""
        assert self._settings is not None  # noqa: S101  # set by `start`
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "twin.postgres.front"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=variables(),
                start_new_session=True,
            )  # fmt: skip
        with self._lock:
            self._process = process
            if self._stopped.is_set():
                _close(process)
        self._tell(self._settings.encoded())
        too_slow = threading.Timer(START_SECONDS, process.kill)
        too_slow.start()
        listens = process.stdout is not None and process.stdout.readline().strip() == READY
        too_slow.cancel()
        if not listens:
            process.kill()
            process.wait()
            raise PostgresError(f"the front of PostgreSQL does not listen at {self._settings.port}: see {self._log}")
        return process

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        """Have what it asks answered; when it ends and should not, start it again."""
        while True:
            for line in process.stdout or ():
                asyncio.run_coroutine_threadsafe(self._answered(json.loads(line)), self._loop)
            process.wait()
            while not self._stopped.wait(AGAIN_SECONDS):
                _log.warning("the front of PostgreSQL has ended (%s); it is started again", process.returncode)
                try:
                    process = self._launched()
                    break
                except PostgresError as error:
                    _log.warning("%s", error)
            else:
                return

    async def _answered(self, asked: Mapping[str, Any]) -> None:
        told: dict[str, object] = {"number": asked["number"]}
        try:
            told["answer"] = await self._answer(asked["user"], asked.get("token"))
        except Exception as error:  # whatever it is: the client shall hear that nobody is let in for now
            _log.error("nobody can say whether %s may enter the database: %s", asked["user"], error)
        self._tell(json.dumps(told))

    def _tell(self, line: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):  # it has just ended
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()


def _close(process: "subprocess.Popen[str]") -> None:
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
