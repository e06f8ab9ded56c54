"""Delivery streams: what a log group's subscription hands on arrives in S3, each step with the role that is for it.

ministack 1.5.33 keeps subscriptions with a delivery stream and hands nothing on, and puts a stream's records into S3 as
nobody: past the role, the bucket's policy and its key. Here CloudWatch Logs takes the subscription's role to put
records on the stream, and Firehose the stream's role to put an object, with the same checks as a client's request. A
step whose role may not is logged and lost; AWS tries again for 24 hours where more than a right is missing. A stream
does not wait for more: each call becomes an object of its own. Who makes a stream with a customer managed key must be
allowed to let Firehose have a grant of it, and who hands a service a role to pass it.

Source: CloudWatch Logs user guide, "Real-time processing of log data with subscriptions" (the envelope, gzip); API
reference, PutSubscriptionFilter (a role that may not put is refused by a test message); Amazon Data Firehose developer
guide, "Controlling access", "Custom prefixes for Amazon S3 objects"; Firehose API reference, CreateDeliveryStream,
StartDeliveryStreamEncryption (the grant), ExtendedS3DestinationDescription.
"""

import base64
import gzip
import json
import logging
import time
import uuid
from typing import Any
from urllib.parse import unquote

from ministack.core.responses import request_scope
from ministack.services import cloudwatch_logs, firehose

from twin.aws.corrections.as_role import RoleRefusedError, call_as
from twin.aws.corrections.authorisation import KeyUse, require_pass_role
from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.wire import AwsError
from twin.aws.service_sessions import Session, as_service, open_session, trusts

FIREHOSE, LOGS = "firehose.amazonaws.com", "logs.amazonaws.com"
SESSION_SECONDS = 900
_CUSTOMER_MANAGED = "CUSTOMER_MANAGED_CMK"
_log = logging.getLogger("twin.aws.delivery_streams")


def install() -> None:
    """Keep the emulator from delivering by itself."""
    firehose._deliver_records_to_s3 = lambda *_: None


async def _check_subscription(exchange: Exchange) -> None:
    asked = exchange.parameters
    destination, role = str(asked.get("destinationArn", "")), str(asked.get("roleArn", ""))
    if ":firehose:" not in destination:
        return
    require_pass_role(exchange, role, LOGS)
    test = {"messageType": "CONTROL_MESSAGE", "logEvents": []}
    try:
        await _put_record(exchange.emulator, destination, role, str(asked.get("logGroupName")), test)
    except (AwsError, RoleRefusedError) as error:
        message = (
            "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in "
            f"ACTIVE state: {error}"
        )
        raise AwsError("InvalidParameterException", message) from error


async def _hand_on(exchange: Exchange) -> None:
    asked, emulator = exchange.parameters, exchange.emulator
    group = str(asked.get("logGroupName", ""))
    told = await emulator.call("logs", "DescribeSubscriptionFilters", logGroupName=group)
    for one in told.get("subscriptionFilters") or ():
        if ":firehose:" not in one["destinationArn"]:
            continue
        events = [
            {"id": str(uuid.uuid4().int), "timestamp": event["timestamp"], "message": event["message"]}
            for event in asked.get("logEvents") or ()
            if cloudwatch_logs._subscription_pattern_matches(one.get("filterPattern", ""), event["message"])
        ]
        envelope = {
            "messageType": "DATA_MESSAGE",
            "owner": emulator.account,
            "logGroup": group,
            "logStream": asked.get("logStreamName", ""),
            "subscriptionFilters": [one["filterName"]],
            "logEvents": events,
        }
        if not events:
            continue
        try:
            record = await _put_record(emulator, one["destinationArn"], one.get("roleArn", ""), group, envelope)
            await _deliver(emulator, one["destinationArn"].rpartition("/")[2], [record])
        except (AwsError, RoleRefusedError) as error:
            _log.warning("CloudWatch Logs lost %s events of %s: %s", len(events), group, error)


async def _put_record(emulator: Emulator, stream_arn: str, role: str, group: str, envelope: dict[str, Any]) -> bytes:
    """Put one record on a stream as CloudWatch Logs; returns what is on it now."""
    source = f"arn:aws:logs:{emulator.region}:{emulator.account}:log-group:{group}:*"
    session = await _session(emulator, role, LOGS, source)
    record = gzip.compress(json.dumps(envelope).encode())
    stream = stream_arn.rpartition("/")[2]
    asked = {"DeliveryStreamName": stream, "Records": [{"Data": record}]}
    await call_as(emulator, session, "firehose", "PutRecordBatch", asked)
    return record


async def _deliver_put(exchange: Exchange) -> None:
    asked = exchange.parameters
    records = asked.get("Records") or [asked.get("Record") or {}]
    try:
        data = [one["Data"] if isinstance(one["Data"], bytes) else base64.b64decode(one["Data"]) for one in records]
        await _deliver(exchange.emulator, str(asked["DeliveryStreamName"]), data)
    except (AwsError, RoleRefusedError) as error:
        _log.warning("Firehose could not deliver: %s", error)


async def _deliver(emulator: Emulator, stream: str, records: list[bytes]) -> None:
    """Put one object of these records into the stream's bucket, as Firehose."""
    told = await emulator.call("firehose", "DescribeDeliveryStream", DeliveryStreamName=stream)
    held = told["DeliveryStreamDescription"]
    config = _destination(emulator, stream)
    session = await _session(emulator, config["RoleARN"], FIREHOSE, held["DeliveryStreamARN"])
    now = time.gmtime()
    started = firehose._java_time("yyyy-MM-dd-HH-mm-ss", now)
    name = f"{stream}-{held['VersionId']}-{started}-{uuid.uuid4()}{config.get('FileExtension') or ''}"
    asked = {
        "Bucket": config["BucketARN"].rpartition(":")[2],
        "Key": firehose._evaluate_prefix(config.get("Prefix", ""), now) + name,
        "Body": b"".join(records),
    }
    if key := (config.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig", {}).get("AWSKMSKeyARN"):
        asked |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    await call_as(emulator, session, "s3", "PutObject", asked)


def _destination(emulator: Emulator, stream: str) -> dict[str, Any]:
    with request_scope(emulator.account, emulator.region):
        found: dict[str, Any] = firehose._streams[stream]["destinations"][0]["config"]
        return found


async def _session(emulator: Emulator, role_arn: str, service: str, source_arn: str) -> Session:
    """A session of a role that lets this service take it for this resource."""
    try:
        role = (await emulator.call("iam", "GetRole", RoleName=role_arn.rpartition("/")[2]))["Role"]
    except AwsError as error:
        raise RoleRefusedError(f"there is no role {role_arn}") from error
    asked = as_service(service, role_arn, emulator, source_arn)
    if not trusts(unquote(role["AssumeRolePolicyDocument"]), asked):
        raise RoleRefusedError(f"{role_arn} does not let {service} assume it for {source_arn}")
    return open_session(role, asked, service.partition(".")[0], SESSION_SECONDS)


async def _need_the_key(exchange: Exchange) -> None:
    asked = exchange.parameters
    chosen = asked.get("DeliveryStreamEncryptionConfigurationInput") or {}
    if chosen.get("KeyType") == _CUSTOMER_MANAGED:
        use = KeyUse(exchange.emulator, exchange.access_key, "firehose")
        try:
            await use.require("kms:CreateGrant", chosen["KeyARN"], {}, {"kms__grantisforawsresource": "true"})
        except AwsError as error:
            raise AwsError("InvalidKMSResourceException", error.message) from error


async def _need_the_role(exchange: Exchange) -> None:
    asked = exchange.parameters
    wanted = asked.get("ExtendedS3DestinationConfiguration") or asked.get("ExtendedS3DestinationUpdate") or {}
    if wanted.get("RoleARN"):
        require_pass_role(exchange, wanted["RoleARN"], FIREHOSE)


async def _tell_all(exchange: Exchange) -> None:
    """DescribeDeliveryStream: what the emulator keeps and does not tell."""
    told = exchange.answer["DeliveryStreamDescription"]
    kept = _destination(exchange.emulator, told["DeliveryStreamName"])
    for target in told.get("Destinations") or ():
        shown = target.get("ExtendedS3DestinationDescription")
        if shown is not None:
            shown |= {name: kept[name] for name in ("CustomTimeZone", "FileExtension") if kept.get(name)}


CORRECTIONS = (
    Correction("logs", ("PutSubscriptionFilter",), before=_check_subscription),
    Correction("logs", ("PutLogEvents",), after=_hand_on),
    Correction("firehose", ("PutRecord", "PutRecordBatch"), after=_deliver_put),
    Correction("firehose", ("CreateDeliveryStream", "StartDeliveryStreamEncryption"), before=_need_the_key),
    Correction("firehose", ("CreateDeliveryStream", "UpdateDestination"), before=_need_the_role),
    Correction("firehose", ("DescribeDeliveryStream",), after=_tell_all),
)
