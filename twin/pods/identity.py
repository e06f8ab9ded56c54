"""Pod Identity for processes: a small agent on loopback, asked as the agent of the pod's node is asked on EKS.

Source: EKS user guide, "How EKS Pod Identity works"; github.com/aws/eks-pod-identity-agent: `GET /v1/credentials` with
the token of the pod's service account; github.com/aws/amazon-eks-pod-identity-webhook: the variables and the volume.
"""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import ClientError

from twin.account import Account
from twin.kubernetes import pod_identity
from twin.kubernetes.controllers.loop import World
from twin.kubernetes.pod_identity import PodIdentityError

AUDIENCE = pod_identity.AUDIENCE
PATH = "/v1/credentials"
TOKEN_SECONDS = 86400
_RENEWED_BEFORE_END = timedelta(hours=1)
_EXPIRY = "%Y-%m-%dT%H:%M:%SZ"


def is_associated(world: World, namespace: str, service_account: str) -> bool:
    """Whether a role is associated with the service account: without one a pod gets no variables and no token."""
    found = world.aws.client("eks").list_pod_identity_associations(
        clusterName=world.cluster, namespace=namespace, serviceAccount=service_account
    )
    return bool(found["associations"])


@dataclass(frozen=True)
class Granted:
    """What EKS Auth has given for a token."""

    account: Account
    expires: datetime


class Agent:
    """The agent of one pod, served by a thread of this process."""

    def __init__(self, listening: socket.socket, exchange: Callable[[str], Granted]) -> None:
        """`exchange` gives what EKS Auth gives for a token, see `exchanger`."""
        self._server = ThreadingHTTPServer(("", 0), _handler(_Cache(exchange)), bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listening
        self._server.server_address = listening.getsockname()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What `AWS_CONTAINER_CREDENTIALS_FULL_URI` says."""
        address, port = self._server.socket.getsockname()
        return f"http://{address}:{port}{PATH}"

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def exchanger(world: World, pod: Mapping[str, Any]) -> Callable[[str], Granted]:
    """Exchanges tokens as the agent on the node of this pod does, with the role of the node."""

    def exchange(token: str) -> Granted:
        agent = pod_identity.agent_of(world, pod)
        answer = agent.client("eks-auth").assume_role_for_pod_identity(clusterName=world.cluster, token=token)
        return Granted(pod_identity.account_of(agent, answer), answer["credentials"]["expiration"])

    return exchange


class _Cache:
    """What was given is given again, as the real agent does; one question at a time, because clients are impatient."""

    def __init__(self, exchange: Callable[[str], Granted]) -> None:
        self._exchange, self._asking = exchange, threading.Lock()
        self._held: dict[str, Granted] = {}

    def __call__(self, token: str) -> Granted:
        with self._asking:
            held = self._held.get(token)
            if held is None or held.expires - datetime.now(UTC) < _RENEWED_BEFORE_END:
                held = self._exchange(token)
                self._held = {token: held}  # a pod has one token, until kubelet renews it
            return held


def _handler(exchange: Callable[[str], Granted]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != PATH:
                self._answer(404, {"message": "not found"})
                return
            try:
                granted = exchange(self.headers.get("Authorization", ""))
            except ClientError as error:
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
                self._answer(status, {"code": error.response["Error"]["Code"], "message": str(error)})
                return
            except PodIdentityError as error:
                self._answer(503, {"code": "ServiceUnavailable", "message": str(error)})
                return
            account = granted.account
            self._answer(
                200,
                {
                    "AccessKeyId": account.access_key_id,
                    "SecretAccessKey": account.secret_access_key,
                    "Token": account.session_token,
                    "Expiration": granted.expires.astimezone(UTC).strftime(_EXPIRY),
                },
            )

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            with contextlib.suppress(ConnectionError):  # a client that waits no longer asks again
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: credentials are no news."""

    return Handler
