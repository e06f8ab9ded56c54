"""What changes while a tracking server lives: passwords, teams, and the schema of its database."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from groundwork.open import jobs
from tests.support.project import Project
from tests.support.waiting import eventually
from tests.twin.tracking.opened import NAMESPACE, Opened
from twin.kubernetes import pod_identity
from twin.pods.runner import JobResult

CACHE_SECONDS = 60
"""A worker remembers a password for 30 s."""
AS_IT_SHOULD_BE = "everything is as it should be\n"
OLDER = "97727af70f4d"
"""A revision of MLflow's schema before registered models had aliases: of version 2.1."""
MAKE_OLDER = """
import sys, sqlalchemy
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
engine = sqlalchemy.create_engine(sys.argv[1])
Base.metadata.create_all(engine)
configuration = _get_alembic_config(sys.argv[1])
with engine.begin() as connection:
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, sys.argv[2])
with engine.begin() as connection:
    connection.execute(sqlalchemy.text(
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) "
        "VALUES (7, 'kept', 's3://bucket/7', 'active')"
    ))
"""
NEWEST = """
from mlflow.store.db.utils import _get_latest_schema_revision
print(_get_latest_schema_revision())
"""


def run_job(opened: Opened, job: Mapping[str, Any]) -> JobResult:
    """Make a Job in the cluster, run its pod, remove it."""
    made = opened.world.api.create(dict(job))
    name = made["metadata"]["name"]
    try:
        return opened.runner().run_job(NAMESPACE, name)
    finally:
        opened.world.api.delete("batch/v1", "Job", name, NAMESPACE, propagationPolicy="Background")


def access_again(opened: Opened) -> str:
    """Run the Job `access` once more; what it said."""
    held = opened.world.api.list("batch/v1", "Job", NAMESPACE, f"{jobs.COMPONENT}=access")
    result = run_job(opened, jobs.again(held[0], "access"))
    assert result.exit_code == 0, result.message
    (log,) = result.logs.values()
    return log.read_text()


def test_a_second_run_of_the_access_job_changes_nothing(opened: Opened, dev: Project) -> None:
    del dev
    assert access_again(opened) == AS_IT_SHOULD_BE


def test_after_a_rotation_old_passwords_open_nothing_and_new_ones_do(opened: Opened) -> None:
    before = {path: opened.secret(path) for path in ("vision/training", "language/ml-engineer", "auditor")}
    administrator = opened.secret("server")
    cron = opened.world.api.get("batch/v1", "CronJob", "rotation", NAMESPACE)
    assert cron is not None
    template = cron["spec"]["jobTemplate"]  # as `kubectl create job --from=cronjob/rotation` does it
    metadata = {"generateName": "rotation-by-hand-", "namespace": NAMESPACE, **template.get("metadata", {})}
    result = run_job(opened, {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]})
    assert result.exit_code == 0, result.message
    for path, old in before.items():
        team, _, role = path.rpartition("/")
        new = opened.secret(path)
        assert new["username"] == old["username"]
        assert new["password"] != old["password"]
        assert new["password"] in new["credentials"]
        user = opened.user(team or "vision", role)
        assert user.asks("GET", "/api/2.0/mlflow/users/current").status_code == 200
        user.password = old["password"]
        eventually(
            lambda u=user: u.asks("GET", "/api/2.0/mlflow/users/current").status_code == 401,  # type: ignore[misc]
            "the old password is forgotten",
            CACHE_SECONDS,
        )
    rotated = opened.secret("server")
    assert rotated.keys() == administrator.keys()
    assert {key for key in rotated if rotated[key] != administrator[key]} == {"admin_password"}
    assert access_again(opened) == AS_IT_SHOULD_BE


def test_a_team_that_is_taken_out_loses_its_users_keeps_its_work_and_touches_no_other(
    opened: Opened, tmp_path: Path
) -> None:
    language = opened.user("language", "ml-engineer")
    language.run("client.create_registered_model('kept')")
    held = opened.world.api.get("v1", "ConfigMap", "access", NAMESPACE)
    assert held is not None
    whole = json.loads(held["data"]["access.json"])
    less = json.loads(held["data"]["access.json"])
    del less["workspaces"]["language"]
    for name in [name for name in less["users"] if name.startswith("language-")]:
        del less["users"][name]
    del less["users"]["auditor"]["roles"]["language"]
    try:
        said = apply_access(opened, tmp_path, less)
        assert "user language-ml-engineer deleted" in said
        assert not [line for line in said.splitlines() if "vision" in line], said
        eventually(
            lambda: language.asks("GET", "/api/2.0/mlflow/users/current").status_code == 401,
            "its users are gone",
            CACHE_SECONDS,
        )
        auditor = opened.user("language", "auditor")
        answer = auditor.asks("GET", "/api/2.0/mlflow/registered-models/get?name=kept")
        assert answer.status_code == 403, answer.text
        assert opened.user("vision").asks("GET", "/api/2.0/mlflow/users/current").status_code == 200
    finally:
        said = apply_access(opened, tmp_path, whole)
    assert not [line for line in said.splitlines() if "vision" in line], said
    eventually(
        lambda: language.asks("GET", "/api/2.0/mlflow/users/current").status_code == 200, "they are back", CACHE_SECONDS
    )
    assert language.run("result = client.get_registered_model('kept').name") == "kept"


def apply_access(opened: Opened, folder: Path, configuration: dict[str, Any]) -> str:
    """Run the program of the Job `access` with another configuration; what it said."""
    file = folder / "access.json"
    file.write_text(json.dumps(configuration))
    return done(
        program(
            opened, "groundwork-mlflow", "access",
            ACCESS_CONFIGURATION=str(file), MLFLOW_SERVER_SECRET_ID="groundwork-dev/mlflow/server",
            MLFLOW_TRACKING_URI=opened.url,
        )
    )  # fmt: skip


def program(opened: Opened, name: str, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """A program of the image, as the account's root unless the variables say otherwise."""
    root = {name: value for name, value in opened.project.twin_variables().items() if name.startswith("AWS_")}
    tls = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": root["AWS_CA_BUNDLE"]}
    return subprocess.Popen(
        [opened.python.parent / name, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(opened.folder), **root, **tls, **variables},
    )  # fmt: skip


@pytest.fixture
def older(opened: Opened, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A database of the same PostgreSQL with an experiment in an older schema: what a migration is told of it."""
    host, _, port = opened.outputs["database_endpoint"].partition(":")
    arn = opened.outputs["database_master_secret_arn"]
    server = pod_identity.credentials(opened.world, NAMESPACE, "tracking-server")
    mine = {
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
        "AWS_SESSION_TOKEN": server.session_token or "",
    }
    token = server.client("rds").generate_db_auth_token(DBHostname=host, Port=int(port), DBUsername="mlflow")
    uri = f"postgresql+psycopg2://mlflow@{host}:{port}/mlflow_older?plugin=rds_iam"
    configuration = tmp_path / "basic_auth.ini"
    held = opened.world.api.get("v1", "ConfigMap", "tracking-server", NAMESPACE)
    assert held is not None
    written: str = held["data"]["basic_auth.ini"]
    configuration.write_text(written.replace("/mlflow?", "/mlflow_older?"))
    login = json.loads(opened.account.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    administrator = make_conninfo(
        host=host, port=port, dbname="postgres", user=login["username"], password=login["password"],
        sslmode="verify-full", sslrootcert=str(opened.account.ca_bundle),
    )  # fmt: skip
    try:
        bootstrap = program(
            opened, "groundwork-mlflow", "bootstrap",
            DATABASE_HOST=host, DATABASE_PORT=port, DATABASE_MASTER_SECRET_ARN=arn, MLFLOW_DATABASE_NAME="mlflow_older",
            MLFLOW_DATABASE_USER="mlflow", MLFLOW_SERVER_SECRET_ID="groundwork-dev/mlflow/server",
        )  # fmt: skip
        done(bootstrap)
        done(program(opened, "python", "-c", MAKE_OLDER, uri, OLDER, **mine))
        yield {
            **mine,
            "MLFLOW_BACKEND_STORE_URI": uri,
            "MLFLOW_AUTH_CONFIG_PATH": str(configuration),
            "READER": make_conninfo(administrator, dbname="mlflow_older", user="mlflow", password=token),
        }
    finally:
        with closing(psycopg.connect(administrator, autocommit=True)) as connection:
            connection.execute("DROP DATABASE IF EXISTS mlflow_older WITH (FORCE)")


def done(process: "subprocess.Popen[str]") -> str:
    """What a program has said that has to end well."""
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0, out
    return out


def test_two_migrations_at_once_bring_an_older_schema_up_to_date_and_keep_what_is_in_it(
    opened: Opened, older: dict[str, str]
) -> None:
    reader = older.pop("READER")  # its own user: not even the master of RDS reads what that one owns
    with closing(psycopg.connect(reader)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(OLDER,)]
    both = [program(opened, "groundwork-mlflow", "migration", **older) for _ in range(2)]
    assert all(done(one).endswith("the schema is up to date\n") for one in both)
    revision = done(program(opened, "python", "-c", NEWEST)).split()[-1]
    with closing(psycopg.connect(reader)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(revision,)]
        assert connection.execute("SELECT name FROM experiments WHERE experiment_id = 7").fetchall() == [("kept",)]
        # The other store, of accounts, has no table in the older one at all.
        assert connection.execute("SELECT count(*) FROM alembic_version_auth").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM users").fetchone() is not None
