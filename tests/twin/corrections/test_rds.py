"""RDS answers against the Amazon RDS API reference, and the PostgreSQL server that stands behind the endpoint."""

import json
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.databases import INSTANCE, NAME, connect, described, password, wait_for
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow


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


@pytest.mark.parametrize("condition", ["aws:ResourceTag", "secretsmanager:ResourceTag"])
def test_the_master_secret_is_read_by_a_role_for_the_secrets_of_its_instance(
    twin: Twin, instance: dict[str, Any], condition: str
) -> None:
    """The tags that RDS puts on it: a role knows the instance's ARN beforehand, and the secret's never."""
    arn = instance["MasterUserSecret"]["SecretArn"]
    named = allow(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-*", "secretsmanager:GetSecretValue")
    decrypt = allow("*", "kms:Decrypt")
    for owner, allowed in ((instance["DBInstanceArn"], True), (instance["DBInstanceArn"] + "-other", False)):
        tags = {
            f"{condition}/aws:secretsmanager:owningService": "rds",
            f"{condition}/aws:rds:primaryDBInstanceArn": owner,
        }
        role = f"master-secret-{condition.partition(':')[0]}-{'own' if allowed else 'other'}"
        credentials = twin.role(role, named | {"Condition": {"StringEquals": tags}}, decrypt)
        secrets = twin.client("secretsmanager", credentials)
        if allowed:
            assert json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])["username"]
        else:
            with pytest.raises(ClientError, match="AccessDenied"):
                secrets.get_secret_value(SecretId=arn)


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
    deadline = time.monotonic() + 60
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
