"""Decides what is expected of identities, against words and not against the data that it was made from."""

import pytest

from components.security.permissions import Scope
from components.teams.matrix import (
    AWS_ACTIONS,
    KUBERNETES_ACTIONS,
    AwsAction,
    Identity,
    KubernetesAction,
    allows_in_aws,
    allows_in_cluster,
    aws_expectations,
    kubernetes_expectations,
)
from components.teams.personas import PLATFORM_PERSONAS, TEAM_PERSONAS, Persona, group
from tests.support.recorder import ACCOUNT_ID, REGION

SCOPE = Scope(account=ACCOUNT_ID, region=REGION, environment="dev", boundary="")
PERSONAS: dict[str, Persona] = {str(name): persona for name, persona in TEAM_PERSONAS.items()}
PERSONAS |= {str(name): persona for name, persona in PLATFORM_PERSONAS.items()}


def identity(persona: str) -> Identity:
    team = "vision" if persona in TEAM_PERSONAS else None
    found = PERSONAS[persona]
    return Identity(
        name=persona,
        role_name=persona,
        subject=group(persona, team),
        namespace="team-vision" if team else None,
        team=team,
        rules=found.rules,
        rules_in={"monitoring": found.watching},
        grants=found.grants,
        permissions=found.permissions,
        secrets=found.secrets,
    )


def cluster(verb: str, resource: str, api_group: str = "", *, namespaced: bool = True) -> KubernetesAction:
    return KubernetesAction(verb=verb, resource=resource, group=api_group, namespaced=namespaced)


RBAC = "rbac.authorization.k8s.io"
ARC = "actions.github.com"
IN_CLUSTER = [
    ("data-scientist", cluster("create", "jobs", "batch"), "team-vision", True),
    ("data-scientist", cluster("create", "jobs", "batch"), "team-language", False),
    ("data-scientist", cluster("list", "pods"), "kube-system", False),
    ("data-scientist", cluster("create", "deployments", "apps"), "team-vision", False),
    ("ml-engineer", cluster("create", "deployments", "apps"), "team-vision", True),
    ("ml-engineer", cluster("create", "pods/exec"), "team-vision", False),
    ("ml-engineer", cluster("list", "nodes", namespaced=False), None, False),
    ("release-approver", cluster("list", "jobs", "batch"), "team-vision", True),
    ("release-approver", cluster("create", "jobs", "batch"), "team-vision", False),
    ("platform-engineer", cluster("patch", "nodes", namespaced=False), None, True),
    ("platform-engineer", cluster("delete", "pods"), "team-vision", True),
    ("platform-engineer", cluster("list", "secrets"), "kube-system", False),
    (
        "platform-engineer",
        cluster("create", "clusterrolebindings", RBAC, namespaced=False),
        None,
        False,
    ),
    ("platform-engineer", cluster("create", "pods/portforward"), "monitoring", True),
    ("platform-engineer", cluster("create", "pods/portforward"), "team-vision", False),
    ("platform-engineer", cluster("create", "pods/portforward"), "kube-system", False),
    ("platform-engineer", cluster("create", "pods/exec"), "monitoring", False),
    ("auditor", cluster("create", "pods/portforward"), "monitoring", False),
    ("ml-engineer", cluster("create", "pods/portforward"), "monitoring", False),
    ("platform-engineer", cluster("list", "ephemeralrunners", ARC), "runners-gpu", True),
    ("platform-engineer", cluster("delete", "ephemeralrunners", ARC), "runners-gpu", False),
    ("platform-engineer", cluster("list", "secrets"), "runners-gpu", False),
    ("auditor", cluster("list", "autoscalingrunnersets", ARC), "runners-gpu", True),
    ("auditor", cluster("patch", "autoscalingrunnersets", ARC), "runners-gpu", False),
    ("auditor", cluster("list", "secrets"), "runners-gpu", False),
    ("data-scientist", cluster("list", "ephemeralrunners", ARC), "team-vision", False),
    ("data-scientist", cluster("list", "ephemeralrunners", ARC), "runners-gpu", False),
    ("auditor", cluster("list", "roles", RBAC), "team-vision", True),
    ("auditor", cluster("get", "pods/log"), "team-vision", False),
    ("auditor", cluster("patch", "nodes", namespaced=False), None, False),
]
VISION_MODEL = AwsAction(action="s3:GetObject", store="artifacts", key="teams/{team}/model")
DELETION = AwsAction(action="s3:DeleteObject", store="artifacts", key="teams/{team}/model")
SIGN_IN = AwsAction(action="secretsmanager:GetSecretValue", secret="mlflow/{team}/data-scientist")
SERVER = AwsAction(action="secretsmanager:GetSecretValue", secret="mlflow/server")
IN_AWS = [
    ("data-scientist", VISION_MODEL, "vision", True),
    ("data-scientist", VISION_MODEL, "language", False),
    (
        "data-scientist",
        DELETION,
        "vision",
        False,
    ),
    ("release-approver", AwsAction(action="s3:PutObject", store="artifacts", key="approvals/{team}/r"), "vision", True),
    ("ml-engineer", AwsAction(action="s3:PutObject", store="artifacts", key="approvals/{team}/r"), "vision", False),
    ("platform-engineer", VISION_MODEL, "vision", False),
    ("data-scientist", SIGN_IN, "vision", True),
    ("data-scientist", SIGN_IN, "language", False),
    ("ml-engineer", SIGN_IN, "vision", False),
    ("data-scientist", AwsAction(action="secretsmanager:PutSecretValue", secret=SIGN_IN.secret), "vision", False),
    ("data-scientist", SERVER, "vision", False),
    ("platform-engineer", SERVER, "vision", False),
    ("auditor", SIGN_IN, "vision", False),
    ("auditor", AwsAction(action="secretsmanager:GetSecretValue", secret="mlflow/auditor"), "vision", True),
    ("auditor", AwsAction(action="s3:GetObject", store="audit", key="AWSLogs/x"), "vision", True),
    ("auditor", AwsAction(action="s3:PutObject", store="audit", key="AWSLogs/x"), "vision", False),
]


@pytest.mark.parametrize(("persona", "action", "namespace", "allowed"), IN_CLUSTER)
def test_what_each_persona_may_do_in_the_cluster(
    persona: str, action: KubernetesAction, namespace: str | None, allowed: bool
) -> None:
    assert allows_in_cluster(identity(persona), action, namespace) is allowed


@pytest.mark.parametrize(("persona", "action", "team", "allowed"), IN_AWS)
def test_what_each_persona_may_do_in_aws(persona: str, action: AwsAction, team: str, allowed: bool) -> None:
    assert allows_in_aws(identity(persona), action, team, SCOPE) is allowed


def test_a_group_is_scaled_by_its_tag_alone() -> None:
    scaling = [action for action in AWS_ACTIONS if action.action == "autoscaling:SetDesiredCapacity"]
    engineer = identity("platform-engineer")
    answers = {bool(action.tags): allows_in_aws(engineer, action, "vision", SCOPE) for action in scaling}
    assert answers == {True: True, False: False}


def test_every_action_is_asked_of_every_identity_once_in_each_place() -> None:
    identities = [identity(persona) for persona in PERSONAS]
    namespaces = ["team-vision", "team-language", "kube-system"]
    found = list(kubernetes_expectations(identities, namespaces))
    wanted = sum(len(namespaces) if action.namespaced else 1 for action in KUBERNETES_ACTIONS)
    assert len(found) == len(identities) * wanted
    keys = {(each.identity.name, each.action, each.namespace) for each in found}
    assert len(keys) == len(found)


def test_actions_about_a_team_are_asked_about_each_team_and_others_once() -> None:
    found = list(aws_expectations([identity("auditor")], ["vision", "language"], SCOPE))
    about_teams = [action for action in AWS_ACTIONS if "{team}" in f"{action.key}{action.secret}"]
    assert len(found) == len(AWS_ACTIONS) + len(about_teams)


@pytest.mark.parametrize("persona", sorted(PERSONAS))
def test_every_persona_may_do_something_and_is_refused_something(persona: str) -> None:
    in_cluster = {each.allowed for each in kubernetes_expectations([identity(persona)], ["team-vision", "kube-system"])}
    in_aws = {each.allowed for each in aws_expectations([identity(persona)], ["vision", "language"], SCOPE)}
    assert in_cluster == in_aws == {True, False}
