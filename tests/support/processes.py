"""Whether processes of this machine have ended, and what they have used."""

import os
import subprocess
import tempfile

import psutil

from tools.toolchain import CLONE


def has_ended(pid: int) -> bool:
    """Whether it runs no more; nobody may have asked yet how it ended, and it may vanish at any moment."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def spent(*command: str) -> tuple[float, bytes]:
    """Processor time, in seconds, of a program of the clone and its own children, and what it said; it must end well.

    Not that of all children of this process: one that an earlier test left is counted when it is reaped, at any time.
    """
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(command, cwd=CLONE, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        assert running.returncode == 0, said.read()
        return used.ru_utime + used.ru_stime, said.read()
