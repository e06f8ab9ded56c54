"""One PostgreSQL server: its data directory, its configuration and its process.

Owns nothing of RDS: names, states and secrets are the fleet's. As root, which PostgreSQL refuses, it runs in a user
namespace where root's own files belong to `nobody`, so that no file changes its owner.

Errors: PostgresError with what was tried and the last lines that the program wrote.
Source: PostgreSQL 17 documentation, chapters 18 (server setup), 25.3.3 (base backup).
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
from psycopg import sql

from twin.postgres.configuration import ADMINISTRATOR, Configuration

START_SECONDS = 60.0
STOP_SECONDS = 20.0
_NOT_ROOT = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
_NOT_COPIED = shutil.ignore_patterns("postmaster.pid", "postmaster.opts", "pgsql_tmp*")


class PostgresError(Exception):
    """A server that could not be made, started, stopped or asked."""


class PostgresServer:
    """A server in one directory: `data/`, `server.log`, and `administrator` with the administrator's password."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self._binaries, self.directory = binaries, directory
        self.port = 0
        """Where it listens since `configure`; clients go to its front."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.directory / "server.log"

    def create(self) -> None:
        """Make the data directory. What an interrupted attempt left is stopped and thrown away."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True, mode=0o700)
        password = self.directory / "administrator"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(32))
        # Without fsync: an interrupted initdb is thrown away. The server itself keeps fsync on.
        self._run(
            "initdb", "--no-sync", f"--pgdata={self.data}", f"--username={ADMINISTRATOR}", f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
        )  # fmt: skip

    def copy_of(self, source: Path) -> None:
        """Make the directory from a snapshot, as `snapshot` wrote it."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.copytree(source, self.directory, symlinks=True)

    def configure(self, configuration: Configuration) -> None:
        """Write the server's files; a running server reads them at `reload` or at its next start."""
        (self.data / "postgresql.conf").write_text(configuration.postgresql_conf())
        (self.data / "pg_hba.conf").write_text(configuration.pg_hba_conf())
        self.port = configuration.port

    def start(self) -> None:
        """Start the server and wait until it accepts connections. One that was left behind is stopped first."""
        self.stop()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_prefix(), str(self._binaries / "postgres"), "-D", str(self.data)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.administrator():
                    return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None:
                    raise PostgresError(f"PostgreSQL in {self.data} did not start: {self._last_lines()}") from error
                if time.monotonic() > deadline:
                    self.stop()
                    said = f"{error}; {self._last_lines()}"
                    raise PostgresError(
                        f"PostgreSQL in {self.data}: no connection in {START_SECONDS} s: {said}"
                    ) from error
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server, if it runs, after it has written everything: a fast shutdown, then an immediate one."""
        process = self._running()
        if process is None:
            return
        for shutdown in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(shutdown)
            if _ended(process, STOP_SECONDS):
                break
        if self._process is not None:
            self._process.wait()
            self._process = None

    def is_running(self) -> bool:
        """Whether the server's process lives."""
        return self._running() is not None

    def reload(self) -> None:
        """Let the running server read its files again."""
        if process := self._running():
            process.send_signal(signal.SIGHUP)

    def _running(self) -> psutil.Process | None:
        """The server's own process, by its lock file; a process that only has its number now is not it."""
        lock = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
            return process if str(self.data) in process.cmdline() and process.status() != "zombie" else None
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None

    @contextlib.contextmanager
    def administrator(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """A connection of the administrator, over TLS, each statement a transaction of its own.

        Errors: psycopg.Error.
        """
        connection = psycopg.connect(
            host="127.0.0.1", port=self.port, user=ADMINISTRATOR, dbname=database, autocommit=True, connect_timeout=10,
            password=(self.directory / "administrator").read_text(), sslmode="require",
        )  # fmt: skip
        with connection:
            yield connection

    def set_password(self, role: str, password: str) -> None:
        """Give a role a password. Only its SCRAM verifier is sent, so that no log can show the password."""
        with self.administrator() as connection:
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier))
            connection.execute(statement)

    def connections(self) -> int:
        """How many connections clients have. The twin's own do not count. Errors: psycopg.Error."""
        clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename <> %s"
        with self.administrator() as connection:
            (found,) = connection.execute(clients, [ADMINISTRATOR]).fetchone() or (0,)
        return int(found)

    def iam_users(self, roles: Collection[str]) -> frozenset[str]:
        """Those of the roles that have been granted `rds_iam`. Who may only grant it, as the master user, has not.

        Errors: psycopg.Error.
        """
        with self.administrator() as connection:
            # PostgreSQL 16 took the right to act as a role apart from being its member.
            may_act = "SET" if connection.info.server_version >= 160000 else "MEMBER"
            found = connection.execute(
                "SELECT of.rolname FROM pg_roles of, pg_roles iam "
                "WHERE of.rolname = ANY(%s) AND iam.rolname = 'rds_iam' AND NOT of.rolsuper "
                "AND (pg_has_role(of.oid, iam.oid, 'USAGE') OR pg_has_role(of.oid, iam.oid, %s))",
                [list(roles), may_act],
            )
            return frozenset(name for (name,) in found)

    def snapshot(self, target: Path) -> None:
        """Copy the server to a directory from which `copy_of` restores it, while it runs or not."""
        temporary = target.with_name(target.name + ".partial")
        shutil.rmtree(temporary, ignore_errors=True)
        if not self.is_running():
            shutil.copytree(self.directory, temporary, symlinks=True, ignore=_NOT_COPIED)
        else:
            with self.administrator() as connection:
                start, stop = _backup_functions(connection)
                connection.execute(start)
                shutil.copytree(self.directory, temporary, symlinks=True, ignore=_copied_without_wal)
                row = connection.execute(stop).fetchone()
            # The log that leads to the end of the backup is complete only now.
            shutil.copytree(self.data / "pg_wal", temporary / "data" / "pg_wal", dirs_exist_ok=True)
            (temporary / "data" / "backup_label").write_text(row[0] if row else "")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(temporary, target)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_prefix(), str(self._binaries / program), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PostgresError(f"{program} could not be run: {error}") from error
        if done.returncode:
            raise PostgresError(
                f"{program} ended with {done.returncode}: {done.stderr.strip()[-500:]}{_hint(done.stderr)}"
            )

    def _last_lines(self) -> str:
        text = self.log.read_text(errors="replace")[-600:].strip()
        return text + _hint(text)


def _backup_functions(connection: psycopg.Connection) -> tuple[LiteralString, LiteralString]:
    if connection.info.server_version >= 150000:
        return "SELECT pg_backup_start('snapshot', true)", "SELECT labelfile FROM pg_backup_stop(false)"
    return "SELECT pg_start_backup('snapshot', true, false)", "SELECT labelfile FROM pg_stop_backup(false)"


def described_parameters(binaries: Path) -> dict[str, str]:
    """The parameters that this PostgreSQL knows, with when a change takes effect (`postmaster`: at a restart)."""
    command = [str(binaries / "postgres"), "--describe-config"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return {line.split("\t")[0]: line.split("\t")[1] for line in done.stdout.splitlines() if line.count("\t") > 1}


def available_libraries(binaries: Path) -> frozenset[str]:
    """The libraries that this PostgreSQL can load."""
    return frozenset(path.stem for path in (binaries.parent / "lib").rglob("*.so"))


def _prefix() -> tuple[str, ...]:
    return _NOT_ROOT if os.geteuid() == 0 else ()


def _hint(text: str) -> str:
    if _prefix() and "unshare" in text:
        return (
            " -- PostgreSQL refuses to run as root, and here root may not make a user namespace (unshare --user). "
            "Allow user namespaces, or run as another user."
        )
    return ""


def _copied_without_wal(directory: str, names: list[str]) -> set[str]:
    if directory.endswith("/pg_wal"):
        return {name for name in names if name != "archive_status"}
    return _NOT_COPIED(directory, names)


def _ended(process: psutil.Process, seconds: float) -> bool:
    try:
        process.wait(seconds)
    except psutil.TimeoutExpired:
        return False
    return True
