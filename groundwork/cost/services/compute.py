"""The cluster, its nodes, builds.

A group of several instance types is priced as its first one, which an on-demand group takes while there is any.

Source: EKS user guide, "Managed node group capacity types"; EC2 user guide, "Spot Instances": they cost at most what
        the same machines cost on demand.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from groundwork.cost.charges import HOURS, ByType, Charge, Resource, number, times
from groundwork.cost.use import Use
from groundwork.policy.sources import Saved
from policies.values import Node, plain

LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_BASELINE: Final = (("iops", 3000, "ebs.gp3.iops_month"), ("throughput", 125, "ebs.gp3.mibps_month"))
"""What a gp3 volume has for its price, and what more of it costs."""


def _cluster(resource: Resource, _: Use) -> Iterator[Charge]:
    yield Charge("eks.cluster.hour", HOURS)
    support = resource["upgradePolicy"]["supportType"]
    if support.value != "STANDARD":  # EXTENDED is AWS' default
        yield Charge("eks.extended_support.hour", None, "extended support is charged once the version needs it")


def _node_group(resource: Resource, use: Use) -> Iterator[Charge]:
    least = number(resource["scalingConfig"]["minSize"])
    more = use.node_hours.of(resource.name)
    if least is None:
        yield Charge("ec2.instance", None, "scalingConfig.minSize is not known")
        return
    hours = least * HOURS + more
    if not hours:
        return
    types, spot = resource["instanceTypes"].each(), resource["capacityType"].value == "SPOT"
    if len(types) == 0 or types[0].unknown:
        yield Charge("ec2.instance", None, "instanceTypes is not known")
    else:
        share = use.spot_percent / 100 if spot else Decimal(1)
        yield Charge(f"ec2.instance.{types[0].value}", hours * share)
    yield from _volumes(_template(resource), hours / HOURS)


def _template(resource: Resource) -> Saved | None:
    """Return the launch template of a node group: that with its id, else the only one beside it.

    Before the first update nothing has an id.
    """
    templates = [one for one in resource.siblings if one.type == LAUNCH_TEMPLATE]
    wanted = resource["launchTemplate"]["id"]
    if wanted.is_set:
        templates = [one for one in templates if one.id == wanted.value]
    return templates[0] if len(templates) == 1 else None


def _volumes(template: Saved | None, nodes: Decimal) -> Iterator[Charge]:
    """Yield what the volumes of so many nodes cost, each there for a month."""
    mappings = Node(plain(dict(template.inputs)) if template else {}, "")["blockDeviceMappings"]
    if not mappings.is_set:
        yield Charge("ebs.gp3.gb_month", None, "the volumes of its nodes are not known")
        return
    for mapping in mappings.each():
        volume = mapping["ebs"]
        kind = volume["volumeType"].value
        yield times(f"ebs.{kind}.gb_month", volume["volumeSize"], nodes)
        for name, free, price in _BASELINE if kind == "gp3" else ():
            given = number(volume[name], default=free)
            above = None if given is None else max(given - free, Decimal(0)) * nodes
            yield Charge(price, above, f"{volume.path}.{name} is not known")


_BUILD_MACHINES: Final = {"ARM_CONTAINER": "arm.", "LINUX_GPU_CONTAINER": "gpu."}
"""By the type of environment: what stands before the size in the name of a price."""


def _build_project(resource: Resource, use: Use) -> Iterator[Charge]:
    environment = resource["environment"]
    size = str(environment["computeType"].value).removeprefix("BUILD_").lower().replace("_", ".")
    machine = _BUILD_MACHINES.get(str(environment["type"].value), "")  # their sizes are called alike, their prices not
    yield Charge(f"codebuild.{machine}{size}.minute", use.build_minutes.of(resource.name))


CHARGES: Final[ByType] = {
    "aws:eks/cluster:Cluster": _cluster,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:codebuild/project:Project": _build_project,
}
