"""Who may come into an EKS cluster, and what for: access entries and policies, seen at the API server itself."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.twin.corrections.clusters import Caller, caller, refusal, service_role, subnet_ids, wait_for
from tests.twin.corrections.server import ACCOUNT, REGION, TRUST, Twin
from twin.kubernetes.client import Client

NAME = "groundwork-test"
POLICY = "arn:aws:eks::aws:cluster-access-policy/"
REVOKED_SECONDS = 20.0
"""An API server believes what it was told for a second, by itself for 30 and more; a busy machine adds to it."""
TOKEN_SECONDS = 30.0
"""An API server believes for 10 s as whom a token lets somebody in; what it lets do is asked anew before."""
PODS, NAMESPACES = "/api/v1/namespaces/default/pods", "/api/v1/namespaces"


@pytest.fixture(scope="module")
def eks(twin: Twin) -> Any:
    return twin.client("eks")


@pytest.fixture(scope="module")
def cluster(twin: Twin, eks: Any) -> dict[str, Any]:
    eks.create_cluster(
        name=NAME,
        roleArn=service_role(twin, "cluster", "eks.amazonaws.com"),
        resourcesVpcConfig={"subnetIds": subnet_ids(twin, "10.8")},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
    )
    return wait_for(eks, NAME)


@pytest.fixture(autouse=True)
def clean(eks: Any, cluster: dict[str, Any]) -> Iterator[None]:
    """Each test begins with nobody let in."""
    yield
    for arn in eks.list_access_entries(clusterName=NAME)["accessEntries"]:
        eks.delete_access_entry(clusterName=NAME, principalArn=arn)


@pytest.fixture(scope="module")
def role(twin: Twin) -> str:
    arn = twin.client("iam").create_role(
        RoleName="builder", Path="/teams/vision/", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    return str(arn["Role"]["Arn"])


@pytest.fixture
def builder(twin: Twin, cluster: dict[str, Any], role: str) -> Caller:
    given = twin.client("sts").assume_role(RoleArn=role, RoleSessionName="ada")["Credentials"]
    return caller(twin, cluster, given)


@pytest.fixture
def api(twin: Twin, cluster: dict[str, Any]) -> Client:
    return Client.of(folder(twin) / "admin.kubeconfig")


def folder(twin: Twin) -> Path:
    return twin.root / "kubernetes" / f"{ACCOUNT}-{REGION}-{NAME}"


def let_in(eks: Any, arn: str, **more: Any) -> dict[str, Any]:
    return dict(eks.create_access_entry(clusterName=NAME, principalArn=arn, **more)["accessEntry"])


def associate(eks: Any, arn: str, policy: str, *namespaces: str) -> None:
    scope = {"type": "namespace", "namespaces": list(namespaces)} if namespaces else {"type": "cluster"}
    eks.associate_access_policy(clusterName=NAME, principalArn=arn, policyArn=POLICY + policy, accessScope=scope)


def who(somebody: Caller) -> dict[str, Any]:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    status, answer = somebody.ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
    assert status == 201, answer
    return dict(answer["status"]["userInfo"])


def test_who_has_no_entry_is_nobody(twin: Twin, cluster: dict[str, Any], builder: Caller) -> None:
    # The API server remembers whom the test before let in, for as long as a token of the same second is the same text.
    builder.becomes(401, NAMESPACES, TOKEN_SECONDS)
    caller(twin, cluster).becomes(401, NAMESPACES, TOKEN_SECONDS)  # root is nobody in particular either


def test_a_session_comes_in_by_the_entry_of_its_role(eks: Any, builder: Caller, role: str) -> None:
    entry = let_in(eks, role, kubernetesGroups=["vision"])
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/ada"
    assert entry["username"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/{{{{SessionName}}}}"
    builder.becomes(403, NAMESPACES, REVOKED_SECONDS)
    user = who(builder)
    assert user["username"] == session
    assert user["groups"] == ["vision", "system:authenticated"]
    assert user["extra"]["arn"] == [session]
    assert user["extra"]["canonicalArn"] == [role]
    assert user["extra"]["sessionName"] == ["ada"]


def test_a_token_is_for_one_cluster(twin: Twin, eks: Any, cluster: dict[str, Any]) -> None:
    let_in(eks, f"arn:aws:iam::{ACCOUNT}:root")
    caller(twin, cluster).becomes(403, NAMESPACES, REVOKED_SECONDS)
    assert caller(twin, cluster, name="groundwork-prod").status(NAMESPACES) == 401


def test_a_wrong_secret_is_nobody(twin: Twin, eks: Any, cluster: dict[str, Any]) -> None:
    let_in(eks, f"arn:aws:iam::{ACCOUNT}:root")
    forged = {"AccessKeyId": ACCOUNT, "SecretAccessKey": "guessed"}
    assert caller(twin, cluster, forged).status(NAMESPACES) == 401


def test_a_policy_is_granted_and_revoked_at_once(eks: Any, builder: Caller, role: str) -> None:
    let_in(eks, role)
    builder.becomes(403, NAMESPACES, REVOKED_SECONDS)
    associate(eks, role, "AmazonEKSClusterAdminPolicy")
    builder.becomes(200, NAMESPACES, REVOKED_SECONDS)
    eks.disassociate_access_policy(
        clusterName=NAME, principalArn=role, policyArn=f"{POLICY}AmazonEKSClusterAdminPolicy"
    )
    builder.becomes(403, NAMESPACES, REVOKED_SECONDS)
    associate(eks, role, "AmazonEKSClusterAdminPolicy")
    builder.becomes(200, NAMESPACES, REVOKED_SECONDS)
    eks.delete_access_entry(clusterName=NAME, principalArn=role)
    builder.becomes(403, NAMESPACES, REVOKED_SECONDS, 401)  # the latter when it was just about to ask anew who this is
    builder.becomes(401, NAMESPACES, TOKEN_SECONDS)


def test_a_policy_of_namespaces_ends_at_them(eks: Any, builder: Caller, role: str, api: Client) -> None:
    let_in(eks, role)
    associate(eks, role, "AmazonEKSEditPolicy", "team-*")
    for name in ("team-vision", "elsewhere"):
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, manager="test")
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}}
    builder.becomes(200, "/api/v1/namespaces/team-vision/configmaps", REVOKED_SECONDS)
    assert builder.ask("/api/v1/namespaces/team-vision/configmaps", made)[0] == 201
    assert builder.ask("/api/v1/namespaces/elsewhere/configmaps", made)[0] == 403
    assert builder.status("/api/v1/nodes") == 403


def test_groups_of_an_entry_are_subjects_of_rbac(eks: Any, builder: Caller, role: str, api: Client) -> None:
    let_in(eks, role, kubernetesGroups=["pod-readers"])
    rbac = "rbac.authorization.k8s.io"
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    named = {"name": "pod-readers", "namespace": "default"}
    api.apply({"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": named, "rules": rules}, manager="test")
    binding = {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": named,
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "pod-readers"},
        "subjects": [{"apiGroup": rbac, "kind": "Group", "name": "pod-readers"}],
    }
    api.apply(binding, manager="test")
    builder.becomes(200, PODS, REVOKED_SECONDS)
    assert builder.status("/api/v1/namespaces/default/secrets") == 403
    eks.update_access_entry(clusterName=NAME, principalArn=role, kubernetesGroups=["others"])
    builder.becomes(403, PODS, REVOKED_SECONDS)


def test_the_audit_log_names_the_identity_in_aws(twin: Twin, eks: Any, builder: Caller, role: str) -> None:
    let_in(eks, role)
    path = f"{NAMESPACES}/audited-{time.time_ns()}"
    builder.becomes(403, path, REVOKED_SECONDS)
    log, _, _ = (folder(twin) / "audit" / "audit.log").read_text().rpartition("\n")  # what follows is half written
    events = [json.loads(line) for line in log.splitlines()]
    [event] = [event for event in events if event["requestURI"] == path and event["responseStatus"]["code"] == 403]
    assert event["user"]["username"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/ada"
    assert event["user"]["extra"]["canonicalArn"] == [role]


def test_nodes_have_the_groups_of_nodes(twin: Twin, eks: Any) -> None:
    nodes = service_role(twin, "nodes", "ec2.amazonaws.com")
    entry = let_in(eks, nodes, type="EC2_LINUX")
    assert entry["kubernetesGroups"] == ["system:nodes"]
    assert entry["username"] == "system:node:{{EC2PrivateDNSName}}"
    refused = refusal(
        eks.associate_access_policy,
        clusterName=NAME,
        principalArn=nodes,
        policyArn=f"{POLICY}AmazonEKSViewPolicy",
        accessScope={"type": "cluster"},
    )
    assert "InvalidRequestException" in refused


def test_what_eks_refuses(eks: Any, role: str) -> None:
    def refused(arn: str = role, **more: Any) -> str:
        return refusal(eks.create_access_entry, clusterName=NAME, principalArn=arn, **more)

    assert "cannot start with system:" in refused(kubernetesGroups=["system:masters"])
    assert "cannot start with eks:" in refused(username="eks:me")
    assert "invalid principal" in refused(f"arn:aws:iam::{ACCOUNT}:role/nobody")
    assert "invalid principal" in refused(f"arn:aws:iam::{ACCOUNT}:role/builder")  # its path is part of its ARN
    assert "invalid principal" in refused(f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/ada")
    assert "cannot be set" in refused(type="EC2_LINUX", kubernetesGroups=["mine"])
    let_in(eks, role)
    unknown = {"policyArn": f"{POLICY}Everything", "accessScope": {"type": "cluster"}}
    assert "could not be found" in refusal(eks.associate_access_policy, clusterName=NAME, principalArn=role, **unknown)


def test_policies_are_listed(eks: Any) -> None:
    found = {policy["name"]: policy["arn"] for policy in eks.list_access_policies()["accessPolicies"]}
    assert found["AmazonEKSClusterAdminPolicy"] == f"{POLICY}AmazonEKSClusterAdminPolicy"


def test_a_cluster_of_the_old_mode_has_no_entries(twin: Twin, eks: Any) -> None:
    role, subnets = service_role(twin, "old", "eks.amazonaws.com"), subnet_ids(twin, "10.7")
    eks.create_cluster(name="old", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    try:
        refused = refusal(eks.create_access_entry, clusterName="old", principalArn=role)
        assert "authentication mode must be set to one of [API, API_AND_CONFIG_MAP]" in refused
    finally:
        eks.delete_cluster(name="old")


def test_only_an_api_server_may_ask(twin: Twin, cluster: dict[str, Any]) -> None:
    """The webhook is no way to find out whether a token is good."""
    token = caller(twin, cluster).token
    port = twin.known.https_port
    webhook = Caller({**cluster, "endpoint": f"https://127.0.0.1:{port}", "certificateAuthority": authority(twin)})
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    for path in (f"/_groundwork/kubernetes/{folder(twin).name}/authenticate", "/_groundwork/kubernetes/x/authenticate"):
        assert webhook.ask(path, review)[0] == 404
        assert Caller(webhook.cluster, "guessed").ask(path, review)[0] == 404


def authority(twin: Twin) -> dict[str, str]:
    return {"data": base64.b64encode((twin.root / "certificates" / "ca.pem").read_bytes()).decode()}
