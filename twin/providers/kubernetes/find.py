"""Find what an interrupted create has left: the object of that name, if it bears the field manager of the resource.

The field manager is made of the URN, so an object of somebody else's under the same name is not mistaken for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.kubernetes.client import ApiError, NoSuchKindError
from twin.providers.kubernetes import configuration, lifecycle, objects, releases
from twin.providers.kubernetes.cluster import Cluster
from twin.providers.kubernetes.errors import said
from twin.providers.kubernetes.lifecycle import Operation
from twin.providers.kubernetes.messages import Messages


def find(
    urn: str,
    token: str,
    inputs: Mapping[str, Any],
    provider: Mapping[str, Any],
    variables: Mapping[str, str],
    known: frozenset[str] = frozenset(),
) -> str | None:
    """The id of the object that a create with these inputs has made.

    Args:
        urn: of the resource.
        token: its type token, for example `kubernetes:core/v1:ConfigMap`.
        inputs: the checked inputs, as the engine's state has them.
        provider: the inputs of its provider, with the kubeconfig.
        variables: the environment of the kubeconfig's exec plugin.
        known: ids that are not meant, as of the object that the create was to replace.

    Returns:
        The id to import it by, or `None`: it was never made, or it is somebody else's.

    Raises:
        ProviderError: the cluster does not answer or refuses, or the kubeconfig cannot be used.
    """
    if token == releases.TOKEN:
        return None  # nothing of it is anywhere but in the state
    kind = objects.parse(token)
    manifest = objects.to_manifest(inputs)
    cluster = Cluster(configuration.configure(provider, variables), Messages(""))
    operation = Operation(cluster, urn, kind, manifest, objects.manager(urn, manifest))
    try:
        live = lifecycle.find(operation)
    except NoSuchKindError:
        return None
    except ApiError as error:
        raise said(f"whether {operation} was made cannot be found out", error) from error
    if live is None or not lifecycle.is_ours(live, operation.manager):
        return None
    found = objects.id_of(live)
    return None if found in known else found
