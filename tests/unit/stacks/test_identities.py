"""Decides that the table of identities is fresh, and that the policies of the program say what it says."""

import json
from functools import cache

import pytest

from components.naming import bucket_name
from components.security.secret import secret_arn_pattern
from components.teams.matrix import AwsExpectation, KubernetesExpectation, aws_expectations, kubernetes_expectations
from stacks.identities import FILE, MARK, identities, namespaces, rendered, scope
from stacks.settings import StackSettings, parse_settings
from tests.support.program import recorded
from tests.support.stack_files import ENVIRONMENTS, written
from tests.unit.security.evaluator import decision

RBAC = "kubernetes:rbac.authorization.k8s.io/v1"


@cache
def settings() -> StackSettings:
    return parse_settings(json.dumps(written("dev")), stack="dev", allow_placeholders=True)


@cache
def policies(role_name: str) -> tuple[str, ...]:
    """The documents of a role: its own, and those that are attached to it."""
    managed = {made.inputs["name"]: made.inputs["policy"] for made in recorded("dev").of_type("aws:iam/policy:Policy")}
    attachments = recorded("dev").of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    own = recorded("dev").of_type("aws:iam/rolePolicy:RolePolicy")
    return (
        *(made.inputs["policy"] for made in own if made.inputs["role"] == role_name),
        *(
            managed[made.inputs["policyArn"].rpartition("/")[2]]
            for made in attachments
            if made.inputs["role"] == role_name
        ),
    )


def may_in_aws(expected: AwsExpectation) -> bool:
    """Ask the policies of the identity's role about the call."""
    place, action = scope(settings()), expected.action
    resource = place.fill(action.resource)
    if action.store is not None:
        bucket = bucket_name(place.environment, action.store, place.account, place.region)
        resource = f"arn:aws:s3:::{bucket}/{action.key.format(team=expected.team)}"
    documents, context = (
        policies(expected.identity.role_name),
        {f"aws:ResourceTag/{place.fill(key)}": place.fill(value) for key, value in action.tags},
    )
    if action.secret is not None:
        path = action.secret.format(team=expected.team)
        resource = secret_arn_pattern(place.account, place.region, place.environment, path).replace("?", "a")
        documents += (recorded("dev").one(f"secret-{path.replace('/', '-')}-policy").inputs["policy"],)
        context = {
            "aws:SecureTransport": "true",
            "aws:PrincipalAccount": place.account,
            "aws:PrincipalArn": f"arn:aws:iam::{place.account}:role/{expected.identity.role_name}",
        }
    answers = {decision(each, action.action, resource, context) for each in documents}
    return "Allow" in answers and "Deny" not in answers


def may_in_cluster(expected: KubernetesExpectation) -> bool:
    """Ask the roles that are bound to the identity's subject about the request."""
    recorder, action = recorded("dev"), expected.action
    roles = {
        (made.inputs["kind"], made.inputs["metadata"].get("namespace"), made.inputs["metadata"]["name"]): made
        for kind in ("Role", "ClusterRole")
        for made in recorder.of_type(f"{RBAC}:{kind}")
    }
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        for binding in recorder.of_type(f"{RBAC}:{kind}"):
            place = binding.inputs["metadata"].get("namespace")
            subjects = {subject["name"] for subject in binding.inputs["subjects"]}
            if expected.identity.subject not in subjects or place not in (None, expected.namespace):
                continue
            reference = binding.inputs["roleRef"]
            role = roles[reference["kind"], place if reference["kind"] == "Role" else None, reference["name"]]
            for rule in role.inputs["rules"]:
                if (
                    action.group in rule["apiGroups"]
                    and action.resource in rule["resources"]
                    and action.verb in rule["verbs"]
                ):
                    return True
    return False


def test_every_identity_of_the_settings_has_a_role_and_none_has_two_names() -> None:
    everybody = identities(settings())
    roles = {made.inputs["name"] for made in recorded("dev").of_type("aws:iam/role:Role")}
    assert {identity.role_name for identity in everybody} <= roles
    assert len({identity.name for identity in everybody}) == len(everybody)
    assert len({identity.role_name for identity in everybody}) == len(everybody)


def test_every_role_that_people_or_workloads_take_is_an_identity_of_the_table() -> None:
    known = {identity.role_name for identity in identities(settings())}
    entries = recorded("dev").of_type("aws:eks/accessEntry:AccessEntry")
    groups = {group for entry in entries for group in entry.inputs["kubernetesGroups"]}
    assert {identity.subject for identity in identities(settings())} >= groups
    taken = {
        made.inputs["name"]
        for made in recorded("dev").of_type("aws:iam/role:Role")
        if "TakenByPeople" in made.inputs["assumeRolePolicy"]
    }
    assert taken <= known


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_roles_that_are_in_no_column_are_named_above_the_table(environment: str) -> None:
    of_it = parse_settings(json.dumps(written(environment)), stack=environment, allow_placeholders=True)
    made = {one.inputs["name"] for one in recorded(environment).of_type("aws:iam/role:Role")}
    above = FILE.read_text(encoding="utf-8").split(MARK)[0]
    others = made - {identity.role_name for identity in identities(of_it)}
    assert others
    for role in others:
        assert f"`{role.removeprefix(f'groundwork-{environment}-')}`" in above


def test_the_policies_of_roles_say_what_the_table_says() -> None:
    wrong = [
        (expected.identity.name, expected.action, expected.team, expected.allowed)
        for expected in aws_expectations(identities(settings()), settings().teams, scope(settings()))
        if may_in_aws(expected) is not expected.allowed
    ]
    assert not wrong


def test_the_rules_of_groups_say_what_the_table_says() -> None:
    wrong = [
        (expected.identity.name, expected.action, expected.namespace, expected.allowed)
        for expected in kubernetes_expectations(identities(settings()), namespaces(settings()))
        if may_in_cluster(expected) is not expected.allowed
    ]
    assert not wrong


def test_the_table_in_the_docs_is_fresh() -> None:
    document = FILE.read_text(encoding="utf-8")
    assert rendered(document, settings()) == document, "run python -m stacks.identities"


@pytest.mark.parametrize("team", ["vision", "language"])
def test_no_identity_of_one_team_reaches_another(team: str) -> None:
    others = {f"team-{other}" for other in settings().teams if other != team} | {"kube-system"}
    mine = [identity for identity in identities(settings()) if identity.team == team]
    assert mine
    for expected in kubernetes_expectations(mine, namespaces(settings())):
        assert not (expected.allowed and expected.namespace in others)
    for call in aws_expectations(mine, settings().teams, scope(settings())):
        assert not (call.allowed and "{team}" in f"{call.action.key}{call.action.secret}" and call.team != team)
