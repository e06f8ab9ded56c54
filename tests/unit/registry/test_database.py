"""Decides what the database asks for; that RDS and PostgreSQL keep to it is tried on the twin."""

from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.registry.database import RegistryDatabase, RegistryDatabaseArgs, RegistryDatabaseSettings
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/confidential"
LOGS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/internal"
IDENTIFIER = "groundwork-dev-registry"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def build(clients: dict[str, str] | None = None, **settings: Any) -> RegistryDatabase:
    args = RegistryDatabaseArgs(
        settings=RegistryDatabaseSettings.model_validate(settings),
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        vpc_id="vpc-1",
        subnet_ids=[pulumi.Output.from_input("subnet-a"), pulumi.Output.from_input("subnet-b")],
        key_arn=pulumi.Output.from_input(KEY),
        logs_key_arn=LOGS_KEY,
        boundary_arn="boundary",
        client_security_group_ids=clients or {},
    )
    return run_program(lambda: RegistryDatabase("registry", args))


def instance(recorder: Recorder) -> dict[str, Any]:
    return recorder.one("registry-instance").inputs


def test_everything_stored_is_encrypted_with_the_wired_key(recorder: Recorder) -> None:
    build()
    asked = instance(recorder)
    assert asked["storageEncrypted"] is True
    assert asked["performanceInsightsEnabled"] is True
    for key in ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"):
        assert asked[key] == KEY, key


def test_no_password_is_in_the_program_and_iam_opens_the_door(recorder: Recorder) -> None:
    build()
    asked = instance(recorder)
    assert asked["manageMasterUserPassword"] is True
    assert asked["iamDatabaseAuthenticationEnabled"] is True
    assert not {"password", "passwordWo"} & set(asked)


def test_only_tls_gets_in_by_a_parameter_group_of_its_own(recorder: Recorder) -> None:
    build()
    group = recorder.one("registry-parameters").inputs
    values = {parameter["name"]: parameter["value"] for parameter in group["parameters"]}
    assert group["family"] == "postgres17"
    assert values["rds.force_ssl"] == "1"
    assert values["log_connections"] == "1"
    assert instance(recorder)["parameterGroupName"] == group["name"] == f"{IDENTIFIER}-postgres17"
    assert instance(recorder)["caCertIdentifier"] == "rds-ca-rsa2048-g1"


def test_the_instance_is_in_the_wired_subnets_without_a_public_address(recorder: Recorder) -> None:
    build()
    subnets = recorder.one("registry-subnets").inputs
    assert subnets["subnetIds"] == ["subnet-a", "subnet-b"]
    assert instance(recorder)["dbSubnetGroupName"] == subnets["name"]
    assert instance(recorder)["publiclyAccessible"] is False


def test_named_clients_reach_postgresql_and_nothing_goes_out(recorder: Recorder) -> None:
    build({"mlflow": "sg-mlflow", "airflow": "sg-airflow"})
    rules = {made.name: made.inputs for made in recorder.of_type(RULE)}
    assert set(rules) == {"registry-from-mlflow", "registry-from-airflow"}
    assert rules["registry-from-mlflow"]["referencedSecurityGroupId"] == "sg-mlflow"
    for rule in rules.values():
        assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 5432, 5432)
        assert rule["description"]
        assert not {"cidrIpv4", "cidrIpv6"} & set(rule)
    group = recorder.one("registry-security-group").inputs
    assert group["egress"] == []
    assert "ingress" not in group
    assert instance(recorder)["vpcSecurityGroupIds"] == ["registry-security-group-id"]


def test_without_clients_nobody_reaches_it(recorder: Recorder) -> None:
    build()
    assert not recorder.of_type(RULE)
    assert not recorder.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")


def test_exported_logs_have_groups_with_key_and_retention(recorder: Recorder) -> None:
    build(log_retention_in_days=365)
    exports = instance(recorder)["enabledCloudwatchLogsExports"]
    groups = {made.inputs["name"]: made.inputs for made in recorder.of_type("aws:cloudwatch/logGroup:LogGroup")}
    assert set(groups) == {f"/aws/rds/instance/{IDENTIFIER}/{export}" for export in exports}
    assert sorted(exports) == ["postgresql", "upgrade"]
    assert {(group["kmsKeyId"], group["retentionInDays"]) for group in groups.values()} == {(LOGS_KEY, 365)}


def test_backups_allow_restore_to_a_point_in_time(recorder: Recorder) -> None:
    build(backup_retention_days=21)
    asked = instance(recorder)
    assert asked["backupRetentionPeriod"] == 21
    assert asked["copyTagsToSnapshot"] is True


def test_deletion_leaves_a_snapshot_of_known_name_and_the_backups(recorder: Recorder) -> None:
    build()
    asked = instance(recorder)
    assert asked["deletionProtection"] is True
    assert asked["skipFinalSnapshot"] is False
    assert asked["finalSnapshotIdentifier"] == f"{IDENTIFIER}-final"
    assert asked["deleteAutomatedBackups"] is False


def test_settings_can_let_go_of_a_database_that_need_not_last(recorder: Recorder) -> None:
    build(protect=False, final_snapshot=False)
    asked = instance(recorder)
    assert asked["deletionProtection"] is True, "RDS asks once more; `groundwork destroy` lifts it"
    assert asked["skipFinalSnapshot"] is True
    assert asked["deleteAutomatedBackups"] is True
    assert "finalSnapshotIdentifier" not in asked


@pytest.mark.parametrize(("mode", "days"), [("standard", 7), ("advanced", 465)])
def test_performance_data_is_kept_as_long_as_the_mode_of_insights_says(
    recorder: Recorder, mode: str, days: int
) -> None:
    build(insights=mode)
    asked = instance(recorder)
    assert (asked["databaseInsightsMode"], asked["performanceInsightsRetentionPeriod"]) == (mode, days)


def test_monitoring_has_a_bounded_role_for_this_instance(recorder: Recorder) -> None:
    build(monitoring_interval_seconds=15)
    role = recorder.one("registry-monitoring-role").inputs
    assert instance(recorder)["monitoringInterval"] == 15
    assert instance(recorder)["monitoringRoleArn"].endswith(f"role/{IDENTIFIER}-monitoring")
    assert role["permissionsBoundary"] == "boundary"
    good = {
        "aws:SourceAccount": ACCOUNT_ID,
        "aws:SourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:db:{IDENTIFIER}",
    }
    service = "monitoring.rds.amazonaws.com"
    assert decision(role["assumeRolePolicy"], "sts:AssumeRole", "*", good, principal=service) == "Allow"
    other = good | {"aws:SourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:db:other"}
    assert decision(role["assumeRolePolicy"], "sts:AssumeRole", "*", other, principal=service) == "none"


def test_storage_grows_and_minor_versions_follow_by_themselves(recorder: Recorder) -> None:
    build(allocated_storage_gib=50, max_allocated_storage_gib=500, multi_az=True)
    asked = instance(recorder)
    wanted = {
        "storageType": "gp3",
        "allocatedStorage": 50,
        "maxAllocatedStorage": 500,
        "multiAz": True,
        "autoMinorVersionUpgrade": True,
        "allowMajorVersionUpgrade": False,
        "engine": "postgres",
        "engineVersion": "17",
    }
    assert {key: asked[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine_version": "16"}, "engine_version"),
        ({"backup_retention_days": 1}, "backup_retention_days"),
        ({"backup_window": "01:00-01:10"}, "shorter than 30 minutes"),
        ({"backup_window": "25:00-26:00"}, "backup_window"),
        ({"maintenance_window": "sunday"}, "maintenance_window"),
        ({"maintenance_window": "sun:01:30-sun:02:30"}, "must not meet"),
        ({"allocated_storage_gib": 100, "max_allocated_storage_gib": 105}, "a tenth more"),
        ({"instance_class": "t4g.medium"}, "instance_class"),
        ({"publicly_accessible": True}, "publicly_accessible"),
        ({"storage_encrypted": False}, "storage_encrypted"),
    ],
)
def test_settings_that_rds_would_refuse_or_that_weaken_it_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RegistryDatabaseSettings.model_validate(settings)
