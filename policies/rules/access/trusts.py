"""ACC-05 and ACC-06: who may assume a role."""

from pulumi_policy import Severity

from policies import documents
from policies.config import Settings
from policies.iam.evaluator import Principal
from policies.iam.exposure import SOURCES, Document, public_grants
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Violation
from policies.tokens import aws

ROLE = aws("iam/role:Role")


def _trust_is_narrow(resource: Resource, settings: Settings) -> Findings:
    statements, problems = documents.parse(resource["assumeRolePolicy"])
    yield from problems
    for _, path in public_grants(statements, {}):
        yield Violation(path, "anyone, or anyone but some, may assume the role", "Principal with who may")
    document = Document(statements)
    for statement in document.allows:
        for kind, node in statement.principals:
            service = kind == "service" and node.value.lower() not in settings.exempt_services
            if service and document.reaches(statement, Principal(kind, (node.value,)), SOURCES):
                yield Violation(
                    f"{statement.path}.Condition",
                    "the service may be made to assume the role for another account (confused deputy)",
                    "StringEquals aws:SourceAccount or ArnLike aws:SourceArn",
                )


def _federation_is_pinned(resource: Resource, settings: Settings) -> Findings:
    del settings
    statements, problems = documents.parse(resource["assumeRolePolicy"])
    yield from problems
    document = Document(statements)
    for statement in document.allows:
        for kind, node in statement.principals:
            if kind != "federated" or ":saml-provider/" in node.value:
                continue
            if not document.reaches(statement, Principal(kind, (node.value,)), {}):
                continue
            issuer = node.value.rpartition(":oidc-provider/")[2].lower()
            pinned = {
                condition.key
                for condition in statement.conditions
                if condition.operator in ("stringequals", "stringlike")
                and condition.pins()
                and not any("*" in value or "?" in value or not value for value in condition.values)
            }
            for claim in ("sub", "aud"):
                if f"{issuer}:{claim}" not in pinned:
                    yield Violation(
                        f"{statement.path}.Condition",
                        f"the token's {claim} is not pinned to exact values",
                        f"StringEquals with the issuer's key ending in :{claim}, without wildcards",
                    )


_TRUST_FIX = "iam.Role(assume_role_policy=...) with "
RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-05",
        requirement="A role is assumed by named principals, by services for this account only.",
        why="A service that acts for any account can be made to act for a stranger's.",
        fix=_TRUST_FIX + '"Condition": {"StringEquals": {"aws:SourceAccount": account_id}}',
        types=ROLE,
        severity=Severity.HIGH,
        controls=("AISF-IAM-05",),
        check=_trust_is_narrow,
    ),
    ResourceRule(
        id="ACC-06",
        requirement="A federated trust names the exact subject and audience.",
        why="With a wildcard any repository or pod of the issuer can take the role.",
        fix=_TRUST_FIX + '"Condition": {"StringEquals": {"<issuer>:sub": ..., "<issuer>:aud": "sts.amazonaws.com"}}',
        types=ROLE,
        severity=Severity.CRITICAL,
        controls=("EKS-5.2.1",),
        check=_federation_is_pinned,
    ),
)
