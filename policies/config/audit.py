"""Settings of the LOG rules."""

from dataclasses import dataclass
from typing import Final

from policies.config.reading import setting, text, texts, texts_by_key, whole_number


def _events(*names: str, source: str = "") -> str:
    """Return the filter pattern of one of several events, of one service where `source` is given."""
    wanted = " || ".join(f"($.eventName = {name})" for name in names)
    return f"{{($.eventSource = {source}) && ({wanted})}}" if source else f"{{{wanted}}}"


_FAILED = '{($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication")}'
_WITHOUT_MFA = (
    '{($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
    '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success")}'
)
_ROOT = '{$.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent"}'
_PARTS: Final = ("Group", "Role", "User")
_IAM = _events(
    *(f"Delete{part}Policy" for part in _PARTS),
    *(f"Put{part}Policy" for part in _PARTS),
    "CreatePolicy",
    "DeletePolicy",
    "CreatePolicyVersion",
    "DeletePolicyVersion",
    *(f"{verb}{part}Policy" for part in ("Role", "User", "Group") for verb in ("Attach", "Detach")),
)
_ORGANISATION = _events(
    "AcceptHandshake",
    "AttachPolicy",
    "CreateAccount",
    "CreateOrganizationalUnit",
    "CreatePolicy",
    "DeclineHandshake",
    "DeleteOrganization",
    "DeleteOrganizationalUnit",
    "DeletePolicy",
    "DetachPolicy",
    "DisablePolicyType",
    "EnablePolicyType",
    "InviteAccountToOrganization",
    "LeaveOrganization",
    "MoveAccount",
    "RemoveAccountFromOrganization",
    "UpdatePolicy",
    "UpdateOrganizationalUnit",
    source="organizations.amazonaws.com",
)
_BUCKETS = _events(
    "PutBucketAcl",
    "PutBucketPolicy",
    "PutBucketCors",
    "PutBucketLifecycle",
    "PutBucketReplication",
    "DeleteBucketPolicy",
    "DeleteBucketCors",
    "DeleteBucketLifecycle",
    "DeleteBucketReplication",
    source="s3.amazonaws.com",
)
CIS_METRIC_FILTERS: Final[tuple[tuple[str, str], ...]] = (
    ("5.1", '{($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")}'),
    ("5.2", _WITHOUT_MFA),
    ("5.3", _ROOT),
    ("5.4", _IAM),
    ("5.5", _events("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")),
    ("5.6", _FAILED),
    ("5.7", _events("DisableKey", "ScheduleKeyDeletion", source="kms.amazonaws.com")),
    ("5.8", _BUCKETS),
    (
        "5.9",
        _events(
            "StopConfigurationRecorder",
            "DeleteDeliveryChannel",
            "PutDeliveryChannel",
            "PutConfigurationRecorder",
            source="config.amazonaws.com",
        ),
    ),
    (
        "5.10",
        _events(
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "CreateSecurityGroup",
            "DeleteSecurityGroup",
        ),
    ),
    (
        "5.11",
        _events(
            "CreateNetworkAcl",
            "CreateNetworkAclEntry",
            "DeleteNetworkAcl",
            "DeleteNetworkAclEntry",
            "ReplaceNetworkAclEntry",
            "ReplaceNetworkAclAssociation",
        ),
    ),
    (
        "5.12",
        _events(
            "CreateCustomerGateway",
            "DeleteCustomerGateway",
            "AttachInternetGateway",
            "CreateInternetGateway",
            "DeleteInternetGateway",
            "DetachInternetGateway",
        ),
    ),
    (
        "5.13",
        _events(
            "CreateRoute",
            "CreateRouteTable",
            "ReplaceRoute",
            "ReplaceRouteTableAssociation",
            "DeleteRouteTable",
            "DeleteRoute",
            "DisassociateRouteTable",
            source="ec2.amazonaws.com",
        ),
    ),
    (
        "5.14",
        _events(
            "CreateVpc",
            "DeleteVpc",
            "ModifyVpcAttribute",
            "AcceptVpcPeeringConnection",
            "CreateVpcPeeringConnection",
            "DeleteVpcPeeringConnection",
            "RejectVpcPeeringConnection",
            "AttachClassicLinkVpc",
            "DetachClassicLinkVpc",
            "DisableVpcClassicLink",
            "EnableVpcClassicLink",
        ),
    ),
    ("5.15", _ORGANISATION),
)
"""Control of CIS AWS Foundations to its filter pattern, as its audit procedures spell it. Editions differ in detail:
compare with the one that the account is audited by."""


@dataclass(frozen=True)
class AuditSettings:
    """What the LOG rules take from the config."""

    log_kind_tag: str = setting("log-kind", text("the key of a tag"))
    """LOG-06: the tag of a log group that says what is in it: `audit` or `ai-system`."""
    audit_log_groups: tuple[str, ...] = setting(
        ("/aws/cloudtrail/*", "/aws/eks/*/cluster", "*audit*"), texts("globs over names of log groups")
    )
    """LOG-06: log groups of audit logs."""
    ai_log_groups: tuple[str, ...] = setting(
        ("/aws/bedrock/*", "/aws/sagemaker/*", "*inference*", "*serving*"), texts("globs over names of log groups")
    )
    """LOG-06: log groups of what AI systems log by themselves."""
    audit_log_days: int = setting(365, whole_number(1, 3653, "days"))
    """LOG-06: the least retention of audit logs."""
    ai_log_days: int = setting(183, whole_number(1, 3653, "days"))
    """LOG-06: the least retention of logs of AI systems; 183 days are the six months of the EU AI Act."""
    cis_metric_filters: tuple[tuple[str, str], ...] = setting(
        CIS_METRIC_FILTERS, texts_by_key("filter patterns, by control such as 5.1")
    )
    """LOG-08: filter patterns that the account layer needs, by control."""
