"""The roles and the database of a new DB instance."""

from dataclasses import dataclass, field

import psycopg
from psycopg import sql

_SUPERUSER_OF_RDS = (
    "pg_monitor",
    "pg_signal_backend",
    "pg_checkpoint",
    "pg_use_reserved_connections",
    "rds_replication",
    "rds_password",
)


@dataclass(frozen=True)
class Database:
    """What is asked of a server."""

    master: str
    """Name of the master user: no superuser, a member of `rds_superuser`, as on RDS."""
    name: str | None
    """A database to create, or None for `postgres` alone."""
    force_tls: bool
    parameters: dict[str, str] = field(default_factory=dict)


def provision(connection: psycopg.Connection, database: Database) -> None:
    """The roles and the database of a new RDS instance.

    Source: Amazon RDS user guide, "Understanding PostgreSQL roles and permissions".
    """
    master = sql.Identifier(database.master)
    for role in ("rds_superuser", "rds_iam", "rds_replication", "rds_password"):
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    found = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(_SUPERUSER_OF_RDS)]
    ).fetchall()
    for (role,) in found:  # older versions lack some
        connection.execute(sql.SQL("GRANT {} TO rds_superuser WITH ADMIN OPTION").format(sql.Identifier(role)))
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(master))
    connection.execute(sql.SQL("GRANT rds_superuser TO {} WITH ADMIN OPTION").format(master))
    if connection.info.server_version >= 160000:  # before, CREATEROLE alone allows to grant rds_iam
        without = "WITH ADMIN OPTION, INHERIT FALSE, SET FALSE"  # the master himself stays with his password
        connection.execute(sql.SQL("GRANT rds_iam TO {} " + without).format(master))
    connection.execute(sql.SQL("ALTER DATABASE postgres OWNER TO {}").format(master))
    if database.name and database.name != "postgres":
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database.name), master))
