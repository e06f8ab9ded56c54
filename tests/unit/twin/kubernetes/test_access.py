"""Access entries and access policies: names of users, and what each policy lets them do."""

import pytest

from twin.kubernetes.access import POLICY_ARN, Session, allows, default_username, username

SESSION = "arn:aws:sts::111122223333:assumed-role/builder/ada@example.com"


def associated(name: str, *namespaces: str) -> dict[str, object]:
    scope = {"type": "namespace", "namespaces": list(namespaces)} if namespaces else {"type": "cluster"}
    return {"policyArn": POLICY_ARN + name, "accessScope": scope}


def asked(verb: str, resource: str, namespace: str = "", group: str = "", subresource: str = "") -> dict[str, object]:
    attributes = {"verb": verb, "resource": resource, "namespace": namespace, "group": group}
    return {"resourceAttributes": attributes | ({"subresource": subresource} if subresource else {})}


def test_a_role_is_known_by_its_session() -> None:
    session = Session.of(SESSION)
    assert session == Session("111122223333", "builder", "ada@example.com")
    template = default_username("arn:aws:iam::111122223333:role/teams/vision/builder")
    # EKS writes "-" for "@", which no user name of Kubernetes may hold in an RBAC subject of its own.
    assert username(template, "111122223333", session) == SESSION.replace("@", "-")
    assert username("{{AccountID}}:{{SessionNameRaw}}", "111122223333", session) == "111122223333:ada@example.com"


def test_a_user_is_known_by_name() -> None:
    arn = "arn:aws:iam::111122223333:user/ada"
    assert Session.of(arn) is None
    assert username(default_username(arn), "111122223333", None) == arn


def test_a_node_is_known_by_its_private_name() -> None:
    session = Session("111122223333", "nodes", "i-0123456789abcdef0")
    found = username("system:node:{{EC2PrivateDNSName}}", "111122223333", session, "ip-10-0-1-2.ec2.internal")
    assert found == "system:node:ip-10-0-1-2.ec2.internal"


@pytest.mark.parametrize(
    ("policy", "request_", "allowed"),
    [
        ("AmazonEKSClusterAdminPolicy", asked("delete", "nodes"), True),
        ("AmazonEKSClusterAdminPolicy", asked("impersonate", "users"), True),
        ("AmazonEKSAdminViewPolicy", asked("list", "secrets", "a"), True),
        ("AmazonEKSAdminViewPolicy", asked("create", "pods", "a"), False),
        ("AmazonEKSViewPolicy", asked("list", "pods", "a"), True),
        ("AmazonEKSViewPolicy", asked("get", "pods", "a", subresource="log"), True),
        ("AmazonEKSViewPolicy", asked("list", "secrets", "a"), False),
        ("AmazonEKSViewPolicy", asked("create", "pods", "a", subresource="exec"), False),
        ("AmazonEKSEditPolicy", asked("create", "deployments", "a", "apps"), True),
        ("AmazonEKSEditPolicy", asked("create", "deployments", "a"), False),
        ("AmazonEKSEditPolicy", asked("create", "roles", "a", "rbac.authorization.k8s.io"), False),
        ("AmazonEKSAdminPolicy", asked("create", "roles", "a", "rbac.authorization.k8s.io"), True),
        ("AmazonEKSAdminPolicy", asked("create", "clusterroles", "", "rbac.authorization.k8s.io"), False),
        ("AmazonEKSSecretReaderPolicy", asked("get", "secrets", "a"), True),
        ("AmazonEKSSecretReaderPolicy", asked("get", "configmaps", "a"), False),
        ("SomethingElse", asked("get", "pods", "a"), False),
    ],
)
def test_a_policy_allows_what_aws_has_published(policy: str, request_: dict[str, object], allowed: bool) -> None:
    assert allows([associated(policy)], request_) is allowed


def test_a_policy_of_namespaces_ends_at_them() -> None:
    held = [associated("AmazonEKSClusterAdminPolicy", "team-vision", "shared-*")]
    assert allows(held, asked("create", "pods", "team-vision"))
    assert allows(held, asked("create", "pods", "shared-data"))
    assert not allows(held, asked("create", "pods", "team-vision-2"))
    assert not allows(held, asked("list", "pods"))
    assert not allows(held, asked("list", "nodes"))
    assert not allows(held, {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}})


def test_paths_that_are_no_resources() -> None:
    path = {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}
    assert allows([associated("AmazonEKSClusterAdminPolicy")], path)
    assert not allows([associated("AmazonEKSViewPolicy")], path)


def test_one_policy_of_several_is_enough() -> None:
    held = [associated("AmazonEKSViewPolicy", "a"), associated("AmazonEKSSecretReaderPolicy", "b")]
    assert allows(held, asked("get", "secrets", "b"))
    assert not allows(held, asked("get", "secrets", "a"))
    assert not allows([], asked("get", "pods", "a"))
