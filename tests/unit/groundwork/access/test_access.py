"""What somebody gains or loses by a change is told by what documents mean, whatever they look like."""

import json
from typing import Any

import pytest

from groundwork.access.compare import compare
from groundwork.policy.sources import Saved

ROLE, INLINE, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
ATTACHMENT, BUCKET_POLICY, BUCKET = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucket:Bucket",
)
KEY, QUEUE = "aws:kms/key:Key", "aws:sqs/queue:Queue"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
ENTRY = "aws:eks/accessEntry:AccessEntry"
RBAC = "kubernetes:rbac.authorization.k8s.io/v1:"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
DATA = "arn:aws:s3:::data/*"


def made(token: str, name: str, inputs: dict[str, Any], outputs: dict[str, Any] | None = None, id_: str = "") -> Saved:
    return Saved(f"urn:pulumi:dev::g::{token}::{name}", token, inputs, outputs or {}, id=id_)


def statement(action: Any, resource: Any = DATA, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def inline(*statements: dict[str, Any], name: str = "rights") -> Saved:
    return made(INLINE, name, {"role": "trainer", "policy": text(*statements)})


def on_bucket(*statements: dict[str, Any]) -> Saved:
    return made(BUCKET_POLICY, "data-policy", {"bucket": "data", "policy": text(*statements)})


def role(**more: Any) -> Saved:
    return made(ROLE, "r", {"name": "trainer", **more})


def assumed_by(**principals: str) -> Saved:
    return role(assumeRolePolicy=text({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principals}))


def bound(kind: str, subject: dict[str, str], role_kind: str, role_name: str, namespace: str = "vision") -> Saved:
    reference = {"kind": role_kind, "name": role_name}
    inputs = {"metadata": {"name": "b", "namespace": namespace}, "roleRef": reference, "subjects": [subject]}
    return made(RBAC + kind, "b", inputs)


def rules(*of: dict[str, Any]) -> Saved:
    return made(RBAC + "Role", "r", {"metadata": {"name": "r", "namespace": "vision"}, "rules": list(of)})


def entry(*groups: str) -> Saved:
    who = "arn:aws:iam::1:role/x"
    return made(ENTRY, "e", {"clusterName": "c", "principalArn": who, "kubernetesGroups": list(groups)})


def cluster(*ranges: str) -> Saved:
    network = {"endpointPublicAccess": True, "publicAccessCidrs": list(ranges)}
    return made("aws:eks/cluster:Cluster", "c", {"name": "c", "vpcConfig": network})


def opening(cidr: str) -> list[Saved]:
    rule = {"securityGroupId": "sg-1", "cidrIpv4": cidr, "ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432}
    return [made(GROUP, "db", {}, id_="sg-1"), made(INGRESS, "i", rule)]


def group(protocol: str, first: int, last: int, cidr: str = "10.0.0.0/8") -> Saved:
    rule = {"protocol": protocol, "fromPort": first, "toPort": last, "cidrBlocks": [cidr]}
    return made(GROUP, "db", {"ingress": [rule]})


def told(before: Any, after: Any) -> list[str]:
    """Every change as `+` or `-` and its sentence."""
    found = compare(before if isinstance(before, list) else [before], after if isinstance(after, list) else [after])
    assert [one.gain for one in found.changes] == sorted((one.gain for one in found.changes), reverse=True)
    return [f"{'+' if one.gain else '-'} {one.text}" for one in found.changes]


TLS = statement("s3:*", effect="Deny", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
EC2 = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
SAME_MEANING = {
    "another order": (
        [inline(statement(["s3:GetObject", "s3:PutObject"]), statement("kms:Decrypt", "*"))],
        [inline(statement("kms:Decrypt", "*"), statement(["s3:PutObject", "s3:GetObject"]))],
    ),
    "split into two statements": (
        [inline(statement(["s3:GetObject", "s3:PutObject"]))],
        [inline(statement("s3:GetObject"), statement("s3:PutObject"))],
    ),
    "moved to another policy": (
        [inline(statement("s3:GetObject"), statement("s3:PutObject"))],
        [inline(statement("s3:GetObject"), name="one"), inline(statement("s3:PutObject"), name="two")],
    ),
    "another case, a name, one value as a list": (
        [inline(statement("s3:getobject"))],
        [inline(statement(["S3:GetObject"], [DATA], Sid="Read"))],
    ),
    "a narrower one beside a broader one": (
        [inline(statement("s3:*"))],
        [inline(statement("s3:*"), statement("s3:GetObject"))],
    ),
    "inline in the role or beside it": (
        [role(inlinePolicies=[{"name": "a", "policy": text(statement("s3:GetObject"))}])],
        [role(), inline(statement("s3:GetObject"))],
    ),
    "a managed policy of the program in place of an inline one": (
        [inline(statement("s3:GetObject"))],
        [
            made(POLICY, "p", {"policy": text(statement("s3:GetObject"))}, {"arn": "arn:aws:iam::1:policy/p"}),
            made(ATTACHMENT, "a", {"role": "trainer", "policyArn": "arn:aws:iam::1:policy/p"}),
        ],
    ),
}


@pytest.mark.parametrize("case", SAME_MEANING)
def test_what_means_the_same_is_no_change(case: str) -> None:
    before, after = SAME_MEANING[case]
    assert told(before, after) == []
    assert told(after, before) == []


WIDER: dict[str, tuple[Any, Any, str]] = {
    "an action": (
        inline(statement("s3:GetObject")),
        inline(statement(["s3:GetObject", "s3:PutObject"])),
        f"role trainer may now s3:PutObject on {DATA}",
    ),
    "a wildcard": (
        inline(statement(["s3:GetObject", "s3:PutObject"])),
        inline(statement("s3:*")),
        f"role trainer may now s3:* on {DATA}",
    ),
    "everything": (None, inline(statement("*", "*")), "role trainer may now everything on everything"),
    "all but something": (
        None,
        inline({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        "role trainer may now everything but iam:* on everything",
    ),
    "a broader resource": (
        inline(statement("s3:GetObject", "arn:aws:s3:::data/a/*")),
        inline(statement("s3:GetObject")),
        f"role trainer may now s3:GetObject on {DATA}",
    ),
    "a condition that is gone": (
        inline(statement("s3:GetObject", Condition=EC2)),
        inline(statement("s3:GetObject")),
        f"role trainer may now s3:GetObject on {DATA}",
    ),
    "a value more in a condition": (
        inline(statement("s3:GetObject", Condition=EC2)),
        inline(statement("s3:GetObject", Condition={"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}})),
        f"role trainer may now s3:GetObject on {DATA}, if aws:sourcevpce is vpce-1 or vpce-2",
    ),
    "a condition that is also met where the key lacks": (
        inline(statement("s3:GetObject", Condition=EC2)),
        inline(statement("s3:GetObject", Condition={"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}})),
        f"role trainer may now s3:GetObject on {DATA}, if aws:sourcevpce is vpce-1 or absent",
    ),
    "a value less in a negated condition": (
        inline(statement("s3:GetObject", Condition={"StringNotEquals": {"aws:SourceVpce": ["a", "b"]}})),
        inline(statement("s3:GetObject", Condition={"StringNotEquals": {"aws:SourceVpce": ["a"]}})),
        f"role trainer may now s3:GetObject on {DATA}, if aws:sourcevpce is not a",
    ),
    "a Deny that is gone": (
        inline(statement("s3:*"), statement("s3:DeleteObject", effect="Deny")),
        inline(statement("s3:*")),
        f"role trainer is no longer denied s3:DeleteObject on {DATA}",
    ),
    "a policy of AWS": (
        None,
        made(ATTACHMENT, "a", {"role": "trainer", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        "role trainer may now do what the policy AdministratorAccess says",
    ),
    "a boundary that is gone": (
        role(permissionsBoundary="arn:aws:iam::1:policy/bound"),
        role(),
        "role trainer is no longer denied what the permissions boundary bound does not let through",
    ),
    "another who may assume a role": (
        assumed_by(Service="ec2.amazonaws.com"),
        assumed_by(Service="ec2.amazonaws.com", AWS="arn:aws:iam::111122223333:root"),
        "account 111122223333 may now sts:AssumeRole on role trainer",
    ),
    "everyone into a bucket": (
        on_bucket(TLS),
        on_bucket(TLS, statement("s3:GetObject", Principal="*")),
        f"everyone may now s3:GetObject on {DATA}",
    ),
    "TLS no longer demanded": (
        on_bucket(TLS),
        on_bucket(statement("s3:List*", effect="Deny", Principal={"AWS": "111122223333"})),
        f"everyone is no longer denied s3:* on {DATA}, if aws:securetransport is false",
    ),
    "a key": (
        made(KEY, "key", {"policy": text(statement("kms:*", "*", Principal={"AWS": "arn:aws:iam::1:root"}))}),
        made(KEY, "key", {"policy": text(statement("kms:*", "*", Principal={"AWS": "*"}))}),
        "everyone may now kms:* on Key key",
    ),
    "a role of the cluster": (
        [rules()],
        [
            rules({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}),
            bound("RoleBinding", {"kind": "Group", "name": "scientists"}, "Role", "r"),
        ],
        "group scientists may now get, list secrets in namespace vision",
    ),
    "cluster-admin": (
        None,
        bound("ClusterRoleBinding", {"kind": "User", "name": "eve"}, "ClusterRole", "cluster-admin"),
        "user eve may now do anything with everything in the whole cluster",
    ),
    "a group in the cluster": (
        entry("a"),
        entry("a", "system:masters"),
        "role x may now act as group system:masters in the cluster c",
    ),
    "the cluster's API from everywhere": (
        cluster("10.0.0.0/8"),
        cluster("0.0.0.0/0"),
        "whoever is in 0.0.0.0/0 may now reach the API of the cluster c",
    ),
    "a range": (
        opening("10.0.0.0/16"),
        opening("0.0.0.0/0"),
        "everyone on the internet (0.0.0.0/0) may now reach security group db over tcp 5432",
    ),
    "ports": (
        group("tcp", 443, 443),
        group("-1", 0, 0),
        "whoever is in 10.0.0.0/8 may now reach security group db over every port and protocol",
    ),
}


@pytest.mark.parametrize("case", WIDER)
def test_what_is_wider_is_a_gain_and_the_other_way_around_a_loss(case: str) -> None:
    before, after, sentence = WIDER[case]
    one, other = ([] if side is None else side for side in (before, after))
    assert f"+ {sentence}" in told(one, other)
    lost = sentence.replace(" may now ", " may no longer ").replace(" is no longer denied ", " is from now on denied ")
    assert f"- {lost}" in told(other, one)


def test_what_a_broader_right_gave_already_is_no_gain() -> None:
    narrowed = told(inline(statement("s3:*")), inline(statement("s3:GetObject")))
    assert narrowed == [f"- role trainer may no longer s3:* on {DATA}"]
    assert [line[0] for line in told(group("tcp", 0, 65535), group("tcp", 443, 443, "10.1.0.0/16"))] == ["-"]


def test_what_a_deny_of_the_same_document_takes_away_is_no_gain() -> None:
    before = inline(statement("s3:GetObject"), statement("kms:*", "*", "Deny"))
    after = inline(statement("s3:GetObject"), statement("kms:*", "*", "Deny"), statement("kms:Decrypt", "*"))
    assert told(before, after) == []


def test_a_prohibition_that_goes_with_its_bucket_is_nobodys_gain() -> None:
    policy = on_bucket(statement("s3:*", effect="Deny", Principal="*"))
    gone = told([made(BUCKET, "data", {"bucket": "data"}), policy], [])
    assert gone == []
    left_open = told([made(BUCKET, "data", {"bucket": "data"}), policy], [made(BUCKET, "data", {"bucket": "data"})])
    assert left_open == [f"+ everyone is no longer denied s3:* on {DATA}"]


def test_what_is_not_known_yet_is_said_and_is_no_silence() -> None:
    found = compare([], [made(INLINE, "rights", {"role": "trainer", "policy": UNKNOWN})])
    assert [(one.urn.rpartition("::")[2], one.why) for one in found.unread] == [
        ("rights", "its policy is not known before the update")
    ]
    assert compare([], [bound("RoleBinding", {"kind": "Group", "name": UNKNOWN}, "Role", "r")]).unread


def test_a_document_that_cannot_be_read_is_said() -> None:
    (one,) = compare([], [made(INLINE, "rights", {"role": "trainer", "policy": "{"})]).unread
    assert "cannot be read as a policy" in one.why


def test_gains_come_first_and_name_what_gives_them() -> None:
    found = compare([inline(statement("s3:GetObject"))], [inline(statement("s3:PutObject"))])
    assert [one.gain for one in found.changes] == [True, False]
    assert found.gains[0].urns == (inline().urn,)
    assert len(found.losses) == 1
