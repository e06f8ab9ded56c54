"""MLflow's REST API, read as one user in one workspace, set up by the variables that MLflow's own client reads.

`requests` rather than `mlflow-skinny`: five questions are asked, and the client would bring fifty packages.

Source: MLflow documentation, "REST API", "Authentication with Username and Password", "Workspaces".
"""

import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from groundwork.errors import GroundworkError

API: Final = "/api/2.0/mlflow"
ARTIFACTS: Final = "/api/2.0/mlflow-artifacts/artifacts"
WORKSPACE_HEADER: Final = "X-MLFLOW-WORKSPACE"
TIMEOUT_SECONDS: Final = (10, 60)
"""To be reached; to answer."""
RETRIES: Final = Retry(total=4, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), raise_on_status=False)

_CREDENTIALS = re.compile(r"^(https?://)[^/@]*@")


class UnavailableError(Exception):
    """The server has no such thing, or does not show it to this user: to somebody without rights it says the same."""


class Tracking:
    """The tracking server."""

    def __init__(self, address: str, workspace: str, session: requests.Session) -> None:
        self.address = _CREDENTIALS.sub(r"\1", address).rstrip("/")
        """As it is shown: without a password."""
        self._url = address.rstrip("/")
        self.workspace = workspace
        self._session = session
        self._session.headers[WORKSPACE_HEADER] = workspace
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=RETRIES))

    @classmethod
    def of(cls, variables: Mapping[str, str], workspace: str) -> "Tracking":
        """The server that MLflow's client would use with these variables. Raises GroundworkError without one."""
        address = variables.get("MLFLOW_TRACKING_URI", "")
        if not address.startswith(("http://", "https://")):
            raise GroundworkError(
                f"MLFLOW_TRACKING_URI is {address or 'not set'}; the address of a tracking server is expected, such as "
                "http://127.0.0.1:5000"
            )
        session = requests.Session()
        if token := variables.get("MLFLOW_TRACKING_TOKEN"):
            session.headers["Authorization"] = f"Bearer {token}"
        elif user := _user(variables):
            session.auth = user
        session.verify = variables.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or True
        session.cert = variables.get("MLFLOW_TRACKING_CLIENT_CERT_PATH")
        return cls(address, workspace, session)

    @property
    def user(self) -> str:
        """Who asks, for messages."""
        auth = self._session.auth
        return auth[0] if isinstance(auth, tuple) else "this user"

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Answer of `/api/2.0/mlflow/<path>`. Raises UnavailableError, GroundworkError."""
        return dict(self._get(f"{API}/{path}", query).json())

    def artifact_files(self, folder: str) -> dict[str, int]:
        """Size by path of all files under a folder of the artifact store. Raises UnavailableError, GroundworkError."""
        found: dict[str, int] = {}
        folders = [""]
        while folders:
            under = folders.pop()
            listed = self._get(ARTIFACTS, {"path": f"{folder}/{under}".rstrip("/")}).json().get("files", ())
            for entry in listed:
                path = f"{under}/{entry['path']}".lstrip("/")
                if entry.get("is_dir"):
                    folders.append(path)
                else:
                    found[path] = int(entry.get("file_size") or 0)
        return found

    def artifact(self, path: str) -> bytes:
        """One file of the artifact store. Raises UnavailableError, GroundworkError."""
        return self._get(f"{ARTIFACTS}/{quote(path)}", {}).content

    def _get(self, path: str, query: Mapping[str, str]) -> requests.Response:
        try:
            answer = self._session.get(self._url + path, params=dict(query), timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise GroundworkError(f"{self.address} (MLFLOW_TRACKING_URI) does not answer: {_cause(error)}") from None
        if answer.status_code == requests.codes.unauthorized:
            raise GroundworkError(
                f"{self.address} does not know {self.user}: give MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or a file ~/.mlflow/credentials"
            )
        if answer.status_code in (requests.codes.forbidden, requests.codes.not_found):
            raise UnavailableError(_message(answer))
        if not answer.ok:
            raise GroundworkError(f"{self.address}{path}: {answer.status_code} {_message(answer)}")
        return answer


def _user(variables: Mapping[str, str]) -> tuple[str, str] | None:
    """Name and password, from the environment before the file."""
    kept = configparser.ConfigParser()
    kept.read(Path("~/.mlflow/credentials").expanduser())
    name, password = (
        variables.get(key) or kept.get("mlflow", key.lower(), fallback=None)
        for key in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
    )
    return (name, password) if name and password else None


def _message(answer: requests.Response) -> str:
    """What the server says, which is JSON only if MLflow itself says it."""
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text.strip()[:200]


def _cause(error: BaseException) -> str:
    """The innermost reason: `requests` wraps it three times."""
    while (inner := error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__
