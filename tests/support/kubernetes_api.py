"""A small stand-in for a Kubernetes API server, in memory: enough for unit tests of what speaks to one.

It knows a few kinds, keeps objects by path, merges what is applied to it, and answers what a test has planned first.
"""

import copy
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from twin.certificates import Certificate

KINDS: dict[str, list[tuple[str, str, bool]]] = {
    "/api/v1": [
        ("ConfigMap", "configmaps", True),
        ("Namespace", "namespaces", False),
        ("Secret", "secrets", True),
        ("Service", "services", True),
        ("ServiceAccount", "serviceaccounts", True),
        ("Pod", "pods", True),
        ("Event", "events", True),
        ("PersistentVolumeClaim", "persistentvolumeclaims", True),
        ("PersistentVolume", "persistentvolumes", False),
    ],
    "/apis/apps/v1": [("Deployment", "deployments", True), ("StatefulSet", "statefulsets", True)],
    "/apis/batch/v1": [("Job", "jobs", True)],
    "/apis/rbac.authorization.k8s.io/v1": [
        ("ClusterRole", "clusterroles", False),
        ("RoleBinding", "rolebindings", True),
    ],
}


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What to say instead of doing the work; status 0 closes the connection without a word."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def status(code: int, reason: str, message: str, **details: Any) -> Answer:
    """A refusal as the API server words it."""
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return Answer(code, {**said, "message": message, "details": details})


@dataclass
class FakeApi:
    """The objects, the requests so far, and what is planned."""

    url: str = ""
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    planned: list[tuple[Callable[[Request], bool], Answer]] = field(default_factory=list)
    on_change: Callable[[str, dict[str, Any]], None] = lambda _path, _object: None
    """Called with each object that was written, which it may complete, as a controller does."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    version: int = 0

    def plan(self, answer: Answer, method: str = "", path: str = "", times: int = 1) -> None:
        """Answer so to the next requests of this method and (part of a) path."""
        for _ in range(times):
            self.planned.append((lambda asked: method in ("", asked.method) and path in asked.path, answer))

    def said(self, method: str, path: str = "") -> list[Request]:
        """The requests of a method whose path holds this."""
        return [request for request in self.requests if request.method == method and path in request.path]

    def kubeconfig(self, **user: Any) -> dict[str, Any]:
        """The kubeconfig of a user with these fields."""
        return {
            "current-context": "fake",
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "someone"}}],
            "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
            "users": [{"name": "someone", "user": user}],
        }

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        with self.lock:
            self.requests.append(request)
            for index, (matches, answer) in enumerate(self.planned):
                if matches(request):
                    del self.planned[index]
                    return answer
            if request.path == "/version":
                return Answer(200, {"gitVersion": "v1.36.3"})
            if request.path in KINDS:
                return Answer(200, {"resources": [_listed(*kind) for kind in KINDS[request.path]]})
            done: Answer = getattr(self, f"_{request.method.lower()}")(request)
            return done

    def _get(self, request: Request) -> Answer:
        if request.path in self.objects:
            return Answer(200, self.objects[request.path])
        plural = request.path.rpartition("/")[2]
        if plural in {plural for kinds in KINDS.values() for _, plural, _ in kinds}:
            found = [held for path, held in sorted(self.objects.items()) if _is_listed(path, request.path)]
            return Answer(200, {"metadata": {}, "items": found})
        return self._missing(request.path)

    def _patch(self, request: Request) -> Answer:
        path = request.path.removesuffix("/status")
        applied = "apply" in request.headers["Content-Type"]
        if path not in self.objects and not applied:
            return self._missing(path)
        if applied and "/namespaces/" in path and not self._namespace_is_there(path):
            namespace = path.split("/namespaces/")[1].split("/")[0]
            return status(404, "NotFound", f'namespaces "{namespace}" not found')
        made = path not in self.objects
        if not made and (request.body.get("metadata") or {}).get("resourceVersion"):
            return status(
                409, "Conflict", "the object has been modified; please apply your changes to the latest version"
            )
        merged = _merged(self.objects.get(path, {}), request.body)
        return self._stored(path, merged, request, 201 if made else 200)

    def _post(self, request: Request) -> Answer:
        path = f"{request.path}/{request.body['metadata']['name']}"
        if path in self.objects:
            return status(409, "AlreadyExists", f'"{path.rpartition("/")[2]}" already exists')
        return self._stored(path, copy.deepcopy(request.body), request, 201)

    def _put(self, request: Request) -> Answer:
        held = self.objects.get(request.path)
        if held is None:
            return self._missing(request.path)
        if request.body["metadata"].get("resourceVersion") != held["metadata"]["resourceVersion"]:
            return status(409, "Conflict", "the object has been modified; please apply your changes to the latest one")
        return self._stored(request.path, copy.deepcopy(request.body), request, 200)

    def _delete(self, request: Request) -> Answer:
        held = self.objects.get(request.path)
        if held is None:
            return self._missing(request.path)
        if held["metadata"].get("finalizers"):
            held["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            return Answer(200, held)
        del self.objects[request.path]
        return Answer(200, {"kind": "Status", "status": "Success"})

    def _stored(self, path: str, merged: dict[str, Any], request: Request, code: int) -> Answer:
        self.version += 1
        metadata = merged.setdefault("metadata", {})
        metadata.setdefault("uid", f"uid-{self.version}")
        metadata.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        metadata["resourceVersion"] = str(self.version)
        manager = request.query.get("fieldManager", "someone")
        entries = [entry for entry in metadata.get("managedFields", []) if entry["manager"] != manager]
        owned = {"manager": manager, "operation": "Apply", "apiVersion": "v1", "fieldsV1": _owned(request.body)}
        metadata["managedFields"] = [*entries, owned]
        if request.query.get("dryRun") != "All":
            self.objects[path] = merged
            self.on_change(path, merged)
        return Answer(code, merged)

    def _namespace_is_there(self, path: str) -> bool:
        namespace = path.split("/namespaces/")[1].split("/")[0]
        return namespace == "default" or f"/api/v1/namespaces/{namespace}" in self.objects or path.count("/") == 4

    @staticmethod
    def _missing(path: str) -> Answer:
        plural, name = path.split("/")[-2:]
        return status(404, "NotFound", f'{plural} "{name}" not found', name=name, kind=plural)


def _listed(kind: str, plural: str, namespaced: bool) -> dict[str, Any]:
    return {"kind": kind, "name": plural, "namespaced": namespaced, "verbs": ["get", "patch"]}


def _is_listed(path: str, listing: str) -> bool:
    """Whether the object of a path is in a listing of one namespace or of all."""
    folder = path.rpartition("/")[0]
    if "/namespaces/" in listing:
        return folder == listing
    return folder.rpartition("/")[2] == listing.rpartition("/")[2]


def _merged(held: Any, wanted: Any) -> Any:
    if not isinstance(held, dict) or not isinstance(wanted, dict):
        return copy.deepcopy(wanted)
    found = copy.deepcopy(held)
    for name, value in wanted.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _merged(found.get(name), value)
    return found


def _owned(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        return {}
    left_out = {"apiVersion", "kind", "name", "namespace"}
    return {f"f:{name}": _owned(value) for name, value in body.items() if name not in left_out}


@contextmanager
def serving(certificate: Certificate | None = None) -> Iterator[FakeApi]:
    """Serve a fake API server on the loopback interface, over TLS if it is given a certificate."""
    api = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(sent) if sent else None
            query = dict(parse_qsl(parts.query))
            answer = api.handle(Request(self.command, parts.path, query, dict(self.headers), body))
            if not answer.status:
                self.close_connection = True
                return
            data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            kind = "text/plain" if isinstance(answer.body, bytes) else "application/json"
            self.send_response(answer.status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - names of http.server

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    api.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
