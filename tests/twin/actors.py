"""The identities of the settings as they really are: a token in the cluster, credentials in AWS, what each is told.

Nobody here is impersonated. A persona's role is assumed by somebody whom the settings name, the pipeline's by the
account, and their tokens are of `aws eks get-token`; a workload is a pod that runs: its credentials are of EKS Auth,
its token of its service account.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from components.security.secret import secret_name
from components.teams.matrix import AwsAction, Identity, KubernetesAction
from tests.support.project import Project
from tests.support.waiting import eventually
from twin.account import Account
from twin.kubernetes import pod_identity, service_accounts
from twin.kubernetes.client import ApiError, Client
from twin.kubernetes.controllers.loop import World

SERVICE_ACCOUNT = "system:serviceaccount:"
NOBODY = "groundwork-no-such-object"
METHODS = {"get": "GET", "list": "GET", "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
"""How verbs are sent; `escalate` is a right that is looked at while another request is served."""
_LET_THROUGH = (400, 403, 404, 409, 422)
"""Statuses of requests that are wrong in themselves, 403 where admission finds it first."""
REFUSALS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


@dataclass(frozen=True)
class Actor:
    """Somebody who may be asked to try."""

    identity: Identity
    aws: Account
    api: Client


@dataclass(frozen=True)
class Places:
    """What the actions of the table are about, by the names that it really has."""

    buckets: Mapping[str, str]
    """By store."""
    cluster: str
    node_group: str
    auto_scaling_group: str
    desired_size: Callable[[], int]
    """Of that group, as it is now: the autoscaler may change it."""
    foreign_group: str
    """An Auto Scaling group without the cluster's tag."""
    trail: str
    secret: str
    """Of the database's master user."""
    secret_values: Mapping[str, str]
    """What the tracking server's secrets hold, by name."""
    environment: str
    account: str


def person(project: Project, account: Account, kubeconfig: Mapping[str, Any], identity: Identity) -> Actor:
    """A persona, by its role."""
    aws = account.assume(f"arn:aws:iam::{account.access_key_id}:role/{identity.role_name}", "somebody")
    return Actor(identity, aws, Client.of(kubeconfig, environment=variables_of(project, aws)))


def pipeline(project: Project, account: Account, kubeconfig: Mapping[str, Any], identity: Identity) -> Actor:
    """A role of the pipeline. GitHub alone signs the tokens that it trusts: for a moment it trusts the account too."""
    with trusting_the_account(account, identity.role_name):
        return person(project, account, kubeconfig, identity)


@contextmanager
def trusting_the_account(account: Account, role_name: str) -> Iterator[None]:
    """Let the account assume a role that only others may; of the role nothing but its trust is changed."""
    iam, root = account.client("iam"), {"AWS": f"arn:aws:iam::{account.access_key_id}:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    before = iam.get_role(RoleName=role_name)["Role"]["AssumeRolePolicyDocument"]
    opened = {"Version": "2012-10-17", "Statement": [statement]}
    iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(opened))
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(before))


def variables_of(project: Project, aws: Account) -> dict[str, str]:
    """A shell of the twin in which AWS is asked with somebody's credentials."""
    return project.twin_variables() | {
        "AWS_ACCESS_KEY_ID": aws.access_key_id,
        "AWS_SECRET_ACCESS_KEY": aws.secret_access_key,
        "AWS_SESSION_TOKEN": aws.session_token or "",
    }


def workload(account: Account, admin: Client, cluster: str, identity: Identity, manifest: Mapping[str, Any]) -> Actor:
    """A workload, by this pod of it."""
    assert identity.subject is not None
    namespace, name = identity.subject.removeprefix(SERVICE_ACCOUNT).split(":")
    metadata = manifest["metadata"]
    admin.apply(manifest, manager="test")

    def running() -> bool:
        found = admin.get("v1", "Pod", metadata["name"], namespace)
        return found is not None and found["status"].get("phase") == "Running"

    eventually(running, f"the pod of {identity.name} runs", 180)
    aws = pod_identity.credentials(World(account, admin, cluster, Path()), namespace, name)
    return Actor(identity, aws, _with_token(admin, service_accounts.token(admin, namespace, name)))


def _with_token(admin: Client, token: str) -> Client:
    return Client(replace(admin.access, token=token, execute=None))


def comes_in(api: Client, namespace: str) -> bool:
    """Whether the API server lets whoever asks see the pods of a namespace, and knows them at all."""
    try:
        api.list("v1", "Pod", namespace)
    except ApiError as error:
        if error.status not in (401, 403):
            raise
        return False
    return True


def may(api: Client, action: KubernetesAction, namespace: str | None) -> bool:
    """What the API server says that whoever asks may do: SelfSubjectAccessReview."""
    resource, _, subresource = action.resource.partition("/")
    asked = {"verb": action.verb, "group": action.group, "resource": resource, "subresource": subresource}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked | ({"namespace": namespace} if namespace else {})},
    }
    answer = api.raw("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


def tried(api: Client, action: KubernetesAction, namespace: str | None) -> bool:
    """Whether the API server lets the request itself through: about an object that is not there, or one without a name.

    Rights are looked at before the object is, so that nothing changes even where there is a right.

    Raises ApiError for an answer that is neither.
    """
    headers = {"Content-Type": "application/merge-patch+json"} if action.verb == "patch" else {}
    body: dict[str, Any] | None = None if METHODS[action.verb] in ("GET", "DELETE") else {}
    try:
        api.raw(METHODS[action.verb], _path(action, namespace), body, headers)
    except ApiError as error:
        if error.status == 403 and f"cannot {action.verb} resource" in error.message:
            return False
        if error.status not in _LET_THROUGH:
            raise
    return True


def _path(action: KubernetesAction, namespace: str | None) -> str:
    resource, _, subresource = action.resource.partition("/")
    path = f"/apis/{action.group}/v1" if action.group else "/api/v1"
    path += f"/namespaces/{namespace}" if namespace else ""
    path += f"/{resource}"
    if subresource or action.verb not in ("list", "create"):
        path += f"/{NOBODY}"
    return path + (f"/{subresource}" if subresource else "") + ("?dryRun=All" if action.verb != "list" else "?limit=1")


def called(aws: Account, action: AwsAction, team: str, places: Places) -> str:
    """`yes`, `no`, or the code of the error that is neither."""
    try:
        _call(aws, action, team, places)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return "no" if code in REFUSALS else code
    return "yes"


def _call(aws: Account, action: AwsAction, team: str, places: Places) -> object:
    """The call that an action is about. A right that is there changes nothing: sizes are set to what they are."""
    service, operation = action.action.split(":")
    client = aws.client(service)
    if action.store is not None:
        where = {"Bucket": places.buckets[action.store], "Key": action.key.format(team=team)}
        if operation == "GetObject":
            return client.get_object(**where)["Body"].read()
        return client.put_object(**where, Body=b"x") if operation == "PutObject" else client.delete_object(**where)
    if action.secret is not None:
        named = secret_name(places.environment, action.secret.format(team=team))
        if operation == "GetSecretValue":
            return client.get_secret_value(SecretId=named)
        return client.put_secret_value(SecretId=named, SecretString=places.secret_values[named])
    if service == "eks":
        return _call_eks(client, operation, places)
    if operation == "SetDesiredCapacity":
        group = places.auto_scaling_group if action.tags else places.foreign_group
        size = places.desired_size() if action.tags else 0
        return client.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=size)
    calls = {
        "DescribeAutoScalingGroups": lambda: client.describe_auto_scaling_groups(),
        "DescribeImages": lambda: client.describe_images(repositoryName=f"{places.cluster}-training"),
        "PutImage": lambda: client.put_image(repositoryName=f"{places.cluster}-training", imageManifest="{}"),
        "GetTrailStatus": lambda: client.get_trail_status(Name=places.trail),
        "StopLogging": lambda: client.stop_logging(Name=places.trail),
        "CreateRole": lambda: client.create_role(
            RoleName="groundwork-dev-new",
            AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}',
        ),
        "GetSecretValue": lambda: client.get_secret_value(SecretId=places.secret),
    }
    return calls[operation]()


def _call_eks(client: Any, operation: str, places: Places) -> object:
    cluster = places.cluster
    if operation == "UpdateNodegroupConfig":
        return client.update_nodegroup_config(
            clusterName=cluster, nodegroupName=places.node_group, updateConfig={"maxUnavailable": 1}
        )
    calls = {
        "DescribeCluster": lambda: client.describe_cluster(name=cluster),
        "ListNodegroups": lambda: client.list_nodegroups(clusterName=cluster),
        "CreateAccessEntry": lambda: client.create_access_entry(
            clusterName=cluster, principalArn=f"arn:aws:iam::{places.account}:role/groundwork-dev-platform-engineer"
        ),
        "DeleteCluster": lambda: client.delete_cluster(name=cluster),
        "DeleteNodegroup": lambda: client.delete_nodegroup(clusterName=cluster, nodegroupName=places.node_group),
    }
    return calls[operation]()
