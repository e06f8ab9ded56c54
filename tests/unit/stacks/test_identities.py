"""Decides that the table of identities is fresh, and that the policies of the program say what it says."""

import json
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import pytest

from components.naming import bucket_name
from components.security.secret import secret_arn_pattern
from components.teams.matrix import AwsExpectation, KubernetesExpectation, aws_expectations, kubernetes_expectations
from stacks.identities import FILE, MARK, identities, namespaces, rendered, scope
from stacks.settings import StackSettings, parse_settings
from tests.support.program import record, recorded
from tests.support.runner_pools import with_scale_set
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import ENVIRONMENTS, written
from tests.unit.security.evaluator import decision

OWN_ROLES = {
    "alarms-events": "monitoring.test_alarms::test_what_happens_in_us_east_1_is_sent_home_with_a_role_for_that_alone",
    "artifacts-replication": "storage.test_object_store"
    "::test_the_replication_role_reads_here_writes_there_and_is_s3s_alone",
    "audit-trail-trail": "security.test_audit_trail"
    "::test_the_role_is_cloudtrails_which_sends_no_source_and_writes_to_its_log_group",
    "backups": "storage.test_backups::test_the_role_restores_nothing",
    "cloudwatch-exporter-identity": "monitoring.test_cloudwatch_exporter::test_its_role_reads_metrics_and_nothing_else",
    "cluster": "cluster.test_cluster::test_eks_takes_the_role_for_this_cluster_alone_and_under_the_boundary",
    "cluster-autoscaler-identity": "cluster.test_autoscaler::test_all_of_its_rights_are_within_the_boundary",
    "github-deploy": "security.test_github_access::test_neither_role_gets_at_what_is_stored",
    "kubernetes-audit-deliverer": "security.test_audit_log_copy"
    "::test_both_roles_are_bounded_and_the_one_that_writes_may_use_the_key",
    "kubernetes-audit-sender": "security.test_audit_log_copy"
    "::test_both_roles_are_bounded_and_the_one_that_writes_may_use_the_key",
    "logs-identity": "monitoring.test_log_stack::test_the_role_writes_into_these_groups_and_makes_none",
    "metrics-alertmanager-identity": "monitoring.test_alertmanager"
    "::test_with_topics_alone_there_is_no_secret_and_it_publishes_to_these_two",
    "network-addons-cni": "stacks.test_identities"
    "::test_the_network_add_on_has_the_policy_that_aws_keeps_for_it_and_no_other_right",
    "network-flow-logs": "network.test_flow_logs"
    "::test_the_role_may_write_to_its_log_group_alone_and_bears_the_boundary",
    "node": "compute.test_node_role::test_machines_take_it_under_the_boundary_with_the_rights_of_a_node_alone",
    "node-addons-csi": "cluster.test_addons::test_the_csi_driver_changes_what_it_made_itself_and_nothing_else",
    "registry-monitoring": "registry.test_database::test_monitoring_has_a_bounded_role_for_this_instance",
    "runners-build-jobs": "runners.test_runner_pool::test_what_a_job_may_do_and_what_it_may_not",
    "runners-gpu-credentials": "runners.test_scale_set::test_the_key_of_the_app_is_in_no_input_and_one_role_reads_it",
    "search-setup-identity": "monitoring.test_search_domain"
    "::test_the_role_that_sets_it_up_asks_this_domain_alone_and_changes_nothing_of_it_in_aws",
}
"""The roles that no person and no workload of the settings has, each with the test of its rights."""
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


def test_every_group_of_the_cluster_is_an_identity_of_the_table() -> None:
    entries = recorded("dev").of_type("aws:eks/accessEntry:AccessEntry")
    groups = {group for entry in entries for group in entry.inputs["kubernetesGroups"]}
    assert groups
    assert {identity.subject for identity in identities(settings())} >= groups


@cache
def roles_and_columns(environment: str, option: Callable[[str], dict[str, Any]]) -> tuple[set[str], set[str]]:
    """The roles that a program makes and those of the table, without what the names all begin with."""
    chosen = option(environment)
    recorder = recorded(environment) if option is written else record(environment, chosen)
    parsed = parse_settings(json.dumps(chosen), stack=environment, allow_placeholders=True)
    beginning = f"groundwork-{environment}-"
    made = {one.inputs["name"] for one in recorder.of_type("aws:iam/role:Role")}
    columns = {identity.role_name for identity in identities(parsed)}
    return {name.removeprefix(beginning) for name in made}, {name.removeprefix(beginning) for name in columns}


PROGRAMS = (("dev", written), ("prod", written), ("dev", with_scale_set), ("dev", with_search_domain))
"""Each role of the platform is in one of them."""


@pytest.mark.parametrize(("environment", "option"), PROGRAMS)
def test_every_role_is_an_identity_of_the_table_or_one_of_the_platforms_own(
    environment: str, option: Callable[[str], dict[str, Any]]
) -> None:
    made, columns = roles_and_columns(environment, option)
    assert made - columns - set(OWN_ROLES) == set(), (
        "put it into stacks/identities.py, or test its rights and say where"
    )
    assert not columns & set(OWN_ROLES), "it is tested by the table"


def test_each_role_of_the_platforms_own_is_there_and_its_rights_have_a_test() -> None:
    made = {role for program in PROGRAMS for role in roles_and_columns(*program)[0]}
    assert set(OWN_ROLES) <= made
    for where in OWN_ROLES.values():
        module, _, test = where.partition("::")
        assert callable(getattr(import_module(f"tests.unit.{module}"), test)), where


def test_the_network_add_on_has_the_policy_that_aws_keeps_for_it_and_no_other_right() -> None:
    role = "groundwork-dev-network-addons-cni"
    attached = recorded("dev").of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert [made.inputs["policyArn"] for made in attached if made.inputs["role"] == role] == [
        "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
    ]
    own = recorded("dev").of_type("aws:iam/rolePolicy:RolePolicy")
    assert not [made for made in own if made.inputs["role"] == role]


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
