"""The PostgreSQL servers of a twin, one for each DB instance: what they are, in which state, and their life.

Each server's folder holds `instance.json` (0600), from which the servers that ran are started again with the
emulator. All work on one server is done one after the other; what takes long is done in a thread while the instance
says `creating`, `rebooting` and so on.
"""

import asyncio
import functools
import json
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import psycopg

from twin import loopback_ports
from twin.postgres.configuration import Configuration, Tls
from twin.postgres.front_process import FrontProcess
from twin.postgres.iam_users import IamUsers
from twin.postgres.provision import Database, provision
from twin.postgres.server import PostgresError, PostgresServer

_log = logging.getLogger("twin.postgres")
HOST = "localhost"
"""The name in each server's certificate and in each endpoint."""
_RECORD = "instance.json"


@dataclass(frozen=True)
class _Record:
    database: Database
    port: int
    """The endpoint's, where the front listens."""
    should_run: bool = True
    first_password: str | None = None
    """The master's password until it has been set; afterwards only the server knows its verifier."""

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = directory / f"{_RECORD}.tmp"
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(asdict(self), indent=1))
        os.replace(temporary, directory / _RECORD)

    @classmethod
    def load(cls, directory: Path) -> "_Record":
        given = json.loads((directory / _RECORD).read_text())
        return cls(**given | {"database": Database(**given["database"])})


class Authentication(Protocol):
    """Who decides whom IAM lets in: see twin/aws/database_authentication.py."""

    async def is_enabled(self, name: str) -> bool:
        """Whether the server of this name takes tokens."""

    async def refusal(self, name: str, port: int, user: str, token: str) -> str | None:
        """Why the token does not let the user into the server, whose endpoint has this port; None when it does."""


class _Instance:
    def __init__(self, server: PostgresServer, record: _Record, status: str, authentication: Authentication) -> None:
        self.server, self.record, self.status = server, record, status
        self.lock = asyncio.Lock()
        self.front = FrontProcess(server.log, self._answer)
        self._authentication, self._iam_users = authentication, IamUsers(server)

    async def _answer(self, user: str, token: str | None) -> object:
        """What the front asks: whether the user needs a token; with a token, why it does not let him in."""
        name = self.server.directory.name
        if token is not None:
            return await self._authentication.refusal(name, self.record.port, user, token)
        if not await self._authentication.is_enabled(name):
            return False
        return await self._iam_users.contains(user)

    def stop(self) -> None:
        self.front.stop()
        self.server.stop()

    def keep(self, **changes: Any) -> None:
        self.record = replace(self.record, **changes)
        self.record.save(self.server.directory)


class Fleet:
    """All servers under one directory, by name: a name is a folder's name."""

    def __init__(
        self,
        directory: Path,
        binaries: Path,
        tls_for: Callable[[], Tls],
        authentication: Authentication,
        *,
        asleep: bool = False,
    ) -> None:
        """`tls_for` gives the certificates of now: the servers' is for HOST. `asleep`: what ran is not started."""
        self._directory, self._binaries, self._tls_for = directory, binaries, tls_for
        self._asleep = asleep
        self._authentication = authentication
        self._instances: dict[str, _Instance] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # --- the emulator's own start and end ---

    async def open(self) -> None:
        """Start every server that ran; one that was killed half made is made again."""
        started = []
        for path in sorted(self._directory.glob(f"*/{_RECORD}")):
            record = _Record.load(path.parent)
            runs = record.should_run and not self._asleep
            instance = self._instance(path.parent.name, record, "starting" if runs else "stopped")
            self._instances[path.parent.name] = instance
            if runs:
                started.append(self._work(instance, "available", self._first_run(instance)))
        await asyncio.gather(*started)

    async def close(self) -> None:
        """Stop every server; the ones that ran are started again by `open`."""
        for task in list(self._tasks):
            await task
        await asyncio.gather(*(asyncio.to_thread(instance.stop) for instance in self._instances.values()))

    # --- one server ---

    def status(self, name: str) -> str | None:
        """The status as RDS words it; None for a name that has no server."""
        instance = self._instances.get(name)
        return instance.status if instance else None

    def port(self, name: str) -> int:
        """Loopback port of a server."""
        return self._instances[name].record.port

    async def connections(self) -> list[tuple[str, int]]:
        """By name of a server that runs how many connections clients have to it."""
        found = []
        for name, instance in list(self._instances.items()):
            if instance.status == "available":
                try:
                    found.append((name, await asyncio.to_thread(instance.server.connections)))
                except psycopg.Error as error:
                    _log.warning("PostgreSQL in %s was not asked: %s", instance.server.directory, error)
        return found

    def create(self, name: str, database: Database, password: str) -> None:
        """Begin to make a server; its status is `creating` until it accepts connections."""
        instance = self._new(name, _Record(database, self._free_port(), first_password=password))
        self._begin(instance, "available", lambda: self._make(instance))

    def restore(self, name: str, database: Database, snapshot: str, password: str | None) -> None:
        """Begin to make a server from a snapshot; without a password the master keeps the one he had."""
        instance = self._new(name, _Record(database, self._free_port()))

        def make() -> None:
            instance.server.copy_of(self._snapshot(snapshot))
            instance.keep()
            self._run(instance)
            if password is not None:
                instance.server.set_password(database.master, password)

        self._begin(instance, "available", make)

    def reconfigure(self, name: str, database: Database) -> None:
        """Give the running server other parameters; those that need a restart wait for `reboot`."""
        instance = self._instances[name]
        instance.keep(database=database)
        self._begin(instance, instance.status, lambda: self._reload(instance))

    def reboot(self, name: str, database: Database) -> None:
        """Begin to restart a server with these parameters."""
        instance = self._instances[name]
        instance.status = "rebooting"
        instance.keep(database=database)
        self._begin(instance, "available", lambda: self._run(instance))

    def start(self, name: str) -> None:
        """Begin to start a stopped server."""
        instance = self._instances[name]
        instance.status = "starting"
        instance.keep(should_run=True)
        self._begin(instance, "available", lambda: self._run(instance))

    def stop(self, name: str) -> None:
        """Begin to stop a server; its data stay."""
        instance = self._instances[name]
        instance.status = "stopping"
        instance.keep(should_run=False)
        self._begin(instance, "stopped", instance.stop)

    async def set_password(self, name: str, role: str, password: str) -> None:
        """Change a role's password. Errors: PostgresError when the server cannot be asked."""
        instance = self._instances[name]
        async with instance.lock:
            try:
                await asyncio.to_thread(instance.server.set_password, role, password)
            except psycopg.Error as error:
                raise PostgresError(f"the password of {role} could not be changed: {error}") from error

    async def snapshot(self, name: str, snapshot: str) -> None:
        """Copy a server's data, while it runs."""
        instance = self._instances[name]
        async with instance.lock:
            await asyncio.to_thread(self._copy, instance, snapshot)

    async def delete(self, name: str, snapshot: str | None) -> None:
        """Stop a server and remove its data, once its final snapshot, if one is named, is complete."""
        instance = self._instances[name]
        instance.status = "deleting"
        async with instance.lock:
            await asyncio.to_thread(instance.stop)
            if snapshot is not None:
                await asyncio.to_thread(self._copy, instance, snapshot)
            await asyncio.to_thread(shutil.rmtree, instance.server.directory, ignore_errors=True)
        del self._instances[name]

    def delete_snapshot(self, snapshot: str) -> None:
        """Remove a snapshot's data."""
        shutil.rmtree(self._snapshot(snapshot), ignore_errors=True)

    # --- how ---

    def _instance(self, name: str, record: _Record, status: str) -> _Instance:
        return _Instance(PostgresServer(self._binaries, self._directory / name), record, status, self._authentication)

    def _snapshot(self, snapshot: str) -> Path:
        return self._directory / "snapshots" / snapshot

    def _new(self, name: str, record: _Record) -> _Instance:
        instance = self._instance(name, record, "creating")
        record.save(instance.server.directory)
        self._instances[name] = instance
        return instance

    def _begin(self, instance: _Instance, then: str, work: Callable[[], None]) -> None:
        task = asyncio.create_task(self._work(instance, then, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, instance: _Instance, then: str, work: Callable[[], None]) -> None:
        async with instance.lock:
            if instance.status == "deleting":
                return
            try:
                await asyncio.to_thread(work)
                status = then
            except (PostgresError, psycopg.Error, OSError) as error:
                _log.error("PostgreSQL in %s: %s", instance.server.directory, error)
                status = "failed"
            if instance.status != "deleting":
                instance.status = status

    def _first_run(self, instance: _Instance) -> Callable[[], None]:
        half_made = instance.record.first_password is not None
        return functools.partial(self._make if half_made else self._run, instance)

    def _make(self, instance: _Instance) -> None:
        record = instance.record
        instance.server.create()
        record.save(instance.server.directory)
        self._run(instance)
        with instance.server.administrator() as connection:
            provision(connection, record.database)
        instance.server.set_password(record.database.master, record.first_password or "")
        instance.keep(first_password=None)

    def _run(self, instance: _Instance) -> None:
        instance.stop()
        if not loopback_ports.is_free(instance.record.port):
            instance.keep(port=self._free_port())
        configuration = self._configuration(instance, self._free_port())
        instance.server.configure(configuration)
        instance.server.start()
        instance.front.start(configuration.front(instance.record.port))

    def _reload(self, instance: _Instance) -> None:
        configuration = self._configuration(instance, instance.server.port)
        instance.server.configure(configuration)
        instance.server.reload()
        instance.front.configure(configuration.front(instance.record.port))

    def _free_port(self) -> int:
        """A port that nobody listens on, nor is about to."""
        promised = {port for one in list(self._instances.values()) for port in (one.record.port, one.server.port)}
        (port,) = loopback_ports.free(1, promised)
        return port

    def _configuration(self, instance: _Instance, port: int) -> Configuration:
        database = instance.record.database
        return Configuration(port, self._tls_for(), database.force_tls, database.parameters)

    def _copy(self, instance: _Instance, snapshot: str) -> None:
        target = self._snapshot(snapshot)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        instance.server.snapshot(target)
