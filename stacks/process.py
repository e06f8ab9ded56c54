"""What is special about the process that a program runs in: it lives for seconds and then ends.

Both settings are Python's own, and both are measured (docs/benchmarks.md).
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

FRAMES = 13
"""The innermost frames that are kept: six of the SDK, and those of this program down to its first line."""


@contextmanager
def short_lived() -> Iterator[None]:
    """Run a program whose process ends soon after it.

    The garbage collector is stopped for good: nearly all that the program and its SDKs allocate lives until the end,
    and looking for what does not took a fifth of the processor time. While resources are declared, a stack trace holds
    this program's frames only. The SDK writes one into the state with every resource; the frames beneath the program
    (the interpreter, the event loop, the SDK) say nothing, held paths of the machine, and were a third of the state,
    which the engine writes anew at every step.
    """
    gc.disable()
    before = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = FRAMES
    try:
        yield
    finally:
        # An error is shown with all of its frames.
        if before is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before
