"""Updates of EKS: the record of each change of a cluster, a node group or an add-on; ministack 1.5.33 keeps few.

Whoever makes a change keeps its update here. It is in progress for UPDATE_SECONDS, or until it is said to have ended;
what it changes is shown at once.

Source: EKS API reference, DescribeUpdate, ListUpdates.
"""

import time
import uuid
from datetime import UTC, datetime

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields
from twin.aws.corrections.wire import AwsError

UPDATE_SECONDS = 1.0
"""On EKS it is minutes."""
_KIND = "eks-update"
_OWNERS = ("nodegroupName", "addonName")


def keep_update(exchange: Exchange, cluster: str, kind: str, parameters: dict[str, str], **owner: str) -> Fields:
    """Remember an update of the cluster, or of `nodegroupName=…` or `addonName=…` in it; return it as EKS shows it."""
    return _kept(exchange, cluster, kind, parameters, owner)


def keep_open_update(exchange: Exchange, cluster: str, kind: str, parameters: dict[str, str], **owner: str) -> Fields:
    """As keep_update, but it is in progress until `end_updates`."""
    return _kept(exchange, cluster, kind, parameters, owner, status="InProgress")


def end_updates(exchange: Exchange, cluster: str, errors: list[Fields] | None = None, **owner: str) -> None:
    """What was under way of the cluster, or of `nodegroupName=…` or `addonName=…` in it, is over, or has failed so."""
    over = {"status": "Failed" if errors else "Successful", "errors": errors or []}
    for update in _updates(exchange, cluster, owner):
        if update.get("status") == "InProgress":
            exchange.shelf(_KIND).put(exchange.scope, update["id"], update | over)


def _kept(
    exchange: Exchange, cluster: str, kind: str, parameters: dict[str, str], owner: dict[str, str], **more: str
) -> Fields:
    update: Fields = {
        "id": str(uuid.uuid4()),
        "type": kind,
        "params": [{"type": name, "value": value} for name, value in parameters.items()],
        "createdAt": time.time(),
        "cluster": cluster,
        "owner": owner,
        **more,
    }
    exchange.shelf(_KIND).put(exchange.scope, update["id"], update)
    return _shown(update)


def is_updating(exchange: Exchange, cluster: str, **owner: str) -> bool:
    """Whether an update of the cluster itself, or of this node group or add-on of it, is in progress."""
    return any(_shown(update)["status"] == "InProgress" for update in _updates(exchange, cluster, owner))


def forget_updates(exchange: Exchange, cluster: str) -> None:
    """Forget all updates of a cluster that was deleted, and of all in it."""
    shelf = exchange.shelf(_KIND)
    for update_id, update in shelf.of_scope(exchange.scope).items():
        if update["cluster"] == cluster:
            shelf.forget(exchange.scope, update_id)


async def _describe(exchange: Exchange) -> None:
    found = {update["id"]: update for update in await _asked(exchange)}
    wanted = exchange.parameters["updateId"]
    if wanted not in found:
        raise AwsError("ResourceNotFoundException", f"No update found for ID: {wanted}", 404)
    exchange.answer = {"update": _shown(found[wanted])}


async def _list(exchange: Exchange) -> None:
    exchange.answer = {"updateIds": [update["id"] for update in await _asked(exchange)]}


async def _asked(exchange: Exchange) -> list[Fields]:
    """The updates that a request is about. Refuses when there is no such cluster."""
    cluster = exchange.parameters["name"]
    await exchange.emulator.call("eks", "DescribeCluster", name=cluster)
    owner = {name: exchange.parameters[name] for name in _OWNERS if name in exchange.parameters}
    return _updates(exchange, cluster, owner)


def _updates(exchange: Exchange, cluster: str, owner: dict[str, str]) -> list[Fields]:
    kept = exchange.shelf(_KIND).of_scope(exchange.scope).values()
    return [update for update in kept if update["cluster"] == cluster and update["owner"] == owner]


def _shown(update: Fields) -> Fields:
    done = time.time() > update["createdAt"] + UPDATE_SECONDS
    status = update.get("status") or ("Successful" if done else "InProgress")
    return {
        **{name: update[name] for name in ("id", "type", "params")},
        "status": status,
        "createdAt": datetime.fromtimestamp(update["createdAt"], UTC),
        "errors": update.get("errors", []),
    }


CORRECTIONS = (
    Correction("eks", ("DescribeUpdate",), supply=_describe),
    Correction("eks", ("ListUpdates",), supply=_list),
)
