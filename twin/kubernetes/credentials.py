"""Who we are: a token or a certificate, from the kubeconfig itself, a file, or an exec plugin (`aws eks get-token`).

What a plugin answers is kept until shortly before it expires, and thrown away when the API server does not know it.
Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from twin.kubernetes.errors import KubeconfigError
from twin.kubernetes.kubeconfig import Access

_MARGIN_SECONDS = 30.0
"""A credential that expires sooner is asked for anew: a request may be under way for a while."""
_FILE_SECONDS = 10.0
"""How long a token file's content is kept; the kubelet replaces such files."""
_PLUGIN_SECONDS = 60.0
_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


@dataclass(frozen=True)
class Credential:
    """What a request is made with."""

    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    expires: float = float("inf")
    """Seconds since the epoch."""


class Credentials:
    """The credential of an access, always a fresh one. Safe for threads: a plugin runs once for all of them."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._held: Credential | None = None
        self._asking = threading.Lock()

    def current(self) -> Credential:
        """The credential for the next request.

        Raises:
            KubeconfigError: the plugin is not there, failed, or answered something else; the token file is not there.
        """
        held = self._held
        if held is not None and time.time() < held.expires:
            return held
        with self._asking:
            if self._held is None or time.time() >= self._held.expires:
                self._held = self._ask()
            return self._held

    def forget(self, refused: Credential) -> bool:
        """The API server did not accept this credential. Whether asking again may give another one."""
        if self._access.execute is None and not self._access.token_file:
            return False
        with self._asking:
            if self._held is refused:
                self._held = None
        return True

    def _ask(self) -> Credential:
        if self._access.execute is not None:
            return ask_plugin(self._access)
        if self._access.token_file:
            try:
                token = Path(self._access.token_file).read_text().strip()
            except OSError as error:
                raise KubeconfigError(f"tokenFile of the kubeconfig cannot be read: {error}") from error
            return Credential(token, expires=time.time() + _FILE_SECONDS)
        return Credential(self._access.token)


def ask_plugin(access: Access) -> Credential:
    """Run the exec plugin of an access and take its answer."""
    section = access.execute or {}
    version = section.get("apiVersion")
    if version not in _VERSIONS:
        raise KubeconfigError(f"the exec plugin has apiVersion {version!r}; {' or '.join(_VERSIONS)} is expected")
    if not section.get("command"):
        raise KubeconfigError("the exec plugin of the kubeconfig has no command")
    command = [str(section["command"]), *map(str, section.get("args") or ())]
    told = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
    if section.get("provideClusterInfo"):
        told["spec"] = {"interactive": False, "cluster": _cluster_info(access)}
    variables = {entry["name"]: entry["value"] for entry in section.get("env") or ()}
    inherited = os.environ if access.environment is None else access.environment
    try:
        done = subprocess.run(
            command,
            env={**inherited, **variables, "KUBERNETES_EXEC_INFO": json.dumps(told)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PLUGIN_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        hint = section.get("installHint")
        raise KubeconfigError(
            f"the exec plugin {command[0]} of the kubeconfig is not installed{f': {hint}' if hint else ''}"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KubeconfigError(f"the exec plugin {' '.join(command)} cannot be run: {error}") from error
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or "it said nothing"
        raise KubeconfigError(f"the exec plugin {' '.join(command)} ended with {done.returncode}: {said}")
    return _credential(done.stdout, version, " ".join(command))


def _cluster_info(access: Access) -> dict[str, Any]:
    info: dict[str, Any] = {"server": access.server}
    if access.authority:
        info["certificate-authority-data"] = base64.b64encode(access.authority.encode()).decode()
    return info


def _credential(answer: str, version: str, command: str) -> Credential:
    """Read an ExecCredential. Its text is in no message: it holds the secret."""
    try:
        found = json.loads(answer)
        status = found["status"]
        expires = status.get("expirationTimestamp")
        until = datetime.fromisoformat(expires).timestamp() - _MARGIN_SECONDS if expires else float("inf")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KubeconfigError(f"the exec plugin {command} printed no ExecCredential with a status") from error
    if not isinstance(found, Mapping) or found.get("apiVersion") != version:
        raise KubeconfigError(f"the exec plugin {command} answered in another version than {version}")
    credential = Credential(
        status.get("token", ""), status.get("clientCertificateData", ""), status.get("clientKeyData", ""), until
    )
    if not credential.token and not (credential.certificate and credential.key):
        raise KubeconfigError(f"the exec plugin {command} gave neither a token nor a certificate with its key")
    return credential
