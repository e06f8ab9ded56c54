"""RDS."""

from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World
from tests.contracts.providers.aws.examples.ec2 import group, subnet, vpc


def _two_subnets(world: World) -> list[str]:
    vpc_id = vpc(world)
    return [subnet(world, vpc_id, 1), subnet(world, vpc_id, 2, f"{REGION}b")]


def _one_more_subnet(world: World) -> list[str]:
    """The subnets of the newest group and another: a group stays in its VPC."""
    groups = world.client("rds").describe_db_subnet_groups()["DBSubnetGroups"]
    newest = [entry for entry in groups if entry["DBSubnetGroupName"].startswith("subnets-")][-1]
    known = [entry["SubnetIdentifier"] for entry in newest["Subnets"]]
    return [*known, subnet(world, newest["VpcId"], 3)]


def _tags_hold(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    tags = world.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == inputs["tagsAll"]


def _subnet_group_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("rds").describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    assert there["DBSubnetGroupDescription"] == inputs["description"]
    assert sorted(entry["SubnetIdentifier"] for entry in there["Subnets"]) == sorted(inputs["subnetIds"])
    _tags_hold(world, there["DBSubnetGroupArn"], inputs)


def _parameter_group_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    rds = world.client("rds")
    there = rds.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"][0]
    assert there["DBParameterGroupFamily"] == inputs["family"]
    assert there["Description"] == inputs["description"]
    pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=name, Source="user")
    found = {entry["ParameterName"]: entry["ParameterValue"] for page in pages for entry in page["Parameters"]}
    assert found == {entry["name"]: entry["value"] for entry in inputs.get("parameters", ())}
    _tags_hold(world, there["DBParameterGroupArn"], inputs)


def _instance_inputs(world: World) -> dict[str, Any]:
    """All that the registry's database sets."""
    rds, name = world.client("rds"), world.name("registry")
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="a test's", SubnetIds=_two_subnets(world)
    )
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="postgres17", Description="a test's"
    )
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return {
        "identifier": name,
        "engine": "postgres",
        "engineVersion": "17",
        "autoMinorVersionUpgrade": True,
        "instanceClass": "db.t4g.medium",
        "storageType": "gp3",
        "allocatedStorage": 20,
        "maxAllocatedStorage": 100,
        "storageEncrypted": True,
        "kmsKeyId": key,
        "dbName": "registry",
        "username": "groundwork_admin",
        "manageMasterUserPassword": True,
        "masterUserSecretKmsKeyId": key,
        "iamDatabaseAuthenticationEnabled": True,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "parameterGroupName": name,
        "dbSubnetGroupName": name,
        "vpcSecurityGroupIds": [group(world)],
        "publiclyAccessible": False,
        "multiAz": False,
        "backupRetentionPeriod": 14,
        "backupWindow": "01:00-02:00",
        "maintenanceWindow": "Sun:03:00-Sun:04:00",
        "copyTagsToSnapshot": True,
        "deletionProtection": True,
        "finalSnapshotIdentifier": f"{name}-final",
        "databaseInsightsMode": "standard",
        "performanceInsightsEnabled": True,
        "performanceInsightsKmsKeyId": key,
        "performanceInsightsRetentionPeriod": 7,
        "monitoringInterval": 60,
        "monitoringRoleArn": f"arn:aws:iam::{ACCOUNT}:role/monitoring",
        "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
        "applyImmediately": True,
        "tags": {"data-classification": "confidential"},
    }


_ANSWERED = {
    "allocatedStorage": "AllocatedStorage",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "backupWindow": "PreferredBackupWindow",
    "caCertIdentifier": "CACertificateIdentifier",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "databaseInsightsMode": "DatabaseInsightsMode",
    "dbName": "DBName",
    "deletionProtection": "DeletionProtection",
    "engine": "Engine",
    "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
    "instanceClass": "DBInstanceClass",
    "kmsKeyId": "KmsKeyId",
    "maxAllocatedStorage": "MaxAllocatedStorage",
    "monitoringInterval": "MonitoringInterval",
    "monitoringRoleArn": "MonitoringRoleArn",
    "multiAz": "MultiAZ",
    "performanceInsightsEnabled": "PerformanceInsightsEnabled",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "publiclyAccessible": "PubliclyAccessible",
    "storageEncrypted": "StorageEncrypted",
    "storageType": "StorageType",
    "username": "MasterUsername",
}


def _instance_holds(world: World, resource_id: str, inputs: Mapping[str, Any]) -> None:
    rds = world.client("rds")
    there = rds.describe_db_instances(DBInstanceIdentifier=inputs["identifier"])["DBInstances"][0]
    assert there["DbiResourceId"] == resource_id
    assert there["DBInstanceStatus"] == "available"
    for name, api in _ANSWERED.items():
        if name in inputs:
            assert there.get(api) == inputs[name], name
    assert there["EngineVersion"].startswith(inputs["engineVersion"])
    assert there["PreferredMaintenanceWindow"].lower() == inputs["maintenanceWindow"].lower()
    assert sorted(there.get("EnabledCloudwatchLogsExports", [])) == inputs.get("enabledCloudwatchLogsExports", [])
    assert [entry["VpcSecurityGroupId"] for entry in there["VpcSecurityGroups"]] == inputs["vpcSecurityGroupIds"]
    assert there["DBSubnetGroup"]["DBSubnetGroupName"] == inputs["dbSubnetGroupName"]
    assert there["DBParameterGroups"][0]["DBParameterGroupName"] == inputs["parameterGroupName"]
    assert there["MasterUserSecret"]["KmsKeyId"] == inputs["masterUserSecretKmsKeyId"]
    _tags_hold(world, there["DBInstanceArn"], inputs)


def _parameters(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


EXAMPLES = (
    Example(
        "aws:rds/subnetGroup:SubnetGroup",
        inputs=lambda world: {"name": world.name("subnets"), "subnetIds": _two_subnets(world)},
        holds=_subnet_group_holds,
        updates=(
            lambda world: {"subnetIds": _one_more_subnet(world)},
            {"description": "isolated subnets"},
            {"tags": {"more": "1"}},
        ),
    ),
    Example(
        "aws:rds/parameterGroup:ParameterGroup",
        inputs=lambda world: {
            "name": world.name("parameters"),
            "family": "postgres17",
            "parameters": [{"name": "rds.force_ssl", "value": "1"}, *_parameters(log_statement="ddl")],
        },
        holds=_parameter_group_holds,
        updates=(
            {"parameters": _parameters(log_statement="all", log_connections="1")},
            {"parameters": None},
            {"tags": {"more": "1"}},
        ),
    ),
    Example(
        "aws:rds/instance:Instance",
        inputs=_instance_inputs,
        holds=_instance_holds,
        updates=(
            {"backupRetentionPeriod": 21, "backupWindow": "02:00-03:00"},
            {"instanceClass": "db.m7g.large", "multiAz": True},
            {"allocatedStorage": 30, "maxAllocatedStorage": 200},
            {"enabledCloudwatchLogsExports": ["postgresql"]},
            {"databaseInsightsMode": "advanced", "performanceInsightsRetentionPeriod": 465},
            {"monitoringInterval": 30, "maintenanceWindow": "mon:03:00-mon:04:00"},
            lambda world: {"vpcSecurityGroupIds": [group(world)]},
            {"iamDatabaseAuthenticationEnabled": False, "copyTagsToSnapshot": False},
            {"deletionProtection": None, "tags": {"more": "1"}},
        ),
        not_imported=frozenset({"finalSnapshotIdentifier", "applyImmediately"}),
    ),
)
