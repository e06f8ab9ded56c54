"""What Amazon OpenSearch Service looks at before it makes or changes a domain, and ministack 1.5.33 does not.

Rights of the caller (tags, a grant of the key, the service-linked role), rights of the service (its log groups), and
what does not go together.

Source: developer guide, "Fine-grained access control" (what it needs), "Encryption of data at rest" (the grant),
"Monitoring logs" (the policy on log groups), "Monitoring audit logs", "Using service-linked roles to create VPC
domains", "Troubleshooting" (the words of refusals).
"""

import json
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import request_scope

from twin.aws.corrections.authorisation import KeyUse, require_action
from twin.aws.corrections.deliveries import lets_in
from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.engine import Exchange
from twin.aws.corrections.remembered import Fields
from twin.aws.corrections.search_vpc import check_place
from twin.aws.corrections.wire import AwsError

SERVICE = "es.amazonaws.com"
LINKED = "opensearchservice.amazonaws.com"
LINKED_ROLE = "AWSServiceRoleForAmazonOpenSearchService"
_WRITES = ("logs:CreateLogStream", "logs:PutLogEvents")


async def check_new(exchange: Exchange, arn: str) -> None:
    """What is looked at when a domain is made."""
    asked = exchange.parameters
    if asked.get("TagList"):
        require_action(exchange, "es:AddTags", arn)
    security = asked.get("AdvancedSecurityOptions") or {}
    if security.get("Enabled") and not security.get("MasterUserOptions"):
        raise _refused("You must provide a master user to enable fine-grained access control.")
    await check(exchange, arn, asked)
    await _need_the_key(exchange)
    if asked.get("VPCOptions"):
        await _need_the_linked_role(exchange)


async def check(exchange: Exchange, arn: str, options: Fields) -> None:
    """What has to hold of all options together, as they are after a change too."""
    await check_place(exchange.emulator, options)
    security = options.get("AdvancedSecurityOptions") or {}
    if security.get("Enabled"):
        for option, member, what in (
            ("EncryptionAtRestOptions", "Enabled", "encryption at rest"),
            ("NodeToNodeEncryptionOptions", "Enabled", "node-to-node encryption"),
            ("DomainEndpointOptions", "EnforceHTTPS", "HTTPS for all traffic to the domain"),
        ):
            if not (options.get(option) or {}).get(member):
                raise _refused(f"You must enable {what} to use fine-grained access control.")
    await _check_principals(exchange.emulator, options.get("AccessPolicies"))
    for kind, published in (options.get("LogPublishingOptions") or {}).items():
        if not published.get("Enabled", True):
            continue
        if kind == "AUDIT_LOGS" and not security.get("Enabled"):
            raise _refused("Audit logs need fine-grained access control.")
        await _check_log_group(exchange.emulator, arn, str(published.get("CloudWatchLogsLogGroupArn", "")))


async def _need_the_key(exchange: Exchange) -> None:
    chosen = exchange.parameters.get("EncryptionAtRestOptions") or {}
    if chosen.get("Enabled") and chosen.get("KmsKeyId"):
        use = KeyUse(exchange.emulator, exchange.access_key, "es")
        try:
            await use.require("kms:CreateGrant", chosen["KmsKeyId"], {}, {"kms__grantisforawsresource": "true"})
        except AwsError as error:
            raise _refused(error.message) from error


async def _need_the_linked_role(exchange: Exchange) -> None:
    """The role with which the service reaches into a VPC: made with the account's first domain in one."""
    emulator = exchange.emulator
    path = f"/aws-service-role/{LINKED}/"
    roles = (await emulator.call("iam", "ListRoles", PathPrefix=path))["Roles"]
    if any(role["Path"] == path for role in roles):
        return
    arn = f"arn:aws:iam::{emulator.account}:role{path}{LINKED_ROLE}"
    try:
        require_action(exchange, "iam:CreateServiceLinkedRole", arn, iam__awsservicename=LINKED)
    except AwsError as error:
        message = (
            "Before you can proceed, you must enable a service-linked role to give Amazon OpenSearch Service "
            f"permissions to access your VPC: {error.message}"
        )
        raise _refused(message) from error
    await emulator.call("iam", "CreateServiceLinkedRole", AWSServiceName=LINKED)


async def _check_log_group(emulator: Emulator, domain_arn: str, group_arn: str) -> None:
    group_arn = group_arn.removesuffix(":*")
    name = group_arn.partition(":log-group:")[2]
    groups = (await emulator.call("logs", "DescribeLogGroups", logGroupNamePrefix=name))["logGroups"]
    if name not in [group["logGroupName"] for group in groups]:
        raise _refused(f"The log group {name} does not exist.")
    policies = (await emulator.call("logs", "DescribeResourcePolicies"))["resourcePolicies"]
    source = {"aws:sourceaccount": emulator.account, "aws:sourcearn": domain_arn}
    stream = f"{group_arn}:log-stream:{domain_arn.rpartition('/')[2]}"
    with request_scope(emulator.account, emulator.region):
        allowed = [
            all(lets_in(policy["policyDocument"], SERVICE, action, stream, source) for action in _WRITES)
            for policy in policies
        ]
    if not any(allowed):
        message = (
            f"The Resource Access Policy specified for the CloudWatch Logs log group {name} does not grant sufficient "
            "permissions for Amazon OpenSearch Service to create a log stream. Please check the Resource Access Policy."
        )
        raise _refused(message)


async def _check_principals(emulator: Emulator, policy: str | None) -> None:
    """A role that a policy names has to be there."""
    for arn in _principals(policy):
        account, _, name = arn.removeprefix("arn:aws:iam::").partition(":role/")
        if account != emulator.account or not name:
            continue
        try:
            await emulator.call("iam", "GetRole", RoleName=name.rpartition("/")[2])
        except AwsError as error:
            raise AwsError("InvalidTypeException", f"Error setting policy: [{policy}]", 409) from error


def _principals(policy: str | None) -> Iterator[str]:
    statements: Any = json.loads(policy)["Statement"] if policy else []
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        yield from [named] if isinstance(named, str) else named


def _refused(message: str) -> AwsError:
    return AwsError("ValidationException", message)
