"""Decides what each role of the tracking server may do in AWS, by a small evaluator of policies."""

import pytest

from components.policy_document import document
from components.registry.tracking_network import ACCESS, BOOTSTRAP, MIGRATION, SERVER
from components.registry.tracking_rights import (
    access_rights,
    bootstrap_rights,
    migration_rights,
    server_rights,
)
from tests.support.recorder import ACCOUNT_ID, REGION
from tests.unit.security.evaluator import decision

PLACE = (ACCOUNT_ID, REGION, "dev")
SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:"
MASTER = f"{SECRETS}rds!db-1-abcdef"
USER = f"arn:aws:rds-db:{REGION}:{ACCOUNT_ID}:dbuser:db-ABC"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:groundwork-dev-registry-events"
OF_INSTANCE = {"aws:ResourceTag/aws:rds:primaryDBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:db:registry"}
OF_ANOTHER = {"aws:ResourceTag/aws:rds:primaryDBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:db:another"}

POLICIES = {
    SERVER: document(*server_rights(*PLACE)),
    MIGRATION: document(*migration_rights(*PLACE)),
    BOOTSTRAP: document(*bootstrap_rights(*PLACE, "registry")),
    ACCESS: document(*access_rights(*PLACE)),
}
READ, WRITE = "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"
CALLS: dict[tuple[str, str], set[str]] = {
    ("rds-db:connect", f"{USER}/mlflow"): {SERVER, MIGRATION},
    ("rds-db:connect", f"{USER}/postgres"): set(),
    ("rds-db:connect", f"{USER.replace(REGION, 'us-east-1')}/mlflow"): set(),
    (READ, f"{SECRETS}groundwork-dev/mlflow/server-abcdef"): {SERVER, BOOTSTRAP, ACCESS},
    (WRITE, f"{SECRETS}groundwork-dev/mlflow/server-abcdef"): {BOOTSTRAP, ACCESS},
    (READ, f"{SECRETS}groundwork-dev/mlflow/vision/training-abcdef"): {ACCESS},
    (WRITE, f"{SECRETS}groundwork-dev/mlflow/vision/training-abcdef"): {ACCESS},
    (READ, f"{SECRETS}groundwork-dev/other-abcdef"): set(),
    (READ, f"{SECRETS}groundwork-prod/mlflow/server-abcdef"): set(),
    ("secretsmanager:DeleteSecret", f"{SECRETS}groundwork-dev/mlflow/server-abcdef"): set(),
    ("secretsmanager:PutResourcePolicy", f"{SECRETS}groundwork-dev/mlflow/server-abcdef"): set(),
    ("sqs:SendMessage", QUEUE): {SERVER},
    ("sqs:SendMessage", f"{QUEUE}-dead-letter"): set(),
    ("sqs:ReceiveMessage", QUEUE): set(),
    ("sqs:DeleteMessage", QUEUE): set(),
    (READ, MASTER): set(),
}


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
@pytest.mark.parametrize("role", POLICIES)
def test_a_role_may_do_its_own_work_and_nothing_else(role: str, call: tuple[str, str]) -> None:
    assert (decision(POLICIES[role], *call, {}) == "Allow") == (role in CALLS[call])


def test_the_master_users_secret_of_this_instance_is_for_the_job_of_the_database_alone() -> None:
    reading = {role for role, policy in POLICIES.items() if decision(policy, READ, MASTER, OF_INSTANCE) == "Allow"}
    assert reading == {BOOTSTRAP}
    assert decision(POLICIES[BOOTSTRAP], READ, MASTER, OF_ANOTHER) != "Allow"
    assert decision(POLICIES[BOOTSTRAP], WRITE, MASTER, OF_INSTANCE) != "Allow"
