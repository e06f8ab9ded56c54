"""What somebody is told of at once, as data: patterns of events in the account, and where in one it says who and what.

CloudTrail's calls come to EventBridge while a trail records them; those that only read do not. IAM and sign-ins have
their events in us-east-1 alone, wherever the environment is: `everywhere` says which are fetched from there.

What the pipeline does with its own role is what was reviewed, so identities, bucket policies and keys are told of only
when somebody else changes them. What nobody should do, such as stopping the trail, is told of whoever does it.

Source: EventBridge user guide, "Event patterns", "AWS service events delivered via CloudTrail"; CloudTrail user guide,
"AWS Management Console sign-in events", "CloudTrail record contents"; IAM user guide, "Logging IAM and AWS STS API
calls"; RDS user guide, "Amazon RDS event categories and event messages"; CIS AWS Foundations Benchmark, section 4.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from components.naming import PROJECT

Pattern: TypeAlias = Mapping[str, Any]
Severity: TypeAlias = Literal["critical", "warning", "info"]

CALL: Final = "AWS API Call via CloudTrail"
SIGN_IN: Final = "AWS Console Sign In via CloudTrail"
GLOBAL_REGION: Final = "us-east-1"
"""Where IAM, and who signs in at the console's own address, have their events."""

WHO: Final = {
    "who": "$.detail.userIdentity.arn",
    "kind": "$.detail.userIdentity.type",
    "what": "$.detail.eventName",
    "service": "$.detail.eventSource",
    "when": "$.detail.eventTime",
    "region": "$.detail.awsRegion",
    "address": "$.detail.sourceIPAddress",
    "refused": "$.detail.errorCode",
}
"""Where a record of CloudTrail says it. What is not there is left empty by EventBridge."""


@dataclass(frozen=True, kw_only=True)
class EventAlarm:
    """One kind of event that somebody is told of."""

    name: str
    """Part of the rule's name, and the name of its runbook: `aws-<name>`."""
    title: str
    """What has happened, in one sentence."""
    severity: Severity
    """`critical` wakes somebody, `warning` is for the working day."""
    pattern: Callable[[tuple[str, ...]], Pattern]
    """Gets the roles whose changes have been reviewed."""
    paths: Mapping[str, str] = field(default_factory=lambda: WHO)
    """The parts of the message by name, each a JSONPath in the event."""
    on: Mapping[str, str] = field(default_factory=dict)
    """Further paths: on what, which each kind of event says elsewhere."""
    everywhere: bool = False
    """It also happens in us-east-1, wherever the environment is."""

    @property
    def runbook(self) -> str:
        """The file under docs/runbooks, without its ending."""
        return f"aws-{self.name}"


def calls(source: str, names: tuple[str, ...], **detail: Any) -> Pattern:
    """Return the pattern of calls of one service, by name."""
    return {
        "source": [source],
        "detail-type": [CALL],
        "detail": {"eventSource": [f"{source.removeprefix('aws.')}.amazonaws.com"], "eventName": list(names), **detail},
    }


def by_others(reviewed: tuple[str, ...]) -> dict[str, Any]:
    """Return the part of a pattern that leaves out sessions of these roles; whoever is no session has no issuer."""
    if not reviewed:
        return {}
    anybody_else = [{"exists": False}, {"anything-but": list(reviewed)}]
    return {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": anybody_else}}}}


def _root(_: tuple[str, ...]) -> Pattern:
    """Root itself, not what an AWS service does in its name."""
    return {
        "detail-type": [CALL, SIGN_IN],
        "detail": {
            "userIdentity": {"type": ["Root"], "invokedBy": [{"exists": False}]},
            "eventType": [{"anything-but": ["AwsServiceEvent"]}],
        },
    }


def _identities(reviewed: tuple[str, ...]) -> Pattern:
    return calls(
        "aws.iam",
        (
            "AddUserToGroup",
            "AttachGroupPolicy",
            "AttachRolePolicy",
            "AttachUserPolicy",
            "CreateAccessKey",
            "CreateLoginProfile",
            "CreateOpenIDConnectProvider",
            "CreatePolicy",
            "CreatePolicyVersion",
            "CreateSAMLProvider",
            "CreateUser",
            "DeactivateMFADevice",
            "DeleteGroupPolicy",
            "DeletePolicy",
            "DeletePolicyVersion",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DeleteUserPolicy",
            "DetachGroupPolicy",
            "DetachRolePolicy",
            "DetachUserPolicy",
            "PutGroupPolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "PutUserPolicy",
            "SetDefaultPolicyVersion",
            "UpdateAssumeRolePolicy",
            "UpdateOpenIDConnectProviderThumbprint",
            "UpdateSAMLProvider",
        ),
        **by_others(reviewed),
    )


def _keys(_: tuple[str, ...]) -> Pattern:
    """No part of the platform does any of these by itself."""
    return calls(
        "aws.kms",
        ("DeleteImportedKeyMaterial", "DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"),
    )


_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_WORLD = ["0.0.0.0/0", "::/0"]


def _buckets(reviewed: tuple[str, ...]) -> Pattern:
    """The block taken away or weakened by anybody, or a policy or ACL changed past the pipeline."""
    put_block = ["PutAccountPublicAccessBlock", "PutBucketPublicAccessBlock"]
    weakened = [
        {
            "eventName": put_block,
            "requestParameters": {"PublicAccessBlockConfiguration": {block: [False, "false"]}},
        }
        for block in _BLOCKS
    ]
    taken = {"eventName": ["DeleteAccountPublicAccessBlock", "DeleteBucketPublicAccessBlock"]}
    policy = {"eventName": ["DeleteBucketPolicy", "PutBucketAcl", "PutBucketPolicy"], **by_others(reviewed)}
    return {
        "source": ["aws.s3"],
        "detail-type": [CALL],
        "detail": {"eventSource": ["s3.amazonaws.com"], "$or": [*weakened, taken, policy]},
    }


def _network(_: tuple[str, ...]) -> Pattern:
    opened = ["AuthorizeSecurityGroupIngress"]
    items = {"ipRanges": {"items": {"cidrIp": _WORLD}}}
    items6 = {"ipv6Ranges": {"items": {"cidrIpv6": _WORLD}}}
    changed = ["ModifySecurityGroupRules"]
    rule = {"ModifySecurityGroupRulesRequest": {"SecurityGroupRule": {"SecurityGroupRule": {"CidrIpv4": _WORLD}}}}
    rule6 = {"ModifySecurityGroupRulesRequest": {"SecurityGroupRule": {"SecurityGroupRule": {"CidrIpv6": _WORLD}}}}
    return {
        "source": ["aws.ec2"],
        "detail-type": [CALL],
        "detail": {
            "eventSource": ["ec2.amazonaws.com"],
            "$or": [
                {"eventName": opened, "requestParameters": {"ipPermissions": {"items": items}}},
                {"eventName": opened, "requestParameters": {"ipPermissions": {"items": items6}}},
                {"eventName": opened, "requestParameters": {"cidrIp": _WORLD}},
                {"eventName": changed, "requestParameters": rule},
                {"eventName": changed, "requestParameters": rule6},
            ],
        },
    }


def _databases(_: tuple[str, ...]) -> Pattern:
    """An instance that gets an address of the internet, a snapshot that is given to others."""
    made_public = {
        "eventName": ["CreateDBInstance", "ModifyDBInstance", "RestoreDBInstanceFromDBSnapshot"],
        "requestParameters": {"publiclyAccessible": [True]},
    }
    shared = {
        "eventName": ["ModifyDBClusterSnapshotAttribute", "ModifyDBSnapshotAttribute"],
        "requestParameters": {"valuesToAdd": [{"exists": True}]},
    }
    return {
        "source": ["aws.rds"],
        "detail-type": [CALL],
        "detail": {"eventSource": ["rds.amazonaws.com"], "$or": [made_public, shared]},
    }


def _trail(_: tuple[str, ...]) -> Pattern:
    return calls("aws.cloudtrail", ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"))


def _audit_copy(reviewed: tuple[str, ...]) -> Pattern:
    """What would keep the Kubernetes audit log out of the locked bucket, or takes the log of an audit away."""
    less = {"clusterLogging": {"enabled": [False]}}
    streams = {"deliveryStreamName": [{"prefix": f"{PROJECT}-"}]}
    groups = {"logGroupName": [{"prefix": "/aws/eks/"}, {"prefix": "/aws/cloudtrail/"}]}
    taken = ["DeleteLogGroup", "DeleteLogStream", "DeleteSubscriptionFilter", "PutSubscriptionFilter"]
    changed = ["DeleteDeliveryStream", "StopDeliveryStreamEncryption", "UpdateDestination"]
    return {
        "source": ["aws.eks", "aws.firehose", "aws.logs"],
        "detail-type": [CALL],
        "detail": {
            "$or": [
                {"eventName": ["UpdateClusterConfig"], "requestParameters": {"logging": less}},
                {"eventName": changed, "requestParameters": streams},
                {"eventName": taken, "requestParameters": groups},
            ],
            **by_others(reviewed),
        },
    }


def _alarms(_: tuple[str, ...]) -> Pattern:
    """What would keep others of these messages from arriving."""
    names = {
        "events.amazonaws.com": ["DeleteRule", "DisableRule", "RemoveTargets"],
        "monitoring.amazonaws.com": ["DeleteAlarms", "DisableAlarmActions"],
        "sns.amazonaws.com": ["DeleteTopic", "RemovePermission", "SetTopicAttributes", "Unsubscribe"],
    }
    return {
        "source": ["aws.events", "aws.monitoring", "aws.sns"],
        "detail-type": [CALL],
        "detail": {"$or": [{"eventSource": [source], "eventName": called} for source, called in names.items()]},
    }


def _failed_sign_ins(_: tuple[str, ...]) -> Pattern:
    failed = {"eventName": ["ConsoleLogin"], "responseElements": {"ConsoleLogin": ["Failure"]}}
    return {"source": ["aws.signin"], "detail-type": [SIGN_IN], "detail": failed}


def _database_events(_: tuple[str, ...]) -> Pattern:
    """RDS' own words of an instance: no call of anybody's."""
    return {
        "source": ["aws.rds"],
        "detail-type": ["RDS DB Instance Event"],
        "detail": {"EventCategories": ["failover", "failure", "low storage", "recovery"]},
    }


EVENT_ALARMS: tuple[EventAlarm, ...] = (
    EventAlarm(
        name="root-use",
        title="The account's root user was used",
        severity="critical",
        pattern=_root,
        everywhere=True,
    ),
    EventAlarm(
        name="identity-changes",
        title="Identities or their policies were changed past the pipeline",
        severity="critical",
        pattern=_identities,
        on={
            "role": "$.detail.requestParameters.roleName",
            "user": "$.detail.requestParameters.userName",
            "policy": "$.detail.requestParameters.policyArn",
        },
        everywhere=True,
    ),
    EventAlarm(
        name="keys-endangered",
        title="An encryption key was disabled, opened or is going to be deleted",
        severity="critical",
        pattern=_keys,
        on={"key": "$.detail.requestParameters.keyId"},
    ),
    EventAlarm(
        name="bucket-exposed",
        title="A bucket lost its protection from the public, or its policy was changed past the pipeline",
        severity="critical",
        pattern=_buckets,
        on={"bucket": "$.detail.requestParameters.bucketName"},
    ),
    EventAlarm(
        name="network-opened",
        title="A security group was opened to the whole internet",
        severity="critical",
        pattern=_network,
        on={
            "group": "$.detail.requestParameters.groupId",
            "group-of-rule": "$.detail.requestParameters.ModifySecurityGroupRulesRequest.GroupId",
        },
    ),
    EventAlarm(
        name="database-exposed",
        title="A database got a public address, or a snapshot was given to others",
        severity="critical",
        pattern=_databases,
        on={
            "database": "$.detail.requestParameters.dBInstanceIdentifier",
            "snapshot": "$.detail.requestParameters.dBSnapshotIdentifier",
        },
    ),
    EventAlarm(
        name="trail-changed",
        title="The audit trail was stopped, deleted or records something else",
        severity="critical",
        pattern=_trail,
        on={"trail": "$.detail.requestParameters.name", "selectors-of": "$.detail.requestParameters.trailName"},
    ),
    EventAlarm(
        name="audit-copy-changed",
        title="The Kubernetes audit log, or its way into the locked bucket, was changed past the pipeline",
        severity="critical",
        pattern=_audit_copy,
        on={
            "group": "$.detail.requestParameters.logGroupName",
            "stream": "$.detail.requestParameters.deliveryStreamName",
            "cluster": "$.detail.requestParameters.name",
        },
    ),
    EventAlarm(
        name="alarms-changed",
        title="Alarms were taken away, or who hears of them was changed",
        severity="warning",
        pattern=_alarms,
        on={
            "rule": "$.detail.requestParameters.name",
            "targets-of": "$.detail.requestParameters.rule",
            "topic": "$.detail.requestParameters.topicArn",
            "subscription": "$.detail.requestParameters.subscriptionArn",
        },
    ),
    EventAlarm(
        name="failed-sign-in",
        title="Somebody could not sign in to the console",
        severity="warning",
        pattern=_failed_sign_ins,
        on={"user": "$.detail.userIdentity.userName", "because": "$.detail.errorMessage"},
        everywhere=True,
    ),
    EventAlarm(
        name="database-event",
        title="The database failed over, failed or is short of storage",
        severity="warning",
        pattern=_database_events,
        paths={
            "who": "$.source",
            "what": "$.detail.Message",
            "when": "$.time",
            "region": "$.region",
            "event": "$.detail.EventID",
        },
        on={"database": "$.detail.SourceIdentifier"},
    ),
)
"""By which rules are made, one each; their order is of no meaning."""
