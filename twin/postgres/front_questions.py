"""What the front of a server asks whoever started it, in lines of JSON."""

import asyncio
import itertools
import json
import sys
from collections.abc import Mapping
from typing import Any

from twin.postgres import protocol


class RefusedError(Exception):
    """What the client is told before the connection ends."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.answer = protocol.fatal(sqlstate, message)


class Questions:
    """What the front asks whoever started it."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._open: dict[int, asyncio.Future[Mapping[str, Any]]] = {}

    async def takes_token(self, user: str) -> bool:
        """Whether IAM has to let this user in. Errors: RefusedError, when nobody can tell."""
        return bool(await self._ask(user=user))

    async def refusal(self, user: str, token: str) -> str | None:
        """Why the token does not let the user in; None when it does. Errors: RefusedError, when nobody can tell."""
        why = await self._ask(user=user, token=token)
        return None if why is None else str(why)

    async def _ask(self, **question: str) -> object:
        number = next(self._numbers)
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        try:
            say(json.dumps({"number": number, **question}))
            given = await answer
        finally:
            del self._open[number]
        if "answer" not in given:
            raise RefusedError("57P03", "the database system is not accepting connections")
        return given["answer"]

    def answered(self, message: Mapping[str, Any]) -> None:
        """An answer has come."""
        waiting = self._open.get(message["number"])
        if waiting is not None and not waiting.done():
            waiting.set_result(message)


def say(line: str) -> None:
    """Tell whoever started the front."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
