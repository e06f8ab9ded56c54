"""Sessions of STS outlive the emulator, as they outlive everything on AWS; ministack 1.5.33 forgets them when it ends.

Whoever works with a session while the twin is restarted goes on until the session expires.
"""

import time
from typing import Any

from ministack.services import sts

_KEY = "sessions"


def install() -> None:
    """Let the emulator keep its register of sessions with the rest of its state."""
    sts.get_state, sts.load_persisted_state = _held, _restore


def _held() -> dict[str, Any]:
    return {_KEY: {key: session for key, session in dict(sts._sessions).items() if _is_alive(session)}}


def _restore(state: dict[str, Any]) -> None:
    sts._sessions.update({key: session for key, session in state.get(_KEY, {}).items() if _is_alive(session)})


def _is_alive(session: dict[str, Any]) -> bool:
    return bool(session.get("Expiration", 0) > time.time())
