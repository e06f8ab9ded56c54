"""Kubeconfigs: which cluster, and how to say who we are.

Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ and client-authentication.v1.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.kubernetes.errors import KubeconfigError


@dataclass(frozen=True)
class Access:
    """One context of a kubeconfig: an API server and a user."""

    server: str
    """`https://host:port`, without a slash at the end."""
    authority: str = ""
    """The certificates (PEM) that sign the server's; empty: those that the machine trusts."""
    server_name: str = ""
    """The name that the server's certificate must hold, where it is another than in `server`."""
    certificate: str = field(default="", repr=False)
    """The user's own certificate and, in `key`, its key (PEM)."""
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_file: str = ""
    execute: Mapping[str, Any] | None = field(default=None, repr=False)
    """The exec plugin's section: command, args, env."""
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """The variables that its `env` is added to; `None`: those of this process."""
    namespace: str = "default"
    """Where namespaced objects are that name no namespace."""

    def tls(self, certificate: str = "", key: str = "") -> ssl.SSLContext:
        """The context for connections, with the user's certificate or this other one (PEM).

        Raises:
            KubeconfigError: a certificate or key that is none.
        """
        try:
            context = ssl.create_default_context(cadata=self.authority or None)
            if own := certificate or self.certificate:
                # OpenSSL reads keys from files alone; these are gone before anybody can look.
                with tempfile.TemporaryDirectory() as folder:
                    pem = Path(folder) / "client.pem"
                    pem.touch(mode=0o600)
                    pem.write_text(f"{own}\n{key or self.key}\n")
                    context.load_cert_chain(pem)
        except (ssl.SSLError, ValueError) as error:
            raise KubeconfigError(f"the certificates of the kubeconfig for {self.server} are wrong: {error}") from error
        return context


def read(kubeconfig: Mapping[str, Any] | Path | str) -> Mapping[str, Any]:
    """The kubeconfig itself, from a path, from its text (YAML or JSON), or already read.

    Raises:
        KubeconfigError: there is no such file, or it is none.
    """
    if isinstance(kubeconfig, Mapping):
        return kubeconfig
    where = "the kubeconfig"
    text = kubeconfig
    if isinstance(kubeconfig, Path):
        where = f"the kubeconfig {kubeconfig}"
        try:
            text = kubeconfig.read_text()
        except OSError as error:
            raise KubeconfigError(f"{where} cannot be read: {error.strerror}") from error
    found = _parsed(str(text), where)
    if not isinstance(found, Mapping):
        raise KubeconfigError(f"{where} holds no clusters, contexts and users")
    return found


def _parsed(text: str, where: str) -> Any:
    if text.lstrip().startswith("{"):
        with contextlib.suppress(ValueError):
            return json.loads(text)
    import yaml  # a fourth of what a provider process imports, and most kubeconfigs here are JSON

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        # Without its text, which may hold keys.
        raise KubeconfigError(f"{where} is no valid YAML: {getattr(error, 'problem', 'unknown problem')}") from error


def access(
    kubeconfig: Mapping[str, Any] | Path | str,
    context: str | None = None,
    cluster: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Access:
    """The access that a context describes.

    Args:
        kubeconfig: read, its text, or its path.
        context: the current one when `None`.
        cluster: another of its clusters in the place of the context's.
        environment: the variables of an exec plugin; those of this process when `None`.

    Raises:
        KubeconfigError: what is missing or wrong.
    """
    config = read(kubeconfig)
    base = kubeconfig.parent if isinstance(kubeconfig, Path) else Path.cwd()
    name = context or config.get("current-context")
    if not name:
        raise KubeconfigError("the kubeconfig has no current-context, and no context was chosen")
    chosen = _named(config, "contexts", "context", name)
    where = _named(config, "clusters", "cluster", cluster or chosen.get("cluster"))
    user = _named(config, "users", "user", chosen["user"]) if chosen.get("user") else {}
    if not where.get("server"):
        raise KubeconfigError(f"the cluster of context {name} has no server")
    if refused := sorted({"auth-provider", "username", "password", "as", "as-groups"} & user.keys()):
        raise KubeconfigError(
            f"the user of context {name} has {', '.join(refused)}; a certificate, a token or an exec plugin is taken"
        )
    if where.get("proxy-url"):
        raise KubeconfigError(f"the cluster of context {name} has a proxy-url; only direct connections are made")
    if where.get("insecure-skip-tls-verify"):
        raise KubeconfigError(
            f"the cluster of context {name} has insecure-skip-tls-verify; give its certificate-authority-data instead"
        )
    return Access(
        server=str(where["server"]).rstrip("/"),
        authority=_pem(where, "certificate-authority", base),
        server_name=where.get("tls-server-name", ""),
        certificate=_pem(user, "client-certificate", base),
        key=_pem(user, "client-key", base),
        token=user.get("token", ""),
        token_file=str(base / user["tokenFile"]) if user.get("tokenFile") else "",
        execute=user.get("exec"),
        environment=environment,
        namespace=chosen.get("namespace") or "default",
    )


def _named(config: Mapping[str, Any], section: str, key: str, name: Any) -> Mapping[str, Any]:
    entries = config.get(section) or ()
    for entry in entries:
        if entry.get("name") == name:
            found: Mapping[str, Any] = entry.get(key) or {}
            return found
    there = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    raise KubeconfigError(f"the kubeconfig has no {key} {name!r}; it has {there}")


def _pem(section: Mapping[str, Any], name: str, base: Path) -> str:
    """A certificate or key: base64 in `<name>-data`, or a file, relative to the kubeconfig's folder."""
    if data := section.get(f"{name}-data"):
        try:
            return base64.b64decode(str(data), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, TypeError) as error:
            raise KubeconfigError(f"{name}-data in the kubeconfig is no base64 of PEM") from error
    if path := section.get(name):
        try:
            return (base / str(path)).read_text()
        except OSError as error:
            raise KubeconfigError(f"{name} of the kubeconfig, {path}, cannot be read: {error.strerror}") from error
    return ""
