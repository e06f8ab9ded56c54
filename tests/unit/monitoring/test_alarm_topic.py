"""Decides who may publish to the topic by its policy, by a small evaluator; AWS is not asked."""

import pytest

from components.monitoring.alarm_topic import publish_alarms, topic_arn, topic_policy
from components.policy_document import document
from tests.support.recorder import ACCOUNT_ID, REGION
from tests.unit.security.evaluator import decision

PLACE = (ACCOUNT_ID, REGION, "dev")
ALERTMANAGER = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-alertmanager"
OTHER = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-other"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/groundwork-dev-root-use"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:groundwork-dev-database-cpu"
BUDGET = f"arn:aws:budgets::{ACCOUNT_ID}:budget/groundwork-dev-monthly"
POLICY = document(*topic_policy(*PLACE, (ALERTMANAGER,)))


def publishes(principal: str, context: dict[str, str], policy: str = POLICY, resource: str = topic_arn(*PLACE)) -> str:
    tls = {"aws:SecureTransport": "true"}
    return decision(policy, "sns:Publish", resource, tls | context, principal=principal)


def as_service(source: str, account: str = ACCOUNT_ID) -> dict[str, str]:
    return {"aws:PrincipalIsAWSService": "true", "aws:SourceAccount": account, "aws:SourceArn": source}


def as_role(role: str) -> dict[str, str]:
    return {"aws:PrincipalIsAWSService": "false", "aws:PrincipalArn": role}


@pytest.mark.parametrize(
    ("service", "source"),
    [("cloudwatch", ALARM), ("events", RULE), ("budgets", BUDGET)],
    ids=["alarm", "rule", "budget"],
)
def test_services_publish_for_what_is_of_the_environment(service: str, source: str) -> None:
    principal = f"{service}.amazonaws.com"
    assert publishes(principal, as_service(source)) == "Allow"
    assert publishes(principal, as_service(source.replace("groundwork-dev", "groundwork-prod"))) == "none"
    assert publishes(principal, as_service(source, "999999999999")) == "none"


def test_no_service_publishes_for_another() -> None:
    assert publishes("events.amazonaws.com", as_service(ALARM)) == "none"
    assert publishes("s3.amazonaws.com", as_service(RULE)) == "none"


def test_of_roles_the_named_one_alone_may_publish_if_its_own_policy_lets_it() -> None:
    assert publishes(ALERTMANAGER, as_role(ALERTMANAGER)) == "none", "the policy gives it nothing"
    assert publishes(OTHER, as_role(OTHER)) == "Deny"
    right = document(publish_alarms("Publish", *PLACE))
    assert decision(right, "sns:Publish", topic_arn(*PLACE), {}) == "Allow"


def test_where_no_role_is_named_none_may() -> None:
    nobody = document(*topic_policy(*PLACE))
    assert publishes(ALERTMANAGER, as_role(ALERTMANAGER), nobody) == "Deny"
    assert publishes("events.amazonaws.com", as_service(RULE), nobody) == "Allow"


def test_nothing_is_published_in_clear_text() -> None:
    plain = as_role(ALERTMANAGER) | {"aws:SecureTransport": "false"}
    assert publishes(ALERTMANAGER, plain) == "Deny"
