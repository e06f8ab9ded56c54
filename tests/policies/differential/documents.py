"""Generated documents and requests over a small alphabet, in which what is asked for is often what is granted."""

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.policies.differential.oracle import Asked, Json

ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "kms:Decrypt", "ec2:RunInstances")
ACTION_PATTERNS = (
    *ACTIONS,
    "*",
    "s3:*",
    "S3:get*",
    "s3:?utObject",
    "kms:*",
    "s3:*Object",
    "*:Decrypt",
    "s3:*t*",
    "ec2:*",
)
RESOURCES = (
    "arn:aws:s3:::data/a",
    "arn:aws:s3:::data/alice/b",
    "arn:aws:s3:::logs/a",
    "arn:aws:s3:::Data/a",
    "arn:aws:kms:eu-west-1:1:key/k",
)
RESOURCE_PATTERNS = (
    *RESOURCES,
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::data/*",
    "arn:aws:s3:::*/a",
    "arn:aws:s3:::????/a",
    "arn:aws:kms:*:*:key/*",
    "arn:aws:s3:::data/${aws:username}/*",
    "arn:aws:s3:::${s3:prefix, 'data'}/*",
)
ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE, OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader", f"arn:aws:iam::{OTHER}:role/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/alice"
SERVICE, PROVIDER = "logging.s3.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer"
PRINCIPALS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AWS", (SESSION, ROLE, ACCOUNT)),
    ("AWS", (ROLE, ACCOUNT)),
    ("AWS", (OTHER_ROLE, OTHER)),
    ("Service", (SERVICE,)),
    ("Federated", (PROVIDER,)),
)
NAMED: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": ROLE},
    {"AWS": [OTHER_ROLE, SESSION]},
    {"AWS": ACCOUNT},
    {"AWS": f"arn:aws:iam::{OTHER}:root"},
    {"AWS": [ROLE, ACCOUNT]},
    {"Service": SERVICE.upper()},
    {"Service": SERVICE, "AWS": OTHER_ROLE},
    {"Federated": PROVIDER},
)
TEXT_KEYS = ("aws:PrincipalOrgID", "aws:SourceVpce", "aws:username", "aws:TagKeys")
TEXTS = ("o-own", "o-other", "alice", "Alice", "a*b", "vpce-1")
TEXT_PATTERNS = (
    *TEXTS,
    "*",
    "o-*",
    "?lice",
    "a${*}b",
    "${aws:username}",
    "${aws:PrincipalOrgID}",
    "${aws:none, 'alice'}",
)
ARNS = (ROLE, OTHER_ROLE, "arn:aws:s3:::data", f"arn:aws:sns:eu-west-1:{OTHER}:topic:x", "none")
ARN_PATTERNS = (
    *ARNS,
    "*",
    f"arn:aws:iam::{ACCOUNT}:*",
    "arn:aws:iam::*:role/reader",
    "arn:aws:s3:::d*",
    "arn:aws:sns:*",
    "arn:*:topic:x",
)
NUMBERS = ("5", "7.0", "-1", "many")
DATES = ("2026-01-01T00:00:00Z", "2026-06-01", "1767225600", "never")
ADDRESSES = ("10.1.2.3", "203.0.113.7", "2001:db8::1", "home")
NETWORKS = ("10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "everywhere")
TRUTHS = ("true", "false")
_COMPARISONS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
FAMILIES: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[Any, ...], tuple[str, ...]], ...] = (
    # operators, keys, what a policy lists, what a request says
    (
        ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        TEXT_KEYS,
        TEXT_PATTERNS,
        TEXTS,
    ),
    (("StringLike", "StringNotLike"), TEXT_KEYS, TEXT_PATTERNS, TEXTS),
    (("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"), ("aws:SourceArn",), ARN_PATTERNS, ARNS),
    (tuple(f"Numeric{name}" for name in _COMPARISONS), ("s3:max-keys",), (*NUMBERS, 5), NUMBERS),
    (tuple(f"Date{name}" for name in _COMPARISONS), ("aws:CurrentTime",), DATES, DATES),
    (("Bool",), ("aws:SecureTransport",), (*TRUTHS, True), TRUTHS),
    (("IpAddress", "NotIpAddress"), ("aws:SourceIp",), NETWORKS, ADDRESSES),
    (("BinaryEquals",), ("kms:blob",), ("QUJD",), ("QUJD", "REVG")),
    (("Null",), (*TEXT_KEYS, "aws:SourceArn"), (*TRUTHS, False), ()),
)
SAID: Mapping[str, tuple[str, ...]] = {key: values for _, keys, _, values in FAMILIES if values for key in keys}
"""What a request may say, by key."""


def some(random: Random, choices: tuple[Any, ...], most: int = 2) -> Any:
    """Return one of them, or a list of a few."""
    return (
        random.choice(choices)
        if random.random() < 0.6
        else random.sample(choices, random.randint(1, min(most, len(choices))))
    )


def statement(random: Random, *, of_a_resource: bool, deny: float = 0.35) -> Json:
    """Return a statement. `of_a_resource`: it names principals."""
    found: Json = {"Effect": "Deny" if random.random() < deny else "Allow"}
    found[random.choice(("Action", "Action", "Action", "NotAction"))] = some(random, ACTION_PATTERNS, 3)
    found[random.choice(("Resource", "Resource", "Resource", "NotResource"))] = some(random, RESOURCE_PATTERNS, 3)
    if of_a_resource:
        found[random.choice(("Principal", "Principal", "Principal", "NotPrincipal"))] = random.choice(NAMED)
    if random.random() < 0.5:
        found["Condition"] = condition(random)
    return found


def condition(random: Random) -> Json:
    """Return a Condition of one or two operators."""
    found: Json = {}
    for _ in range(random.choice((1, 1, 2))):
        operators, keys, listed, _said = random.choice(FAMILIES)
        operator = random.choice(operators)
        if operator != "Null":
            quantifier = random.choice(("", "", "", "ForAnyValue:", "ForAllValues:"))
            operator = f"{quantifier}{operator}{random.choice(('', '', 'IfExists'))}"
        found.setdefault(operator, {})[random.choice(keys)] = some(random, listed)
    return found


def document(random: Random, *, of_a_resource: bool) -> Json:
    """Return a document of one to three statements."""
    statements = [statement(random, of_a_resource=of_a_resource) for _ in range(random.choice((1, 2, 2, 3)))]
    return {"Version": "2012-10-17", "Statement": statements if len(statements) > 1 else statements[0]}


def request(random: Random, *, of_a_resource: bool) -> Asked:
    """Return a request of which everything is known."""
    kind, names = random.choice(PRINCIPALS) if of_a_resource else ("", ())
    context = {
        key.lower(): tuple(random.sample(values, 2 if key == "aws:TagKeys" and random.random() < 0.5 else 1))
        for key, values in SAID.items()
        if random.random() < 0.7
    }
    return Asked(random.choice(ACTIONS), random.choice(RESOURCES), kind, names, context)
