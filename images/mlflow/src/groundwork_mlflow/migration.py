"""Brings the schema of MLflow's two stores, tracking and accounts, to what this version of MLflow needs.

MLflow's own two commands do the work, for an empty database and for an older one. They are not made to run twice at
once, so a lock of PostgreSQL lets a second run wait, which then finds nothing to do. The lock goes with its connection.

Source: MLflow documentation, "Upgrading the Database" (`mlflow db upgrade`), "Basic HTTP Authentication" (`python -m
mlflow.server.auth db upgrade`); PostgreSQL documentation, "Explicit Locking" (advisory locks).
"""

import subprocess
import sys
from configparser import ConfigParser

import sqlalchemy
from sqlalchemy.exc import OperationalError

from groundwork_mlflow.errors import PodError, required

LOCK = 7_306_102


def run() -> None:
    """Upgrade both stores, one run at a time."""
    tracking = required("MLFLOW_BACKEND_STORE_URI")
    accounts = accounts_uri(required("MLFLOW_AUTH_CONFIG_PATH"))
    engine = sqlalchemy.create_engine(tracking, poolclass=sqlalchemy.NullPool)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            # The store of tracking first: it takes a database with any table in it for one to upgrade.
            _mlflow("mlflow", "db", "upgrade", tracking)
            _mlflow("mlflow.server.auth", "db", "upgrade", "--url", accounts)
    except OperationalError as error:
        raise PodError(f"the database does not answer: {error.orig}") from None
    print("the schema is up to date")


def accounts_uri(path: str) -> str:
    """Return where the accounts are kept: what the server's own configuration says."""
    configuration = ConfigParser()
    configuration.read(path)
    try:
        return configuration["mlflow"]["database_uri"]
    except KeyError:
        raise PodError(f"{path} names no database_uri in a section [mlflow]") from None


def _mlflow(module: str, *arguments: str) -> None:
    # Neither URL has a password in it: the identity of the process is what signs in.
    command = [sys.executable, "-m", module, *arguments]
    if subprocess.run(command, check=False).returncode:
        raise PodError(f"`python -m {' '.join([module, *arguments[:2]])}` failed: its own words are above")
