"""EKS clusters: each has a real control plane, of which the emulator knows nothing, and every field that was asked for.

The emulator keeps which clusters there are, and their tags; what is remembered here is shown over its answers. How
one is changed is in eks_cluster_changes.py.

Source: EKS API reference, CreateCluster, DescribeCluster, DeleteCluster; EKS user guide, "View Amazon EKS security
group requirements for clusters" (cluster security group), "Cluster API server endpoint".
"""

import base64
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from twin.aws.corrections.authorisation import require, require_pass_role
from twin.aws.corrections.eks_updates import forget_updates, is_updating
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError
from twin.kubernetes.cluster_record import ClusterRecord
from twin.kubernetes.fleet import ClusterFleet

KIND = "eks-cluster"
"""Shelf. Its things have `shown`: the fields of DescribeCluster over the emulator's own."""
SERVICE = "eks.amazonaws.com"
VERSIONS = ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36")
"""What EKS can be asked for. Whatever is asked for, the API server is the one that is installed."""
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_AS_GIVEN = (
    "accessConfig",
    "encryptionConfig",
    "upgradePolicy",
    "zonalShiftConfig",
    "remoteNetworkConfig",
    "computeConfig",
    "storageConfig",
    "controlPlaneScalingConfig",
    "deletionProtection",
)
_DEFAULTS: Fields = {
    "accessConfig": {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True},
    "upgradePolicy": {"supportType": "EXTENDED"},
    "deletionProtection": False,
}


class Clusters:
    """The corrections of clusters."""

    def __init__(self, fleet: ClusterFleet, deleting: Callable[[Exchange, str], Awaitable[list[str]]]) -> None:
        """`deleting`: the node groups of a cluster that are being deleted."""
        self._fleet, self._deleting = fleet, deleting

    def corrections(self) -> tuple[Correction, ...]:
        """All of them; what a cluster shows comes last."""
        return (
            Correction("eks", ("CreateCluster",), before=self._check_create, after=self._create),
            Correction("eks", ("DeleteCluster",), before=self._check_delete, after=self._delete),
            Correction("eks", ("CreateCluster", "DescribeCluster"), after=self._show),
        )

    # --- CreateCluster ---

    async def _check_create(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        if asked.get("version", VERSIONS[-1]) not in VERSIONS:
            raise AwsError("InvalidParameterException", f"unsupported Kubernetes version {asked['version']}")
        require_pass_role(exchange, asked["roleArn"], SERVICE)
        await _check_role(exchange, asked["roleArn"])
        await network_of(exchange, asked["resourcesVpcConfig"])
        for encryption in asked.get("encryptionConfig", []):
            await check_key(exchange, encryption)

    async def _create(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        issuer = exchange.answer["cluster"]["identity"]["oidc"]["issuer"].replace("http:", "https:", 1)
        vpc_id, cidr = await network_of(exchange, asked["resourcesVpcConfig"])
        network = {
            # EKS chooses what does not overlap with the VPC.
            "serviceIpv4Cidr": "172.20.0.0/16" if cidr.startswith("10.") else "10.100.0.0/16",
            "ipFamily": "ipv4",
            "elasticLoadBalancing": {"enabled": False},
        } | asked.get("kubernetesNetworkConfig", {})
        group = await _create_security_group(exchange, asked["name"], vpc_id)
        shown = _DEFAULTS | given(asked, *_AS_GIVEN)
        shown["accessConfig"] = _DEFAULTS["accessConfig"] | shown["accessConfig"]
        shown |= {
            "version": asked.get("version", VERSIONS[-1]),
            "platformVersion": "eks.1",
            "kubernetesNetworkConfig": network,
            "logging": logging_of(asked.get("logging", {})),
            "health": {"issues": []},
            "identity": {"oidc": {"issuer": issuer}},
            "resourcesVpcConfig": {
                "endpointPublicAccess": True,
                "endpointPrivateAccess": False,
                "publicAccessCidrs": ["0.0.0.0/0"],
                "securityGroupIds": [],
                **asked["resourcesVpcConfig"],
                "vpcId": vpc_id,
                "clusterSecurityGroupId": group,
            },
        }
        exchange.shelf(KIND).put(exchange.scope, asked["name"], {"shown": shown})
        record = ClusterRecord.new(
            name=asked["name"],
            account=exchange.emulator.account,
            region=exchange.emulator.region,
            service_cidr=network["serviceIpv4Cidr"],
            issuer=issuer,
        )
        self._fleet.create(record.encrypted() if asked.get("encryptionConfig") else record)

    # --- DeleteCluster ---

    async def _check_delete(self, exchange: Exchange) -> None:
        name = exchange.parameters["name"]
        known = exchange.shelf(KIND).get(exchange.scope, name)
        if known is None:
            return
        require(exchange, f"arn:aws:eks:{exchange.emulator.region}:{exchange.emulator.account}:cluster/{name}")
        if known["shown"]["deletionProtection"]:
            message = f"Cluster {name} cannot be deleted because deletion protection is enabled."
            raise AwsError("InvalidRequestException", message)
        there = (await exchange.emulator.call("eks", "ListNodegroups", clusterName=name))["nodegroups"]
        if there or await self._deleting(exchange, name):
            raise AwsError("ResourceInUseException", "Cluster has nodegroups attached", 409)

    async def _delete(self, exchange: Exchange) -> None:
        name = exchange.parameters["name"]
        known = exchange.shelf(KIND).get(exchange.scope, name)
        await self._fleet.delete(folder_name(exchange, name))
        if known is None:
            return
        exchange.answer["cluster"] |= known["shown"] | {"status": "DELETING"}
        group = known["shown"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
        try:
            await exchange.emulator.call("ec2", "DeleteSecurityGroup", GroupId=group)
        except AwsError as error:
            # Somebody else's interface or rule names it: EKS leaves it behind too.
            if not error.says("DependencyViolation", "InvalidGroup.NotFound"):
                raise
        exchange.shelf(KIND).forget(exchange.scope, name)
        forget_updates(exchange, name)

    # --- every answer that shows a cluster ---

    async def _show(self, exchange: Exchange) -> None:
        cluster = exchange.answer["cluster"]
        known = exchange.shelf(KIND).get(exchange.scope, cluster["name"])
        folder = folder_name(exchange, cluster["name"])
        status = self._fleet.status(folder)
        if known is None or status is None:
            cluster["status"] = "FAILED"  # the twin was killed before the control plane was begun
            return
        cluster |= known["shown"]
        updating = status == "ACTIVE" and is_updating(exchange, cluster["name"])
        cluster["status"] = "UPDATING" if updating else status
        authority = self._fleet.authority(folder)
        if status == "CREATING" or authority is None:
            cluster.pop("endpoint", None)
            cluster["certificateAuthority"] = {}
            return
        cluster["endpoint"] = self._fleet.record(folder).endpoint
        cluster["certificateAuthority"] = {"data": base64.b64encode(authority).decode()}


def folder_name(exchange: Exchange, cluster: str) -> str:
    """Under which name the fleet has a cluster."""
    return f"{exchange.emulator.account}-{exchange.emulator.region}-{cluster}"


def logging_of(asked: Fields) -> Fields:
    """The logging configuration as EKS shows it: every type is in it, enabled or not."""
    enabled = [name for setup in asked.get("clusterLogging", []) if setup.get("enabled") for name in setup["types"]]
    on = [name for name in LOG_TYPES if name in enabled]
    off = [name for name in LOG_TYPES if name not in enabled]
    setups = [{"types": types, "enabled": types is on} for types in (on, off) if types]
    return {"clusterLogging": setups}


async def network_of(exchange: Exchange, asked: Fields) -> tuple[str, str]:
    """VPC and its address range, of the subnets of a cluster. Refuses what EKS refuses in them and in the groups."""
    ids = asked.get("subnetIds", [])
    subnets = await _described(exchange, "DescribeSubnets", "Subnets", SubnetIds=ids) if ids else []
    if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
        raise AwsError("InvalidParameterException", "Subnets specified must be in at least two different AZs")
    if len({subnet["VpcId"] for subnet in subnets}) > 1:
        raise AwsError("InvalidParameterException", "Subnets specified must be in the same VPC")
    vpc_id = subnets[0]["VpcId"]
    groups = asked.get("securityGroupIds", [])
    found = await _described(exchange, "DescribeSecurityGroups", "SecurityGroups", GroupIds=groups) if groups else []
    for group in found:
        if group["VpcId"] != vpc_id:
            message = f"Security group(s) [{group['GroupId']}] are not in the same VPC as the subnets. {vpc_id}"
            raise AwsError("InvalidParameterException", message)
    vpcs = await _described(exchange, "DescribeVpcs", "Vpcs", VpcIds=[vpc_id])
    return vpc_id, vpcs[0]["CidrBlock"]


async def check_key(exchange: Exchange, encryption: Fields) -> None:
    """Refuse an encryption configuration whose key is not there or is disabled."""
    key = encryption.get("provider", {}).get("keyArn", "")
    try:
        metadata = (await exchange.emulator.call("kms", "DescribeKey", KeyId=key))["KeyMetadata"]
    except AwsError as error:
        raise AwsError("InvalidParameterException", f"The keyArn {key} is not valid: {error.message}") from error
    if metadata["KeyState"] != "Enabled":
        raise AwsError("InvalidParameterException", f"The keyArn {key} is not valid: it is {metadata['KeyState']}")


async def _described(exchange: Exchange, operation: str, what: str, **ids: list[str]) -> list[Any]:
    try:
        return list((await exchange.emulator.call("ec2", operation, **ids))[what])
    except AwsError as error:
        raise AwsError("InvalidParameterException", error.message) from error


async def _check_role(exchange: Exchange, arn: str) -> None:
    refused = AwsError(
        "InvalidParameterException",
        f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct",
    )
    try:
        role = (await exchange.emulator.call("iam", "GetRole", RoleName=arn.rpartition("/")[2]))["Role"]
    except AwsError as error:
        raise refused from error
    if role["Arn"] != arn or SERVICE not in json.dumps(role["AssumeRolePolicyDocument"]):
        raise refused


async def _create_security_group(exchange: Exchange, cluster: str, vpc_id: str) -> str:
    """The group that EKS makes for the control plane and the nodes of managed node groups."""
    tags = {
        "Name": f"eks-cluster-sg-{cluster}",
        "aws:eks:cluster-name": cluster,
        f"kubernetes.io/cluster/{cluster}": "owned",
    }
    described = (
        "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
        "as well as any managed workloads."
    )
    made = await exchange.emulator.call(
        "ec2",
        "CreateSecurityGroup",
        GroupName=f"eks-cluster-sg-{cluster}-{zlib.crc32(exchange.scope.encode())}",
        Description=described,
        VpcId=vpc_id,
        TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
        ],
    )
    group: str = made["GroupId"]
    own = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    await exchange.emulator.call("ec2", "AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=own)
    return group
