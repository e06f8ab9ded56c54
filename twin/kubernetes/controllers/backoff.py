"""How long to leave alone what has just failed: twice as long each time, as the controllers of Kubernetes do."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Backoff:
    """What failed, by a name of it, and when it may be tried again."""

    first_seconds: float = 1.0
    most_seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    _failed: dict[str, tuple[float, float]] = field(default_factory=dict)

    def may_try(self, what: str) -> bool:
        """Whether it is time."""
        return self.clock() >= self._failed.get(what, (0.0, 0.0))[0]

    def failed(self, what: str) -> None:
        """It failed: wait, and twice as long as the last time."""
        wait = min(self._failed.get(what, (0.0, self.first_seconds / 2))[1] * 2, self.most_seconds)
        self._failed[what] = (self.clock() + wait, wait)

    def succeeded(self, what: str) -> None:
        """It went well: no wait the next time."""
        self._failed.pop(what, None)
