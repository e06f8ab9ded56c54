"""What must be there before MLflow's schema: its database, its database user, and the values of the server's secret.

The user signs in with IAM alone (`rds_iam`), so it has no password. It may make and own tables in its database and
does not own the database itself. Running this again changes nothing; two at once take turns by a lock of PostgreSQL.

Source: Amazon RDS user guide, "Creating a database account using IAM authentication"; PostgreSQL documentation,
"Explicit Locking" (advisory locks), "The Public Schema".
"""

import base64
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql

from groundwork_mlflow import secret_values
from groundwork_mlflow.errors import PodError, required

ADMINISTRATOR = "groundwork-admin"
"""MLflow's own administrator: the Job `access` signs in as it, and nobody needs to."""
LOCK = 7_306_101
MAINTENANCE_DATABASE = "postgres"
CONNECT_SECONDS = 10
IAM = "rds_iam"


def run() -> None:
    """Make what is missing."""
    database, user = required("MLFLOW_DATABASE_NAME"), required("MLFLOW_DATABASE_USER")
    master = secret_values.stored(required("DATABASE_MASTER_SECRET_ARN"))
    with _connection(master, MAINTENANCE_DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        make_user(cursor, user)
        make_database(cursor, database, user)
        with _connection(master, database) as inside, inside.cursor() as inner:
            open_schema(inner, user)
    print(f"database {database} and user {user} are there")
    secret_id = required("MLFLOW_SERVER_SECRET_ID")
    secret_values.kept_or_made(secret_id, server_secret)
    print(f"secret {secret_id} has its value")


def make_user(cursor: Any, user: str) -> None:
    """Make the database user, which signs in with IAM alone."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(user)))
    cursor.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [user, IAM])
    if not cursor.fetchone()[0]:
        cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(IAM), sql.Identifier(user)))


def make_database(cursor: Any, database: str, user: str) -> None:
    """Make the database, which its user may enter and nobody else but the master."""
    name = sql.Identifier(database)
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(name))
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    cursor.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(user)))


def open_schema(cursor: Any, user: str) -> None:
    """Let the user make tables in the database that the cursor is in."""
    cursor.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(user)))


def server_secret() -> dict[str, str]:
    """Return new values for what the server keeps secret."""
    return {
        "admin_username": ADMINISTRATOR,
        "admin_password": secret_values.password(),
        "flask_secret_key": secret_values.password(),
        "webhook_secret": secret_values.password(),
        # A Fernet key, as MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY has to be.
        "webhook_encryption_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


@contextmanager
def _connection(master: dict[str, str], database: str) -> Iterator[Any]:
    """A connection of the master user, each statement a transaction of its own.

    TLS and whom to trust are libpq's own variables, PGSSLMODE and PGSSLROOTCERT, which the manifest sets.
    """
    host, port = required("DATABASE_HOST"), required("DATABASE_PORT")
    try:
        connection = psycopg2.connect(
            host=host, port=port, dbname=database, connect_timeout=CONNECT_SECONDS,
            user=master["username"], password=master["password"],
        )  # fmt: skip
    except psycopg2.OperationalError as error:
        raise PodError(f"no connection to {database} at {host}:{port}: {str(error).strip()}") from None
    with closing(connection):
        connection.autocommit = True
        yield connection
