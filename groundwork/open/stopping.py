"""How a command that runs until it is told to end is told so, whichever way: Ctrl-C, `kill`, a terminal that closes."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """It is to end. Nothing that is made for errors should catch it."""


@dataclass
class Request:
    """Whether it was told to."""

    by: signal.Signals | None = None
    """Which signal; None as long as nobody has."""


@contextmanager
def stoppable() -> Iterator[Request]:
    """Let the first of the signals raise Stop in the main thread. Later ones do nothing: the end is under way."""
    request = Request()

    def stop(number: int, _: object) -> None:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        request.by = signal.Signals(number)
        raise Stop

    # `nohup` wants the end of the terminal to be ignored.
    wanted = [one for one in SIGNALS if one is not signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN]
    before = {one: signal.signal(one, stop) for one in wanted}
    try:
        yield request
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
