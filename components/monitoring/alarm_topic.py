"""The one topic that alarms go to: its name, who may publish to it, and the right to.

CloudWatch, EventBridge and Budgets publish as services, for what is of this environment in this account. Roles publish
only where they are named: the policy takes it from every other principal, whatever IAM allows, so that nobody makes up
alarms. It says nothing about subscribing, which is left to IAM.

Source: CloudWatch user guide, "Using Amazon CloudWatch alarms"; EventBridge user guide, "Using resource-based policies
for Amazon EventBridge" (aws:SourceArn is the rule's); Cost Management user guide, "Creating an Amazon SNS topic for
budget notifications"; IAM user guide, global condition keys (aws:PrincipalIsAWSService is in every request).
"""

from collections.abc import Iterable

from components.naming import PROJECT, physical_name
from components.policy_document import ANYONE, Statement, allow, deny, service_principal

TOPIC_NAME_LIMIT = 256
PUBLISH = "sns:Publish"


def topic_name(environment: str) -> str:
    """Return the name of an environment's topic of alarms."""
    return physical_name(environment, "alarms", limit=TOPIC_NAME_LIMIT)


def topic_arn(account_id: str, region: str, environment: str) -> str:
    """Return the ARN of the topic, known before it exists."""
    return f"arn:aws:sns:{region}:{account_id}:{topic_name(environment)}"


def topic_policy(
    account_id: str, region: str, environment: str, publisher_role_arns: Iterable[str] = ()
) -> tuple[Statement, ...]:
    """Return the topic's policy."""
    topic = topic_arn(account_id, region, environment)
    ours, here = f"{PROJECT}-{environment}-*", f"{region}:{account_id}"
    publishers = sorted(publisher_role_arns)
    others = {"ArnNotEquals": {"aws:PrincipalArn": publishers}} if publishers else {}
    return (
        _publishing("Alarms", "cloudwatch", topic, account_id, f"arn:aws:cloudwatch:{here}:alarm:{ours}"),
        _publishing("Events", "events", topic, account_id, f"arn:aws:events:{here}:rule/{ours}"),
        _publishing("Budgets", "budgets", topic, account_id, f"arn:aws:budgets::{account_id}:budget/{ours}"),
        deny(
            "DenyPublishingOfOthers",
            principal=ANYONE,
            actions=[PUBLISH],
            resources=[topic],
            conditions={"Bool": {"aws:PrincipalIsAWSService": "false"}, **others},
        ),
        deny(
            "DenyWithoutTls",
            principal=ANYONE,
            actions=[PUBLISH],
            resources=[topic],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )


def publish_alarms(sid: str, account_id: str, region: str, environment: str) -> Statement:
    """Return the right to publish, for the policy of a role that the topic's names."""
    return allow(sid, actions=[PUBLISH], resources=[topic_arn(account_id, region, environment)])


def _publishing(what: str, service: str, topic: str, account_id: str, source: str) -> Statement:
    """Return the statement for one service, on behalf of what is of this environment alone."""
    return allow(
        f"Publish{what}",
        principal=service_principal(f"{service}.amazonaws.com"),
        actions=[PUBLISH],
        resources=[topic],
        conditions={"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": source}},
    )
