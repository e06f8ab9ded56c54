"""Keeps a Secret of the cluster as what is mounted says, by the right to this one Secret.

Values are never printed, nor is what the API server says of them: its refusals name the object alone.

Source: Kubernetes API, Secret; Kubernetes documentation, "Accessing the Kubernetes API from a Pod".
"""

import base64
import json
import os
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEYS = ("github_app_id", "github_app_installation_id", "github_app_private_key")
NUMBERS = KEYS[:2]
PRIVATE_KEY_BEGINS = "-----BEGIN "
SECONDS = 30
NOT_FOUND = 404


class CredentialsError(Exception):
    """What is wrong, and what to do about it."""


def required(variable: str) -> str:
    """Return an environment variable that the pod's manifest sets."""
    value = os.environ.get(variable)
    if not value:
        raise CredentialsError(f"the environment variable {variable} is missing: the pod's manifest sets it")
    return value


def read(folder: Path) -> dict[str, str]:
    """Return the App's credentials, a file each. Raises CredentialsError for what cannot be one."""
    values = {}
    for key in KEYS:
        try:
            values[key] = (folder / key).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise CredentialsError(
                f"{folder / key} cannot be read: {error.strerror}; is the secret mounted, and has it the entry {key}?"
            ) from None
    for key in NUMBERS:
        if not values[key].isdecimal():
            raise CredentialsError(f"the entry {key} of the secret is no number: GitHub shows it on the App's page")
    if not values[KEYS[2]].startswith(PRIVATE_KEY_BEGINS):
        raise CredentialsError(
            f"the entry {KEYS[2]} of the secret is no private key: it begins with {PRIVATE_KEY_BEGINS.strip()}, as in "
            "the file that GitHub hands out"
        )
    return values


@dataclass(frozen=True)
class Api:
    """The API server, as a pod finds it."""

    address: str
    token: str
    trust: ssl.SSLContext | None

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the answer, None where the object is not there. Raises CredentialsError for any other refusal."""
        request = urllib.request.Request(  # noqa: S310 - the address is the manifest's
            f"{self.address}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=self.trust) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            if method == "GET" and error.code == NOT_FOUND:
                return None
            raise CredentialsError(f"{method} {path}: the API server refused it with status {error.code}") from None
        except (urllib.error.URLError, TimeoutError) as error:
            raise CredentialsError(f"{self.address} does not answer: {error}") from None


def from_account(address: str, account: Path) -> Api:
    """Return the API server for the service account whose token is mounted in a folder."""
    try:
        token = (account / "token").read_text(encoding="utf-8").strip()
        trust = ssl.create_default_context(cafile=str(account / "ca.crt"))
    except OSError as error:
        raise CredentialsError(f"{account} holds no token and authority: {error.strerror}") from None
    return Api(address, token, trust)


def keep(api: Api, namespace: str, name: str, values: dict[str, str]) -> str:
    """Make the Secret what the values say, and return what was done: `made`, `changed` or `unchanged`."""
    collection = f"/api/v1/namespaces/{namespace}/secrets"
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    there = api.call("GET", f"{collection}/{name}")
    wanted: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "data": data,
    }
    if there is None:
        api.call("POST", collection, wanted)
        return "made"
    if there.get("data") == data:
        return "unchanged"
    # What was read is what is replaced: somebody else's change in between is refused, and seen by the next run.
    api.call("PUT", f"{collection}/{name}", there | {"data": data})
    return "changed"
