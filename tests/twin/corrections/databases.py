"""One DB instance for the tests of RDS: what is asked for, and how to look at it and into it."""

import json
import time
from typing import Any

import psycopg

from tests.twin.corrections.server import Twin

START_SECONDS = 120
"""A database is made, started and provided with a front; a machine with other things to do takes its time."""
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


def described(rds: Any, name: str = NAME) -> dict[str, Any]:
    return dict(rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])


def wait_for(rds: Any, status: str, name: str = NAME) -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while (instance := described(rds, name))["DBInstanceStatus"] != status:
        assert time.monotonic() < deadline, instance["DBInstanceStatus"]
        time.sleep(0.1)
    return instance


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
        connect_timeout=30,
        autocommit=True,
    )
