"""The settings of the pack: defaults in code, changed by the policy `pack-settings` of a policy pack config file.

    {"pack-settings": {"defaultTier": "internal", "waivers": [{"rule": "NET-01", "urn": "urn:pulumi:dev::*::edge-*",
     "reason": "...", "owner": "net@example.com", "expires": "2027-01-31"}]},
     "ENC-08": "advisory"}

Enforcement levels are the engine's own (`"ENC-08": "advisory"`); everything else is here. A setting that cannot be read
keeps its default and is reported as a violation, so that a misspelt waiver is not a silent one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final

from pulumi_policy import EnforcementLevel

LEVELS: Final[Mapping[str, EnforcementLevel]] = dict.fromkeys(
    ("ENC-02", "ENC-08", "ACC-08", "NET-02", "NET-03"), EnforcementLevel.MANDATORY
)
"""Levels of this pack where they differ from the catalogue's, which follow from the severity."""

ESCALATIONS: Final[tuple[tuple[str, ...], ...]] = (
    # One action is enough: it changes what a principal may do.
    ("iam:AddUserToGroup",),
    ("iam:AttachGroupPolicy",),
    ("iam:AttachRolePolicy",),
    ("iam:AttachUserPolicy",),
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:CreatePolicyVersion",),
    ("iam:DeleteRolePermissionsBoundary",),
    ("iam:DeleteUserPermissionsBoundary",),
    ("iam:PutGroupPolicy",),
    ("iam:PutRolePermissionsBoundary",),
    ("iam:PutRolePolicy",),
    ("iam:PutUserPermissionsBoundary",),
    ("iam:PutUserPolicy",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:UpdateAssumeRolePolicy",),
    ("iam:UpdateLoginProfile",),
    # Code that already runs with another role's rights is replaced.
    ("codebuild:StartBuildBatch",),
    ("ec2-instance-connect:SendSSHPublicKey",),
    ("lambda:UpdateFunctionCode",),
    ("lambda:UpdateFunctionConfiguration",),
    ("sagemaker:CreatePresignedDomainUrl",),
    ("sagemaker:CreatePresignedNotebookInstanceUrl",),
    ("ssm:SendCommand",),
    ("ssm:StartSession",),
    # A role is passed to something new that runs code.
    ("iam:PassRole", "bedrock-agentcore:CreateCodeInterpreter"),
    ("iam:PassRole", "cloudformation:CreateStack"),
    ("iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"),
    ("iam:PassRole", "datapipeline:CreatePipeline"),
    ("iam:PassRole", "ec2:RunInstances"),
    ("iam:PassRole", "ecs:RunTask"),
    ("iam:PassRole", "eks:CreatePodIdentityAssociation"),
    ("iam:PassRole", "glue:CreateDevEndpoint"),
    ("iam:PassRole", "glue:CreateJob"),
    ("iam:PassRole", "lambda:CreateFunction"),
    ("iam:PassRole", "sagemaker:CreateNotebookInstance"),
    ("iam:PassRole", "sagemaker:CreatePipeline"),
    ("iam:PassRole", "sagemaker:CreateProcessingJob"),
    ("iam:PassRole", "sagemaker:CreateTrainingJob"),
    ("iam:PassRole", "states:CreateStateMachine"),
)
"""Actions that together, on every resource, let their holder take the rights of another principal. Sources: Rhino
Security Labs, "AWS IAM privilege escalation"; Bishop Fox, "IAM Vulnerable"; the service authorization reference."""

READ_ONLY: Final[tuple[str, ...]] = (
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "ecr:GetAuthorizationToken",
    "kms:GenerateRandom",
    "sts:GetCallerIdentity",
    "tag:GetResources",
    "tag:GetTagKeys",
    "tag:GetTagValues",
)
"""Reads beside List* and Describe* that accept no resource but *. Source: the service authorization reference."""


@dataclass(frozen=True)
class Waiver:
    """An accepted violation: who answers for it, why, and until when."""

    rule: str
    urn: str
    """Glob over the resource's URN: `*`, `?`, `[...]`."""
    reason: str
    owner: str
    expires: date
    """The last day on which it holds (UTC)."""

    def covers(self, rule: str, urn: str) -> bool:
        """Whether it is about this rule and this resource, expired or not."""
        return rule == self.rule and fnmatchcase(urn, self.urn)


@dataclass(frozen=True)
class Companion:
    """A companion resource that another stack holds, such as the bucket policy of a bucket of this stack."""

    rule: str
    urn: str
    """Glob over the URN of the resource of this stack."""
    stack: str
    """Where the companion is: organisation/project/stack."""


@dataclass(frozen=True)
class Settings:
    """What the rules take from the config. Names in the file are in camelCase."""

    tiers: tuple[str, ...] = ("public", "internal", "confidential", "regulated")
    """Data classes, least sensitive first."""
    default_tier: str = "confidential"
    """Tier of a resource without the tag."""
    tier_tag: str = "data-classification"
    """Key of the tag that holds the tier."""
    unknowns: str = "deny"
    """`deny`: what cannot be decided is reported at the level of its rule; `report`: as advisory."""
    escalation_sets: tuple[tuple[str, ...], ...] = ESCALATIONS
    """ACC-02: sets of IAM actions."""
    read_only_actions: tuple[str, ...] = READ_ONLY
    """ACC-03: actions beside List* and Describe* that may be allowed on every resource; `*` and `?` count."""
    exempt_services: tuple[str, ...] = ("cloudtrail.amazonaws.com", "ec2.amazonaws.com", "s3.amazonaws.com")
    """ACC-05: service principals that AWS documents no aws:SourceAccount or aws:SourceArn for when they assume a role:
    CloudTrail for its log group, EC2 for instance profiles, S3 for replication."""
    load_balancer_ports: tuple[int, ...] = (443,)
    """NET-01: ports that a load balancer's group may open to the world."""
    key_deletion_window_days: int = 14
    """ENC-08: the least waiting period before a key is deleted."""
    waivers: tuple[Waiver, ...] = ()
    companions: tuple[Companion, ...] = ()

    def at_least(self, tier: str, least: str) -> bool:
        """Whether `tier` is `least` or more sensitive. A tier that is not in the list counts as the most sensitive."""
        if tier not in self.tiers or least not in self.tiers:
            return True
        return self.tiers.index(tier) >= self.tiers.index(least)


DEFAULTS: Final = Settings()


def read(config: Mapping[str, Any], rules: frozenset[str]) -> tuple[Settings, list[str]]:
    """Return the settings that `config` (plain data) makes, and what is wrong with it.

    `rules` are the ids that a waiver may name.
    """
    values: dict[str, Any] = {}
    errors: list[str] = []
    names = {_camel(f.name): f.name for f in fields(Settings)}
    for key, value in config.items():
        if key not in names:
            errors.append(f"{key}: there is no such setting; allowed are {', '.join(sorted(names))}")
            continue
        reader, allowed = _READERS[key]
        try:
            values[names[key]] = reader(value)
        except (KeyError, TypeError, ValueError):
            errors.append(f"{key}: expected {allowed}")
    for key in ("waivers", "companions"):
        for number, entry in enumerate(values.get(key, ())):
            if entry.rule not in rules:
                errors.append(f"{key}[{number}].rule: there is no such rule; an id such as ENC-01 is expected")
    settings = Settings(**values)
    if settings.default_tier not in settings.tiers:
        errors.append(f"defaultTier: expected one of tiers ({', '.join(settings.tiers)})")
    return settings, errors


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(entry) for entry in _list(value))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def reader(value: Any) -> str:
        if value not in allowed:
            raise ValueError
        return str(value)

    return reader


def _window(value: Any) -> int:
    if not 7 <= _whole(value) <= 30:  # what KMS takes
        raise ValueError
    return int(value)


def _record(kind: type, value: Any) -> Any:
    """Return a Waiver or Companion from a map that has exactly its fields."""
    entries = {key: _text(entry) for key, entry in value.items()}
    if "expires" in entries:
        return kind(**{**entries, "expires": date.fromisoformat(entries["expires"])})
    return kind(**entries)


_WAIVER = "a list of {rule, urn, reason, owner, expires}, all texts, expires as 2027-01-31"
_COMPANION = "a list of {rule, urn, stack}, all texts"
_TEXTS = "a list of texts"
_READERS: Final[Mapping[str, tuple[Callable[[Any], Any], str]]] = {
    "tiers": (_texts, f"{_TEXTS}, least sensitive first"),
    "defaultTier": (_text, "a text, one of tiers"),
    "tierTag": (_text, "a text, the key of a tag"),
    "unknowns": (_one_of("deny", "report"), "deny or report"),
    "escalationSets": (lambda v: tuple(_texts(e) for e in _list(v)), "a list of lists of IAM actions"),
    "readOnlyActions": (_texts, "a list of IAM actions, such as ecr:GetAuthorizationToken"),
    "exemptServices": (_texts, "a list of service principals, such as ec2.amazonaws.com"),
    "loadBalancerPorts": (lambda v: tuple(_whole(e) for e in _list(v)), "a list of ports, such as [443]"),
    "keyDeletionWindowDays": (_window, "a whole number of days, 7 to 30"),
    "waivers": (lambda v: tuple(_record(Waiver, e) for e in _list(v)), _WAIVER),
    "companions": (lambda v: tuple(_record(Companion, e) for e in _list(v)), _COMPANION),
}
SCHEMA: Final[dict[str, dict[str, Any]]] = {
    key: {"description": f"Expected: {allowed}."} for key, (_, allowed) in _READERS.items()
}
"""JSON schema of the settings for the engine's own check: names and descriptions. Values are checked by `read`, whose
messages say what is allowed."""
