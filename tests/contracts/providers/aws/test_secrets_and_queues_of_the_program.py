"""The secrets and queues of dev as the program asks for them: made, unchanged when read, used by who is named."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.contracts.providers.aws.driver import Driver, Resource
from tests.contracts.providers.aws.examples import ACCOUNT, World
from tests.contracts.providers.aws.test_the_program_is_modelled import plain
from tests.support.program import recorded

SECRET, POLICY = "aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretPolicy:SecretPolicy"
QUEUE, KEY = "aws:sqs/queue:Queue", "aws:kms/key:Key"
PATH = "vision-data-scientist"


def asked(name: str) -> dict[str, Any]:
    inputs: dict[str, Any] = plain(recorded("dev").one(name).inputs)
    return inputs


@pytest.fixture(scope="module")
def key(driver: Driver) -> str:
    """Of confidential data, with its own policy."""
    return str(driver.create(KEY, "keys-confidential", asked("keys-confidential")).outputs["arn"])


def as_role(world: World, service: str, name: str, *statements: dict[str, Any]) -> Any:
    """A client of a role that the program names, under the environment's boundary."""
    iam = world.client("iam")
    boundary = asked("boundary-policy")
    try:
        bound = iam.create_policy(PolicyName=boundary["name"], PolicyDocument=boundary["policy"])["Policy"]["Arn"]
    except iam.exceptions.EntityAlreadyExistsException:
        bound = f"arn:aws:iam::{ACCOUNT}:policy/{boundary['name']}"
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), PermissionsBoundary=bound)
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=document)
    taken = world.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName="test")
    given = taken["Credentials"]
    return boto3.client(
        service,
        region_name=world.region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def made(driver: Driver, token: str, name: str, **changed: Any) -> Resource:
    """The resource, which a refresh finds as it is wanted."""
    inputs = asked(name) | changed
    resource = driver.create(token, name, inputs)
    read = driver.read(resource)
    assert read is not None
    assert not driver.diff(read, inputs).paths
    return resource


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return str(error.value.response["Error"]["Code"])


def without_tls_denial(policy: str) -> str:
    """The policy as it is for callers over TLS: the clients here speak without."""
    document = json.loads(policy)
    document["Statement"] = [each for each in document["Statement"] if each["Sid"] != "DenyWithoutTls"]
    return json.dumps(document)


def test_a_sign_in_is_made_by_a_job_read_by_its_persona_and_by_nobody_else(
    driver: Driver, world: World, key: str
) -> None:
    name = f"secret-mlflow-{PATH}"
    secret = made(driver, SECRET, f"{name}-secret", kmsKeyId=key)
    policy = without_tls_denial(asked(f"{name}-policy")["policy"])
    arn = secret.outputs["arn"]
    made(driver, POLICY, f"{name}-policy", secretArn=arn, policy=policy)
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    write = {"Effect": "Allow", "Action": "secretsmanager:PutSecretValue", "Resource": arn}
    job = as_role(world, "secretsmanager", "groundwork-dev-workload-tracking-access", read, write)
    persona = as_role(world, "secretsmanager", "groundwork-dev-vision-data-scientist", read)
    other = as_role(world, "secretsmanager", "groundwork-dev-language-data-scientist", read)
    assert refused(job.get_secret_value, SecretId=arn) == "ResourceNotFoundException"
    job.put_secret_value(SecretId=arn, SecretString="one")
    assert persona.get_secret_value(SecretId=arn)["SecretString"] == "one"
    assert refused(other.get_secret_value, SecretId=arn) == "AccessDeniedException"
    driver.delete(secret)
    driver.delete(made(driver, SECRET, f"{name}-secret", kmsKeyId=key))  # the name is free at once


def test_events_are_sent_by_the_server_and_by_nobody_else(driver: Driver, world: World, key: str) -> None:
    dead = asked("registry-events-dead-letter-queue")
    of_tls = without_tls_denial(dead["policy"])
    made(driver, QUEUE, "registry-events-dead-letter-queue", kmsMasterKeyId=key, policy=of_tls)
    arn = f"arn:aws:sqs:{world.region}:{ACCOUNT}:{dead['name']}"
    queue = made(
        driver,
        QUEUE,
        "registry-events-queue",
        kmsMasterKeyId=key,
        redrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5}),
        policy=without_tls_denial(asked("registry-events-queue")["policy"]),
    )
    right = {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"], "Resource": queue.outputs["arn"]}
    server = as_role(world, "sqs", "groundwork-dev-workload-tracking-server", right)
    other = as_role(world, "sqs", "groundwork-dev-workload-trainer", right)
    server.send_message(QueueUrl=queue.id, MessageBody="one")
    assert refused(other.send_message, QueueUrl=queue.id, MessageBody="two") in (
        "AccessDenied",
        "AccessDeniedException",
    )
    assert refused(server.receive_message, QueueUrl=queue.id) in ("AccessDenied", "AccessDeniedException")
    assert world.client("sqs").receive_message(QueueUrl=queue.id)["Messages"][0]["Body"] == "one"
