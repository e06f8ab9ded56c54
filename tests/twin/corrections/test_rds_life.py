"""The life of a DB instance: stopped, killed, deleted, restored; its data and its secret with it."""

from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError
from psycopg import sql

from tests.twin.corrections.databases import INSTANCE, NAME, connect, password, wait_for
from tests.twin.corrections.server import Twin


@pytest.mark.usefixtures("instance")
def test_a_stopped_instance_answers_nobody_and_keeps_its_data(twin: Twin, rds: Any) -> None:
    """StopDBInstance, StartDBInstance; InvalidDBInstanceState in any other state."""
    current = wait_for(rds, "available")
    secret = password(twin, current)
    with connect(twin, current, secret) as connection:
        connection.execute("CREATE TABLE kept (a int)")
    rds.stop_db_instance(DBInstanceIdentifier=NAME)
    current = wait_for(rds, "stopped")
    with pytest.raises(psycopg.OperationalError):
        connect(twin, current, secret)
    with pytest.raises(ClientError, match="InvalidDBInstanceState"):
        rds.stop_db_instance(DBInstanceIdentifier=NAME)
    rds.start_db_instance(DBInstanceIdentifier=NAME)
    with connect(twin, wait_for(rds, "available"), secret) as connection:
        connection.execute("SELECT a FROM kept")


@pytest.mark.parametrize("end", ["stop", "kill"])
@pytest.mark.usefixtures("instance")
def test_data_outlive_the_emulator(twin: Twin, rds: Any, end: str) -> None:
    """After a restart, and after a kill -9 that leaves the servers running, the same data are there."""
    table = sql.Identifier(f"outlives_{end}")
    current = wait_for(rds, "available")
    secret = password(twin, current)
    with connect(twin, current, secret) as connection:
        connection.execute(sql.SQL("CREATE TABLE {} (a int)").format(table))
    twin.wait_until_kept()
    getattr(twin, end)()
    twin.start()
    current = wait_for(rds, "available")
    assert password(twin, current) == secret
    with connect(twin, current, secret) as connection:
        connection.execute(sql.SQL("SELECT a FROM {}").format(table))


@pytest.mark.usefixtures("instance")
def test_deletion_leaves_a_snapshot_that_restores_the_data_and_no_server(twin: Twin, rds: Any) -> None:
    """CreateDBSnapshot, DeleteDBInstance, RestoreDBInstanceFromDBSnapshot."""
    current = wait_for(rds, "available")
    name = "doomed"
    wanted = INSTANCE | {"DBInstanceIdentifier": name, "DeletionProtection": True, "ManageMasterUserPassword": False}
    rds.create_db_instance(**wanted, MasterUserPassword="long enough")
    current = wait_for(rds, "available", name)
    with connect(twin, current, "long enough") as connection:
        connection.execute("CREATE TABLE precious AS SELECT 42 AS answer")
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier="while-it-ran")
        connection.execute("UPDATE precious SET answer = 43")
    with pytest.raises(ClientError, match="DeletionProtection"):
        rds.delete_db_instance(DBInstanceIdentifier=name, FinalDBSnapshotIdentifier="final")
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    with pytest.raises(ClientError, match="FinalDBSnapshotIdentifier is required"):
        rds.delete_db_instance(DBInstanceIdentifier=name)
    deleted = rds.delete_db_instance(DBInstanceIdentifier=name, FinalDBSnapshotIdentifier="final")["DBInstance"]
    assert deleted["DBInstanceStatus"] == "deleting"
    with pytest.raises(psycopg.OperationalError):
        connect(twin, current, "long enough")
    assert not list((twin.root / "postgres").glob(f"*-{name}"))
    for snapshot, answer in (("while-it-ran", 42), ("final", 43)):
        restored = f"from-{snapshot}"
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=restored, DBSnapshotIdentifier=snapshot, DBParameterGroupName="registry"
        )
        current = wait_for(rds, "available", restored)
        assert current["DBParameterGroups"][0]["DBParameterGroupName"] == "registry"
        with connect(twin, current, "long enough") as connection:
            assert connection.execute("SELECT answer FROM precious").fetchone() == (answer,)
        rds.delete_db_instance(DBInstanceIdentifier=restored, SkipFinalSnapshot=True)
        rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot)
    assert not list((twin.root / "postgres" / "snapshots").iterdir())


@pytest.mark.usefixtures("instance")
def test_the_secret_goes_with_its_instance(twin: Twin, rds: Any) -> None:
    """DeleteDBInstance deletes the master user's secret."""
    rds.create_db_instance(**INSTANCE | {"DBInstanceIdentifier": "brief", "DeletionProtection": False})
    secret_arn = wait_for(rds, "available", "brief")["MasterUserSecret"]["SecretArn"]
    rds.delete_db_instance(DBInstanceIdentifier="brief", SkipFinalSnapshot=True)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        twin.client("secretsmanager").describe_secret(SecretId=secret_arn)
