"""Whether processes of this machine have ended."""

import psutil


def has_ended(pid: int) -> bool:
    """Whether it runs no more; nobody may have asked yet how it ended, and it may vanish at any moment."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
