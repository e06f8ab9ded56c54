"""What the emulator holds after an `up` of dev, read back with plain boto3, against what the settings promise."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.project import Project
from twin.account import Account

STORE_KEYS = {
    "datasets": "confidential",
    "artifacts": "confidential",
    "dvc": "data-versioning",
    "access_logs": "internal",
    "audit": "regulated",
}
ALL_PUBLIC_ACCESS_BLOCKED = {
    "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def settings(dev: Project) -> dict[str, Any]:
    return dev.settings()


def key_arn(account: Account, outputs: dict[str, Any], key_name: str) -> str:
    described = account.client("kms").describe_key(KeyId=outputs[f"key_alias_{key_name}"])
    found: str = described["KeyMetadata"]["Arn"]
    return found


@pytest.mark.parametrize("store", STORE_KEYS)
def test_new_objects_of_a_store_are_encrypted_with_its_key(
    account: Account, outputs: dict[str, Any], store: str
) -> None:
    configuration = account.client("s3").get_bucket_encryption(Bucket=outputs[f"bucket_{store}"])
    (rule,) = configuration["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key_arn(account, outputs, STORE_KEYS[store])


@pytest.mark.parametrize("store", STORE_KEYS)
def test_a_store_is_versioned_private_and_owned_by_the_account(
    account: Account, outputs: dict[str, Any], store: str
) -> None:
    s3, bucket = account.client("s3"), outputs[f"bucket_{store}"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == ALL_PUBLIC_ACCESS_BLOCKED
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerEnforced"


@pytest.mark.parametrize("store", ["datasets", "artifacts", "dvc"])
def test_old_versions_go_after_the_days_of_the_settings_and_current_ones_never(
    account: Account, outputs: dict[str, Any], settings: dict[str, Any], store: str
) -> None:
    rules = account.client("s3").get_bucket_lifecycle_configuration(Bucket=outputs[f"bucket_{store}"])["Rules"]
    days = {
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "NoncurrentVersionExpiration" in rule
    }
    assert days == {settings["stores"][store]["lifecycle"]["noncurrent_days"]}
    assert not [rule for rule in rules if "Days" in rule.get("Expiration", {})], "a current version must never expire"
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)


def test_the_audit_store_locks_its_objects(account: Account, outputs: dict[str, Any], settings: dict[str, Any]) -> None:
    configuration = account.client("s3").get_object_lock_configuration(Bucket=outputs["bucket_audit"])
    retention = configuration["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {
        "Mode": settings["stores"]["audit"]["object_lock"]["mode"],
        "Days": settings["stores"]["audit"]["object_lock"]["days"],
    }


def test_every_store_but_the_logs_themselves_is_logged(account: Account, outputs: dict[str, Any]) -> None:
    for store in STORE_KEYS.keys() - {"access_logs"}:
        logging = account.client("s3").get_bucket_logging(Bucket=outputs[f"bucket_{store}"])["LoggingEnabled"]
        assert logging["TargetBucket"] == outputs["bucket_access_logs"]


@pytest.mark.parametrize("key_name", ["internal", "confidential", "regulated", "data-versioning"])
def test_keys_rotate_and_nobody_outside_the_account_may_use_them(
    account: Account, outputs: dict[str, Any], settings: dict[str, Any], key_name: str
) -> None:
    kms, arn = account.client("kms"), key_arn(account, outputs, key_name)
    rotation = kms.get_key_rotation_status(KeyId=arn)
    assert rotation["KeyRotationEnabled"] is True
    assert rotation["RotationPeriodInDays"] == settings["keys"]["rotation_period_in_days"]
    for statement in json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])["Statement"]:
        if statement["Effect"] == "Allow" and statement["Principal"] == "*":
            assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == settings["account_id"]


def database(account: Account) -> dict[str, Any]:
    (instance,) = account.client("rds").describe_db_instances()["DBInstances"]
    found: dict[str, Any] = instance
    return found


def test_the_database_is_encrypted_private_and_backed_up_as_the_settings_say(
    account: Account, outputs: dict[str, Any], settings: dict[str, Any]
) -> None:
    instance, promised = database(account), settings["database"]
    assert instance["StorageEncrypted"] is True
    assert instance["KmsKeyId"] == key_arn(account, outputs, "confidential")
    assert instance["PubliclyAccessible"] is False
    assert instance["IAMDatabaseAuthenticationEnabled"] is True
    assert instance["MultiAZ"] is promised["multi_az"]
    assert instance["BackupRetentionPeriod"] == promised["backup_retention_days"]
    assert instance["DBInstanceClass"] == promised["instance_class"]
    assert instance["EngineVersion"].split(".")[0] == promised["engine_version"]
    assert sorted(instance["EnabledCloudwatchLogsExports"]) == ["postgresql", "upgrade"]
    assert instance["PerformanceInsightsEnabled"] is True
    assert instance["MasterUserSecret"]["KmsKeyId"] == key_arn(account, outputs, "confidential")


def test_the_database_forces_tls_by_its_parameter_group(account: Account) -> None:
    (group,) = database(account)["DBParameterGroups"]
    pages = (
        account.client("rds")
        .get_paginator("describe_db_parameters")
        .paginate(DBParameterGroupName=group["DBParameterGroupName"], Source="user")
    )
    parameters = {item["ParameterName"]: item["ParameterValue"] for page in pages for item in page["Parameters"]}
    assert parameters["rds.force_ssl"] == "1"


def test_the_database_is_reached_from_its_own_group_only(account: Account) -> None:
    ec2 = account.client("ec2")
    (attached,) = database(account)["VpcSecurityGroups"]
    rules = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [attached["VpcSecurityGroupId"]]}]
    )["SecurityGroupRules"]
    assert not [rule for rule in rules if rule["IsEgress"]], "a database opens no connection"
    assert all(rule["FromPort"] == rule["ToPort"] == 5432 and "CidrIpv4" not in rule for rule in rules)


def subnets(account: Account, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from account.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}])[
        "Subnets"
    ]


def test_there_is_a_subnet_of_each_tier_in_each_zone_and_none_hands_out_public_addresses(
    account: Account, outputs: dict[str, Any], settings: dict[str, Any]
) -> None:
    found = list(subnets(account, outputs))
    assert sorted(subnet["AvailabilityZone"] for subnet in found) == sorted(settings["zones"] * 3)
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in found)


def test_isolated_subnets_have_no_way_out(account: Account, outputs: dict[str, Any]) -> None:
    tables = account.client("ec2").describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}])
    isolated = {subnet["SubnetId"] for subnet in subnets(account, outputs) if "isolated" in _name(subnet)}
    assert isolated
    for table in tables["RouteTables"]:
        if isolated & {association.get("SubnetId") for association in table["Associations"]}:
            assert not [route for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]


def test_the_default_security_group_lets_nothing_in_or_out(account: Account, outputs: dict[str, Any]) -> None:
    (group,) = account.client("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    assert group["IpPermissions"] == []
    assert group["IpPermissionsEgress"] == []


def test_every_promised_service_has_a_private_endpoint(
    account: Account, outputs: dict[str, Any], settings: dict[str, Any]
) -> None:
    found = account.client("ec2").describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}])[
        "VpcEndpoints"
    ]
    interface = {item["ServiceName"].split(".", 3)[3] for item in found if item["VpcEndpointType"] == "Interface"}
    gateway = {item["ServiceName"].split(".", 3)[3] for item in found if item["VpcEndpointType"] == "Gateway"}
    assert interface == set(settings["network"]["interface_endpoints"])
    assert gateway == {"s3"}
    assert all(item["PrivateDnsEnabled"] for item in found if item["VpcEndpointType"] == "Interface")


def test_images_are_immutable_scanned_and_encrypted(
    account: Account, outputs: dict[str, Any], settings: dict[str, Any]
) -> None:
    repositories = account.client("ecr").describe_repositories()["repositories"]
    assert len(repositories) == len(settings["container_registry"]["repositories"])
    for repository in repositories:
        assert repository["imageTagMutability"] == "IMMUTABLE"
        assert repository["imageScanningConfiguration"]["scanOnPush"] is True
        assert repository["encryptionConfiguration"]["encryptionType"] == "KMS"
        assert repository["encryptionConfiguration"]["kmsKey"] == key_arn(account, outputs, "confidential")


def test_the_trail_records_every_region_and_proves_that_its_files_are_whole(
    account: Account, outputs: dict[str, Any]
) -> None:
    cloudtrail = account.client("cloudtrail")
    (trail,) = cloudtrail.describe_trails()["trailList"]
    assert trail["TrailARN"] == outputs["trail_arn"]
    assert trail["IsMultiRegionTrail"] is True
    assert trail["LogFileValidationEnabled"] is True
    assert trail["KmsKeyId"] == key_arn(account, outputs, "regulated")
    assert trail["S3BucketName"] == outputs["bucket_audit"]
    assert trail["CloudWatchLogsLogGroupArn"]
    assert cloudtrail.get_trail_status(Name=trail["TrailARN"])["IsLogging"] is True


def test_every_log_group_has_a_key_and_an_end(account: Account) -> None:
    groups = [
        group
        for page in account.client("logs").get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
    ]
    assert groups
    for group in groups:
        assert group.get("kmsKeyId"), group["logGroupName"]
        assert group.get("retentionInDays"), group["logGroupName"]


def test_every_role_of_a_workload_is_bounded(account: Account, settings: dict[str, Any]) -> None:
    iam = account.client("iam")
    roles = [
        role["RoleName"] for role in iam.list_roles()["Roles"] if not role["Path"].startswith("/aws-service-role/")
    ]
    assert len(roles) >= len(settings["workloads"]) + 2
    for name in roles:
        role = iam.get_role(RoleName=name)["Role"]
        if "-github-" not in name:  # the pipeline's two roles make the boundary; they have policies of their own
            assert "PermissionsBoundary" in role, name


def test_what_is_tagged_says_whose_it_is_and_how_sensitive(
    account: Account, outputs: dict[str, Any], settings: dict[str, Any]
) -> None:
    tags = {
        item["Key"]: item["Value"]
        for item in account.client("s3").get_bucket_tagging(Bucket=outputs["bucket_audit"])["TagSet"]
    }
    assert tags["environment"] == settings["environment"]
    assert tags["owner"] == settings["owner"]
    assert tags["cost-center"] == settings["cost_centre"]
    assert tags["data-classification"] == "regulated"


def _name(item: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in item.get("Tags", ()) if tag["Key"] == "Name"), "")
