"""Amazon Data Firehose: delivery streams into S3, fed by PutRecord. Its types are in the provider's module `kinesis`.

Source: Amazon Data Firehose API reference: CreateDeliveryStream, UpdateDestination (which names the version that it
changes), StartDeliveryStreamEncryption, StopDeliveryStreamEncryption, DescribeDeliveryStream.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, Block
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType, States
from twin.providers.aws.tags import tag_facet

_NAME = {"DeliveryStreamName": "{name}"}
_GONE = ("ResourceNotFoundException",)
_TO_S3 = "extended_s3"
_ELSEWHERE = "the twin delivers to S3 alone"
_SOURCE = "the twin's streams are fed by PutRecord alone"
_GIVEN = "AWS says it"
_AS_IT_CAME = "the twin delivers records as they came"

_LOGGING = Block(
    {"enabled": Property(kind=BOOLEAN, default=False), "logGroupName": Property(), "logStreamName": Property()}
)
_S3 = Block(
    {
        "bucketArn": Property(required=True),
        "bufferingInterval": Property(kind=INTEGER, default=300),
        "bufferingSize": Property(kind=INTEGER, default=5),
        "cloudwatchLoggingOptions": Property(kind=_LOGGING, computed=True),
        "compressionFormat": Property(default="UNCOMPRESSED"),
        "customTimeZone": Property(default="UTC"),
        "errorOutputPrefix": Property(),
        "fileExtension": Property(),
        "kmsKeyArn": Property(),
        "prefix": Property(),
        "roleArn": Property(required=True),
        "s3BackupMode": Property(default="Disabled"),
    }
)
_ENCRYPTION = Block(
    {
        "enabled": Property(kind=BOOLEAN, default=False),
        "keyArn": Property(),
        "keyType": Property(default="AWS_OWNED_CMK"),
    }
)
_PLAIN = {
    "bucketArn": "BucketARN",
    "compressionFormat": "CompressionFormat",
    "customTimeZone": "CustomTimeZone",
    "errorOutputPrefix": "ErrorOutputPrefix",
    "fileExtension": "FileExtension",
    "prefix": "Prefix",
    "roleArn": "RoleARN",
    "s3BackupMode": "S3BackupMode",
}
"""By property: the member of a destination. One that is no longer wanted is taken away by an empty text."""
_TAKEN_AWAY = ("errorOutputPrefix", "fileExtension", "prefix")
_LOG = {"enabled": "Enabled", "logGroupName": "LogGroupName", "logStreamName": "LogStreamName"}


def _destination(wanted: dict[str, Any]) -> dict[str, Any]:
    logging = wanted.get("cloudwatchLoggingOptions") or {"enabled": False}
    key = wanted.get("kmsKeyArn")
    plain = {member: wanted[name] for name, member in _PLAIN.items() if wanted.get(name) is not None}
    return plain | {
        "BufferingHints": {
            "IntervalInSeconds": wanted["bufferingInterval"],
            "SizeInMBs": wanted["bufferingSize"],
        },
        "CloudWatchLoggingOptions": {_LOG[name]: value for name, value in logging.items() if value is not None},
        "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": key}}
        if key
        else {"NoEncryptionConfig": "NoEncryption"},
    }


def _encryption(wanted: dict[str, Any]) -> dict[str, Any]:
    key = wanted.get("keyArn")
    return {"KeyType": wanted["keyType"], **({"KeyARN": key} if key else {})}


def _create(ctx: Context) -> str:
    encryption, tags = ctx.inputs.get("serverSideEncryption"), ctx.inputs.get("tagsAll")
    made = ctx.call(
        "create_delivery_stream",
        DeliveryStreamName=ctx.inputs["name"],
        DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration=_destination(ctx.inputs["extendedS3Configuration"]),
        **(
            {"DeliveryStreamEncryptionConfigurationInput": _encryption(encryption)}
            if encryption and encryption["enabled"]
            else {}
        ),
        **({"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]} if tags else {}),
    )
    return str(made["DeliveryStreamARN"])


def _describe(ctx: Context) -> Any:
    name = ctx.value("name") or ctx.id.rpartition("/")[2]
    return ctx.run(
        Call(
            "describe_delivery_stream",
            {"DeliveryStreamName": name},
            result="DeliveryStreamDescription",
            missing=_GONE,
        )
    )


def _read(ctx: Context) -> dict[str, Any] | None:
    held = _describe(ctx)
    if held is None:
        return None
    target = held["Destinations"][0]
    there = target["ExtendedS3DestinationDescription"]
    logging = there.get("CloudWatchLoggingOptions") or {}
    found: dict[str, Any] = {name: there[member] for name, member in _PLAIN.items() if there.get(member)}
    key = (there.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig", {}).get("AWSKMSKeyARN")
    found |= {"kmsKeyArn": key} if key else {}
    found |= {
        "bufferingInterval": there["BufferingHints"]["IntervalInSeconds"],
        "bufferingSize": there["BufferingHints"]["SizeInMBs"],
        "cloudwatchLoggingOptions": {name: logging[member] for name, member in _LOG.items() if member in logging},
    }
    encryption = held.get("DeliveryStreamEncryptionConfiguration") or {}
    on = encryption.get("Status") in ("ENABLED", "ENABLING")
    return {
        "arn": held["DeliveryStreamARN"],
        "destination": _TO_S3,
        "destinationId": target["DestinationId"],
        "extendedS3Configuration": found,
        "name": held["DeliveryStreamName"],
        "serverSideEncryption": {
            "enabled": on,
            "keyType": encryption.get("KeyType", "AWS_OWNED_CMK") if on else "AWS_OWNED_CMK",
            **({"keyArn": encryption["KeyARN"]} if on and encryption.get("KeyARN") else {}),
        },
        "status": held["DeliveryStreamStatus"],
        "versionId": held["VersionId"],
    }


def _update(ctx: Context) -> None:
    wanted, before = ctx.inputs["extendedS3Configuration"], ctx.old.get("extendedS3Configuration") or {}
    emptied = {_PLAIN[name]: "" for name in _TAKEN_AWAY if before.get(name) and not wanted.get(name)}
    held = _describe(ctx)
    ctx.call(
        "update_destination",
        DeliveryStreamName=ctx.inputs["name"],
        CurrentDeliveryStreamVersionId=held["VersionId"],
        DestinationId=held["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate=emptied | _destination(wanted),
    )


def _encrypt(ctx: Context) -> None:
    wanted = ctx.inputs.get("serverSideEncryption")
    if wanted and wanted["enabled"]:
        ctx.call(
            "start_delivery_stream_encryption",
            DeliveryStreamName=ctx.inputs["name"],
            DeliveryStreamEncryptionConfigurationInput=_encryption(wanted),
        )
    else:
        ctx.call("stop_delivery_stream_encryption", DeliveryStreamName=ctx.inputs["name"])


def _find(ctx: Context) -> str | None:
    held = _describe(ctx)
    return str(held["DeliveryStreamARN"]) if held else None


_REFUSED = {
    **dict.fromkeys(("arn", "destinationId", "versionId"), _GIVEN),
    **dict.fromkeys(("kinesisSourceConfiguration", "mskSourceConfiguration"), _SOURCE),
    **dict.fromkeys(
        (
            "elasticsearchConfiguration",
            "httpEndpointConfiguration",
            "icebergConfiguration",
            "opensearchConfiguration",
            "opensearchserverlessConfiguration",
            "redshiftConfiguration",
            "snowflakeConfiguration",
            "splunkConfiguration",
        ),
        _ELSEWHERE,
    ),
    **{
        f"extendedS3Configuration.{name}": _AS_IT_CAME
        for name in (
            "dataFormatConversionConfiguration",
            "dynamicPartitioningConfiguration",
            "processingConfiguration",
            "s3BackupConfiguration",
        )
    },
}

FIREHOSE_DELIVERY_STREAM = ResourceType(
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
    "firehose",
    id="=DeliveryStreamARN",
    properties={
        "arn": Property(output=True),
        "destination": Property(required=True, replaces=True),
        "destinationId": Property(output=True),
        "extendedS3Configuration": Property(kind=_S3),
        "name": Property(replaces=True, autoname=Autoname(limit=64)),
        "region": REGION,
        "serverSideEncryption": Property(kind=_ENCRYPTION, computed=True),
        "tags": TAGS["tags"],
        "tagsAll": TAGS["tagsAll"],
        "versionId": Property(output=True),
    },
    create=_create,
    read=_read,
    facets=(
        Facet(properties=("extendedS3Configuration",), put=_update, created=True),
        Facet(properties=("serverSideEncryption",), put=_encrypt, created=True),
        tag_facet(Call("list_tags_for_delivery_stream", _NAME), "tag_delivery_stream", "untag_delivery_stream", _NAME),
    ),
    delete=Call("delete_delivery_stream", _NAME, missing=_GONE),
    find=_find,
    states=States("status", ready=("ACTIVE",), failed=("CREATING_FAILED", "DELETING_FAILED"), gone=("DELETING",)),
    refused=_REFUSED,
    absent={name: why for name, why in _REFUSED.items() if "." not in name and why is not _GIVEN},
)

TYPES = (FIREHOSE_DELIVERY_STREAM,)
