"""The API server as a service account of the cluster sees it: what a controller in a pod is allowed, and no more."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from twin.kubernetes.client import Client

TOKEN_SECONDS = 3600
"""How long a token is good for, unless another time is asked for."""


def token(
    api: Client,
    namespace: str,
    name: str,
    *,
    audience: str = "",
    pod: Mapping[str, Any] | None = None,
    seconds: int = TOKEN_SECONDS,
) -> str:
    """A token of a service account, for an audience (the API server's own when empty), bound to a pod if one is given.

    Raises ApiError, with status 404 when there is no such service account.
    """
    spec: dict[str, Any] = {"expirationSeconds": seconds}
    if audience:
        spec["audiences"] = [audience]
    if pod is not None:
        metadata = pod["metadata"]
        spec["boundObjectRef"] = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": metadata["name"],
            "uid": metadata["uid"],
        }
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    given = api.post_subresource("v1", "ServiceAccount", name, namespace, "token", asked)
    return str(given["status"]["token"])


def client(folder: Path, api: Client, namespace: str, name: str) -> Client:
    """A client of the cluster in this folder that is the service account, for TOKEN_SECONDS.

    Raises ApiError as `token` does.
    """
    config = yaml.safe_load((folder / "admin.kubeconfig").read_text())
    bearer = token(api, namespace, name)
    config["users"] = [{**user, "user": {"token": bearer}} for user in config["users"]]
    return Client.of(json.dumps(config))
