"""Tell a spot node that it is interrupted: what EC2 does when it wants its capacity back, here when somebody asks.

twin/kubernetes/controllers/spot.py does what follows.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from twin.environment import Target
from twin.errors import TwinError
from twin.kubernetes import nodes as node_objects
from twin.kubernetes.client import ApiError, Client
from twin.kubernetes.controllers.loop import RECORD
from twin.kubernetes.controllers.spot import NOTICE_SECONDS
from twin.kubernetes.drain import NOTICE
from twin.kubernetes.nodes import Node
from twin.places import Places


def interrupt(places: Places, target: Target, wanted: str | None) -> str:
    """Give notice to a node, the first spot node by name when none is named; the node's name.

    Raises TwinError when there is no cluster, no such node, or when it is no spot node or has its notice already.
    """
    clients = [Client.of(folder / "admin.kubeconfig", attempts=1) for folder in _folders(places, target)]
    if not clients:
        raise TwinError(f"No cluster of account {target.account_id} runs in this twin. Build one with: groundwork up")
    try:
        held = [(client, node) for client in clients for node in client.list("v1", "Node")]
        client, node = _chosen(held, wanted)
        until = f"{time.time() + NOTICE_SECONDS:.0f}"
        client.patch("v1", "Node", _name(node), None, {"metadata": {"annotations": {NOTICE: until}}})
    except ApiError as error:
        raise TwinError(f"The cluster's API server refuses: {error.message}") from error
    return _name(node)


def _folders(places: Places, target: Target) -> Sequence[Path]:
    pattern = f"{target.account_id}-{target.region}-*/{RECORD}"
    return [record.parent for record in sorted((places.root / "kubernetes").glob(pattern))]


def _chosen(held: Sequence[tuple[Client, Node]], wanted: str | None) -> tuple[Client, Node]:
    if wanted is not None:
        found = [one for one in held if wanted in (_name(one[1]), node_objects.instance_id(one[1]))]
        if not found:
            raise TwinError(
                f"There is no node {wanted}. See them with: kubectl get nodes -L {node_objects.CAPACITY_TYPE}"
            )
        bought = _capacity_type(found[0][1])
        if bought != "SPOT":
            raise TwinError(f"Node {wanted} is no spot node: its capacity type is {bought or 'unknown'}.")
        if _has_notice(found[0][1]):
            raise TwinError(f"Node {wanted} has its notice already.")
        return found[0]
    spot = [one for one in held if _capacity_type(one[1]) == "SPOT" and not _has_notice(one[1])]
    if not spot:
        raise TwinError("There is no spot node to interrupt: no node group with capacity type SPOT has a node now.")
    return min(spot, key=lambda one: _name(one[1]))


def _name(node: Node) -> str:
    return str(node["metadata"]["name"])


def _capacity_type(node: Node) -> str:
    return str(node["metadata"].get("labels", {}).get(node_objects.CAPACITY_TYPE, ""))


def _has_notice(node: Node) -> bool:
    return NOTICE in node["metadata"].get("annotations", {})
