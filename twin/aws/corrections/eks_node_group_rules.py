"""EKS: what a managed node group is when little is said, and what EKS refuses of it.

Source: Amazon EKS API reference, CreateNodegroup, UpdateNodegroupVersion; user guide, "Customize managed nodes with
launch templates", "Kubernetes version skew".
"""

import re

from twin.aws.corrections import instances
from twin.aws.corrections.authorisation import require_pass_role
from twin.aws.corrections.engine import Exchange
from twin.aws.corrections.launch_templates import launch_template_data
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError

_AS_GIVEN = ("capacityType", "labels", "nodeRepairConfig", "remoteAccess", "subnets", "taints", "updateConfig")
_GPU = re.compile(r"(g\d|p\d)")
_GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*\.")
_OLDER = 3
"""How many minor versions nodes may be behind their cluster."""
_RELEASE = "20261101"
"""The twin's images have no dates; EKS' releases end with the day that they were made on."""


def refused(message: str) -> AwsError:
    """The error by which EKS refuses a parameter."""
    return AwsError("InvalidParameterException", message)


def release_of(version: str) -> str:
    """The newest release of the optimised image of a Kubernetes version: `1.36.3-20261101`."""
    return f"{version}.3-{_RELEASE}"


async def check_create(exchange: Exchange) -> None:
    """Refuse what EKS refuses of a new node group.

    Raises:
        AwsError: unknown cluster, subnet, role or launch template; sizes, versions or settings that contradict.
    """
    asked = exchange.parameters
    check_scaling({"minSize": 1, "maxSize": 2, "desiredSize": 1} | asked.get("scalingConfig", {}))
    await check_version(exchange, asked["clusterName"], asked.get("version"))
    try:
        await instances.subnets(exchange.emulator, asked["subnets"])
    except AwsError as error:
        raise refused(error.message) from error
    await _check_role(exchange, asked["nodeRole"])
    if "launchTemplate" in asked:
        await _check_template(exchange)
    elif asked.get("capacityType") == "CAPACITY_BLOCK":
        raise refused("The capacity type CAPACITY_BLOCK needs a launch template that names the reservation.")


def check_scaling(sizes: Fields) -> None:
    """Refuse sizes that contradict each other."""
    least, most, desired = sizes["minSize"], sizes["maxSize"], sizes["desiredSize"]
    if least > desired:
        raise refused(f"Minimum capacity {least} can't be greater than desired size {desired}")
    if desired > most:
        raise refused(f"desired capacity {desired} can't be greater than max size {most}")
    if most < 1:
        raise refused("maxSize must be at least 1")


async def check_version(exchange: Exchange, cluster: str, version: str | None, *, before: str | None = None) -> None:
    """Refuse a version that is newer than the cluster's, too old for it, or older than the one `before`."""
    if version is None:
        return
    told = await cluster_version(exchange, cluster)
    if _minor(version) > _minor(told):
        raise refused(f"Requested Nodegroup Version {version} is newer than the cluster version {told}")
    if _minor(version) < _minor(told) - _OLDER:
        raise refused(f"Requested Nodegroup Version {version} is not supported by the cluster version {told}")
    if before is not None and _minor(version) < _minor(before):
        raise refused(f"Nodegroup version {before} cannot be downgraded to {version}")


async def cluster_version(exchange: Exchange, cluster: str) -> str:
    """The Kubernetes version of a cluster, which a correction may have changed. Refuses when there is no cluster."""
    there = (await exchange.emulator.call("eks", "DescribeCluster", name=cluster))["cluster"]
    known = exchange.shelf("eks-cluster").get(exchange.scope, cluster) or {}
    return str(known.get("shown", {}).get("version", there["version"]))


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


async def _check_role(exchange: Exchange, arn: str) -> None:
    require_pass_role(exchange, arn, "eks.amazonaws.com")
    name = arn.rpartition("/")[2]
    try:
        await exchange.emulator.call("iam", "GetRole", RoleName=name)
    except AwsError as error:
        raise refused(f"The role with name {name} cannot be found.") from error


async def _check_template(exchange: Exchange) -> None:
    """What a launch template says, the node group may not say too, and what EKS decides, neither may."""
    asked = exchange.parameters
    if asked["launchTemplate"].keys() >= {"id", "name"}:
        raise refused("You must specify either the launch template ID or the launch template name, but not both.")
    for name in ("diskSize", "remoteAccess"):
        if asked.get(name):
            raise refused(f"{name[0].upper()}{name[1:]} must be specified within the launch template.")
    data, _ = await _template(exchange, asked["launchTemplate"])
    market = (data.get("InstanceMarketOptions") or {}).get("MarketType")
    if data.get("InstanceType") and asked.get("instanceTypes"):
        raise refused("You cannot specify instance types in both the launch template and the node group.")
    if data.get("IamInstanceProfile"):
        raise refused("You cannot specify an IAM instance profile in the launch template of a node group.")
    if market == "spot":
        raise refused("You cannot request spot instances in the launch template; use capacityType SPOT.")
    if (market == "capacity-block") != (asked.get("capacityType") == "CAPACITY_BLOCK"):
        raise refused("The capacity type CAPACITY_BLOCK and the market type capacity-block need each other.")
    if any(interface.get("SubnetId") for interface in data.get("NetworkInterfaces", [])):
        raise refused("You cannot specify a subnet in the launch template; the node group has its own.")
    if data.get("NetworkInterfaces") and data.get("SecurityGroupIds"):
        raise refused(
            "Network interfaces and an instance-level security groups may not be specified on the same request"
        )
    if data.get("ImageId") and (asked.get("amiType") or asked.get("version") or asked.get("releaseVersion")):
        raise refused("You cannot specify an AMI type, version or release when the launch template names an image.")


async def _template(exchange: Exchange, named: Fields) -> tuple[Fields, Fields]:
    wanted = given(named, id="LaunchTemplateId", name="LaunchTemplateName", version="Version")
    try:
        return await launch_template_data(exchange.emulator, exchange.memory, wanted)
    except AwsError as error:
        raise AwsError("InvalidRequestException", f"Launch template is not valid: {error.message}") from error


async def defaults(exchange: Exchange) -> tuple[Fields, Fields | None]:
    """The fields that a new node group shows, and which version of which launch template it uses, if it names one."""
    asked = exchange.parameters
    data, template = await _template(exchange, asked["launchTemplate"]) if "launchTemplate" in asked else ({}, None)
    shown: Fields = {"capacityType": "ON_DEMAND", "labels": {}, "taints": []} | given(asked, *_AS_GIVEN)
    update = asked.get("updateConfig") or {"maxUnavailable": 1}
    shown["updateConfig"] = {"updateStrategy": "DEFAULT"} | update
    if not data.get("InstanceType"):
        shown["instanceTypes"] = asked.get("instanceTypes") or ["t3.medium"]
    if template is None:
        shown["diskSize"] = asked.get("diskSize") or 20
    else:
        names = {"id": "LaunchTemplateId", "name": "LaunchTemplateName", "version": "Version"}
        shown["launchTemplate"] = {ours: template[theirs] for ours, theirs in names.items()}
    shown["version"] = asked.get("version") or await cluster_version(exchange, asked["clusterName"])
    if data.get("ImageId"):
        return shown | {"amiType": "CUSTOM", "releaseVersion": data["ImageId"]}, template
    first = (shown.get("instanceTypes") or [data.get("InstanceType", "")])[0]
    shown["amiType"] = asked.get("amiType") or _ami_type(first)
    shown["releaseVersion"] = asked.get("releaseVersion") or release_of(shown["version"])
    return shown, template


def _ami_type(instance_type: str) -> str:
    architecture = "ARM_64" if _GRAVITON.match(instance_type) else "x86_64"
    return f"AL2023_{architecture}_{'NVIDIA' if _GPU.match(instance_type) else 'STANDARD'}"
