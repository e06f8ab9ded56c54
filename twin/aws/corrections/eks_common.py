"""EKS: what its corrections share: the folders of clusters, and tags.

Source: Amazon EKS API reference, TagResource, UntagResource.
"""

import json
from pathlib import Path

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields

_POD_TAGS = "eks-pod-identity-tags"
_TAGGED = {
    "DescribeCluster": ("cluster", "arn"),
    "DescribeNodegroup": ("nodegroup", "nodegroupArn"),
    "DescribeAddon": ("addon", "addonArn"),
    "DescribeAccessEntry": ("accessEntry", "accessEntryArn"),
}


class ClusterFolders:
    """The folders in which clusters with a control plane keep their files; a cluster without one has none."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of(self, exchange: Exchange, cluster: str) -> Path | None:
        """The folder of a cluster of the caller's account and region, if there is one."""
        folder = self._directory / f"{exchange.emulator.account}-{exchange.emulator.region}-{cluster}"
        return folder if folder.is_dir() else None

    def told(self, exchange: Exchange, cluster: str, file: str) -> Fields | None:
        """What the controllers of a cluster have written into a file there; None without a control plane."""
        folder = self.of(exchange, cluster)
        if folder is None:
            return None
        try:
            found: Fields = json.loads((folder / file).read_text())
        except FileNotFoundError:
            return {}
        return found


# --- Tags: TagResource, UntagResource, ListTagsForResource, Describe* ---


async def _untag_the_others(exchange: Exchange) -> None:
    """The emulator takes the first of several keys away."""
    for key in exchange.parameters["tagKeys"][1:]:
        named = {"resourceArn": exchange.parameters["resourceArn"], "tagKeys": [key]}
        await exchange.emulator.call("eks", "UntagResource", **named)


async def _show_tags(exchange: Exchange) -> None:
    """The emulator shows those of the create."""
    what, arn = _TAGGED[exchange.operation.name]
    shown = exchange.answer[what]
    found = await exchange.emulator.call("eks", "ListTagsForResource", resourceArn=shown[arn])
    shown["tags"] = found.get("tags", {})


def _pod_tags(exchange: Exchange) -> Fields | None:
    """Tags of a pod identity association, which the emulator knows no tags of; None for what is none."""
    arn = exchange.parameters["resourceArn"]
    return (exchange.shelf(_POD_TAGS).get(exchange.scope, arn) or {}) if ":podidentityassociation/" in arn else None


async def _tag_association(exchange: Exchange) -> None:
    tags = _pod_tags(exchange)
    if tags is None:
        return
    asked = exchange.parameters
    changed = {
        key: value for key, value in (tags | asked.get("tags", {})).items() if key not in asked.get("tagKeys", [])
    }
    exchange.shelf(_POD_TAGS).put(exchange.scope, asked["resourceArn"], changed)
    exchange.answer = {"tags": changed} if exchange.operation.name == "ListTagsForResource" else {}


async def _keep_association_tags(exchange: Exchange) -> None:
    made = exchange.answer["association"]
    exchange.shelf(_POD_TAGS).put(exchange.scope, made["associationArn"], exchange.parameters.get("tags", {}))


async def _show_association_tags(exchange: Exchange) -> None:
    shown = exchange.answer["association"]
    shown["tags"] = exchange.shelf(_POD_TAGS).get(exchange.scope, shown["associationArn"]) or {}


async def _forget_association(exchange: Exchange) -> None:
    exchange.shelf(_POD_TAGS).forget(exchange.scope, exchange.answer["association"]["associationArn"])


TAGS = (
    Correction("eks", ("UntagResource",), after=_untag_the_others, refused=_tag_association),
    Correction("eks", ("TagResource", "ListTagsForResource"), refused=_tag_association),
    Correction("eks", tuple(_TAGGED), after=_show_tags),
    Correction("eks", ("CreatePodIdentityAssociation",), after=_keep_association_tags),
    Correction("eks", ("DescribePodIdentityAssociation", "UpdatePodIdentityAssociation"), after=_show_association_tags),
    Correction("eks", ("DeletePodIdentityAssociation",), after=_forget_association),
)
