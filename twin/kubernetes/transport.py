"""Requests to one API server: connections that are kept, credentials, retries.

Reads, server-side applies, merge patches and deletes are repeated when the connection is lost or the server has
trouble: doing them twice is doing them once. A create is not, unless nothing of it can have reached the server.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3

from twin.kubernetes import errors
from twin.kubernetes.credentials import Credential, Credentials
from twin.kubernetes.errors import ApiError
from twin.kubernetes.kubeconfig import Access

ATTEMPTS = 6
"""How often a request is made before its error counts; with the pauses between them about three seconds."""
_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 30.0
_CONNECTIONS = 64
"""That many are kept; more threads than that would make connections for one request each."""
_TIMEOUT = urllib3.Timeout(connect=10, read=75)  # the API server itself gives up after 60 s

_AGENT = "groundwork-twin"
"""Also the field manager of requests that name none."""
JSON = "application/json"
PATCHES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}
"""How a patch is written. A JSON patch may not be repeated: it may append to a list."""
_REPEATABLE = frozenset(["GET", "HEAD", "DELETE", "PUT"])


class Transport:
    """The connections to an API server, shared by all threads."""

    def __init__(self, access: Access, attempts: int = ATTEMPTS) -> None:
        self.access = access
        self.attempts = attempts
        self.cancelled = threading.Event()
        """Ends every pause between attempts; the error counts then."""
        self._credentials = Credentials(access)
        self._path = urlsplit(access.server).path
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}
        self._making = threading.Lock()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        attempts: int | None = None,
    ) -> tuple[bytes, Mapping[str, str]]:
        """Send a request, several times if need be (`attempts` at most); the answer's body and headers.

        Raises:
            ApiError: the API server refused, or did not answer until the last attempt.
            KubeconfigError: no credentials.
        """
        sent = {"Accept": JSON, "User-Agent": _AGENT, **(headers or {})}
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body, separators=(",", ":")).encode()
            sent.setdefault("Content-Type", JSON)
        repeatable = method in _REPEATABLE or (
            method == "PATCH" and sent.get("Content-Type") in (PATCHES["apply"], PATCHES["merge"], PATCHES["strategic"])
        )
        allowed = attempts or self.attempts
        for attempt in range(1, allowed + 1):
            try:
                return self._once(method, path, data, sent)
            except ApiError as error:
                harmless = repeatable or not error.sent or error.status in (403, 429)
                if not (error.transient and harmless) or attempt == allowed:
                    raise
                pause = min(error.retry_after or _pause(attempt), _LONGEST_PAUSE_SECONDS)
                if self.cancelled.wait(pause):
                    raise
        raise AssertionError("unreachable: the last attempt raises")

    def _once(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[bytes, Any]:
        credential = self._credentials.current()
        answer = self._request(credential, method, path, data, headers)
        if answer.status == 401 and self._credentials.forget(credential):
            answer = self._request(self._credentials.current(), method, path, data, headers)
        if answer.status >= 400:
            raise errors.from_answer(answer.status, answer.data, answer.headers.get("Retry-After"))
        return answer.data, answer.headers

    def stream(self, path: str, seconds: float) -> Iterator[bytes]:
        """The lines of an answer that goes on for so many seconds, as they come.

        Raises:
            ApiError: the API server refused, or the connection was lost on the way.
        """
        timeout = urllib3.Timeout(connect=10, read=seconds + 15)
        answer = self._request(self._credentials.current(), "GET", path, None, {"Accept": JSON}, timeout, whole=False)
        try:
            if answer.status >= 400:
                raise errors.from_answer(answer.status, answer.read(), answer.headers.get("Retry-After"))
            rest = b""
            for chunk in answer.stream(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from lines
            if rest:
                yield rest
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, "Unreachable", f"{self.access.server}: the watch was cut off: {error}") from error
        finally:
            answer.close()

    def _request(
        self,
        credential: Credential,
        method: str,
        path: str,
        data: bytes | None,
        headers: Mapping[str, str],
        timeout: urllib3.Timeout = _TIMEOUT,
        *,
        whole: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        if credential.token:
            headers = {**headers, "Authorization": f"Bearer {credential.token}"}
        try:
            return self._pool(credential).urlopen(
                method,
                self._path + path,
                body=data,
                headers=headers,
                retries=False,
                timeout=timeout,
                preload_content=whole,
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise self._unreachable(error, sent=False) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error, sent=True) from error

    def _unreachable(self, error: Exception, *, sent: bool) -> ApiError:
        return ApiError(0, "Unreachable", f"the API server {self.access.server} does not answer: {error}", sent=sent)

    def _pool(self, credential: Credential) -> urllib3.HTTPConnectionPool:
        """The connections for a credential: those of a certificate cannot be used with another one."""
        pool = self._pools.get(credential.certificate)
        if pool is None:
            with self._making:
                pool = self._pools.get(credential.certificate) or self._new_pool(credential)
                self._pools[credential.certificate] = pool
        return pool

    def _new_pool(self, credential: Credential) -> urllib3.HTTPConnectionPool:
        parts = urlsplit(self.access.server)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return urllib3.HTTPConnectionPool(host, parts.port or 80, maxsize=_CONNECTIONS)
        return urllib3.HTTPSConnectionPool(
            host,
            parts.port or 443,
            maxsize=_CONNECTIONS,
            ssl_context=self.access.tls(credential.certificate, credential.key),
            server_hostname=self.access.server_name or None,
        )


def _pause(attempt: int) -> float:
    longest: float = _PAUSE_SECONDS * 2 ** (attempt - 1)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
