"""Fields of a DB instance: what the emulator forgets of a request, and values that RDS completes."""

from typing import Any

from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError, Parameters


def remembered_fields(parameters: Parameters) -> Fields:
    """What the emulator forgets, under the names of the answer."""
    fields = given(
        parameters,
        "AutoMinorVersionUpgrade",
        "CACertificateIdentifier",
        "DatabaseInsightsMode",
        "Iops",
        "PerformanceInsightsKMSKeyId",
        "PerformanceInsightsRetentionPeriod",
        "PreferredBackupWindow",
        "StorageThroughput",
        EnableCloudwatchLogsExports="EnabledCloudwatchLogsExports",
        EnablePerformanceInsights="PerformanceInsightsEnabled",
    )
    if "CACertificateIdentifier" in fields:
        fields["CertificateDetails"] = {"CAIdentifier": fields["CACertificateIdentifier"]}
    return fields


def parameter_group(instance: Parameters) -> str:
    """The DB parameter group of an instance as it is shown."""
    return str(instance["DBParameterGroups"][0]["DBParameterGroupName"])


async def full_version(emulator: Emulator, asked: str | None) -> Fields:
    """A version that names only the major one stands for one of its minor versions."""
    if not asked:
        return {}
    known = await emulator.call("rds", "DescribeDBEngineVersions", Engine="postgres")
    versions = [version["EngineVersion"] for version in known["DBEngineVersions"]]
    same_major = [version for version in versions if version.partition(".")[0] == asked.partition(".")[0]]
    if not same_major:
        raise AwsError("InvalidParameterCombination", f"Cannot find version {asked} for postgres")
    return {"EngineVersion": asked if "." in asked else same_major[0]}


async def with_key_arns(emulator: Emulator, fields: Fields) -> dict[str, Any]:
    """RDS shows the ARN of a key that was named by its id or an alias."""
    keys = {name: value for name, value in fields.items() if name.endswith(("KmsKeyId", "KMSKeyId")) and value}
    found = dict(fields)
    for name, key in keys.items():
        try:
            found[name] = (await emulator.call("kms", "DescribeKey", KeyId=key))["KeyMetadata"]["Arn"]
        except AwsError as error:
            if error.says("NotFoundException"):
                message = f"The specified KMS key [{key}] does not exist."
                raise AwsError("KMSKeyNotAccessibleFault", message) from error
            raise
    return found
