"""ACC: what IAM policies grant, who may assume a role, and identities that live too long.

A policy document is judged by what it says, not by what a boundary or a condition may take away again; where a reading
differs, the rule says so.
"""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import documents
from policies.config import Settings
from policies.documents import Statement
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.tokens import aws
from policies.values import Node

ROLE = aws("iam/role:Role")
PERMISSION_SET_POLICY = aws("ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy")
POLICIES = (
    aws("iam/policy:Policy", "iam/rolePolicy:RolePolicy", "iam/userPolicy:UserPolicy", "iam/groupPolicy:GroupPolicy")
    | ROLE
    | PERMISSION_SET_POLICY
)
POLICY_ATTACHMENT = aws("iam/policyAttachment:PolicyAttachment")
ATTACHMENTS = POLICY_ATTACHMENT | aws(
    "iam/rolePolicyAttachment:RolePolicyAttachment",
    "iam/userPolicyAttachment:UserPolicyAttachment",
    "iam/groupPolicyAttachment:GroupPolicyAttachment",
    "iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
    "iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
    "iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive",
    "ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment",
)
USERS = aws(
    "iam/user:User",
    "iam/accessKey:AccessKey",
    "iam/userPolicy:UserPolicy",
    "iam/userPolicyAttachment:UserPolicyAttachment",
    "iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
)
OWN_POLICY = aws("iam/policy:Policy")
TOO_POWERFUL = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")


def _policy_nodes(resource: Resource) -> Iterator[Node]:
    """Yield the identity policies that a resource holds."""
    if resource.type in ROLE:
        yield from (
            policy["policy"] for policy in resource["inlinePolicies"].each() if policy["policy"].value is not None
        )
    elif resource.type in PERMISSION_SET_POLICY:
        yield resource["inlinePolicy"]
    else:
        yield resource["policy"]


def _documents(resource: Resource) -> Iterator[tuple[tuple[Statement, ...], Findings]]:
    """Yield the Allow statements of each policy, and what stands in the way of reading it."""
    for node in _policy_nodes(resource):
        statements, problems = documents.parse(node)
        yield tuple(statement for statement in statements if statement.allows), iter(problems)


# ACC-01 to ACC-04: what identity policies grant


def _no_administrator(resource: Resource, settings: Settings) -> Findings:
    del settings
    for statements, problems in _documents(resource):
        yield from problems
        for statement in statements:
            every = statement.not_actions or any(documents.is_every_action(a.value) for a in statement.actions)
            if every and statement.on_everything:
                yield Violation(
                    statement.path, "every action, or all but some, is allowed on every resource", "the actions in use"
                )


def _no_escalation(resource: Resource, settings: Settings) -> Findings:
    for statements, problems in _documents(resource):
        yield from problems
        broad = [statement for statement in statements if statement.on_everything]
        held: dict[str, list[tuple[str, ...]]] = {}
        for actions in settings.escalation_sets:
            # IAM adds statements up: a set that is spread over several is as good as one.
            holders = [next((s for s in broad if s.grants(action)), None) for action in actions]
            if holders and all(holders):
                held.setdefault(next(h.path for h in holders if h), []).append(actions)
        for path, sets in held.items():
            more = f" (and {len(sets) - 1} more ways)" if len(sets) > 1 else ""
            what = f"{' with '.join(sets[0])} on every resource lets its holder take other rights{more}"
            yield Violation(path, what, "the resources in use, by ARN")


def _is_service_wildcard(action: str) -> bool:
    service, colon, name = action.partition(":")
    return not colon or "*" in service or "?" in service or not name.strip("*?")


def _is_read_only(action: str, settings: Settings) -> bool:
    name = action.partition(":")[2].lower()
    if name.startswith(("list", "describe")):
        return True
    return any(documents.matches(allowed, action) for allowed in settings.read_only_actions)


def _no_wildcards(resource: Resource, settings: Settings) -> Findings:
    for statements, problems in _documents(resource):
        yield from problems
        for statement in statements:
            if statement.not_actions:
                yield Violation(statement.path, "NotAction allows whole services", "Action with the actions in use")
            for action in statement.actions:
                if _is_service_wildcard(action.value):
                    yield Violation(action.path, "a whole service is allowed", "the actions in use, or a waiver")
                elif statement.on_everything and not _is_read_only(action.value, settings):
                    yield Violation(
                        action.path,
                        "a write or data action is allowed on every resource",
                        "the resources in use, by ARN",
                    )


def _is_all_keys(pattern: str) -> bool:
    """Whether a resource pattern covers all keys of some region and account."""
    parts = pattern.split(":", 5)
    region, account = (part or "*" for part in (parts + [""] * 6)[3:5])
    return any(documents.covers(pattern, f"arn:{p}:kms:{region}:{account}:key/*") for p in documents.PARTITIONS)


def _no_decryption_of_everything(resource: Resource, settings: Settings) -> Findings:
    del settings
    for statements, problems in _documents(resource):
        yield from problems
        for statement in statements:
            decrypts = statement.grants("kms:Decrypt") or statement.grants("kms:ReEncryptFrom")
            everywhere = statement.not_resources or not statement.resources
            if decrypts and (everywhere or any(_is_all_keys(r.value) for r in statement.resources)):
                yield Violation(statement.path, "decryption is allowed with every key", "the keys in use, by ARN")


# ACC-05, ACC-06: who may assume a role


def _trusts(resource: Resource) -> tuple[tuple[Statement, ...], Findings]:
    statements, problems = documents.parse(resource["assumeRolePolicy"])
    return tuple(statement for statement in statements if statement.allows), iter(problems)


def _trust_is_narrow(resource: Resource, settings: Settings) -> Findings:
    statements, problems = _trusts(resource)
    yield from problems
    for statement in statements:
        if statement.not_principals or not statement.principals:
            yield Violation(statement.path, "anyone, or anyone but some, may assume the role", "Principal with who may")
        for kind, node in statement.principals:
            if documents.is_public(kind, node.value) or kind == "*":
                yield Violation(node.path, "anyone may assume the role", "the principals that do")
            services = kind == "service" and node.value.lower() not in settings.exempt_services
            if services and not any(
                condition.key in ("aws:sourceaccount", "aws:sourcearn") and condition.pins()
                for condition in statement.conditions
            ):
                yield Violation(
                    f"{statement.path}.Condition",
                    "the service may be made to assume the role for another account (confused deputy)",
                    "StringEquals aws:SourceAccount or ArnLike aws:SourceArn",
                )


def _federation_is_pinned(resource: Resource, settings: Settings) -> Findings:
    del settings
    statements, problems = _trusts(resource)
    yield from problems
    for statement in statements:
        for kind, node in statement.principals:
            if kind != "federated" or ":saml-provider/" in node.value:
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


# ACC-07, ACC-08: attachments and users


_REFUSED = frozenset(f"arn:{p}:iam::aws:policy/{name}" for p in documents.PARTITIONS for name in TOO_POWERFUL)


def _no_powerful_attachment(resource: Resource, settings: Settings) -> Findings:
    del settings

    def good(value: object) -> bool:
        return isinstance(value, str) and value.startswith("arn:") and value not in _REFUSED

    attached = [node for name in ("policyArn", "managedPolicyArn") if (node := resource[name]).value is not None]
    for name in ("policyArns", "managedPolicyArns"):
        attached.extend(resource[name].each())
    for node in attached:
        what = "an AWS policy with nearly every right is attached"
        yield from require(node, good, what, "the ARN of a policy with the rights in use", OWN_POLICY)


def _no_users(resource: Resource, settings: Settings) -> Findings:
    del settings
    if resource.type in USERS:
        yield Violation("", "an IAM user, its key or its policy is declared", "a role that people and programs assume")
        return
    users = resource["users"]
    if users.unknown:
        yield Undecided(users.path)
    elif users.each():
        yield Violation(users.path, "a policy is attached to users", "roles, or groups of an identity provider")


_IDENTITY_FIX = "iam.RolePolicy(policy=...) with Action and Resource spelt out"
_TRUST_FIX = "iam.Role(assume_role_policy=...) with "
RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-01",
        requirement="No policy allows every action on every resource.",
        fix=_IDENTITY_FIX,
        types=POLICIES,
        severity=Severity.CRITICAL,
        controls=("F:IAM.1", "C7:2.14", "800-53 AC-3/AC-6", "AISF-IAM-02"),
        check=_no_administrator,
    ),
    ResourceRule(
        id="ACC-02",
        requirement="No policy lets its holder take other rights.",
        fix="iam:PassRole and the like with Resource set to the ARNs of the roles in use",
        types=POLICIES,
        severity=Severity.CRITICAL,
        controls=("AISF-IAM-02",),
        check=_no_escalation,
    ),
    ResourceRule(
        id="ACC-03",
        requirement="No policy allows whole services, or changes and data on every resource.",
        fix=_IDENTITY_FIX,
        types=POLICIES,
        severity=Severity.HIGH,
        controls=(),
        check=_no_wildcards,
    ),
    ResourceRule(
        id="ACC-04",
        requirement="No policy allows decryption with every key.",
        fix='Resource: [key.arn] for kms:Decrypt, instead of "*" or key/*',
        types=POLICIES,
        severity=Severity.HIGH,
        controls=("F:KMS.1", "F:KMS.2"),
        check=_no_decryption_of_everything,
    ),
    ResourceRule(
        id="ACC-05",
        requirement="A role is assumed by named principals, by services for this account only.",
        fix=_TRUST_FIX + '"Condition": {"StringEquals": {"aws:SourceAccount": account_id}}',
        types=ROLE,
        severity=Severity.HIGH,
        controls=("AISF-IAM-05",),
        check=_trust_is_narrow,
    ),
    ResourceRule(
        id="ACC-06",
        requirement="A federated trust names the exact subject and audience.",
        fix=_TRUST_FIX + '"Condition": {"StringEquals": {"<issuer>:sub": ..., "<issuer>:aud": "sts.amazonaws.com"}}',
        types=ROLE,
        severity=Severity.CRITICAL,
        controls=("EKS-5.2.1",),
        check=_federation_is_pinned,
    ),
    ResourceRule(
        id="ACC-07",
        requirement="No AWS policy with nearly every right is attached.",
        fix="attach an iam.Policy with the actions in use instead",
        types=ATTACHMENTS | ROLE,
        severity=Severity.HIGH,
        controls=("AISF-IAM-02",),
        check=_no_powerful_attachment,
    ),
    ResourceRule(
        id="ACC-08",
        requirement="The program declares no IAM user, no access key and no policy of a user.",
        fix="iam.Role(...) for a program, IAM Identity Center for people",
        types=USERS | POLICY_ATTACHMENT,
        severity=Severity.MEDIUM,
        controls=("C7:2.13", "800-53 AC-3/AC-6", "AISF-IAM-02"),
        check=_no_users,
    ),
)
