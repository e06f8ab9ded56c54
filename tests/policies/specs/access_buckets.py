"""As `encryption`, for ACC rules about buckets."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

BUCKET = R("aws:s3/bucket:Bucket", {"bucket": "data"}, "bucket")
OTHER_BUCKET = R("aws:s3/bucket:Bucket", {"bucket": "other"}, "other")
BUCKET_TWIN = {"aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2"}
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
BLOCK = R(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": "data", **dict.fromkeys(FLAGS, True)}, "block"
)
BLOCKED = (BLOCK, BUCKET)
ACCOUNT_BLOCK = R("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", dict.fromkeys(FLAGS, True), "account")
ACL = "aws:s3/bucketAcl:BucketAcl"
ANYONE = "http://acs.amazonaws.com/groups/global/AllUsers"
ANYBODY_WITH_AN_ACCOUNT = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
OWNED = R(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    {"bucket": "data", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    "ownership",
)
ACCOUNT = "111122223333"
TRUSTED = {"trustedAccounts": [ACCOUNT]}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
S = "policy.Statement[0]"
READ: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": ROLE},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::data/*",
}
PUBLIC = READ | {"Principal": "*"}


def bucket_policy(*statements: dict[str, Any]) -> R:
    kept = [{key: value for key, value in statement.items() if value is not ABSENT} for statement in statements]
    return R("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "data", "policy": {"Statement": kept}}, "policy")


def judged(verdict: str, name: str, *statements: dict[str, Any]) -> Case:
    return Case(name, (bucket_policy(*statements),), verdict)


def on(condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    return PUBLIC | {"Condition": condition} | more


def deny(**more: Any) -> dict[str, Any]:
    return (
        PUBLIC | {"Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]} | more
    )


OF_THE_ORGANISATION = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
NOT_OF_IT = {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}

PUBLIC_CASES = (
    judged("deny", "anyone as an AWS principal", READ | {"Principal": {"AWS": [ROLE, "*"]}}),
    judged("deny", "anyone but some", READ | {"Principal": ABSENT, "NotPrincipal": {"AWS": ROLE}}),
    judged("deny", "nobody named", READ | {"Principal": ABSENT}),
    judged("deny", "any account's role", READ | {"Principal": {"AWS": "arn:aws:iam::*:role/reader"}}),
    judged("pass", "of the organisation", on(OF_THE_ORGANISATION)),
    judged("pass", "below a part of it", on({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2/r-1/*"]}})),
    judged("pass", "of a VPC endpoint", on({"StringEquals": {"AWS:SourceVPCE": "vpce-0123456789abcdef0"}})),
    judged("pass", "of a trusted account", on({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})),
    judged(
        "pass", "the owner's own organisation", on({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}})
    ),
    judged(
        "deny", "the caller's own account", on({"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}})
    ),
    judged("deny", "if it exists", on({"StringEqualsIfExists": OF_THE_ORGANISATION["StringEquals"]})),
    judged("deny", "of every value there is", on({"ForAllValues:StringEquals": OF_THE_ORGANISATION["StringEquals"]})),
    judged("deny", "not of another", on(NOT_OF_IT)),
    judged("deny", "any organisation", on({"StringLike": {"aws:PrincipalOrgID": "*"}})),
    judged("deny", "one organisation or any", on({"StringEquals": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5", "*"]}})),
    judged("deny", "any organisation, as organisations are named", on({"StringLike": {"aws:PrincipalOrgID": "o-*"}})),
    judged("deny", "a role of any account", on({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/reader"}})),
    judged(
        "pass", "a role of a trusted account", on({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}})
    ),
    judged("deny", "over TLS", on({"Bool": {"aws:SecureTransport": "true"}})),
    judged("deny", "from an address", on({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
    judged(
        "pass", "over TLS and of the organisation", on({"Bool": {"aws:SecureTransport": "true"}, **OF_THE_ORGANISATION})
    ),
)
DENY_CASES = (
    judged("pass", "denied to anyone", deny()),
    judged("pass", "taken back", PUBLIC, deny()),
    judged("pass", "taken back from whoever is not of the organisation", PUBLIC, deny(Condition=NOT_OF_IT)),
    judged("pass", "taken back but for one", PUBLIC, deny(Principal=ABSENT, NotPrincipal={"AWS": [ROLE, ACCOUNT]})),
    judged("pass", "taken back but for other actions", PUBLIC, deny(Action=ABSENT, NotAction="s3:ListBucket")),
    judged(
        "pass", "taken back but for other objects", PUBLIC, deny(Resource=ABSENT, NotResource="arn:aws:s3:::logs/*")
    ),
    judged("deny", "taken back but for these", PUBLIC, deny(Resource=ABSENT, NotResource="arn:aws:s3:::data/open/*")),
    judged(
        "deny",
        "taken back but for what a variable may be",
        PUBLIC | {"Resource": "arn:aws:s3:::data/${aws:username}/*"},
        deny(Resource=ABSENT, NotResource="arn:aws:s3:::data/alice/*"),
    ),
    judged(
        "pass",
        "taken back whatever a variable is",
        PUBLIC | {"Resource": "arn:aws:s3:::data/${aws:username}/*"},
        deny(Resource=ABSENT, NotResource="arn:aws:s3:::data/alice"),
    ),
    judged("deny", "taken back where a variable leads", PUBLIC, deny(Resource="arn:aws:s3:::data/${aws:username}")),
    judged("deny", "taken back from nobody named", PUBLIC, deny(Principal=ABSENT)),
    judged("deny", "taken back from some", PUBLIC, deny(Principal={"AWS": ROLE})),
    judged("deny", "taken back from services", PUBLIC, deny(Principal={"Service": "*"})),
    judged("deny", "another action taken back", PUBLIC, deny(Action="s3:PutObject")),
    judged("deny", "other objects taken back", PUBLIC, deny(Resource="arn:aws:s3:::data/secret/*")),
    judged("deny", "taken back without TLS", PUBLIC, deny(Condition={"Bool": {"aws:SecureTransport": "false"}})),
    judged("deny", "taken back from its own", PUBLIC, deny(Condition=OF_THE_ORGANISATION)),
    judged(
        "pass",
        "taken back from whoever comes from elsewhere, or does not say",
        PUBLIC,
        deny(Condition={"Null": {"aws:SourceVpce": "true"}}),
        deny(Condition={"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-0123456789abcdef0"}}),
    ),
    judged(
        "deny",
        "taken back from whoever does not say",
        PUBLIC,
        deny(Condition={"Null": {"aws:SourceVpce": "true"}}),
    ),
)
ACCOUNT_CASES = (
    judged("deny", "of another account", READ | {"Principal": {"AWS": "arn:aws:iam::444455556666:root"}}),
    judged("deny", "of another account, by its id", READ | {"Principal": {"AWS": "444455556666"}}),
    judged("pass", "of a trusted account, by its id", READ | {"Principal": {"AWS": ACCOUNT}}),
    judged("deny", "a canonical user", READ | {"Principal": {"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"}}),
    judged("deny", "an identity provider", READ | {"Principal": {"Federated": "cognito-identity.amazonaws.com"}}),
    judged("deny", "anyone of another account", on({"StringEquals": {"aws:PrincipalAccount": "444455556666"}})),
    judged("pass", "a service", READ | {"Principal": {"Service": "logging.s3.amazonaws.com"}}),
    judged(
        "pass",
        "another account, taken back",
        READ | {"Principal": {"AWS": "444455556666"}},
        deny(Principal={"AWS": "arn:aws:iam::444455556666:root"}),
    ),
    Case("no account is trusted", (bucket_policy(READ),), "deny", settings={}),
)

SPECS: dict[str, Spec] = {
    "ACC-09": Spec(
        good=BLOCKED,
        leaf="blockPublicPolicy",
        bad=False,
        twins=BUCKET_TWIN,
        extra=(
            Case("no block", (BUCKET,), "deny"),
            Case("of another bucket", (BLOCK, OTHER_BUCKET), "deny"),
            Case("two blocks", (*BLOCKED, R(BLOCK.type, BLOCK.props, "second")), "deny"),
            Case("three of four", swap(BLOCKED, 0, edit("ignorePublicAcls", None)), "deny"),
            Case("a flag as text", swap(BLOCKED, 0, edit("ignorePublicAcls", "true")), "deny"),
            Case("bucket unknown", swap(BLOCKED, 0, edit("bucket", UNKNOWN)), "unknown"),
            Case(
                "joined by dependency",
                swap(swap(BLOCKED, 0, edit("bucket", UNKNOWN)), 0, depending(bucket=BUCKET)),
                "pass",
            ),
            Case("joined by ARN", swap(BLOCKED, 0, edit("bucket", "arn:aws:s3:::data")), "pass"),
            Case("a block of another stack's bucket", (BLOCK,), "pass"),
        ),
    ),
    "ACC-10": Spec(
        good=(ACCOUNT_BLOCK,),
        leaf="blockPublicPolicy",
        bad=False,
        settings={"accountLayer": True},
        extra=(
            Case("no block", (BUCKET,), "deny"),
            Case("no block, of another layer", (BUCKET,), "pass", settings={}),
            Case("a flag off, in another layer", (ACCOUNT_BLOCK.with_props({}),), "pass", settings={}),
            Case("three of four", swap((ACCOUNT_BLOCK,), 0, edit("restrictPublicBuckets", False)), "deny"),
            Case("a flag as number", swap((ACCOUNT_BLOCK,), 0, edit("restrictPublicBuckets", 1)), "deny"),
        ),
    ),
    "ACC-11": Spec(
        good=(OWNED,),
        leaf="rule.objectOwnership",
        bad="ObjectWriter",
        equivalent={
            "delete bucket": "whose ACLs they are does not matter",
            "flip bucket": "as above",
            "unknown bucket": "as above",
        },
        extra=(
            Case("private", (of_type("s3/bucketAcl:BucketAcl", acl="private"),), "pass"),
            *(
                Case(acl, (of_type("s3/bucketAcl:BucketAcl", acl=acl),), "deny")
                for acl in ("public-read", "public-read-write", "authenticated-read")
            ),
            Case("ACL unknown", (of_type("s3/bucketAcl:BucketAcl", acl=UNKNOWN),), "unknown"),
            Case("ACL of the older twin", (of_type("s3/bucketAclV2:BucketAclV2", acl="public-read"),), "deny"),
            Case("ACL of the wrong type", (of_type("s3/bucketAcl:BucketAcl", acl=["private"]),), "deny"),
            Case("bucket without an ACL", (BUCKET,), "pass"),
            Case("bucket with one", (of_type("s3/bucket:Bucket", acl="public-read"),), "deny"),
            *(
                Case(name, (of_type("s3/bucket:Bucket", grants=[{"type": "Group", "uri": group}]),), verdict)
                for name, group, verdict in (
                    ("grant to the public", ANYONE, "deny"),
                    ("grant to accounts", ANYBODY_WITH_AN_ACCOUNT, "deny"),
                    ("grant to log delivery", "http://acs.amazonaws.com/groups/s3/LogDelivery", "pass"),
                    ("grant to somebody unknown", UNKNOWN, "unknown"),
                )
            ),
            *(
                Case(
                    f"control policy {verdict}",
                    (
                        R(
                            ACL,
                            {
                                "accessControlPolicy": {
                                    "grants": [{"grantee": {"uri": group}}, {"grantee": {"id": "x"}}]
                                }
                            },
                        ),
                    ),
                    verdict,
                )
                for group, verdict in ((ANYONE, "deny"), ("http://acs.amazonaws.com/groups/s3/LogDelivery", "pass"))
            ),
        ),
    ),
    "ACC-12": Spec(
        good=(bucket_policy(READ),),
        leaf="policy",
        bad={"Statement": [PUBLIC]},
        settings=TRUSTED,
        flips={f"{S}.Principal.AWS": "*", f"{S}.Effect": "Permit"},
        equivalent={
            "delete bucket": "whose policy it is does not matter",
            "flip bucket": "as above",
            "unknown bucket": "as above",
            f"flip {S}.Action": "the rule is about who, whatever they do",
            f"delete {S}.Resource": "as above",
            f"flip {S}.Resource": "as above",
        },
        extra=(
            *PUBLIC_CASES,
            *DENY_CASES,
            *ACCOUNT_CASES,
            Case("bucket without a policy", (BUCKET,), "pass"),
            Case("inline", (of_type("s3/bucket:Bucket", policy={"Statement": PUBLIC}),), "deny"),
            Case("inline of the older twin", (of_type("s3/bucketV2:BucketV2", policy={"Statement": PUBLIC}),), "deny"),
            Case("inline unknown", (of_type("s3/bucket:Bucket", policy=UNKNOWN),), "unknown"),
            judged("deny", "second of two", READ, PUBLIC),
        ),
    ),
}
