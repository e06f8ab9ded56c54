"""Who may do what, and who may not: the expected answer for each identity and each action, from the data of personas.

Pure: it reads no policy document and asks nobody. What is deployed is compared with it, so that a policy which says
more or less than the data is found; and the table in docs/identities.md is written from it.

The actions are chosen for what would hurt if they were allowed, and for what people cannot work without.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from components.cluster.group_rights import Rule
from components.security.permissions import Permission, Scope
from components.security.secret import READ, WRITE
from components.security.workload_identity import READ_OBJECTS, WRITE_OBJECTS
from components.teams.personas import Grant


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Somebody, or a workload, with all that it was given."""

    name: str
    """What people call it, such as `vision data-scientist` or `workload trainer`."""
    role_name: str
    subject: str | None = None
    """In the cluster: a group, or `system:serviceaccount:<namespace>:<name>`; None, it does not get in."""
    namespace: str | None = None
    """Where its rules hold; None, in the whole cluster."""
    team: str | None = None
    rules: tuple[Rule, ...] = ()
    rules_in: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    """Rules that hold in one namespace more, by its name."""
    grants: tuple[Grant, ...] = ()
    permissions: tuple[Permission, ...] = ()
    secrets: tuple[str, ...] = ()
    """The secrets that it reads, by what is after the environment in their names; `*` stands for anything."""
    written_secrets: tuple[str, ...] = ()
    """The secrets that it gives values, in the same way."""


@dataclass(frozen=True, kw_only=True)
class KubernetesAction:
    """A request to the API server."""

    verb: str
    resource: str
    """With its subresource, such as `pods/log`."""
    group: str = ""
    namespaced: bool = True


@dataclass(frozen=True, kw_only=True)
class AwsAction:
    """A call to AWS. Resources are templates as in permissions; `{team}` is the team that it is about."""

    action: str
    store: str | None = None
    """The bucket that it is about, by its store; `key` is where in it."""
    key: str = ""
    secret: str | None = None
    """The secret that it is about, by what is after the environment in its name."""
    resource: str = ""
    tags: tuple[tuple[str, str], ...] = field(default=())
    """Tags that the resource bears, as templates."""


@dataclass(frozen=True, kw_only=True)
class KubernetesExpectation:
    """What the API server should answer."""

    identity: Identity
    action: KubernetesAction
    namespace: str | None
    allowed: bool


@dataclass(frozen=True, kw_only=True)
class AwsExpectation:
    """What AWS should answer."""

    identity: Identity
    action: AwsAction
    team: str
    """The team that the action is about."""
    allowed: bool


def _on(resource: str, *verbs: str, group: str = "", namespaced: bool = True) -> tuple[KubernetesAction, ...]:
    return tuple(KubernetesAction(verb=verb, resource=resource, group=group, namespaced=namespaced) for verb in verbs)


KUBERNETES_ACTIONS: tuple[KubernetesAction, ...] = (
    *_on("pods", "list", "create", "delete"),
    *_on("pods/log", "get"),
    *_on("pods/exec", "create"),
    *_on("pods/portforward", "create"),
    *_on("pods/eviction", "create"),
    *_on("jobs", "list", "create", "delete", group="batch"),
    *_on("cronjobs", "create", group="batch"),
    *_on("deployments", "list", "create", group="apps"),
    *_on("deployments/scale", "patch", group="apps"),
    *_on("services", "create"),
    *_on("configmaps", "get", "create"),
    *_on("persistentvolumeclaims", "create"),
    *_on("secrets", "get", "list", "create"),
    *_on("serviceaccounts/token", "create"),
    *_on("resourcequotas", "get", "update"),
    *_on("limitranges", "delete"),
    *_on("networkpolicies", "list", "delete", group="networking.k8s.io"),
    *_on("secretproviderclasses", "list", "create", group="secrets-store.csi.x-k8s.io"),
    *_on("autoscalingrunnersets", "list", "patch", group="actions.github.com"),
    *_on("ephemeralrunners", "list", "delete", group="actions.github.com"),
    *_on("roles", "list", group="rbac.authorization.k8s.io"),
    *_on("rolebindings", "create", group="rbac.authorization.k8s.io"),
    *_on("namespaces", "list", "create", "delete", "patch", namespaced=False),
    *_on("nodes", "list", "patch", "delete", namespaced=False),
    *_on("persistentvolumes", "list", "create", namespaced=False),
    *_on("clusterroles", "list", "escalate", group="rbac.authorization.k8s.io", namespaced=False),
    *_on("clusterrolebindings", "create", group="rbac.authorization.k8s.io", namespaced=False),
    *_on("validatingadmissionpolicies", "list", "delete", group="admissionregistration.k8s.io", namespaced=False),
    *_on("priorityclasses", "create", group="scheduling.k8s.io", namespaced=False),
)

CLUSTER = "arn:aws:eks:{region}:{account}:cluster/groundwork-{environment}"
REPOSITORY = "arn:aws:ecr:{region}:{account}:repository/groundwork-{environment}-training"
NODE_GROUP = "arn:aws:eks:{region}:{account}:nodegroup/groundwork-{environment}/system/1"
ASG = "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:1:autoScalingGroupName/eks-system"
OURS = (("k8s.io/cluster-autoscaler/groundwork-{environment}", "owned"),)
DATABASE_MASTER = "arn:aws:secretsmanager:{region}:{account}:secret:rds!db-1"
OF_INSTANCE = (("aws:rds:primaryDBInstanceArn", "arn:aws:rds:{region}:{account}:db:groundwork-{environment}-registry"),)
SECRET_PATHS = (
    "mlflow/{team}/data-scientist",
    "mlflow/{team}/ml-engineer",
    "mlflow/{team}/release-approver",
    "mlflow/{team}/training",
    "mlflow/auditor",
    "mlflow/server",
)
TRAIL = "arn:aws:cloudtrail:{region}:{account}:trail/groundwork-{environment}-audit-trail"


def _objects(store: str, key: str) -> tuple[AwsAction, ...]:
    actions = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
    return tuple(AwsAction(action=action, store=store, key=key) for action in actions)


AWS_ACTIONS: tuple[AwsAction, ...] = (
    *_objects("datasets", "teams/{team}/set"),
    *_objects("artifacts", "teams/{team}/model"),
    *_objects("artifacts", "teams/{team}/tensorboard/run"),
    *_objects("artifacts", "approvals/{team}/release"),
    *_objects("dvc", "teams/{team}/version"),
    AwsAction(action="s3:GetObject", store="audit", key="AWSLogs/event"),
    AwsAction(action="s3:PutObject", store="audit", key="AWSLogs/event"),
    AwsAction(action="ecr:DescribeImages", resource=REPOSITORY),
    AwsAction(action="ecr:PutImage", resource=REPOSITORY),
    AwsAction(action="eks:DescribeCluster", resource=CLUSTER),
    AwsAction(action="eks:ListNodegroups", resource=CLUSTER),
    AwsAction(action="eks:CreateAccessEntry", resource=CLUSTER),
    AwsAction(action="eks:DeleteCluster", resource=CLUSTER),
    AwsAction(action="eks:UpdateNodegroupConfig", resource=NODE_GROUP),
    AwsAction(action="eks:DeleteNodegroup", resource=NODE_GROUP),
    AwsAction(action="autoscaling:DescribeAutoScalingGroups", resource="*"),
    AwsAction(action="autoscaling:SetDesiredCapacity", resource=ASG, tags=OURS),
    AwsAction(action="autoscaling:SetDesiredCapacity", resource=ASG),
    AwsAction(action="cloudtrail:GetTrailStatus", resource=TRAIL),
    AwsAction(action="cloudtrail:StopLogging", resource=TRAIL),
    AwsAction(action="iam:CreateRole", resource="arn:aws:iam::{account}:role/groundwork-{environment}-new"),
    AwsAction(action="secretsmanager:GetSecretValue", resource=DATABASE_MASTER, tags=OF_INSTANCE),
    *(AwsAction(action="secretsmanager:GetSecretValue", secret=path) for path in SECRET_PATHS),
    AwsAction(action="secretsmanager:PutSecretValue", secret=SECRET_PATHS[0]),
)


def kubernetes_expectations(
    identities: Iterable[Identity], namespaces: Iterable[str]
) -> Iterator[KubernetesExpectation]:
    """Yield the expected answer for each identity, action and namespace; once where the action knows no namespace."""
    places = tuple(namespaces)
    for identity in identities:
        for action in KUBERNETES_ACTIONS:
            for place in places if action.namespaced else (None,):
                yield KubernetesExpectation(
                    identity=identity,
                    action=action,
                    namespace=place,
                    allowed=allows_in_cluster(identity, action, place),
                )


def aws_expectations(identities: Iterable[Identity], teams: Iterable[str], scope: Scope) -> Iterator[AwsExpectation]:
    """Yield the expected answer for each identity and action, about each team where the action is about one."""
    names = tuple(teams)
    for identity in identities:
        for action in AWS_ACTIONS:
            for team in names if "{team}" in f"{action.key}{action.secret}" else names[:1]:
                yield AwsExpectation(
                    identity=identity, action=action, team=team, allowed=allows_in_aws(identity, action, team, scope)
                )


def allows_in_cluster(identity: Identity, action: KubernetesAction, namespace: str | None) -> bool:
    """Whether one of an identity's rules is about the action, and holds in that place."""
    everywhere = identity.rules if identity.namespace in (None, namespace) else ()
    return any(
        rule.group == action.group and action.resource in rule.resources and action.verb in rule.verbs
        for rule in (*everywhere, *identity.rules_in.get(namespace or "", ()))
    )


def allows_in_aws(identity: Identity, action: AwsAction, team: str, scope: Scope) -> bool:
    """Whether a grant covers the object, the secret is one's own, or a permission covers the call."""
    if action.store is not None:
        key = action.key.format(team=team)
        return any(
            grant.store == action.store
            and key.startswith(grant.prefix.format(team=identity.team))
            and action.action in READ_OBJECTS + (WRITE_OBJECTS if grant.access == "write" else ())
            for grant in identity.grants
        )
    if action.secret is not None:
        about = action.secret.format(team=team)
        rights = ((identity.secrets, READ), (identity.written_secrets, WRITE))
        return any(
            action.action in actions and any(fnmatchcase(about, path.format(team=identity.team)) for path in paths)
            for paths, actions in rights
        )
    resource = scope.fill(action.resource)
    tags = {f"aws:ResourceTag/{scope.fill(key)}": scope.fill(value) for key, value in action.tags}
    return any(
        action.action in permission.actions
        and any(fnmatchcase(resource, scope.fill(pattern)) for pattern in permission.resources)
        and all(
            tags.get(scope.fill(key)) == wanted
            for tests in permission.conditions.values()
            for key, wanted in tests.items()
        )
        for permission in identity.permissions
    )
