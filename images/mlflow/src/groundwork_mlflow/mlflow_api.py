"""MLflow's REST API, as far as the Job `access` needs it, signed in as MLflow's administrator.

Source: MLflow documentation, "REST API" and "Basic HTTP Authentication"; the routes of roles and workspaces are under
version 3.0, users and webhooks under 2.0.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3

from groundwork_mlflow.errors import PodError

WORKSPACE = "X-MLFLOW-WORKSPACE"
TIMEOUT = urllib3.Timeout(connect=5, read=30)
RETRIES = urllib3.Retry(total=5, backoff_factor=0.5, status_forcelist=(502, 503, 504), allowed_methods=None)
UNAUTHORIZED = 401
FIRST_ERROR = 400


class MlflowError(Exception):
    """What MLflow refused, by its own error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Mlflow:
    """One server, as one user."""

    def __init__(self, uri: str, username: str, password: str) -> None:
        self._uri = uri.rstrip("/")
        self._http = urllib3.PoolManager(timeout=TIMEOUT, retries=RETRIES)
        self._headers = urllib3.make_headers(basic_auth=f"{username}:{password}")

    def get(self, path: str, *, within: str | None = None, **query: str | int) -> dict[str, Any]:
        """Ask for something, in a workspace where it is of one."""
        asked = f"{path}?{urlencode(query)}" if query else path
        return self._json("GET", asked, None, within)

    def send(self, method: str, path: str, *, within: str | None = None, **body: Any) -> dict[str, Any]:
        """Change something."""
        return self._json(method, path, body, within)

    def pages(self, path: str, key: str, *, within: str) -> Iterator[dict[str, Any]]:
        """Yield every entry of a list that comes in pages."""
        token: dict[str, str | int] = {}
        while True:
            page = self.get(path, within=within, max_results=100, **token)
            yield from page.get(key, [])
            if not page.get("next_page_token"):
                return
            token = {"page_token": page["next_page_token"]}

    def knows(self, username: str, password: str) -> bool:
        """Tell whether that user can sign in with that password."""
        headers = urllib3.make_headers(basic_auth=f"{username}:{password}")
        return self._request("GET", "/api/2.0/mlflow/users/current", None, headers).status != UNAUTHORIZED

    def _json(self, method: str, path: str, body: Any, workspace: str | None) -> dict[str, Any]:
        headers = self._headers | ({WORKSPACE: workspace} if workspace else {})
        response = self._request(method, path, body, headers)
        if response.status == UNAUTHORIZED:
            raise PodError(f"{self._uri} does not accept the administrator's password of the server's secret")
        text = response.data.decode(errors="replace")
        try:
            answer = json.loads(text or "{}")
        except json.JSONDecodeError:
            answer = {"error_code": str(response.status), "message": text[:200]}
        if response.status >= FIRST_ERROR:
            raise MlflowError(str(answer.get("error_code")), str(answer.get("message")))
        return dict(answer)

    def _request(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            return self._http.request(method, self._uri + path, json=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise PodError(f"{self._uri} does not answer: {error}") from None
