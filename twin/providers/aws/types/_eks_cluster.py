"""EKS: clusters.

Source: Amazon EKS API reference, CreateCluster, UpdateClusterConfig, UpdateClusterVersion, AssociateEncryptionConfig.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import CallError
from twin.providers.aws.kinds import BOOLEAN, STRING, Block, ListOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType, States
from twin.providers.aws.types._eks_common import GONE, Lasting, eks_tags, in_api, update

_OWNER = {"name": "{name}"}
_STRINGS = ListOf(STRING, ordered=False)
_VPC = Block(
    {
        "clusterSecurityGroupId": Property(computed=True, output=True),
        "endpointPrivateAccess": Property(kind=BOOLEAN, default=False),
        "endpointPublicAccess": Property(kind=BOOLEAN, default=True),
        "publicAccessCidrs": Property(kind=_STRINGS, computed=True),
        "securityGroupIds": Property(kind=_STRINGS),
        "subnetIds": Property(kind=_STRINGS, required=True),
        "vpcId": Property(computed=True, output=True),
    }
)


def _change(ctx: Context, operation: str, **params: Any) -> None:
    owner = ctx.fill(_OWNER)
    whose = {"clusterName": owner["name"]} if operation == "associate_encryption_config" else owner
    update(ctx, operation, owner, **whose, **params)


def _update_version(ctx: Context) -> None:
    _change(
        ctx, "update_cluster_version", version=ctx.inputs["version"], force=bool(ctx.inputs.get("forceUpdateVersion"))
    )


def _update_config(name: str) -> Callable[[Context], None]:
    """Writes one property by UpdateClusterConfig, which takes one change at a time."""

    def put(ctx: Context) -> None:
        _change(ctx, "update_cluster_config", **{name: in_api(ctx, name)})

    return put


def _update_access(ctx: Context) -> None:
    mode = ctx.inputs["accessConfig"].get("authenticationMode")
    _change(ctx, "update_cluster_config", accessConfig={"authenticationMode": mode})


def _update_logging(ctx: Context) -> None:
    wanted = ctx.inputs.get("enabledClusterLogTypes") or []
    there = ctx.old.get("enabledClusterLogTypes") or []
    off = [name for name in there if name not in wanted]
    setups = [{"types": types, "enabled": enabled} for types, enabled in ((wanted, True), (off, False)) if types]
    _change(ctx, "update_cluster_config", logging={"clusterLogging": setups})


def _associate_key(ctx: Context) -> None:
    """Only once: another key, or none again, needs another cluster."""
    _change(ctx, "associate_encryption_config", encryptionConfig=in_api(ctx, "encryptionConfig"))


def _update_vpc(ctx: Context) -> None:
    """Who reaches the endpoint, and where the control plane's interfaces are, are two updates."""
    wanted, there = ctx.inputs["vpcConfig"], ctx.old.get("vpcConfig") or {}
    for names in (
        ("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs"),
        ("subnetIds", "securityGroupIds"),
    ):
        said = {name: wanted[name] for name in names if wanted.get(name) is not None}
        if any(not _VPC.properties[name].kind.same(there.get(name), value) for name, value in said.items()):
            _change(ctx, "update_cluster_config", resourcesVpcConfig=_VPC.to_api(said, None))


def _logging(ctx: Context) -> dict[str, Any] | None:
    types = ctx.inputs.get("enabledClusterLogTypes")
    return {"clusterLogging": [{"types": types, "enabled": True}]} if types else None


def _delete(ctx: Context) -> None:
    """While an update or a node group's deletion is under way EKS asks to come back; other refusals stand."""
    pause = 0.2
    while True:
        try:
            ctx.run(Call("delete_cluster", {"name": "{id}"}, missing=GONE))
        except CallError as error:
            if error.code != "ResourceInUseException" or "in progress" not in str(error):
                raise
        else:
            return
        ctx.check_time("what is under way on it")
        ctx.clients.pause(pause)
        pause = min(pause * 1.5, 5)


_NO_AUTO_MODE = "the twin has no EKS Auto Mode"
_ONE_SIZE = "the twin's control planes have one size and EKS' own settings"
_REFUSED = {
    "computeConfig": _NO_AUTO_MODE,
    "controlPlaneScalingConfig": _ONE_SIZE,
    "defaultAddonsToRemoves": "deprecated; use bootstrapSelfManagedAddons=false",
    "kubeApiServerConfig": _ONE_SIZE,
    "kubeControllerManagerConfig": _ONE_SIZE,
    "kubeSchedulerConfig": _ONE_SIZE,
    "kubernetesNetworkConfig.elasticLoadBalancing": _NO_AUTO_MODE,
    "outpostConfig": "the twin has no Outposts",
    "remoteNetworkConfig": "the twin has no hybrid nodes",
    "storageConfig": _NO_AUTO_MODE,
    "vpcConfig.controlPlaneEgressMode": "the twin routes nothing; AWS_MANAGED is what it does",
}
_ABSENT = {name: why for name, why in _REFUSED.items() if "." not in name}

CLUSTER = ResourceType(
    "aws:eks/cluster:Cluster",
    "eks",
    id="{name}",
    properties={
        "accessConfig": Property(
            kind=Block(
                {
                    "authenticationMode": Property(computed=True),
                    "bootstrapClusterCreatorAdminPermissions": Property(kind=BOOLEAN, computed=True, replaces=True),
                }
            ),
            computed=True,
        ),
        "arn": Property(output=True),
        "bootstrapSelfManagedAddons": Property(kind=BOOLEAN, default=True, replaces=True, returned=False),
        "certificateAuthority": Property(kind=Block({"data": Property()}), output=True),
        "createdAt": Property(output=True),
        "deletionProtection": Property(kind=BOOLEAN, computed=True),
        "enabledClusterLogTypes": Property(kind=_STRINGS, sent=False, read="logging.clusterLogging[?enabled].types[]"),
        "encryptionConfig": Property(
            kind=Lasting(
                {
                    "provider": Property(kind=Block({"keyArn": Property(required=True, replaces=True)}), required=True),
                    "resources": Property(kind=_STRINGS, required=True, replaces=True),
                },
                only=True,
                key="provider.keyArn",
                late=True,
            )
        ),
        "endpoint": Property(output=True),
        "forceUpdateVersion": Property(kind=BOOLEAN, sent=False, returned=False),
        "identities": Property(
            kind=ListOf(Block({"oidcs": Property(kind=ListOf(Block({"issuer": Property()})))})),
            output=True,
            read="identity && [{oidcs: [identity.oidc]}]",
        ),
        "kubernetesNetworkConfig": Property(
            kind=Block(
                {
                    "ipFamily": Property(computed=True, replaces=True),
                    "serviceIpv4Cidr": Property(computed=True, replaces=True),
                    "serviceIpv6Cidr": Property(computed=True, output=True),
                }
            ),
            computed=True,
            replaces=True,
        ),
        "name": Property(replaces=True, autoname=Autoname(limit=100)),
        "platformVersion": Property(output=True),
        "roleArn": Property(required=True, replaces=True),
        "status": Property(output=True),
        "upgradePolicy": Property(kind=Block({"supportType": Property(computed=True)}), computed=True),
        "version": Property(computed=True),
        "vpcConfig": Property(kind=_VPC, required=True, api="resourcesVpcConfig"),
        "zonalShiftConfig": Property(kind=Block({"enabled": Property(kind=BOOLEAN)}), computed=True),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_cluster", {"logging": _logging}),
    read=Call("describe_cluster", {"name": "{id}"}, result="cluster", missing=GONE),
    facets=(
        eks_tags(),
        Facet(properties=("version",), put=_update_version, created=True),
        Facet(properties=("accessConfig",), put=_update_access, created=True),
        Facet(properties=("deletionProtection",), put=_update_config("deletionProtection"), created=True),
        Facet(properties=("encryptionConfig",), put=_associate_key, created=True),
        Facet(properties=("enabledClusterLogTypes",), put=_update_logging, created=True),
        Facet(properties=("upgradePolicy",), put=_update_config("upgradePolicy"), created=True),
        Facet(properties=("vpcConfig",), put=_update_vpc, created=True),
        Facet(properties=("zonalShiftConfig",), put=_update_config("zonalShiftConfig"), created=True),
    ),
    delete=_delete,
    states=States("status", ready=("ACTIVE",), failed=("FAILED",)),
    refused=_REFUSED,
    absent={**_ABSENT, "clusterId": "for clusters on Outposts"},
    create_minutes=30,
    delete_minutes=15,
)
