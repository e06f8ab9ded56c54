"""Whether anything happens to a cluster. While nothing does, its controllers look less often: a twin that is idle costs
a quarter of a core otherwise, most of it for answers that are the same each second.
"""

import logging
import threading
import time
from collections.abc import Callable

from twin.kubernetes.client import Client

QUIET_AFTER_SECONDS = 10.0
"""How long nothing must have happened: longer than any step of a controller waits for the next one."""
WATCHED = (
    ("v1", "Node"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "PersistentVolume"),
    ("storage.k8s.io/v1", "VolumeAttachment"),
)
"""What the controllers look after."""
_WATCH_SECONDS = 600.0
_AGAIN_SECONDS = 1.0
_log = logging.getLogger("twin.kubernetes.controllers")


class Activity:
    """When something was heard of last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def note(self) -> None:
        """Something has happened."""
        self._last = self._clock()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has happened for QUIET_AFTER_SECONDS."""
        return self._clock() - self._last > QUIET_AFTER_SECONDS

    def watch(self, api: Client) -> None:
        """Note from now on whatever happens to an object of WATCHED, for as long as this process lives."""
        for api_version, kind in WATCHED:
            threading.Thread(
                target=self._watch, args=(api, api_version, kind), name=f"watch-{kind}", daemon=True
            ).start()

    def _watch(self, api: Client, api_version: str, kind: str) -> None:
        while True:
            try:
                for _ in api.watch(api_version, kind, timeout_seconds=_WATCH_SECONDS):
                    self.note()
            except Exception as error:
                # Of an API server that does not answer nothing is heard, so it cannot be said to be quiet.
                self.note()
                _log.debug("watch of %s: %s", kind, error)
                time.sleep(_AGAIN_SECONDS)
