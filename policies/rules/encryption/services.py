"""ENC-13 to ENC-17, and ENC-24: services that hold secrets, messages and records, and name the key they use."""

from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.repair import is_known, put
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, is_cmk, is_confidential, weigh
from policies.rules.encryption.references import names_key, names_key_of_tier
from policies.tokens import aws

SECRET = aws("secretsmanager/secret:Secret")
TOPIC, QUEUE = aws("sns/topic:Topic"), aws("sqs/queue:Queue")
TRAILS = aws("cloudtrail/trail:Trail", "cloudtrail/eventDataStore:EventDataStore")
LOG_GROUP = aws("cloudwatch/logGroup:LogGroup")
EVENTS = aws("cloudwatch/eventBus:EventBus", "cloudwatch/eventArchive:EventArchive")


def _secret_has_its_own_key(resource: Resource, settings: Settings) -> Findings:
    del settings
    return is_cmk(resource["kmsKeyId"], "the secret is not encrypted with a customer managed key")


def _topic_names_a_key(resource: Resource, settings: Settings) -> Findings:
    return names_key_of_tier(resource, resource["kmsMasterKeyId"], settings, "messages are encrypted with no key")


def _name_a_key(props: Any, settings: Settings) -> bool:
    """Name the key of the settings, in place of none or of one of AWS' own. SQS takes one kind of encryption only."""
    key = settings.repair_key
    if not key or not is_known(props.get("sqsManagedSseEnabled")):
        return False
    named = put(props, "kmsMasterKeyId", key, unless=lambda value: value == key)
    return named and (put(props, "sqsManagedSseEnabled", False, unless=lambda value: not value) or named)


def _queue_is_encrypted(resource: Resource, settings: Settings) -> Findings:
    key = resource["kmsMasterKeyId"]
    findings = weigh(names_key_of_tier(resource, key, settings, "messages are encrypted with no key"))
    managed = resource["sqsManagedSseEnabled"]
    confidential = is_confidential(resource, settings)
    if managed.value is True and confidential is False:
        return
    excusable = (managed.unknown or managed.value is True) and confidential is not True
    for finding in findings:
        violated = isinstance(finding, Violation)
        yield Undecided(managed.path if managed.unknown else "tags") if violated and excusable else finding


def _records_name_a_key(resource: Resource, settings: Settings) -> Findings:
    return names_key_of_tier(resource, resource["kmsKeyId"], settings, "records are encrypted with no key")


def _events_name_a_key(resource: Resource, settings: Settings) -> Findings:
    del settings
    return names_key(resource["kmsKeyIdentifier"], "events are encrypted with no key of yours")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ENC-13",
        requirement="A secret is encrypted with a customer managed key.",
        why="The account's shared key lets everybody decrypt who may read the secret; a key of ours asks again.",
        fix="secretsmanager.Secret(..., kms_key_id=key.arn)",
        types=SECRET,
        severity=Severity.MEDIUM,
        controls=(),
        check=_secret_has_its_own_key,
    ),
    ResourceRule(
        id="ENC-14",
        requirement="A topic names its key, a confidential one a customer managed key.",
        why="Messages wait on disk until they are delivered, and often carry what the database keeps encrypted.",
        fix="sns.Topic(..., kms_master_key_id=key.arn)",
        types=TOPIC,
        severity=Severity.MEDIUM,
        controls=("F:SNS.1", "800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_topic_names_a_key,
        remediate_as_set=_name_a_key,
    ),
    ResourceRule(
        id="ENC-15",
        requirement="A queue names its key, or is encrypted by SQS where its messages are not confidential.",
        why="Messages wait on disk until they are taken, up to two weeks.",
        fix="sqs.Queue(..., kms_master_key_id=key.arn)",
        types=QUEUE,
        severity=Severity.MEDIUM,
        controls=("F:SQS.1", "AISF-INFRA-05"),
        check=_queue_is_encrypted,
        remediate_as_set=_name_a_key,
    ),
    ResourceRule(
        id="ENC-16",
        requirement="Trails and event data stores name their key, confidential ones a customer managed key.",
        why="The record of who did what shows an intruder what to do next.",
        fix="cloudtrail.Trail(..., kms_key_id=key.arn)",
        types=TRAILS,
        severity=Severity.HIGH,
        controls=("F:CloudTrail.2", "C7:4.5", "800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_records_name_a_key,
    ),
    ResourceRule(
        id="ENC-17",
        requirement="A log group names its key, a confidential one a customer managed key.",
        why="Logs repeat what programs handle: names, requests, sometimes secrets.",
        fix="cloudwatch.LogGroup(..., kms_key_id=key.arn)",
        types=LOG_GROUP,
        severity=Severity.MEDIUM,
        controls=("800-53 SC-28/SC-8", "AISF-INFRA-05"),
        check=_records_name_a_key,
    ),
    ResourceRule(
        id="ENC-24",
        requirement="Event buses and archives name their key.",
        why="Events say what happens in the business, and archives keep them for years.",
        fix="cloudwatch.EventBus(..., kms_key_identifier=key.arn)",
        types=EVENTS,
        severity=Severity.MEDIUM,
        controls=("800-53 SC-28",),
        check=_events_name_a_key,
    ),
)
