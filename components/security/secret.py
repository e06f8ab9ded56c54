"""A secret in Secrets Manager, without its value: whoever uses it makes that, so that no program and no state holds it.

Owns the secret and its resource policy; not the key, and not the value. The customer managed key, TLS, readers of this
account only, and of those the ones that are named, are not options: the policy takes reading from everybody else,
whatever IAM allows them. The account's root user is let in, so that a secret whose readers are gone is not lost.

A name that is scheduled for deletion is taken until the recovery window is over. Where the value may go, a window of 0
deletes at once, and the next `up` can make the secret again; elsewhere, `aws secretsmanager restore-secret` and an
import bring it back.

Units:  the recovery window is whole days.
Source: Secrets Manager API, CreateSecret (Name), DeleteSecret (RecoveryWindowInDays: 7 to 30), PutResourcePolicy;
Secrets Manager user guide, "Resource-based policies"; IAM user guide, global condition keys aws:PrincipalAccount and
aws:PrincipalArn (for a session it is the ARN of the role).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Iterable
from typing import Annotated, TypeAlias

import pulumi
from pulumi_aws import secretsmanager
from pydantic import Field, field_validator

from components.model import Model, Wire
from components.naming import PROJECT
from components.policy_document import ANYONE, Statement, allow, deny, document
from components.tags import DataClass, classification_tag

READ = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
WRITE = ("secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue")
SHORTEST_WINDOW_DAYS = 7
ROTATION_KEY = "external-rotation"
"""The key of the tag that says what rotates the value, where that is not a function of Secrets Manager's."""

SecretPath: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+)*$", max_length=200)]
"""The part of a secret's name after the environment's: words with hyphens, between slashes."""
RoleArn: TypeAlias = Annotated[str, Field(pattern=r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$")]


class SecretSettings(Model):
    """What the stack file says about secrets."""

    recovery_window_in_days: Annotated[int, Field(ge=0, le=30)] = Field(default=30, examples=[30])
    """How long a deleted secret can be brought back, and its name is taken: 7 to 30 days, or 0 for not at all."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the secrets."""

    @field_validator("recovery_window_in_days")
    @classmethod
    def _as_the_service_has_it(cls, days: int) -> int:
        if 0 < days < SHORTEST_WINDOW_DAYS:
            raise ValueError(f"a window is 0, or {SHORTEST_WINDOW_DAYS} to 30 days, got {days}")
        return days


class ManagedSecretArgs(Model):
    """What a secret is wired to."""

    settings: SecretSettings = SecretSettings()
    """What the stack file says."""
    account_id: str
    """Whose principals may read it."""
    environment: str
    """The beginning of its name."""
    path: SecretPath = Field(examples=["mlflow/server"])
    """The rest of its name."""
    description: str
    """What it is for."""
    key_arn: Wire
    """The customer managed key that encrypts it."""
    data_class: DataClass = DataClass.CONFIDENTIAL
    """How sensitive it is: tags it."""
    reader_arns: tuple[RoleArn, ...] = Field(min_length=1)
    """The roles that may read the value, if their own policies let them. They need not exist yet."""
    rotated_by: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")] = Field(examples=["mlflow/rotation"])
    """The CronJob that makes a new value now and then: its namespace and its name."""


class ManagedSecret(pulumi.ComponentResource):
    """The secret `groundwork-<environment>/<path>`."""

    arn: pulumi.Output[str]
    """With the random characters at its end; known once the secret and its policy stand."""

    def __init__(self, name: str, args: ManagedSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:security:ManagedSecret", name, None, opts)
        # Stateful: renaming this without an alias replaces the secret and loses its value.
        secret = secretsmanager.Secret(
            f"{name}-secret",
            name=secret_name(args.environment, args.path),
            description=args.description,
            kms_key_id=args.key_arn,
            recovery_window_in_days=args.settings.recovery_window_in_days,
            tags=classification_tag(args.data_class) | {ROTATION_KEY: args.rotated_by},
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect),
        )
        policy = secretsmanager.SecretPolicy(
            f"{name}-policy",
            secret_arn=secret.arn,
            policy=document(*secret_policy(args.account_id, args.reader_arns)),
            block_public_policy=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = pulumi.Output.all(secret.arn, policy.id).apply(lambda values: str(values[0]))
        self.register_outputs({"arn": self.arn})


def secret_name(environment: str, path: str) -> str:
    """Return the name of a secret."""
    return f"{PROJECT}-{environment}/{path}"


def secret_arn_pattern(account_id: str, region: str, environment: str, path: str) -> str:
    """Return the ARN of a secret as policies name it before it exists: six random characters are at its end."""
    return f"arn:aws:secretsmanager:{region}:{account_id}:secret:{secret_name(environment, path)}-??????"


def secret_policy(account_id: str, reader_arns: Iterable[str]) -> tuple[Statement, ...]:
    """Return what a secret's own policy takes from everybody. It gives nothing: that is for the readers' roles."""
    readers = [*reader_arns, f"arn:aws:iam::{account_id}:root"]
    return (
        deny(
            "DenyWithoutTls",
            principal=ANYONE,
            actions=["secretsmanager:*"],
            resources=["*"],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        deny(
            "DenyOutsideTheAccount",
            principal=ANYONE,
            actions=["secretsmanager:*"],
            resources=["*"],
            conditions={"StringNotEquals": {"aws:PrincipalAccount": account_id}},
        ),
        deny(
            "DenyReadingOfOthers",
            principal=ANYONE,
            actions=["secretsmanager:GetSecretValue"],
            resources=["*"],
            conditions={"ArnNotEquals": {"aws:PrincipalArn": readers}},
        ),
    )


def read_secrets(sid: str, *arn_patterns: str) -> Statement:
    """Return the right to read secrets, for a role's policy."""
    return allow(sid, actions=READ, resources=arn_patterns)


def write_secrets(sid: str, *arn_patterns: str) -> Statement:
    """Return the right to give secrets new values, for a role's policy."""
    return allow(sid, actions=WRITE, resources=arn_patterns)
