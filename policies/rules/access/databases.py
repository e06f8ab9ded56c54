"""ACC-17, ACC-18 and ACC-20: databases out of the public's reach, and secrets that nobody keeps for long."""

import re
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.repair import put, switch_on
from policies.rule import (
    Finding,
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_true,
    lacking,
    not_true,
    require,
    set_tag,
    weigh,
)
from policies.tokens import aws
from policies.values import UNKNOWN

INSTANCE, CLUSTER = aws("rds/instance:Instance"), aws("rds/cluster:Cluster")
CLUSTER_INSTANCE = aws("rds/clusterInstance:ClusterInstance")
SECRET, ROTATION = aws("secretsmanager/secret:Secret"), aws("secretsmanager/secretRotation:SecretRotation")
MOST_DAYS = 90
PASSWORDS = ("password", "passwordWo", "masterPassword", "masterPasswordWo")


def _database_is_private(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from not_true(resource["publiclyAccessible"], "the database has a public address")


def _make_private(props: Any) -> bool:
    return put(props, "publiclyAccessible", False, unless=lambda value: value is None or value is False)


# ACC-18: who signs in, and with what


def _sign_in_is_managed(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from is_true(resource["iamDatabaseAuthenticationEnabled"], "nobody can sign in with their IAM identity")
    absent = "a password is in the program, and so in its state"
    for name in PASSWORDS:
        yield from require(resource[name], lambda value: value is None, absent, "none: manageMasterUserPassword")
    source = resource["replicateSourceDb" if resource.type in INSTANCE else "replicationSourceIdentifier"]
    if source.is_set:
        return  # a replica has its source's password
    managed = weigh(is_true(resource["manageMasterUserPassword"], "RDS does not keep and rotate the master password"))
    if managed and source.unknown:
        yield Undecided(source.path)
    else:
        yield from managed


def _let_rds_manage(props: Any) -> bool:
    changed = switch_on(props, "iamDatabaseAuthenticationEnabled")
    # RDS refuses both; which password to give up, and who uses it, is not for a repair to decide.
    if all(props.get(name) is None for name in (*PASSWORDS, "replicateSourceDb", "replicationSourceIdentifier")):
        return switch_on(props, "manageMasterUserPassword") or changed
    return changed


# ACC-20: secrets are rotated

_RATE = re.compile(r"rate\((\d+) (hour|day)s?\)")
_CRON = re.compile(r"cron\(\S+ \S+ (?P<day>\S+) (?P<month>\S+) (?P<weekday>\S+) (?P<year>\S+)\)")
_EVERY_MONTH = ("*", "*/1", "1/1", "1-12", "jan-dec")


def _is_soon(schedule: object) -> bool:
    """Whether a schedule comes round within 90 days: a rate, or a cron expression of every month."""
    if not isinstance(schedule, str):
        return False
    if rate := _RATE.fullmatch(schedule):
        return 0 < int(rate[1]) <= MOST_DAYS * (24 if rate[2] == "hour" else 1)
    cron = _CRON.fullmatch(schedule)
    # A fifth weekday (`2#5`) is in every third month at worst.
    return cron is not None and cron["month"].lower() in _EVERY_MONTH and cron["year"] == "*" and "#" not in cron[0]


def _rotation(rotation: Resource) -> Findings:
    rules = rotation["rotationRules"]
    days, schedule = rules["automaticallyAfterDays"], rules["scheduleExpression"]
    what, expected = "the secret is not rotated soon enough", f"{MOST_DAYS} days or less"
    if schedule.is_set or schedule.unknown:
        yield from require(schedule, _is_soon, what, f"{expected}: a rate, or a cron expression of every month")
    else:
        yield from require(days, _is_whole_and_soon, what, expected)


def _is_whole_and_soon(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_DAYS


def _secret_is_rotated(stack: Stack, settings: Settings) -> LocatedFindings:
    for secret in stack.of(SECRET):
        tag = set_tag(secret, settings.external_rotation_tag)  # something else rotates it
        if isinstance(tag.value, str) and tag.value.lower() != "false":
            continue
        companions = stack.companions(secret, ROTATION, "secretId", ("id", "arn", "name"))
        answers = [(rotation, weigh(_rotation(rotation))) for rotation in companions.certain]
        broken: list[tuple[Resource | None, Finding]] = [
            (rotation, finding) for rotation, findings in answers for finding in findings
        ]
        if not answers:
            expected = f"a SecretRotation of {MOST_DAYS} days or less, or the tag {settings.external_rotation_tag}"
            missing = Violation("name", "nothing rotates the secret", expected, companion=True)
            broken = list(lacking(secret, companions.possible, missing))
        if broken and tag.value is UNKNOWN:
            yield secret, Undecided(tag.path)
        else:
            yield from broken


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-17",
        requirement="A database has no public address.",
        why="A database on the internet is tried with every leaked password there is.",
        fix="rds.Instance(..., publicly_accessible=False)",
        types=INSTANCE | CLUSTER_INSTANCE | CLUSTER,
        severity=Severity.CRITICAL,
        controls=("F:RDS.2", "C7:3.2.3", "800-53 AC-3/AC-6"),
        check=_database_is_private,
        remediate=_make_private,
        repairs=INSTANCE | CLUSTER_INSTANCE,
    ),
    ResourceRule(
        id="ACC-18",
        requirement="People and programs sign in to a database with IAM, and RDS keeps the master password.",
        why="Passwords are shared and stay; tokens of IAM name a person, last minutes and can be withdrawn.",
        fix="rds.Instance(..., iam_database_authentication_enabled=True, manage_master_user_password=True)",
        types=INSTANCE | CLUSTER,
        severity=Severity.MEDIUM,
        controls=("F:RDS.10",),
        check=_sign_in_is_managed,
        remediate=_let_rds_manage,
    ),
    StackRule(
        id="ACC-20",
        requirement=f"Every secret is rotated within {MOST_DAYS} days, or says that something else rotates it.",
        why="A secret that leaked unnoticed works until it is changed.",
        fix='secretsmanager.SecretRotation(secret_id=secret.id, rotation_rules={"automatically_after_days": 30}, ...)',
        types=SECRET,
        joins=ROTATION,
        severity=Severity.MEDIUM,
        controls=("F:SecretsManager.1", "800-53 AC-3/AC-4", "AISF-DATA-03"),
        check=_secret_is_rotated,
    ),
)
