"""TensorBoard with its own arguments, that ends when it can no longer read.

TensorBoard reads event files in a thread and has no plan for an error there: the object store refuses once, or fails
more often than boto3 tries again, the thread ends, and the page shows for ever what had been read until then. Here the
process ends with its reader, so that the kubelet starts it again and the error is the last that the log says.
"""

import os
import threading

from tensorboard.main import run_main

READER = "Reloader"
"""What TensorBoard calls the thread that reads."""


def end_with_the_reader(error: threading.ExceptHookArgs) -> None:
    """Say what ended a thread; when it was the reader, end the process: `sys.exit` would end this thread alone."""
    threading.__excepthook__(error)
    if error.thread is not None and error.thread.name == READER:
        os._exit(1)


def main() -> None:
    """Run TensorBoard."""
    threading.excepthook = end_with_the_reader
    run_main()


if __name__ == "__main__":
    main()
