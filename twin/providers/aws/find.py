"""Find what an interrupted create has left: by the natural key that each type's table knows.

The engine writes down the inputs of a create before it starts. When it died before it wrote down the id, these inputs
are all that is known; here they lead to the resource, if it came to exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.providers.aws import lifecycle
from twin.providers.aws.clients import Clients
from twin.providers.aws.configuration import configure
from twin.providers.aws.context import Context
from twin.providers.aws.types import resource_type


def find(
    token: str,
    inputs: Mapping[str, Any],
    region: str = "",
    clients: Clients | None = None,
    known: frozenset[str] = frozenset(),
) -> str | None:
    """The id of the resource that a create with these inputs has made.

    Args:
        token: the type token, for example `aws:s3/bucket:Bucket`.
        inputs: the checked inputs, as the engine's state has them.
        region: where to look if the inputs do not say; `AWS_REGION` without it.
        clients: to share them over several calls.
        known: ids that are not meant, as of the resource that the create was to replace.

    Returns:
        The id to import it by, or `None`: it was never made, or several bear the same key.

    Raises:
        ProviderError: the type has no table, or AWS refused a call.
    """
    resource = resource_type(token)
    clients = clients or Clients(region)
    account = configure({"region": inputs.get("region") or region}, clients)
    found = lifecycle.find(Context(type=resource, clients=clients, account=account, inputs=dict(inputs), known=known))
    return None if found in known else found
