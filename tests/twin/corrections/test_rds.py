"""RDS answers against the Amazon RDS API reference, and the PostgreSQL server that stands behind the endpoint."""

import json
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError
from psycopg import sql

from tests.twin.corrections.conftest import REGION, Twin

NAME = "registry"
INSTANCE: dict[str, Any] = {
    "DBInstanceIdentifier": NAME,
    "Engine": "postgres",
    "EngineVersion": "17",
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": 20,
    "MaxAllocatedStorage": 100,
    "StorageType": "gp3",
    "StorageEncrypted": True,
    "MasterUsername": "groundwork",
    "ManageMasterUserPassword": True,
    "DBName": "tracking",
    "DBSubnetGroupName": "isolated",
    "DBParameterGroupName": "registry",
    "MultiAZ": True,
    "BackupRetentionPeriod": 14,
    "PreferredBackupWindow": "01:00-02:00",
    "PreferredMaintenanceWindow": "mon:03:00-mon:04:00",
    "DeletionProtection": True,
    "EnablePerformanceInsights": True,
    "PerformanceInsightsRetentionPeriod": 7,
    "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
    "EnableIAMDatabaseAuthentication": True,
    "CACertificateIdentifier": "rds-ca-rsa4096-g1",
    "MonitoringInterval": 0,
    "CopyTagsToSnapshot": True,
    "AutoMinorVersionUpgrade": False,
    "PubliclyAccessible": False,
    "Tags": [{"Key": "environment", "Value": "test"}],
}


@pytest.fixture(scope="module")
def rds(twin: Twin) -> Any:
    return twin.client("rds")


@pytest.fixture(scope="module")
def key(twin: Twin) -> dict[str, str]:
    return dict(twin.client("kms").create_key(Description="database")["KeyMetadata"])


def described(rds: Any, name: str = NAME) -> dict[str, Any]:
    return dict(rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])


def wait_for(rds: Any, status: str, name: str = NAME) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while (instance := described(rds, name))["DBInstanceStatus"] != status:
        assert time.monotonic() < deadline, instance["DBInstanceStatus"]
        time.sleep(0.1)
    return instance


@pytest.fixture(scope="module")
def instance(twin: Twin, rds: Any, key: dict[str, str]) -> dict[str, Any]:
    ec2 = twin.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    rds.create_db_subnet_group(DBSubnetGroupName="isolated", DBSubnetGroupDescription="d", SubnetIds=subnets)
    rds.create_db_parameter_group(DBParameterGroupName="registry", DBParameterGroupFamily="postgres17", Description="d")
    parameters = {"rds.force_ssl": "1", "log_connections": "1", "log_min_duration_statement": "1000"}
    wanted = [{"ParameterName": n, "ParameterValue": v, "ApplyMethod": "immediate"} for n, v in parameters.items()]
    rds.modify_db_parameter_group(DBParameterGroupName="registry", Parameters=wanted)
    made = rds.create_db_instance(
        **INSTANCE,
        KmsKeyId=key["KeyId"],
        PerformanceInsightsKMSKeyId=key["Arn"],
        MasterUserSecretKmsKeyId=key["Arn"],
        VpcSecurityGroupIds=["sg-0123456789abcdef0"],
    )["DBInstance"]
    assert made["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in made
    return wait_for(rds, "available")


def password(twin: Twin, instance: dict[str, Any]) -> str:
    value = twin.client("secretsmanager").get_secret_value(SecretId=instance["MasterUserSecret"]["SecretArn"])
    found = json.loads(value["SecretString"])
    assert found["username"] == INSTANCE["MasterUsername"]
    return str(found["password"])


def connect(twin: Twin, instance: dict[str, Any], secret: str, sslmode: str = "verify-full", **more: str) -> Any:
    return psycopg.connect(
        host=instance["Endpoint"]["Address"],
        port=instance["Endpoint"]["Port"],
        user=more.get("user", INSTANCE["MasterUsername"]),
        dbname=more.get("dbname", INSTANCE["DBName"]),
        password=secret,
        sslmode=sslmode,
        sslrootcert=str(twin.root / "certificates" / "ca.pem"),
        connect_timeout=5,
        autocommit=True,
    )


def test_every_field_of_the_instance_is_shown(instance: dict[str, Any], key: dict[str, str]) -> None:
    """CreateDBInstance, DescribeDBInstances."""
    same = {
        "EngineVersion", "ManageMasterUserPassword", "DBSubnetGroupName", "DBParameterGroupName",
        "EnablePerformanceInsights", "EnableCloudwatchLogsExports", "EnableIAMDatabaseAuthentication", "Tags",
    } ^ INSTANCE.keys()  # fmt: skip
    assert {name: instance.get(name) for name in same} == {name: INSTANCE[name] for name in same}
    assert instance["EngineVersion"].startswith("17.")
    assert instance["DBSubnetGroup"]["DBSubnetGroupName"] == "isolated"
    assert instance["DBParameterGroups"][0]["DBParameterGroupName"] == "registry"
    assert instance["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    assert instance["IAMDatabaseAuthenticationEnabled"] is True
    assert instance["PerformanceInsightsEnabled"] is True
    assert instance["PerformanceInsightsKMSKeyId"] == key["Arn"]
    assert instance["KmsKeyId"] == key["Arn"]
    assert instance["TagList"] == INSTANCE["Tags"]
    assert (instance["Iops"], instance["StorageThroughput"]) == (3000, 125)
    assert "DBClusterIdentifier" not in instance


def test_the_master_secret_is_managed_by_rds(twin: Twin, instance: dict[str, Any], key: dict[str, str]) -> None:
    """MasterUserSecret of DBInstance; DescribeSecret's OwningService and rotation; a managed secret is not deleted."""
    secret = instance["MasterUserSecret"]
    assert (secret["SecretStatus"], secret["KmsKeyId"]) == ("active", key["Arn"])
    secrets = twin.client("secretsmanager")
    shown = secrets.describe_secret(SecretId=secret["SecretArn"])
    assert shown["Name"].startswith("rds!db-")
    assert (shown["OwningService"], shown["KmsKeyId"]) == ("rds", key["Arn"])
    assert shown["RotationEnabled"] is True
    assert shown["RotationRules"] == {"AutomaticallyAfterDays": 7}
    with pytest.raises(ClientError, match="managed by rds"):
        secrets.delete_secret(SecretId=secret["SecretArn"])


def test_the_secret_opens_the_database_over_tls_and_only_over_tls(twin: Twin, instance: dict[str, Any]) -> None:
    """rds.force_ssl: "SSL connections are required"; the certificate names the endpoint."""
    secret = password(twin, instance)
    with connect(twin, instance, secret) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("tracking",)
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(twin, instance, secret, sslmode="disable")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(twin, instance, "wrong")


def test_the_master_is_an_rds_superuser_and_no_superuser(twin: Twin, instance: dict[str, Any]) -> None:
    """RDS user guide, "Understanding PostgreSQL roles and permissions"."""
    with connect(twin, instance, password(twin, instance)) as connection:
        role = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(role).fetchone() == (False, True, True)
        assert connection.execute("SELECT pg_has_role('rds_superuser', 'member')").fetchone() == (True,)
        connection.execute("CREATE ROLE tracker LOGIN PASSWORD 'long enough'")
        connection.execute("GRANT rds_iam TO tracker")
        connection.execute("CREATE TABLE model (name text)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("ALTER ROLE rdsadmin PASSWORD 'mine'")


@pytest.mark.usefixtures("instance")
def test_parameters_of_the_group_reach_the_server(twin: Twin, rds: Any) -> None:
    """ModifyDBParameterGroup with ApplyMethod immediate, and static parameters at RebootDBInstance."""

    def shown(name: str) -> str:
        current = wait_for(rds, "available")
        with connect(twin, current, password(twin, current)) as connection:
            return str(connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0])

    assert (shown("log_connections"), shown("log_min_duration_statement")) == ("on", "1s")
    rds.modify_db_parameter_group(
        DBParameterGroupName="registry",
        Parameters=[
            {"ParameterName": "work_mem", "ParameterValue": "8192", "ApplyMethod": "immediate"},
            {"ParameterName": "max_connections", "ParameterValue": "50", "ApplyMethod": "pending-reboot"},
            {"ParameterName": "shared_preload_libraries", "ParameterValue": "pg_stat_statements,pg_cron",
             "ApplyMethod": "pending-reboot"},
        ],
    )  # fmt: skip
    deadline = time.monotonic() + 5
    while shown("work_mem") != "8MB":
        assert time.monotonic() < deadline
    assert shown("max_connections") == "100"
    rds.reboot_db_instance(DBInstanceIdentifier=NAME)
    assert described(rds)["DBInstanceStatus"] in ("rebooting", "available")
    assert shown("max_connections") == "50"
    assert shown("shared_preload_libraries") == "pg_stat_statements"
    parameters = rds.describe_db_parameters(DBParameterGroupName="registry", Source="user")["Parameters"]
    applied = {p["ParameterName"]: p["ApplyType"] for p in parameters}
    assert (applied["max_connections"], applied["work_mem"]) == ("static", "dynamic")


@pytest.mark.parametrize(("name", "method", "said"), [
    pytest.param("nonsense", "immediate", "Could not find parameter with name: nonsense", id="unknown"),
    pytest.param("rds.nonsense", "immediate", "Could not find parameter", id="unknown of rds"),
    pytest.param("listen_addresses", "pending-reboot", "cannot be modified", id="not modifiable"),
    pytest.param("max_connections", "immediate", "cannot use immediate apply method", id="static"),
])  # fmt: skip
@pytest.mark.usefixtures("instance")
def test_what_rds_refuses_of_a_parameter_is_refused(rds: Any, name: str, method: str, said: str) -> None:
    """ModifyDBParameterGroup: InvalidParameterValue, InvalidParameterCombination."""
    wanted = [{"ParameterName": name, "ParameterValue": "1", "ApplyMethod": method}]
    with pytest.raises(ClientError, match=said):
        rds.modify_db_parameter_group(DBParameterGroupName="registry", Parameters=wanted)


def test_rotation_changes_the_password_of_the_server(twin: Twin, rds: Any, instance: dict[str, Any]) -> None:
    """RotateSecret of Secrets Manager, and ModifyDBInstance with RotateMasterUserPassword."""
    secret_arn = instance["MasterUserSecret"]["SecretArn"]
    secrets = twin.client("secretsmanager")
    ways: tuple[Callable[[], Any], ...] = (
        lambda: secrets.rotate_secret(SecretId=secret_arn, RotationRules={"AutomaticallyAfterDays": 14}),
        lambda: rds.modify_db_instance(DBInstanceIdentifier=NAME, RotateMasterUserPassword=True, ApplyImmediately=True),
    )
    for rotate in ways:
        current = wait_for(rds, "available")
        before = password(twin, current)
        rotate()
        after = password(twin, current)
        assert after != before
        connect(twin, current, after).close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(twin, current, before)
    assert secrets.describe_secret(SecretId=secret_arn)["RotationRules"] == {"AutomaticallyAfterDays": 14}
    before = password(twin, current)
    week = {"AutomaticallyAfterDays": 7}
    secrets.rotate_secret(SecretId=secret_arn, RotationRules=week, RotateImmediately=False)
    assert secrets.describe_secret(SecretId=secret_arn)["RotationRules"] == week
    assert password(twin, current) == before


@pytest.mark.usefixtures("instance")
def test_no_password_is_in_the_log_of_the_server(twin: Twin, rds: Any) -> None:
    secret = password(twin, wait_for(rds, "available"))
    logs = [path.read_text() for path in twin.root.rglob("*.log")]
    assert logs
    assert not any(secret in text for text in logs)


@pytest.mark.usefixtures("instance")
def test_log_exports_and_other_forgotten_fields_are_modified(rds: Any) -> None:
    """ModifyDBInstance: CloudwatchLogsExportConfiguration and fields that the emulator ignores."""
    wait_for(rds, "available")
    modified = rds.modify_db_instance(
        DBInstanceIdentifier=NAME,
        CloudwatchLogsExportConfiguration={"DisableLogTypes": ["upgrade"], "EnableLogTypes": ["iam-db-auth-error"]},
        PreferredBackupWindow="02:00-03:00",
        AutoMinorVersionUpgrade=True,
    )["DBInstance"]
    for shown in (modified, described(rds)):
        assert shown["EnabledCloudwatchLogsExports"] == ["postgresql", "iam-db-auth-error"]
        assert shown["PreferredBackupWindow"] == "02:00-03:00"
        assert shown["AutoMinorVersionUpgrade"] is True


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
    time.sleep(1.5)  # what the emulator itself keeps is written about every second
    getattr(twin, end)()
    twin.start()
    current = wait_for(rds, "available")
    assert password(twin, current) == secret
    with connect(twin, current, secret) as connection:
        connection.execute(sql.SQL("SELECT a FROM {}").format(table))


@pytest.mark.parametrize(("change", "said"), [
    pytest.param({"EngineVersion": "9.6"}, "Cannot find version 9.6", id="version"),
    pytest.param({"MasterUsername": "rdsadmin"}, "reserved word", id="reserved name"),
    pytest.param({"MasterUserPassword": "long enough"}, "can't specify MasterUserPassword", id="two passwords"),
    pytest.param({"ManageMasterUserPassword": False, "MasterUserPassword": "short"}, "8 to 128", id="short password"),
    pytest.param({"KmsKeyId": "11111111-2222-3333-4444-555555555555"}, "KMSKeyNotAccessible", id="key"),
])  # fmt: skip
@pytest.mark.usefixtures("instance")
def test_what_rds_refuses_of_an_instance_is_refused_and_nothing_is_made(
    rds: Any, change: dict[str, Any], said: str
) -> None:
    """CreateDBInstance: InvalidParameterCombination, InvalidParameterValue, KMSKeyNotAccessibleFault."""
    with pytest.raises(ClientError, match=said):
        rds.create_db_instance(**INSTANCE | {"DBInstanceIdentifier": "refused"} | change)
    assert [found["DBInstanceIdentifier"] for found in rds.describe_db_instances()["DBInstances"]] == [NAME]


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
