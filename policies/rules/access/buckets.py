"""ACC-09 to ACC-12: who reaches a bucket, through public access settings, ACLs and its policy."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import Severity

from policies import documents
from policies.config import Settings
from policies.iam.evaluator import Principal
from policies.iam.exposure import NARROWING, Document, account_of, public_grants
from policies.index import S3_IDENTITIES, Resource, Stack
from policies.repair import put, switch_on
from policies.rule import (
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Violation,
    is_true,
    lacking,
    require,
)
from policies.tokens import aws
from policies.values import Node

BUCKET = aws("s3/bucket:Bucket")
PUBLIC_ACCESS = aws("s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
ACCOUNT_PUBLIC_ACCESS = aws("s3/accountPublicAccessBlock:AccountPublicAccessBlock")
ACL, OWNERSHIP = aws("s3/bucketAcl:BucketAcl"), aws("s3/bucketOwnershipControls:BucketOwnershipControls")
BUCKET_POLICY = aws("s3/bucketPolicy:BucketPolicy")
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


# ACC-09, ACC-10: public access is blocked


def _flags(resource: Resource) -> Findings:
    for flag in FLAGS:
        yield from is_true(resource[flag], "public access is not blocked in one of its four ways")


def _bucket_blocks_public_access(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for bucket in stack.of(BUCKET):
        companions = stack.companions(bucket, PUBLIC_ACCESS, "bucket", S3_IDENTITIES)
        for block in companions.certain:
            yield from ((block, finding) for finding in _flags(block))
        if len(companions.certain) > 1:
            what = "the bucket has several public access blocks, of which the last one to be written counts"
            yield bucket, Violation("bucket", what, "one BucketPublicAccessBlock")
        elif not companions.certain:
            expected = "a BucketPublicAccessBlock with all four flags"
            missing = Violation("bucket", "nothing blocks public access to the bucket", expected, companion=True)
            yield from lacking(bucket, companions.possible, missing)


def _account_blocks_public_access(stack: Stack, settings: Settings) -> LocatedFindings:
    if not settings.account_layer:
        return
    blocks = stack.of(ACCOUNT_PUBLIC_ACCESS)
    for block in blocks:
        yield from ((block, finding) for finding in _flags(block))
    if not blocks:
        missing = "an s3.AccountPublicAccessBlock with all four flags"
        yield None, Violation("", "nothing blocks public access to the buckets of the account", missing, companion=True)


def _block(props: Any) -> bool:
    return switch_on(props, *FLAGS)


# ACC-11: ACLs

_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_PUBLIC_GROUPS = ("/groups/global/allusers", "/groups/global/authenticatedusers")


def _grantees(resource: Resource) -> Iterator[Node]:
    """Yield the groups that an ACL names, of either way to write one."""
    yield from (grant["uri"] for grant in resource["grants"].each())
    for policy in resource["accessControlPolicy"].each():
        yield from (grantee["uri"] for grant in policy["grants"].each() for grantee in grant["grantee"].each())


def _acl_is_private(resource: Resource, settings: Settings) -> Findings:
    del settings
    if resource.type in OWNERSHIP:
        what = "ACLs are in force, and objects may belong to whoever wrote them"
        owner = resource["rule"]["objectOwnership"]
        yield from require(owner, lambda value: value == "BucketOwnerEnforced", what, "BucketOwnerEnforced")
        return

    def private(value: object) -> bool:
        return value is None or (isinstance(value, str) and value not in _PUBLIC_ACLS)

    def no_public_group(value: object) -> bool:
        return value is None or (isinstance(value, str) and not value.lower().endswith(_PUBLIC_GROUPS))

    yield from require(resource["acl"], private, "the ACL lets the public in", "private, or no ACL")
    for group in _grantees(resource):
        what = "a grant is for the public, or for whoever has an AWS account"
        yield from require(group, no_public_group, what, "grants to accounts, or none")


def _make_private(props: Any) -> bool:
    rule = props.get("rule")
    enforced = isinstance(rule, Mapping) and put(
        rule, "objectOwnership", "BucketOwnerEnforced", unless=lambda value: value == "BucketOwnerEnforced"
    )
    return put(props, "acl", "private", unless=lambda value: value not in _PUBLIC_ACLS) or enforced


# ACC-12: the bucket policy


def _strangers_stay_out(resource: Resource, settings: Settings) -> Findings:
    if resource.type in BUCKET and resource["policy"].value is None:
        return
    statements, problems = documents.parse(resource["policy"])
    yield from problems
    for _, path in public_grants(statements, NARROWING):
        what = "anyone may do this with the bucket"
        yield Violation(path, what, "named principals, or a condition on the organisation, account or VPC endpoint")
    document = Document(statements)
    for statement in document.allows:
        for account, path, principal in _named_accounts(statement):
            if account not in settings.trusted_accounts and document.reaches(statement, principal, {}):
                what = "an account outside the trusted ones may do this with the bucket"
                yield Violation(path, what, "accounts of the setting trustedAccounts")


def _named_accounts(statement: documents.Statement) -> Iterator[tuple[str | None, str, Principal | None]]:
    """Yield the accounts that a statement lets in, by name or by a condition that narrows everyone to them."""
    for kind, node in statement.principals:
        if kind in ("aws", "federated", "canonicaluser") and node.value.strip("*"):
            yield account_of(node.value), node.path, Principal(kind, (node.value,))
    for condition in statement.conditions:
        if condition.key in ("aws:principalaccount", "aws:principalarn") and condition.pins():
            for value in condition.values:
                yield account_of(value), f"{statement.path}.Condition", None


RULES: tuple[Rule, ...] = (
    StackRule(
        id="ACC-09",
        requirement="Every bucket has one public access block, with all four flags.",
        why="One careless policy or ACL makes a bucket public; the block overrides them all.",
        fix="s3.BucketPublicAccessBlock(bucket=bucket.bucket, block_public_acls=True, block_public_policy=True, "
        "ignore_public_acls=True, restrict_public_buckets=True)",
        types=BUCKET,
        joins=PUBLIC_ACCESS,
        severity=Severity.CRITICAL,
        controls=("F:S3.8", "C7:3.1.4", "AISF-DATA-04"),
        check=_bucket_blocks_public_access,
        remediate=_block,
        repairs=PUBLIC_ACCESS,
    ),
    StackRule(
        id="ACC-10",
        requirement="The stack of the account layer blocks public access to all buckets of the account.",
        why="The buckets that no program knows are then closed as well.",
        fix="s3.AccountPublicAccessBlock(block_public_acls=True, block_public_policy=True, ignore_public_acls=True, "
        "restrict_public_buckets=True)",
        types=ACCOUNT_PUBLIC_ACCESS,
        joins=frozenset(),
        severity=Severity.HIGH,
        controls=("F:S3.1", "C7:3.1.4", "800-53 AC-3/AC-6", "AISF-DATA-04"),
        check=_account_blocks_public_access,
        remediate=_block,
    ),
    ResourceRule(
        id="ACC-11",
        requirement="No ACL of a bucket is public, and ACLs are off.",
        why="ACLs grant access that no policy shows.",
        fix='s3.BucketOwnershipControls(rule={"object_ownership": "BucketOwnerEnforced"}), and no BucketAcl',
        types=ACL | OWNERSHIP | BUCKET,
        severity=Severity.HIGH,
        controls=("F:S3.12", "800-53 AC-3/AC-6", "AISF-DATA-04"),
        check=_acl_is_private,
        remediate=_make_private,
    ),
    ResourceRule(
        id="ACC-12",
        requirement="A bucket policy lets in nobody but trusted accounts and AWS services.",
        why="A bucket policy speaks for the data: whom it admits needs no other right.",
        fix='"Principal": {"AWS": role.arn}, or "Condition": {"StringEquals": {"aws:PrincipalOrgID": ...}}',
        types=BUCKET_POLICY | BUCKET,
        severity=Severity.CRITICAL,
        controls=("F:S3.3", "F:S3.6", "F:S3.7", "C7:2.21", "800-53 AC-3/AC-6", "AISF-DATA-04"),
        check=_strangers_stay_out,
    ),
)
