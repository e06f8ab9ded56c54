"""Which roles of a server sign in by IAM. Many who ask at once are answered by one question to the server."""

import asyncio

from twin.postgres.server import PostgresServer


class IamUsers:
    """The members of `rds_iam` of one server, as they are when somebody asks."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._asking = asyncio.Lock()  # the server keeps few connections for its administrator
        self._roles: set[str] = set()
        self._next: asyncio.Task[frozenset[str]] | None = None

    async def contains(self, role: str) -> bool:
        """Whether the role signs in by IAM. Errors: psycopg.Error."""
        self._roles.add(role)
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        return role in await asyncio.shield(self._next)

    async def _ask(self) -> frozenset[str]:
        async with self._asking:
            roles, self._roles, self._next = self._roles, set(), None
            return await asyncio.to_thread(self._server.iam_users, roles)
