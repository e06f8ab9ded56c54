"""Keeps what the emulator knows on disk while it runs, so that a crash or a reboot loses at most the last second.

ministack writes its state when it is shut down in good order, and only then. `Checkpoint` stands in front of it and,
a moment after a request that may have changed something, asks every service for its state and writes the files of
those that changed, in ministack's own format: at the next start it reads them by itself. Objects of S3 are written by
ministack with each request (S3_PERSIST).
"""

import asyncio
import json
import logging
import time
from importlib.metadata import version
from pathlib import Path

import ministack.app
from ministack.core import persistence

from twin.aws.corrections.emulator import Application, Message, Receive, Send

MINISTACK = "1.5.33"
"""The version whose private names are used here."""
SETTLE_SECONDS = 0.5
"""How long changes are gathered before they are written."""
SHARE_OF_TIME = 0.1
"""Writing takes at most this share of the server's time: with a large state it is done less often."""
READS = ("GET", "HEAD", "OPTIONS")

log = logging.getLogger("twin.checkpoint")


class Checkpoint:
    """ASGI middleware in front of ministack; at most one write is under way."""

    def __init__(self, application: Application, folder: Path) -> None:
        """`folder`: ministack's STATE_DIR. Raises RuntimeError for another version of ministack than was tried."""
        if (found := version("ministack")) != MINISTACK:
            raise RuntimeError(
                f"ministack {found} is installed; the twin uses private names of {MINISTACK} to keep its state. Try "
                "tests/unit/twin with the new version, then change MINISTACK in twin/aws/checkpoint.py."
            )
        self._application = application
        self._folder = folder
        self._written: dict[str, int] = {}
        self._changed = False
        self._writer: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request on; a request that may have changed something is followed by a write."""
        try:
            await self._application(scope, receive, send)
        finally:
            if scope["type"] == "http" and scope["method"] not in READS:
                self._changed = True
                if self._writer is None or self._writer.done():
                    self._writer = asyncio.create_task(self._write_until_unchanged())

    async def _write_until_unchanged(self) -> None:
        wait = SETTLE_SECONDS
        while self._changed:
            await asyncio.sleep(wait)
            self._changed = False
            began = time.perf_counter()
            await self._write()
            wait = max(SETTLE_SECONDS, (time.perf_counter() - began) / SHARE_OF_TIME)

    async def _write(self) -> None:
        for service, get_state in ministack.app._build_persistence_save_dict().items():
            try:
                text = _encoded(service, get_state())
            except RuntimeError as error:
                # A dictionary that a worker thread of the emulator changed meanwhile: again, next time.
                log.debug("%s changed while it was read: %s", service, error)
                self._changed = True
                continue
            except (TypeError, ValueError) as error:
                log.error("the state of %s cannot be kept: %s", service, error)
                continue
            if self._written.get(service) != (content := hash(text)):
                await asyncio.to_thread(self._replace, service, text)
                self._written[service] = content
            await asyncio.sleep(0)  # requests come between two services

    def _replace(self, service: str, text: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f"{service}.json.draft"
        draft.touch(mode=0o600)
        draft.write_text(text)
        draft.replace(self._folder / f"{service}.json")


def _encoded(service: str, state: object) -> str:
    """The text of `persistence.save_state`, which would encode again to write and hides what fails."""
    wrapped = {"__ministack_format__": persistence._state_format_version(service), "payload": state}
    return json.dumps(wrapped, default=persistence._json_default)
