"""OpenSearch Service: data nodes, dedicated masters, and the storage of the data nodes.

Source: OpenSearch Service pricing: between the zones of a domain nothing is charged, nor are its own snapshots; AWS
        Pricing Calculator, "OpenSearch Service": a gp3 volume has 3,000 IOPS and 250 MiB/s, and more by its size.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from groundwork.cost.charges import HOURS, ByType, Charge, Resource, number, times
from groundwork.cost.use import Use
from policies.values import Node

_INCLUDED: Final = (("iops", Decimal(3000)), ("throughput", Decimal(250)))


def _domain(resource: Resource, _: Use) -> Iterator[Charge]:
    cluster = resource["clusterConfig"]
    count = cluster["instanceCount"]
    yield _nodes(cluster["instanceType"], count, 1)
    if cluster["dedicatedMasterEnabled"].value is True:
        yield _nodes(cluster["dedicatedMasterType"], cluster["dedicatedMasterCount"], None)
    for more in ("warmEnabled", "multiAzWithStandbyEnabled"):
        if cluster[more].value is True or cluster[more].unknown:
            yield Charge(f"opensearch.{more}", None, f"there is no price for {more}")
    yield from _storage(resource["ebsOptions"], number(count, 1))


def _nodes(kind: Node, count: Node, default: int | None) -> Charge:
    if kind.unknown or not kind.is_set:
        return Charge("opensearch.instance", None, f"{kind.path} is not known")
    return times(f"opensearch.instance.{kind.value}", count, HOURS, default)


def _storage(ebs: Node, nodes: Decimal | None) -> Iterator[Charge]:
    if ebs["ebsEnabled"].value is False:
        return
    price = f"opensearch.{ebs['volumeType'].value}.gb_month"
    if nodes is None or ebs["volumeType"].unknown:
        yield Charge("opensearch.gb_month", None, "the number of data nodes, or what their volumes are, is not known")
        return
    yield times(price, ebs["volumeSize"], nodes)
    for name, included in _INCLUDED:
        wanted = number(ebs[name], int(included))
        if wanted is None or wanted > included:
            yield Charge(f"opensearch.{name}", None, f"there is no price for {name} beyond {included}")


CHARGES: Final[ByType] = {"aws:opensearch/domain:Domain": _domain}
