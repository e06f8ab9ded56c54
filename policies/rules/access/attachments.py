"""ACC-07 and ACC-08: attachments of AWS' own policies, and identities that live too long."""

from pulumi_policy import Severity

from policies import documents
from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.tokens import aws

ROLE = aws("iam/role:Role")
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


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-07",
        requirement="No AWS policy with nearly every right is attached.",
        why="These policies cannot be narrowed, and grow with every service that AWS adds.",
        fix="attach an iam.Policy with the actions in use instead",
        types=ATTACHMENTS | ROLE,
        severity=Severity.HIGH,
        controls=("AISF-IAM-02",),
        check=_no_powerful_attachment,
    ),
    ResourceRule(
        id="ACC-08",
        requirement="The program declares no IAM user, no access key and no policy of a user.",
        why="Access keys do not expire, get copied into laptops and pipelines, and are the most common way in.",
        fix="iam.Role(...) for a program, IAM Identity Center for people",
        types=USERS | POLICY_ATTACHMENT,
        severity=Severity.MEDIUM,
        controls=("C7:2.13", "800-53 AC-3/AC-6", "AISF-IAM-02"),
        check=_no_users,
    ),
)
