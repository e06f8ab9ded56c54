"""OpenSearch's API of objects in memory, behind a real HTTP server: what its documentation says, and no more.

An object of the security API comes back under its name with fields that the domain adds; a policy has a sequence
number, against which alone it is changed; a template's settings come back as text; what is audited is one object, parts
of which nobody may change. A request that is not signed for the
service `es` is refused, and `failures` are answered first, one a request.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECURITY = "/_plugins/_security/api/"
POLICIES = "/_plugins/_ism/policies"
TEMPLATES = "/_index_template"
CHANGE = "/_plugins/_ism/change_policy/"
AUDIT = f"{SECURITY}audit"
AUDIT_OF_AWS: dict[str, Any] = {
    "enabled": False,
    "audit": {
        "enable_rest": True,
        "disabled_rest_categories": ["GRANTED_PRIVILEGES"],
        "exclude_sensitive_headers": True,
    },
    "compliance": {"enabled": True, "internal_config": True, "external_config": False},
}
READ_ONLY = (
    ("audit", "exclude_sensitive_headers"),
    ("compliance", "internal_config"),
    ("compliance", "external_config"),
)
SIGNATURE = re.compile(r"^AWS4-HMAC-SHA256 Credential=\S+/\d{8}/eu-west-1/es/aws4_request, SignedHeaders=")


@dataclass
class FakeOpenSearch:
    """What the domain holds, by path; and what it was asked."""

    url: str = ""
    objects: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    unfollowed: list[str] = field(default_factory=list)
    """Indices that will not take a policy."""
    audited: dict[str, Any] = field(default_factory=lambda: AUDIT_OF_AWS)
    racers: int = 0
    """How many changes of policies somebody else makes just before ours."""

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Return the requests that were no reading."""
        return [one for one in self.requests if one[0] != "GET"]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Return status and answer."""
        place, _, query = path.partition("?")
        if place.startswith(CHANGE):
            return 200, {
                "updated_indices": 1,
                "failures": bool(self.unfollowed),
                "failed_indices": [{"index_name": name} for name in self.unfollowed],
            }
        if place.startswith(AUDIT):
            return self._audit(method, place, body)
        if method == "GET":
            return self._read(place)
        if method == "DELETE":
            return (200, {}) if self.objects.pop(place, None) is not None else (404, {"status": "NOT_FOUND"})
        return self._write(place, query, body)

    def _audit(self, method: str, place: str, body: Any) -> tuple[int, Any]:
        if method == "GET" and place == AUDIT:
            return 200, {"_readonly": ["/".join(("", *one)) for one in READ_ONLY], "config": self.audited}
        if method != "PUT" or place != f"{AUDIT}/config":
            return 405, {"message": "there is no such method"}
        if any(body.get(part, {}).get(name) != self.audited[part][name] for part, name in READ_ONLY):
            return 409, {"message": "Attempted to update read-only property."}
        self.audited = body
        return 200, {"status": "OK", "message": "'config' updated."}

    def _read(self, place: str) -> tuple[int, Any]:
        if place in (POLICIES, TEMPLATES) or (place.startswith(SECURITY) and place.count("/") == SECURITY.count("/")):
            names = [path.rpartition("/")[2] for path in self.objects if path.rpartition("/")[0] == place]
            if place == POLICIES:
                return 200, {"policies": [self._shown(place, name) for name in names], "total_policies": len(names)}
            if place == TEMPLATES:
                return 200, {"index_templates": [self._shown(place, name) for name in names]}
            return 200, {name: self._shown(place, name) for name in names}
        if place not in self.objects:
            return 404, {"status": "NOT_FOUND"}
        collection, _, name = place.rpartition("/")
        shown = self._shown(collection, name)
        if collection == TEMPLATES:
            return 200, {"index_templates": [shown]}
        return 200, shown if collection == POLICIES else {name: shown}

    def _shown(self, collection: str, name: str) -> dict[str, Any]:
        held = self.objects[f"{collection}/{name}"]
        if collection == POLICIES:
            number = self.versions[f"{collection}/{name}"]
            policy = held["policy"] | {"policy_id": name, "last_updated_time": 1, "error_notification": None}
            return {"_id": name, "_seq_no": number, "_primary_term": 1, "policy": policy}
        if collection == TEMPLATES:
            return {"name": name, "index_template": _settings_as_text(held) | {"composed_of": []}}
        return {**held, "reserved": False, "hidden": False, "static": False}

    def _write(self, place: str, query: str, body: Any) -> tuple[int, Any]:
        there = place in self.objects
        if there and self.racers and place.startswith(POLICIES):
            self.racers -= 1
            self.versions[place] += 1
        if place.startswith(POLICIES) and query != (
            f"if_seq_no={self.versions[place]}&if_primary_term=1" if there else ""
        ):
            return 409, {"error": {"type": "version_conflict_engine_exception"}}
        self.objects[place] = body
        self.versions[place] = self.versions.get(place, -1) + 1
        return (200 if there else 201), {"status": "OK"}


def _settings_as_text(template: dict[str, Any]) -> dict[str, Any]:
    inner = template["template"]
    return template | {"template": inner | {"settings": _as_text(inner["settings"])}}


def _as_text(value: Any) -> Any:
    return {key: _as_text(inner) for key, inner in value.items()} if isinstance(value, dict) else str(value)


@contextmanager
def serving() -> Iterator[FakeOpenSearch]:
    """Serve an empty domain at a free port of this machine."""
    fake = FakeOpenSearch()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            fake.requests.append((self.command, self.path))
            if not SIGNATURE.match(self.headers.get("Authorization", "")):
                status, found = 403, {"message": "the request is not signed for es"}
            elif fake.failures:
                status, found = fake.failures.pop(0), {"message": "not now"}
            else:
                status, found = fake.answer(self.command, self.path, body)
            data = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the server's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
