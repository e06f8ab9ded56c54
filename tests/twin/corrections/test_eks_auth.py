"""Decides who gets a pod's credentials and what they are good for, with tokens of a real API server."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.clusters import wait_for
from tests.twin.corrections.server import ACCOUNT, REGION, TRUST, Twin, allow
from twin.account import Account
from twin.aws.eks_auth import AUDIENCE
from twin.kubernetes import service_accounts
from twin.kubernetes.client import Client
from twin.kubernetes.service_roles import UntrustedError, assumed

CLUSTER = "groundwork-test"
CLUSTER_ARN = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"


@pytest.fixture(scope="module")
def tokens(twin: Twin) -> dict[str, str]:
    """Tokens of a cluster, by what they are."""
    ec2, eks = twin.client("ec2"), twin.client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
        for i, zone in enumerate("ab")
    ]
    document = json.dumps(trust("eks.amazonaws.com"))
    role = twin.client("iam").create_role(RoleName="cluster", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    eks.create_cluster(name=CLUSTER, roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    wait_for(eks, CLUSTER)
    api = Client.of(twin.root / "kubernetes" / f"{ACCOUNT}-{REGION}-{CLUSTER}" / "admin.kubeconfig")
    found = {"nonsense": "nonsense"}
    for namespace in ("training", "other"):
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, manager="test")
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "trainer", "namespace": namespace},
        }
        api.apply(account, manager="test")
        pod = api.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "trainer-0", "namespace": namespace},
                "spec": {"serviceAccountName": "trainer", "containers": [{"name": "trainer", "image": "trainer"}]},
            }
        )
        found[namespace] = service_accounts.token(api, namespace, "trainer", audience=AUDIENCE, pod=pod)
        found[f"{namespace} for the API server"] = service_accounts.token(api, namespace, "trainer", pod=pod)
        found[f"{namespace} of no pod"] = service_accounts.token(api, namespace, "trainer", audience=AUDIENCE)
    return found


def trust(service: str = AUDIENCE, **conditions: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": conditions,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


FOR_TRAINERS = trust(
    StringEquals={
        "aws:SourceAccount": ACCOUNT,
        "aws:RequestTag/kubernetes-namespace": "training",
        "aws:RequestTag/kubernetes-service-account": "trainer",
    },
    ArnEquals={"aws:SourceArn": CLUSTER_ARN},
)


def associate(
    twin: Twin, name: str, document: dict[str, Any], *, namespace: str = "training", boundary: str | None = None
) -> None:
    """Give the service account `trainer` of a namespace a new role of this trust policy, and no other."""
    eks = twin.client("eks")
    for held in eks.list_pod_identity_associations(clusterName=CLUSTER)["associations"]:
        eks.delete_pod_identity_association(clusterName=CLUSTER, associationId=held["associationId"])
    bounded = {"PermissionsBoundary": boundary} if boundary else {}
    iam = twin.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document), **bounded)["Role"]
    rights = [allow("*", "s3:ListAllMyBuckets", "sts:GetCallerIdentity", "sqs:ListQueues")]
    rights[0]["Condition"] = {"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "training"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy)
    eks.create_pod_identity_association(
        clusterName=CLUSTER, namespace=namespace, serviceAccount="trainer", roleArn=role["Arn"]
    )


def ask(twin: Twin, token: str, credentials: dict[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = twin.client("eks-auth", credentials).assume_role_for_pod_identity(
        clusterName=CLUSTER, token=token
    )
    return found


def session(given: dict[str, Any]) -> dict[str, str]:
    held = given["credentials"]
    return {
        "AccessKeyId": held["accessKeyId"],
        "SecretAccessKey": held["secretAccessKey"],
        "SessionToken": held["sessionToken"],
    }


def test_a_pod_gets_the_role_of_its_service_account_with_its_own_session_tags(
    twin: Twin, tokens: dict[str, str]
) -> None:
    associate(twin, "trainer", FOR_TRAINERS)
    given = ask(twin, tokens["training"])
    assert given["subject"] == {"namespace": "training", "serviceAccount": "trainer"}
    assert given["audience"] == AUDIENCE
    who = twin.client("sts", session(given)).get_caller_identity()["Arn"]
    assert who == given["assumedRoleUser"]["arn"]
    assert who.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/trainer/eks-{CLUSTER}")
    assert twin.client("s3", session(given)).list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(ClientError, match="AccessDenied"):
        twin.client("iam", session(given)).list_users()


def test_a_permissions_boundary_bounds_the_session(twin: Twin, tokens: dict[str, str]) -> None:
    limit = {"Version": "2012-10-17", "Statement": [allow("*", "s3:*")]}
    arn = twin.client("iam").create_policy(PolicyName="s3-alone", PolicyDocument=json.dumps(limit))["Policy"]["Arn"]
    associate(twin, "bounded-trainer", FOR_TRAINERS, boundary=arn)
    held = session(ask(twin, tokens["training"]))
    assert twin.client("s3", held).list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(ClientError, match="AccessDenied"):
        twin.client("sqs", held).list_queues()


@pytest.mark.parametrize(
    ("name", "document"),
    [
        pytest.param("ns", trust(StringEquals={"aws:RequestTag/kubernetes-namespace": "other"}), id="other namespace"),
        pytest.param("cl", trust(ArnEquals={"aws:SourceArn": f"{CLUSTER_ARN}-2"}), id="other cluster"),
        pytest.param("ac", trust(StringEquals={"aws:SourceAccount": "999999999999"}), id="other account"),
        pytest.param("no", TRUST, id="no trust in EKS"),
        pytest.param(
            "un",
            {"Version": "2012-10-17", "Statement": [trust()["Statement"][0] | {"Action": "sts:AssumeRole"}]},
            id="no right to tag",
        ),
        pytest.param(
            "de",
            {
                "Version": "2012-10-17",
                "Statement": [*trust()["Statement"], trust()["Statement"][0] | {"Effect": "Deny"}],
            },
            id="denied",
        ),
    ],
)
def test_a_role_that_does_not_trust_the_pod_is_not_given(
    twin: Twin, tokens: dict[str, str], name: str, document: dict[str, Any]
) -> None:
    associate(twin, f"untrusting-{name}", document)
    with pytest.raises(ClientError, match=r"AccessDeniedException.*does not have permissions to assume"):
        ask(twin, tokens["training"])


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("nonsense", "InvalidTokenException"),
        ("training for the API server", "InvalidTokenException"),
        ("training of no pod", "InvalidTokenException"),
        ("other", "ResourceNotFoundException"),
    ],
)
def test_a_token_that_is_not_that_of_an_associated_pod_gets_nothing(
    twin: Twin, tokens: dict[str, str], token: str, code: str
) -> None:
    associate(twin, f"trainer-{token.replace(' ', '-')}", FOR_TRAINERS)
    with pytest.raises(ClientError, match=code):
        ask(twin, tokens[token])


def test_who_asks_needs_the_right_to_ask(twin: Twin, tokens: dict[str, str]) -> None:
    associate(twin, "trainer-of-nodes", FOR_TRAINERS)
    node = twin.role("node", allow(CLUSTER_ARN, "eks-auth:AssumeRoleForPodIdentity"))
    assert ask(twin, tokens["training"], node)["credentials"]
    with pytest.raises(ClientError, match="AccessDeniedException"):
        ask(twin, tokens["training"], twin.role("other-node", allow("*", "s3:*")))


def test_a_forged_signature_is_refused(twin: Twin, tokens: dict[str, str]) -> None:
    node = twin.role("forged", allow(CLUSTER_ARN, "eks-auth:AssumeRoleForPodIdentity"))
    with pytest.raises(ClientError, match=r"SignatureDoesNotMatch|InvalidSignature"):
        ask(twin, tokens["training"], node | {"SecretAccessKey": "another"})


def test_another_cluster_is_not_found(twin: Twin, tokens: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        twin.client("eks-auth").assume_role_for_pod_identity(clusterName="other", token=tokens["training"])


def test_a_service_gets_a_role_for_the_resource_that_its_trust_names(twin: Twin) -> None:
    root = Account(
        REGION, ACCOUNT, twin.known.root_secret, None, twin.known.endpoint, str(twin.root / "certificates" / "ca.pem")
    )
    document = trust("eks.amazonaws.com", ArnEquals={"aws:SourceArn": CLUSTER_ARN})
    arn = twin.client("iam").create_role(RoleName="of-eks", AssumeRolePolicyDocument=json.dumps(document))["Role"][
        "Arn"
    ]
    found = assumed(root, arn, "eks.amazonaws.com", "lb", CLUSTER_ARN)
    assert ":assumed-role/of-eks/lb-" in found.client("sts").get_caller_identity()["Arn"]
    with pytest.raises(UntrustedError, match="does not let ec2"):
        assumed(root, arn, "ec2.amazonaws.com", "lb", CLUSTER_ARN)
    with pytest.raises(UntrustedError, match="does not let eks"):
        assumed(root, arn, "eks.amazonaws.com", "lb", f"{CLUSTER_ARN}-2")
    with pytest.raises(UntrustedError, match="Only the account's root"):
        assumed(found, arn, "eks.amazonaws.com", "lb", CLUSTER_ARN)
