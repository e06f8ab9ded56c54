"""Changes of EKS clusters: configuration and version, of which ministack 1.5.33 knows nothing, and encryption.

Source: EKS API reference, UpdateClusterConfig, UpdateClusterVersion, AssociateEncryptionConfig; EKS user
guide, "Update existing cluster to new Kubernetes version".
"""

import json

from twin.aws.corrections.eks_clusters import (
    KIND,
    VERSIONS,
    check_key,
    folder_name,
    logging_of,
    network_of,
)
from twin.aws.corrections.eks_updates import is_updating, keep_update
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError
from twin.kubernetes.fleet import ClusterFleet

OLDEST_NODES = 3
"""How many minor versions a kubelet may be behind its API server."""
_ENDPOINT = ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")
_KINDS = {
    "logging": "LoggingUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "computeConfig": "AutoModeUpdate",
    "remoteNetworkConfig": "RemoteNetworkConfigUpdate",
    "controlPlaneScalingConfig": "ControlPlaneScalingConfigUpdate",
}
_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
"""Authentication modes in the order in which a cluster may go through them."""


class ClusterChanges:
    """The corrections of changes."""

    def __init__(self, fleet: ClusterFleet) -> None:
        self._fleet = fleet

    def corrections(self) -> tuple[Correction, ...]:
        """All of them."""
        return (
            Correction("eks", ("UpdateClusterConfig",), supply=_update_config),
            Correction("eks", ("UpdateClusterVersion",), supply=_update_version),
            Correction("eks", ("AssociateEncryptionConfig",), before=_check_encryption, after=self._encrypt),
        )

    async def _encrypt(self, exchange: Exchange) -> None:
        cluster, asked = exchange.parameters["clusterName"], exchange.parameters["encryptionConfig"]
        known = await known_cluster(exchange, cluster)
        known["shown"]["encryptionConfig"] = asked
        parameters = {"EncryptionConfig": json.dumps(asked)}
        _keep(exchange, cluster, known, "AssociateEncryptionConfig", parameters)
        self._fleet.encrypt(folder_name(exchange, cluster))


async def _check_encryption(exchange: Exchange) -> None:
    for encryption in exchange.parameters.get("encryptionConfig", []):
        await check_key(exchange, encryption)


async def known_cluster(exchange: Exchange, cluster: str) -> Fields:
    """What is remembered of a cluster. Refuses when there is no such cluster."""
    await exchange.emulator.call("eks", "DescribeCluster", name=cluster)
    known = exchange.shelf(KIND).get(exchange.scope, cluster)
    if known is None:
        raise AwsError("ResourceNotFoundException", f"No cluster found for name: {cluster}.", 404)
    return known


def _keep(exchange: Exchange, cluster: str, known: Fields, kind: str, parameters: dict[str, str]) -> None:
    """Remember the cluster as it now is, and answer with the update that made it so."""
    exchange.shelf(KIND).put(exchange.scope, cluster, known)
    exchange.answer = {"update": keep_update(exchange, cluster, kind, parameters)}


async def _ready(exchange: Exchange) -> Fields:
    cluster = exchange.parameters["name"]
    known = await known_cluster(exchange, cluster)
    if is_updating(exchange, cluster):
        raise AwsError("ResourceInUseException", f"Cluster {cluster} has an update in progress", 409)
    return known


async def _update_config(exchange: Exchange) -> None:
    known = await _ready(exchange)
    asked = {name: value for name, value in exchange.parameters.items() if name in ("resourcesVpcConfig", *_KINDS)}
    if len(asked) != 1:
        raise AwsError("InvalidParameterException", "One type of cluster update must be given, and not more than one.")
    name, value = next(iter(asked.items()))
    shown = known["shown"]
    if name == "resourcesVpcConfig":
        kind, changed = await _network(exchange, shown[name], value)
    elif name == "logging":
        kind, changed = _KINDS[name], _logging(shown[name], value)
    elif name == "accessConfig":
        kind, changed = _KINDS[name], shown[name] | _access(shown[name], value)
    else:
        kind, changed = _KINDS[name], value
    if changed == shown.get(name):
        raise AwsError("InvalidParameterException", f"Cluster is already at the desired configuration: {name} {value}")
    shown[name] = changed
    _keep(exchange, exchange.parameters["name"], known, kind, {name: json.dumps(value)})


async def _network(exchange: Exchange, current: Fields, asked: Fields) -> tuple[str, Fields]:
    changed = current | given(asked, *_ENDPOINT, "subnetIds", "securityGroupIds")
    if not (changed["endpointPublicAccess"] or changed["endpointPrivateAccess"]):
        message = "Private and public endpoint access cannot be disabled at the same time"
        raise AwsError("InvalidParameterException", message)
    if asked.keys() & set(_ENDPOINT):
        return "EndpointAccessUpdate", changed
    vpc_id, _ = await network_of(exchange, changed)
    if vpc_id != current["vpcId"]:
        raise AwsError("InvalidParameterException", f"Provided subnets belong to a different VPC than {vpc_id}")
    return "VpcConfigUpdate", changed


def _logging(current: Fields, asked: Fields) -> Fields:
    """Types that are not named stay as they are."""
    enabled = {name for setup in current["clusterLogging"] if setup["enabled"] for name in setup["types"]}
    for setup in asked.get("clusterLogging", []):
        enabled = enabled | set(setup["types"]) if setup.get("enabled") else enabled - set(setup["types"])
    return logging_of({"clusterLogging": [{"types": sorted(enabled), "enabled": True}]})


def _access(current: Fields, asked: Fields) -> Fields:
    before, after = current["authenticationMode"], asked.get("authenticationMode", current["authenticationMode"])
    if _MODES.index(after) < _MODES.index(before):
        message = f"Unsupported authentication mode update from {before} to {after}"
        raise AwsError("InvalidParameterException", message)
    return given(asked, "authenticationMode")


async def _update_version(exchange: Exchange) -> None:
    known = await _ready(exchange)
    cluster, asked, current = (
        exchange.parameters["name"],
        exchange.parameters.get("version", ""),
        known["shown"]["version"],
    )
    if asked not in VERSIONS:
        raise AwsError("InvalidParameterException", f"unsupported Kubernetes version {asked}")
    if asked == current:
        raise AwsError("InvalidParameterException", f"Cluster is already at version {asked}")
    if _minor(asked) != _minor(current) + 1:
        message = f"Unsupported Kubernetes minor version update from {current} to {asked}"
        raise AwsError("InvalidParameterException", message)
    if not exchange.parameters.get("force"):
        await _refuse_old_nodes(exchange, cluster, asked)
    known["shown"]["version"] = asked
    parameters = {"Version": asked, "PlatformVersion": known["shown"]["platformVersion"]}
    _keep(exchange, cluster, known, "VersionUpdate", parameters)


async def _refuse_old_nodes(exchange: Exchange, cluster: str, version: str) -> None:
    groups = (await exchange.emulator.call("eks", "ListNodegroups", clusterName=cluster))["nodegroups"]
    for name in groups:
        found = await exchange.emulator.call("eks", "DescribeNodegroup", clusterName=cluster, nodegroupName=name)
        held = found["nodegroup"].get("version", version)
        if _minor(version) - _minor(held) > OLDEST_NODES:
            message = f"Nodegroup {name} is at version {held}: update it before the cluster goes to {version}"
            raise AwsError("InvalidRequestException", message)


def _minor(version: str) -> int:
    """The number that counts upgrades: 36 of `1.36`."""
    return int(version.split(".")[1])
