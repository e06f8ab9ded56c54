"""Our evaluator of policy documents against the emulator's IAM: its simulation, and what it enforces for buckets.

Left out, since the emulator cannot decide them: policy variables (it takes them as text), NotPrincipal (it passes over
such statements), the parts of an ARN (its wildcards span several), several values of Null (it reads the first), numbers
and dates that are none under a negated operator, and in bucket policies an Allow for the caller's own account (it asks
the identity's policies as well, as AWS does: another document).
"""

import json
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from policies.iam.conditions import Context
from policies.iam.evaluator import Decision, Principal, Request, decide
from policies.iam.texts import Texts
from tests.policies.differential.compare import read
from tests.policies.differential.documents import ACTION_PATTERNS, ACTIONS, RESOURCE_PATTERNS, RESOURCES, some
from tests.policies.differential.oracle import Json
from tests.twin.corrections.server import ACCOUNT, REGION, TRUST, Twin

SIMULATED = 300
ENFORCED = 60
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SAID = {
    "aws:principalarn": (ROOT,),
    "aws:principalaccount": (ACCOUNT,),
    "aws:requestedregion": (REGION,),
    "aws:securetransport": ("false",),
    "aws:sourceip": ("127.0.0.1",),
}
"""What the emulator's simulation says of a request; it takes nothing else."""
STRINGS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike")
FAMILIES: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[Any, ...]], ...] = (
    (
        (*STRINGS, "StringNotLike"),
        ("aws:PrincipalAccount", "aws:RequestedRegion", "aws:SourceVpce"),
        (ACCOUNT, "1111*", "eu-west-?", REGION.upper(), "*", "x"),
    ),
    (
        ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
        ("aws:PrincipalArn", "aws:SourceArn"),
        (ROOT, "arn:aws:iam::*:root", "arn:aws:iam::*:role/x", "*"),
    ),
    (("Bool",), ("aws:SecureTransport",), ("true", "false", False)),
    (("IpAddress", "NotIpAddress"), ("aws:SourceIp", "aws:VpcSourceIp"), ("127.0.0.0/8", "10.0.0.0/8", "127.0.0.1")),
    (("NumericEquals", "NumericNotEquals", "NumericLessThan"), ("s3:max-keys",), ("5", 7)),
    (("Null",), ("aws:SourceIp", "aws:SourceVpce"), ("true", "false")),
)


def condition(random: Random) -> Json:
    operators, keys, listed = random.choice(FAMILIES)
    operator = random.choice(operators)
    if operator == "Null":
        return {operator: {random.choice(keys): random.choice(listed)}}
    quantifier, suffix = random.choice(("", "", "ForAnyValue:", "ForAllValues:")), random.choice(("", "IfExists"))
    return {f"{quantifier}{operator}{suffix}": {random.choice(keys): some(random, listed)}}


def document(random: Random, resources: tuple[str, ...], principals: tuple[Any, ...] = ()) -> Json:
    statements = []
    for _ in range(random.choice((1, 2, 3))):
        found: Json = {"Effect": random.choice(("Allow", "Allow", "Deny"))}
        found[random.choice(("Action", "Action", "NotAction"))] = some(random, ACTION_PATTERNS, 3)
        found[random.choice(("Resource", "Resource", "NotResource"))] = some(random, resources, 3)
        if principals:
            allowed = [p for p in principals if p != {"AWS": ACCOUNT}] if found["Effect"] == "Allow" else principals
            found["Principal"] = random.choice(allowed)
        if random.random() < 0.5:
            found["Condition"] = condition(random)
        statements.append(found)
    return {"Version": "2012-10-17", "Statement": statements}


def ours(written: Json, action: str, resource: str, principal: Principal | None, said: dict[str, Any]) -> Decision:
    return decide(read(written), Request(Texts((action,)), Texts((resource,)), principal, Context(said)))


def test_the_emulator_simulates_what_the_evaluator_says(twin: Twin) -> None:
    iam, patterns = twin.client("iam"), tuple(p for p in RESOURCE_PATTERNS if "${" not in p)
    differing, seen = [], set()
    for number in range(SIMULATED):
        random = Random(f"simulated-{number}")  # noqa: S311 - the same documents every time
        written, resource = document(random, patterns), random.choice(RESOURCES)
        answers = iam.simulate_custom_policy(
            PolicyInputList=[json.dumps(written)], ActionNames=list(ACTIONS), ResourceArns=[resource]
        )["EvaluationResults"]
        for answer in answers:
            mine = ours(written, answer["EvalActionName"], resource, None, SAID).value
            seen.add(mine)
            if mine != answer["EvalDecision"]:
                differing.append(f"{written} {answer['EvalActionName']} {resource}: {mine}, {answer['EvalDecision']}")
    assert not differing, "\n".join(differing[:5])
    assert seen == {decision.value for decision in Decision}


@pytest.mark.parametrize(
    ("changes", "aws"),
    [
        ({"Resource": "arn:aws:s3:::${aws:PrincipalAccount}/*"}, Decision.ALLOW),
        ({"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:*:root"}}}, Decision.IMPLICIT_DENY),
        ({"Condition": {"Null": {"aws:SourceVpce": ["false", "true"]}}}, Decision.ALLOW),
    ],
    ids=["policy variables", "the parts of an ARN", "several values of Null"],
)
def test_what_the_emulator_decides_otherwise_than_aws_is_known(twin: Twin, changes: Json, aws: Decision) -> None:
    """One that it decides as AWS does, in a later version, may be compared above."""
    written: Json = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"} | changes]}
    resource = f"arn:aws:s3:::{ACCOUNT}/a"
    (answer,) = twin.client("iam").simulate_custom_policy(
        PolicyInputList=[json.dumps(written)], ActionNames=["s3:GetObject"], ResourceArns=[resource]
    )["EvaluationResults"]
    assert ours(written, "s3:GetObject", resource, None, SAID) is aws
    assert answer["EvalDecision"] != aws.value


@pytest.fixture(scope="module")
def callers(twin: Twin) -> dict[str, tuple[Principal, Any]]:
    """Two roles without any right, as the evaluator names them and as a client."""
    found = {}
    for name in ("reader", "writer"):
        arn = twin.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        session = twin.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")
        names = (session["AssumedRoleUser"]["Arn"], arn, ACCOUNT)
        found[name] = (Principal("aws", names), twin.client("s3", session["Credentials"]))
    return found


def test_the_emulator_enforces_what_the_evaluator_says_of_a_bucket_policy(
    twin: Twin, callers: dict[str, tuple[Principal, Any]]
) -> None:
    s3, bucket = twin.client("s3"), "data"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.delete_public_access_block(Bucket=bucket)
    for key in ("a", "alice/b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    reader, writer = (callers[name][0].names for name in ("reader", "writer"))
    principals = (
        "*",
        {"AWS": "*"},
        {"AWS": reader[1]},
        {"AWS": [writer[1], reader[0]]},
        {"AWS": ACCOUNT},
        {"Service": "logging.s3.amazonaws.com"},
    )
    resources = ("arn:aws:s3:::data/*", "arn:aws:s3:::data/a", "arn:aws:s3:::data/alice/?", "arn:aws:s3:::data*")
    said = {
        "aws:principalaccount": (ACCOUNT,),
        "aws:requestedregion": (REGION,),
        "aws:securetransport": ("true",),
        "aws:sourceip": ("127.0.0.1",),
    }
    differing, seen = [], set()
    for number in range(ENFORCED):
        random = Random(f"enforced-{number}")  # noqa: S311 - as above
        written = document(random, resources, principals)
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(written))
        for principal, client in callers.values():
            told = said | {"aws:principalarn": (principal.names[1],)}
            for key in ("a", "alice/b"):
                for action, call in (("s3:GetObject", _get), ("s3:PutObject", _put)):
                    mine = ours(written, action, f"arn:aws:s3:::data/{key}", principal, told) is Decision.ALLOW
                    seen.add(mine)
                    if mine != call(client, bucket, key):
                        differing.append(f"{written} {principal.names[0]} {action} {key}: ours {mine}")
    assert not differing, "\n".join(differing[:5])
    assert seen == {True, False}


def _get(client: Any, bucket: str, key: str) -> bool:
    return _may(lambda: client.get_object(Bucket=bucket, Key=key)["Body"].close())


def _put(client: Any, bucket: str, key: str) -> bool:
    return _may(lambda: client.put_object(Bucket=bucket, Key=key, Body=b"x"))


def _may(call: Any) -> bool:
    try:
        call()
    except ClientError as refused:
        if refused.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True
