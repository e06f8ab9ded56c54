"""Decides whom the pipeline's roles trust and what they may do, by a small evaluator; IAM itself is not asked."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from components.security.github_access import GitHubAccess, GitHubAccessArgs, GitHubAccessSettings
from components.security.permissions_boundary import boundary_arn
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

POLICY = "aws:iam/policy:Policy"
BUCKET = f"arn:aws:s3:::groundwork-dev-artifacts-{ACCOUNT_ID}-{REGION}"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-trainer"
ISSUER = "token.actions.githubusercontent.com"
MANAGED_POLICY_LIMIT = 6144


@pytest.fixture(autouse=True)
def access(recorder: Recorder) -> GitHubAccess:  # the mocks must be in place
    return build(GitHubAccessSettings(repository="acme/groundwork"))


def build(settings: GitHubAccessSettings) -> GitHubAccess:
    args = GitHubAccessArgs(settings=settings, account_id=ACCOUNT_ID, region=REGION, environment="dev")
    return run_program(lambda: GitHubAccess("github", args))


def said(recorder: Recorder, role: str, action: str, resource: str, context: dict[str, str] | None = None) -> str:
    """Return what the policies of a role say together."""
    attached = [made.inputs["policy"] for made in recorder.of_type(POLICY) if made.name.startswith(f"github-{role}-")]
    verdicts = {decision(policy, action, resource, context or {}) for policy in attached}
    return next(verdict for verdict in ("Deny", "Allow", "none") if verdict in verdicts)


def statements(recorder: Recorder) -> Iterator[Mapping[str, Any]]:
    for made in recorder.of_type(POLICY):
        yield from json.loads(made.inputs["policy"])["Statement"]


SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:groundwork-dev/mlflow"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:groundwork-dev-registry-events"


@pytest.mark.parametrize(
    ("action", "resource", "preview", "deploy"),
    [
        ("secretsmanager:CreateSecret", f"{SECRET}/server", "none", "Allow"),
        ("secretsmanager:PutResourcePolicy", f"{SECRET}/server-AbCdEf", "none", "Allow"),
        ("secretsmanager:DescribeSecret", f"{SECRET}/server-AbCdEf", "Allow", "Allow"),
        ("secretsmanager:GetSecretValue", f"{SECRET}/server-AbCdEf", "Deny", "Deny"),
        ("secretsmanager:PutSecretValue", f"{SECRET}/server-AbCdEf", "none", "none"),
        ("secretsmanager:DeleteSecret", f"{SECRET}/server-AbCdEf", "none", "none"),
        ("secretsmanager:DeleteSecret", f"{SECRET}/vision/data-scientist-AbCdEf", "none", "Allow"),
        ("secretsmanager:CreateSecret", SECRET.replace("-dev/", "-prod/") + "/server", "none", "none"),
        ("sqs:CreateQueue", QUEUE, "none", "Allow"),
        ("sqs:GetQueueAttributes", QUEUE, "Allow", "Allow"),
        ("sqs:SetQueueAttributes", QUEUE.replace("-dev-", "-prod-"), "none", "none"),
        ("sqs:DeleteQueue", QUEUE, "none", "none"),
        ("sqs:ReceiveMessage", QUEUE, "Deny", "Deny"),
        ("sqs:SendMessage", QUEUE, "Deny", "Deny"),
        ("rds-db:connect", f"arn:aws:rds-db:{REGION}:{ACCOUNT_ID}:dbuser:db-1/mlflow", "Deny", "Deny"),
    ],
)
def test_secrets_and_queues_are_set_up_and_what_is_in_them_is_not_the_pipelines(
    recorder: Recorder, action: str, resource: str, preview: str, deploy: str
) -> None:
    assert said(recorder, "preview", action, resource) == preview
    assert said(recorder, "deploy", action, resource) == deploy


DOMAIN = f"arn:aws:es:{REGION}:{ACCOUNT_ID}:domain/groundwork-dev-logs"
LINKED = f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/opensearchservice.amazonaws.com"


@pytest.mark.parametrize(
    ("action", "resource", "preview", "deploy"),
    [
        ("es:DescribeDomainConfig", DOMAIN, "Allow", "Allow"),
        ("es:ListTags", DOMAIN, "Allow", "Allow"),
        ("es:CreateDomain", DOMAIN, "none", "Allow"),
        ("es:UpdateDomainConfig", DOMAIN, "none", "Allow"),
        ("es:UpdateDomainConfig", DOMAIN.replace("-dev-", "-prod-"), "none", "none"),
        ("es:DeleteDomain", DOMAIN, "none", "none"),
        ("es:ESHttpGet", f"{DOMAIN}/_search", "Deny", "Deny"),
        ("es:ESHttpPost", f"{DOMAIN}/_bulk", "Deny", "Deny"),
        ("logs:DescribeResourcePolicies", "*", "Allow", "Allow"),
        ("logs:PutResourcePolicy", "*", "none", "none"),
        ("logs:DeleteResourcePolicy", "*", "none", "none"),
    ],
)
def test_the_search_domain_is_set_up_and_what_is_in_it_is_not_the_pipelines(
    recorder: Recorder, action: str, resource: str, preview: str, deploy: str
) -> None:
    assert said(recorder, "preview", action, resource) == preview
    assert said(recorder, "deploy", action, resource) == deploy


@pytest.mark.parametrize(
    ("service", "role", "verdict"),
    [
        ("opensearchservice.amazonaws.com", "AWSServiceRoleForAmazonOpenSearchService", "Allow"),
        ("opensearchservice.amazonaws.com", "AWSServiceRoleForAnother", "none"),
        ("es.amazonaws.com", "AWSServiceRoleForAmazonOpenSearchService", "none"),
    ],
)
def test_deploy_makes_the_linked_role_of_search_domains(
    recorder: Recorder, service: str, role: str, verdict: str
) -> None:
    context = {"iam:AWSServiceName": service}
    assert said(recorder, "deploy", "iam:CreateServiceLinkedRole", f"{LINKED}/{role}", context) == verdict


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("preview", "repo:acme/groundwork:environment:dev-drift"),
        ("deploy", "repo:acme/groundwork:environment:dev"),
    ],
)
def test_each_role_trusts_its_subjects_word_for_word(recorder: Recorder, role: str, subject: str) -> None:
    policy = recorder.one(f"github-{role}").inputs["assumeRolePolicy"]
    provider = f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{ISSUER}"
    good = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subject}
    assert decision(policy, "sts:AssumeRoleWithWebIdentity", "*", good, principal=provider) == "Allow"
    for wrong in (
        "repo:acme/groundwork:pull_request",
        subject.replace("/groundwork:", "/other:"),
        f"{subject}x",
        "repo:acme/groundwork:environment:prod",
        "repo:acme/groundwork:ref:refs/heads/main",
        "repo:acme/groundwork:environment:dev" if role == "preview" else "repo:acme/groundwork:environment:dev-drift",
    ):
        context = good | {f"{ISSUER}:sub": wrong}
        assert decision(policy, "sts:AssumeRoleWithWebIdentity", "*", context, principal=provider) == "none"
    context = good | {f"{ISSUER}:aud": "other"}
    assert decision(policy, "sts:AssumeRoleWithWebIdentity", "*", context, principal=provider) == "none"
    assert "*" not in json.dumps(json.loads(policy)["Statement"][0]["Condition"])


def test_preview_reads_how_things_are_set_up(recorder: Recorder) -> None:
    for action, resource in (
        ("s3:GetBucketPolicy", BUCKET),
        ("kms:GetKeyPolicy", f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1"),
        ("ec2:DescribeVpcs", "*"),
        ("iam:GetRole", ROLE),
    ):
        assert said(recorder, "preview", action, resource) == "Allow", action


@pytest.mark.parametrize("role", ["preview", "deploy"])
def test_neither_role_gets_at_what_is_stored(recorder: Recorder, role: str) -> None:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:rds!db-1"
    assert said(recorder, role, "s3:GetObject", f"{BUCKET}/x") == "Deny"
    assert said(recorder, role, "s3:PutObject", f"{BUCKET}/x") == "Deny"
    assert said(recorder, role, "secretsmanager:GetSecretValue", secret) == "Deny"
    assert said(recorder, role, "kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1") == "none"
    assert said(recorder, role, "logs:GetLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:x") == "none"
    assert "tags" not in recorder.one(f"github-{role}").inputs, "a key-access tag would open objects"


def test_preview_changes_nothing(recorder: Recorder) -> None:
    for made in recorder.of_type(POLICY):
        if not made.name.startswith("github-preview-"):
            continue
        for statement in json.loads(made.inputs["policy"])["Statement"]:
            verbs = {action.split(":")[1] for action in statement["Action"]}
            reads = all(verb.startswith(("BatchGet", "Describe", "Get", "List", "View")) for verb in verbs)
            assert statement["Effect"] == "Deny" or reads, verbs


def test_deploy_makes_roles_only_under_the_boundary(recorder: Recorder) -> None:
    bounded = {"iam:PermissionsBoundary": boundary_arn(ACCOUNT_ID, "dev")}
    for action in ("iam:CreateRole", "iam:PutRolePolicy"):
        assert said(recorder, "deploy", action, ROLE, bounded) == "Allow"
        assert said(recorder, "deploy", action, ROLE) == "none"
        assert said(recorder, "deploy", action, ROLE, {"iam:PermissionsBoundary": "other"}) == "none"
        assert said(recorder, "deploy", action, f"arn:aws:iam::{ACCOUNT_ID}:role/else", bounded) == "none"


@pytest.mark.parametrize("action", ["iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"])
def test_no_role_leaves_its_boundary(recorder: Recorder, action: str) -> None:
    assert said(recorder, "deploy", action, ROLE) == "Deny"
    assert said(recorder, "deploy", "iam:CreatePolicyVersion", boundary_arn(ACCOUNT_ID, "dev")) == "Deny"


@pytest.mark.parametrize("action", ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:PassRole", "iam:TagRole"])
def test_the_pipeline_does_not_change_itself(recorder: Recorder, action: str) -> None:
    for role in ("preview", "deploy"):
        own = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-github-{role}"
        context = {"iam:PermissionsBoundary": boundary_arn(ACCOUNT_ID, "dev")}
        assert said(recorder, "deploy", action, own, context) == "Deny"


def test_deploy_passes_roles_to_their_services_only(recorder: Recorder) -> None:
    assert said(recorder, "deploy", "iam:PassRole", ROLE, {"iam:PassedToService": "s3.amazonaws.com"}) == "Allow"
    assert said(recorder, "deploy", "iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}) == "none"
    assert said(recorder, "deploy", "iam:PassRole", ROLE) == "none"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:DeleteBucket", BUCKET),
        ("rds:DeleteDBInstance", f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:db:groundwork-dev-registry"),
        ("kms:PutKeyPolicy", f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1"),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1"),
        ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{REGION}:{ACCOUNT_ID}:trail/groundwork-dev-audit"),
    ],
)
def test_what_takes_an_administrator_is_not_the_pipelines(recorder: Recorder, action: str, resource: str) -> None:
    ours = {"aws:ResourceTag/managed-by": "groundwork", "aws:ResourceTag/environment": "dev"}
    assert said(recorder, "deploy", action, resource, ours) == "none"


def test_deploy_changes_the_environments_network_and_nobody_elses(recorder: Recorder) -> None:
    table = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:route-table/rtb-1"
    ours = {"aws:ResourceTag/managed-by": "groundwork", "aws:ResourceTag/environment": "dev"}
    assert said(recorder, "deploy", "ec2:DeleteRoute", table, ours) == "Allow"
    assert said(recorder, "deploy", "ec2:DeleteRoute", table, ours | {"aws:ResourceTag/environment": "prod"}) == "none"
    assert said(recorder, "deploy", "ec2:CreateTags", table) == "none", "a tag would make another's resource ours"
    assert said(recorder, "deploy", "ec2:CreateTags", table, {"ec2:CreateAction": "CreateRouteTable"}) == "Allow"


def test_deploy_tags_a_rule_that_it_just_made_and_no_rule_of_anybody_else(recorder: Recorder) -> None:
    """The AWS provider makes a rule without tags, and tags it by a second call that bears no ec2:CreateAction."""
    rule = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:security-group-rule/sgr-1"
    ours = {"aws:RequestTag/managed-by": "groundwork", "aws:RequestTag/environment": "dev"}
    assert said(recorder, "deploy", "ec2:CreateTags", rule, ours) == "Allow"
    assert said(recorder, "deploy", "ec2:CreateTags", rule, ours | {"aws:ResourceTag/environment": "prod"}) == "none"
    assert said(recorder, "deploy", "ec2:CreateTags", rule) == "none"
    assert said(recorder, "deploy", "ec2:CreateTags", rule.replace("security-group-rule", "subnet"), ours) == "none"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        pytest.param("route53:AssociateVPCWithHostedZone", "arn:aws:route53:::hostedzone/Z1", id="private DNS"),
        pytest.param(
            "rds:CreateDBInstance", f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:og:default:postgres-17", id="option group"
        ),
    ],
)
def test_deploy_may_do_what_a_call_asks_for_beside_its_own_action(
    recorder: Recorder, action: str, resource: str
) -> None:
    assert said(recorder, "deploy", action, resource) == "Allow"


def test_deploy_frees_an_address_before_it_releases_it(recorder: Recorder) -> None:
    address = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:elastic-ip/eipalloc-1"
    ours = {"aws:ResourceTag/managed-by": "groundwork", "aws:ResourceTag/environment": "dev"}
    assert said(recorder, "deploy", "ec2:DisassociateAddress", address, ours) == "Allow"


CLUSTER = f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/groundwork-dev"


def test_deploy_makes_and_upgrades_the_environments_cluster_and_deletes_none(recorder: Recorder) -> None:
    for action in ("eks:CreateCluster", "eks:UpdateClusterVersion", "eks:CreateNodegroup", "eks:CreateAddon"):
        assert said(recorder, "deploy", action, CLUSTER) == "Allow"
        assert said(recorder, "deploy", action, CLUSTER.replace("dev", "prod")) == "none"
    assert said(recorder, "deploy", "eks:DeleteCluster", CLUSTER) == "none"
    node_group = f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:nodegroup/groundwork-dev/training/1"
    assert said(recorder, "deploy", "eks:DeleteNodegroup", node_group) == "Allow"


def test_deploy_gives_the_access_policy_of_the_program_and_no_other(recorder: Recorder) -> None:
    entry = f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:access-entry/groundwork-dev/role/{ACCOUNT_ID}/people/1"
    policy = "arn:aws:eks::aws:cluster-access-policy/{}"
    for name, effect in {
        "AmazonEKSClusterAdminPolicy": "Allow",
        "AmazonEKSViewPolicy": "none",
        "AmazonEKSSecretReaderPolicy": "none",
    }.items():
        context = {"eks:policyArn": policy.format(name)}
        assert said(recorder, "deploy", "eks:AssociateAccessPolicy", entry, context) == effect


def test_the_role_of_nodes_alone_goes_to_machines(recorder: Recorder) -> None:
    to_machines = {"iam:PassedToService": "ec2.amazonaws.com"}
    node = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-node"
    assert said(recorder, "deploy", "iam:PassRole", node, to_machines) == "Allow"
    assert said(recorder, "deploy", "iam:PassRole", f"{node}-addons-csi", to_machines) == "none"
    pods = {"iam:PassedToService": "pods.eks.amazonaws.com"}
    assert said(recorder, "deploy", "iam:PassRole", f"{node}-addons-csi", pods) == "Allow"


def test_deploy_launches_machines_of_a_template_and_no_others(recorder: Recorder) -> None:
    ec2 = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}"
    template = {"ec2:LaunchTemplate": f"{ec2}:launch-template/lt-1"}
    ours = {"aws:ResourceTag/managed-by": "groundwork", "aws:ResourceTag/environment": "dev"}
    assert said(recorder, "deploy", "ec2:RunInstances", f"{ec2}:instance/*", template) == "Allow"
    assert said(recorder, "deploy", "ec2:RunInstances", f"{ec2}:instance/*") == "none"
    assert said(recorder, "deploy", "ec2:RunInstances", f"{ec2}:launch-template/lt-1", template) == "none"
    assert said(recorder, "deploy", "ec2:RunInstances", f"{ec2}:launch-template/lt-1", template | ours) == "Allow"


def test_preview_reads_how_the_cluster_is_set_up(recorder: Recorder) -> None:
    assert said(recorder, "preview", "eks:DescribeCluster", CLUSTER) == "Allow"
    for action in ("eks:UpdateClusterConfig", "eks:CreateAccessEntry", "eks:AccessKubernetesApi"):
        assert said(recorder, "preview", action, CLUSTER) == "none"


def test_no_permission_is_a_wildcard_and_every_resource_is_only_listed(recorder: Recorder) -> None:
    for statement in statements(recorder):
        assert not [action for action in statement["Action"] if "*" in action]
        if statement["Effect"] == "Allow" and "*" in statement["Resource"]:
            assert all(action.split(":")[1].startswith(("Describe", "List")) for action in statement["Action"])


def test_every_policy_fits_and_has_its_role(recorder: Recorder) -> None:
    policies = recorder.of_type(POLICY)
    assert len(policies) == len(recorder.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")) == 11
    assert all(len(made.inputs["policy"]) <= MANAGED_POLICY_LIMIT for made in policies)
    assert not [made for made in policies if "{" + "account}" in made.inputs["policy"]]


def test_an_account_has_one_provider_so_a_second_stack_makes_none(recorder: Recorder) -> None:
    (provider,) = recorder.of_type("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert provider.inputs == {"url": f"https://{ISSUER}", "clientIdLists": ["sts.amazonaws.com"]}
    recorder.made.clear()
    build(GitHubAccessSettings(repository="acme/groundwork", manage_provider=False))
    assert not recorder.of_type("aws:iam/openIdConnectProvider:OpenIdConnectProvider")


@pytest.mark.parametrize("role", ["preview", "deploy"])
def test_a_repository_is_known_by_its_ids_where_its_tokens_carry_them(recorder: Recorder, role: str) -> None:
    """Subjects of repositories made since 15 July 2026; their names alone would be trusted in vain."""
    recorder.made.clear()
    build(GitHubAccessSettings(repository="acme@123456/groundwork@456789"))
    subject = {"preview": "environment:dev-drift", "deploy": "environment:dev"}[role]
    policy = recorder.one(f"github-{role}").inputs["assumeRolePolicy"]
    (statement,) = json.loads(policy)["Statement"]
    wanted = f"repo:acme@123456/groundwork@456789:{subject}"
    assert wanted in statement["Condition"]["StringEquals"][f"{ISSUER}:sub"]


@pytest.mark.parametrize(
    "repository",
    [
        "acme",
        "acme/*",
        "*/groundwork",
        "https://github.com/acme/groundwork",
        "acme@123456/groundwork",
        "acme@x/groundwork@y",
    ],
)
def test_a_repository_that_is_not_one_is_refused(repository: str) -> None:
    with pytest.raises(ValidationError, match="repository"):
        GitHubAccessSettings(repository=repository)
