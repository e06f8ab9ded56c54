"""The EKS Auth API: the credentials of a pod, for the token of its service account. ministack 1.5.33 has none.

The cluster's own API server says whose the token is (TokenReview); the Pod Identity association of that namespace and
service account says which role; the role's trust policy says whether EKS may give it to them, for this cluster. The
session bears the tags that EKS sets and is bounded as any session of that role.

Source: EKS Auth API reference, AssumeRoleForPodIdentity; EKS user guide, "Grant Pods access to AWS resources based on
tags" (the session tags), "EKS Pod Identity role" (the principal, aws:SourceArn and aws:SourceAccount).
"""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, unquote

from ministack.core import iam_evaluator
from ministack.core.responses import request_scope

from twin.aws.corrections.authorisation import account_of, is_allowed
from twin.aws.corrections.emulator import Answer, Application, Emulator, Message, Receive, Send
from twin.aws.corrections.engine import request_head, whole_body
from twin.aws.corrections.wire import AwsError, Operation, Parameters, encode_answer, encode_error, parameters_of
from twin.aws.service_sessions import as_service, open_session, trusts
from twin.kubernetes.client import ApiError, Client, KubeconfigError

AUDIENCE = "pods.eks.amazonaws.com"
"""Whom the token must be meant for, and the service principal that assumes the role."""
SESSION_SECONDS = 6 * 3600
"""How long the credentials are good for."""
_OPERATION = Operation("eks-auth", "AssumeRoleForPodIdentity")
_ACTION = "eks-auth:AssumeRoleForPodIdentity"
_POD = "authentication.kubernetes.io/pod-"
_UNTRUSTED = "Unauthorized Exception! EKS does not have permissions to assume the associated role."


@dataclass(frozen=True)
class _Pod:
    """Whose token it is."""

    namespace: str
    service_account: str
    name: str
    uid: str


class EksAuth:
    """ASGI application: EKS Auth; every other service is the application's behind it."""

    def __init__(self, application: Application, clusters: Path) -> None:
        """`clusters`: the folder with a folder for each cluster."""
        self._application, self._clusters = application, clusters

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection's event of the ASGI protocol."""
        if scope["type"] != "http" or request_head(scope).signing_name != "eks-auth":
            await self._application(scope, receive, send)
            return
        body = await whole_body(receive)
        # A task of its own: policies are evaluated with the caller in context variables.
        answer = await asyncio.create_task(self._answer(scope, body))
        await answer.send(send)

    async def _answer(self, scope: Message, body: bytes) -> Answer:
        request = replace(request_head(scope), body=body)
        if not (request.method == "POST" and request.path.endswith("/assume-role-for-pod-identity")):
            error = AwsError("UnknownOperationException", "EKS Auth has AssumeRoleForPodIdentity alone.", 404)
            return Answer(error.status, *encode_error(_OPERATION, error))
        try:
            _authenticate(scope, body, request.access_key)
            emulator = Emulator(self._application, account_of(request.access_key), request.region)
            parameters = parameters_of(_OPERATION, request)
            cluster = f"arn:aws:eks:{emulator.region}:{emulator.account}:cluster/{parameters['clusterName']}"
            if not is_allowed(emulator, request.access_key, _ACTION, cluster):
                message = f"not authorized to perform: {_ACTION} on resource: {cluster}"
                raise AwsError("AccessDeniedException", message, 403)
            answer = await self._assume(emulator, parameters["clusterName"], cluster, parameters.get("token", ""))
        except AwsError as error:
            return Answer(error.status, *encode_error(_OPERATION, error))
        return Answer(200, *encode_answer(_OPERATION, answer))

    async def _assume(self, emulator: Emulator, cluster: str, cluster_arn: str, token: str) -> Parameters:
        await emulator.call("eks", "DescribeCluster", name=cluster)
        folder = self._clusters / f"{emulator.account}-{emulator.region}-{cluster}"
        pod = await asyncio.to_thread(_whose, folder / "admin.kubeconfig", token)
        association = await _association(emulator, cluster, pod)
        if association.get("targetRoleArn"):
            raise AwsError("InvalidRequestException", "The twin does not assume target roles of associations.")
        tags = {} if association.get("disableSessionTags") else _session_tags(cluster, cluster_arn, pod)
        role_arn = association["roleArn"]
        role = await _role(emulator, role_arn)
        asked = as_service(AUDIENCE, role_arn, emulator, cluster_arn, tags)
        if not trusts(unquote(role["AssumeRolePolicyDocument"]), asked):
            raise AwsError("AccessDeniedException", _UNTRUSTED, 403)
        session = open_session(role, asked, f"eks-{cluster}-{pod.name}", SESSION_SECONDS, association.get("policy"))
        return {
            "subject": {"namespace": pod.namespace, "serviceAccount": pod.service_account},
            "audience": AUDIENCE,
            "podIdentityAssociation": {key: association[key] for key in ("associationArn", "associationId")},
            "assumedRoleUser": {"arn": session.arn, "assumeRoleId": session.id},
            "credentials": session.credentials,
        }


def _authenticate(scope: Message, body: bytes, access_key: str) -> None:
    """Refuse a signature that is none. Root's are verified in front of this, see twin/aws/credentials.py."""
    query = parse_qs(scope.get("query_string", b"").decode("utf-8"), keep_blank_values=True)
    raw_path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    iam_evaluator.pin_signed_request(scope["method"], raw_path, query, scope["headers"])
    iam_evaluator.pin_signed_body(body)
    account = account_of(access_key)
    with request_scope(account, ""):
        checked = iam_evaluator.authenticate(access_key, account)
    if isinstance(checked, iam_evaluator.AuthError):
        raise AwsError(checked.code, checked.message, 403)
    if not access_key:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)


def _whose(kubeconfig: Path, token: str) -> _Pod:
    """Whose token it is, as the API server of the cluster says.

    Errors: AwsError for a token that is not good, not meant for EKS, not of a pod; for a cluster that does not answer.
    """
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
    try:
        asked = review | {"spec": {"token": token, "audiences": [AUDIENCE]}}
        status = Client.of(kubeconfig).create(asked)["status"]
    except (ApiError, KubeconfigError, OSError) as error:
        raise AwsError("ServiceUnavailableException", f"The cluster does not answer: {error}", 503) from error
    if not status.get("authenticated") or AUDIENCE not in status.get("audiences", ()):
        code = "ExpiredTokenException" if "expired" in status.get("error", "") else "InvalidTokenException"
        raise AwsError(code, status.get("error") or f"The token is not valid for the audience {AUDIENCE}.")
    kind, _, of = status["user"]["username"].removeprefix("system:").partition(":")
    extra = status["user"].get("extra") or {}
    if kind != "serviceaccount" or f"{_POD}name" not in extra:
        raise AwsError("InvalidTokenException", "The token is not that of a pod's service account.")
    namespace, _, service_account = of.partition(":")
    return _Pod(namespace, service_account, extra[f"{_POD}name"][0], extra[f"{_POD}uid"][0])


async def _association(emulator: Emulator, cluster: str, pod: _Pod) -> Parameters:
    wanted = {"clusterName": cluster, "namespace": pod.namespace, "serviceAccount": pod.service_account}
    found = (await emulator.call("eks", "ListPodIdentityAssociations", **wanted))["associations"]
    if not found:
        message = f"No association of service account {pod.namespace}/{pod.service_account} in cluster {cluster}."
        raise AwsError("ResourceNotFoundException", message, 404)
    described = await emulator.call(
        "eks", "DescribePodIdentityAssociation", clusterName=cluster, associationId=found[0]["associationId"]
    )
    association: Parameters = described["association"]
    return association


async def _role(emulator: Emulator, arn: str) -> Parameters:
    try:
        role: Parameters = (await emulator.call("iam", "GetRole", RoleName=arn.rpartition("/")[2]))["Role"]
    except AwsError as error:
        if error.says("NoSuchEntity", "NoSuchEntityException"):
            raise AwsError("AccessDeniedException", _UNTRUSTED, 403) from error
        raise
    return role


def _session_tags(cluster: str, cluster_arn: str, pod: _Pod) -> dict[str, str]:
    return {
        "eks-cluster-arn": cluster_arn,
        "eks-cluster-name": cluster,
        "kubernetes-namespace": pod.namespace,
        "kubernetes-service-account": pod.service_account,
        "kubernetes-pod-name": pod.name,
        "kubernetes-pod-uid": pod.uid,
    }
