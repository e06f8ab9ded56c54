"""EKS: managed node groups, each with a real Auto Scaling group, and the fields that ministack 1.5.33 forgets.

The Auto Scaling group decides how many nodes are desired, whoever has changed it. A cluster with a control plane has
controllers that make nodes of the group's instances and write down how far they are; from that comes the status. A
cluster without one has no nodes to wait for.

Source: Amazon EKS API reference, the actions named at each correction; user guide, "Managed node groups".
"""

import contextlib
import datetime
import uuid

from twin.aws.corrections.auto_scaling_groups import AutoScalingGroups
from twin.aws.corrections.eks_common import ClusterFolders
from twin.aws.corrections.eks_node_group_rules import check_create, check_scaling, check_version, defaults, release_of
from twin.aws.corrections.eks_updates import end_updates, keep_open_update, keep_update
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.launch_templates import launch_template_data
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError

_KIND = "eks-node-group"
REPORT = "node-groups.json"
"""In a cluster's folder: what its controllers say of its node groups (twin/kubernetes/controllers/node_groups.py)."""
_SIZES = {"minSize": "MinSize", "maxSize": "MaxSize", "desiredSize": "DesiredCapacity"}
_PARAMETERS = {"minSize": "MinSize", "maxSize": "MaxSize", "desiredSize": "DesiredSize"}


class NodeGroups:
    """The corrections of managed node groups."""

    def __init__(self, groups: AutoScalingGroups, folders: ClusterFolders) -> None:
        self._groups, self._folders = groups, folders

    def corrections(self) -> tuple[Correction, ...]:
        """All of them. Showing comes last, so that it shows what the others have done."""
        return (
            Correction("eks", ("CreateNodegroup",), before=self._check_create, after=self._create),
            Correction("eks", ("UpdateNodegroupConfig",), supply=self._update_config),
            Correction("eks", ("UpdateNodegroupVersion",), supply=self._update_version),
            Correction("eks", ("DeleteNodegroup",), after=self._delete, refused=self._show_deleting),
            Correction("eks", ("DescribeNodegroup",), after=self._settle, refused=self._show_deleting),
            Correction("eks", ("CreateNodegroup", "DescribeNodegroup"), after=self._show),
            Correction("eks", ("ListNodegroups",), after=self._list),
            Correction("eks", ("DescribeUpdate",), supply=self._settle),
        )

    # --- CreateNodegroup ---

    async def _check_create(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        known = self._known(exchange)
        if known and not await self._gone(exchange, known):
            message = (
                f"NodeGroup already exists with name {asked['nodegroupName']} and cluster name {asked['clusterName']}"
            )
            raise AwsError("ResourceInUseException", message, 409)
        await check_create(exchange)

    async def _create(self, exchange: Exchange) -> None:
        """The group, its launch template if the program names none, and its Auto Scaling group with the instances."""
        asked, made = exchange.parameters, exchange.answer["nodegroup"]
        shown, template = await defaults(exchange)
        tags = _tags(asked["clusterName"], asked["nodegroupName"])
        name = f"eks-{asked['nodegroupName']}-{uuid.uuid4()}"
        own_template = None
        if template is None:
            own_template = template = await _make_template(exchange, shown, tags)
        known = {
            "status": "CREATING",
            "arn": made["nodegroupArn"],
            "group": name,
            "template": own_template,
            "shown": shown | {"resources": {"autoScalingGroups": [{"name": name}]}, "health": {"issues": []}},
        }
        self._keep(exchange, known)
        sizes = {"minSize": 1, "maxSize": 2, "desiredSize": 1} | asked.get("scalingConfig", {})
        group = {
            "AutoScalingGroupName": name,
            **{api: sizes[ours] for ours, api in _SIZES.items()},
            "VPCZoneIdentifier": ",".join(asked["subnets"]),
            "MixedInstancesPolicy": _policy(template, shown),
            "CapacityRebalance": shown["capacityType"] == "SPOT",
            "Tags": [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()],
        }
        await exchange.emulator.call("autoscaling", "CreateAutoScalingGroup", **group)
        await self._groups.remember(exchange.emulator, exchange.memory, group)

    # --- UpdateNodegroupConfig, UpdateNodegroupVersion ---

    async def _update_config(self, exchange: Exchange) -> None:
        asked, known = exchange.parameters, await self._active(exchange)
        shown = known["shown"]
        changes: dict[str, str] = {}
        if sizes := asked.get("scalingConfig"):
            group = await self._groups.describe(exchange.emulator, exchange.memory, known["group"])
            check_scaling({ours: group[api] for ours, api in _SIZES.items()} | sizes)
            wanted = {_SIZES[name]: value for name, value in sizes.items()}
            await self._groups.resize(exchange.emulator, exchange.memory, known["group"], **wanted)
            changes |= {_PARAMETERS[name]: str(value) for name, value in sizes.items()}
        if labels := asked.get("labels"):
            kept = {k: v for k, v in shown["labels"].items() if k not in labels.get("removeLabels", [])}
            shown["labels"] = kept | labels.get("addOrUpdateLabels", {})
            changes["LabelsToAdd"] = str(labels.get("addOrUpdateLabels", {}))
        if taints := asked.get("taints"):
            shown["taints"] = _tainted(shown["taints"], taints)
            changes["TaintsToAdd"] = str(taints.get("addOrUpdateTaints", []))
        if update := asked.get("updateConfig"):
            shown["updateConfig"] = {"updateStrategy": shown["updateConfig"]["updateStrategy"]} | update
            changes |= {name[0].upper() + name[1:]: str(value) for name, value in update.items()}
        if repair := asked.get("nodeRepairConfig"):
            shown["nodeRepairConfig"] = repair
            changes["NodeRepairEnabled"] = str(repair.get("enabled", False)).lower()
        self._keep(exchange, known)
        owner = {"nodegroupName": asked["nodegroupName"]}
        exchange.answer["update"] = keep_update(exchange, asked["clusterName"], "ConfigUpdate", changes, **owner)

    async def _update_version(self, exchange: Exchange) -> None:
        """Every node is replaced by one of the new version, which the controllers of the cluster do."""
        asked, known = exchange.parameters, await self._active(exchange)
        cluster, name = asked["clusterName"], asked["nodegroupName"]
        shown, changes = known["shown"], {}
        version = asked.get("version", shown["version"])
        await check_version(exchange, cluster, version, before=shown["version"])
        if wanted := asked.get("launchTemplate"):
            before = shown.get("launchTemplate")
            if before is None or given(wanted, "id", "name").items() - before.items():
                message = "You cannot change the launch template of a node group, only its version."
                raise AwsError("InvalidParameterException", message)
            which = {"LaunchTemplateId": before["id"], "Version": wanted.get("version")}
            _, found = await launch_template_data(exchange.emulator, exchange.memory, which)
            shown["launchTemplate"] = before | {"version": found["Version"]}
            await self._use_template(exchange, known, found)
            changes["LaunchTemplateVersion"] = found["Version"]
        if shown["amiType"] != "CUSTOM":
            shown |= {"version": version, "releaseVersion": asked.get("releaseVersion") or release_of(version)}
            changes |= {"Version": version, "ReleaseVersion": shown["releaseVersion"]}
        waits = self._folders.of(exchange, cluster) is not None
        self._keep(exchange, known | {"status": "UPDATING" if waits else "ACTIVE"})
        keep = keep_open_update if waits else keep_update
        exchange.answer["update"] = keep(exchange, cluster, "VersionUpdate", changes, nodegroupName=name)

    async def _use_template(self, exchange: Exchange, known: Fields, template: Fields) -> None:
        change = {"AutoScalingGroupName": known["group"], "MixedInstancesPolicy": _policy(template, known["shown"])}
        await self._groups.remember(exchange.emulator, exchange.memory, change)

    async def _active(self, exchange: Exchange) -> Fields:
        """The group that is to be updated. Refuses when there is none, or when it is busy."""
        asked = exchange.parameters
        named = {"clusterName": asked["clusterName"], "nodegroupName": asked["nodegroupName"]}
        await exchange.emulator.call("eks", "DescribeNodegroup", **named)
        await self._settle(exchange)
        known = self._known(exchange) or {}
        if known["status"] != "ACTIVE":
            message = f"Nodegroup cannot be updated as it is currently not in Active State, but {known['status']}"
            raise AwsError("ResourceInUseException", message, 409)
        return known

    # --- DeleteNodegroup ---

    async def _delete(self, exchange: Exchange) -> None:
        """Its nodes are drained first, which the controllers of the cluster do; until then it is shown as DELETING."""
        known = self._known(exchange)
        if known is None:
            return
        record = exchange.answer["nodegroup"] | known["shown"]
        known |= {"status": "DELETING", "record": _plain(record)}
        self._keep(exchange, known)
        with contextlib.suppress(AwsError):  # somebody has deleted the Auto Scaling group already
            await self._groups.resize(exchange.emulator, exchange.memory, known["group"], MinSize=0, DesiredCapacity=0)
        exchange.answer["nodegroup"] = record | {"status": "DELETING"}
        await self._gone(exchange, known)

    async def _show_deleting(self, exchange: Exchange) -> None:
        """The emulator has forgotten the group already."""
        known = self._known(exchange)
        if known and "record" in known and not await self._gone(exchange, known):
            health = {"issues": self._report(exchange, known).get("issues", [])}
            exchange.answer = {"nodegroup": known["record"] | {"status": "DELETING", "health": health}}

    async def _gone(self, exchange: Exchange, known: Fields) -> bool:
        """Whether the deletion of a group is over; then its Auto Scaling group goes too."""
        if "record" not in known:
            return False
        cluster, name = _cluster(exchange), known["record"]["nodegroupName"]
        told = self._report(exchange, known)
        drained = told.get("status") == "DELETING" and told.get("nodes") == 0
        if self._folders.of(exchange, cluster) is not None and not drained:
            return False
        exchange.shelf(_KIND).forget(exchange.scope, f"{cluster}/{name}")
        named = {"AutoScalingGroupName": known["group"], "ForceDelete": True}
        await exchange.emulator.call("autoscaling", "DeleteAutoScalingGroup", **named)
        await self._groups.delete(exchange.emulator, exchange.memory, known["group"])
        if template := known["template"]:
            await exchange.emulator.call("ec2", "DeleteLaunchTemplate", LaunchTemplateId=template["LaunchTemplateId"])
        return True

    # --- every answer that shows a node group ---

    async def _settle(self, exchange: Exchange) -> None:
        """A group that was made or updated is ACTIVE once its nodes are ready."""
        if not exchange.parameters.get("nodegroupName"):
            return  # DescribeUpdate of something else
        known = self._known(exchange)
        if known is None or known["status"] not in ("CREATING", "UPDATING"):
            return
        told, owner = self._report(exchange, known), {"nodegroupName": exchange.parameters["nodegroupName"]}
        cluster = _cluster(exchange)
        if self._folders.of(exchange, cluster) is None:
            status = "ACTIVE"
        elif known["status"] == "CREATING" and told.get("issues"):
            status = "CREATE_FAILED"
        else:
            group = await self._groups.describe(exchange.emulator, exchange.memory, known["group"])
            seen = told.get("status") == known["status"]
            done = seen and told["outdated"] == 0 and told["ready"] >= group["DesiredCapacity"]
            status = "ACTIVE" if done else known["status"]
        if status != known["status"]:
            self._keep(exchange, known | {"status": status})
            end_updates(exchange, cluster, **owner)

    async def _show(self, exchange: Exchange) -> None:
        node_group = exchange.answer["nodegroup"]
        known = exchange.shelf(_KIND).get(exchange.scope, f"{node_group['clusterName']}/{node_group['nodegroupName']}")
        if known is None:
            return
        for unshown in ("releaseVersion", "diskSize", "instanceTypes", "remoteAccess"):
            node_group.pop(unshown, None)
        node_group |= known["shown"] | {"status": known["status"]}
        issues = list(self._report(exchange, known).get("issues", []))
        try:
            group = await self._groups.describe(exchange.emulator, exchange.memory, known["group"])
            node_group["scalingConfig"] = {ours: group[api] for ours, api in _SIZES.items()}
        except AwsError:
            message = (
                f"Couldn't find the Auto Scaling group {known['group']}. You can create it anew by a new node group."
            )
            issues.append({"code": "AutoScalingGroupNotFound", "message": message, "resourceIds": [known["group"]]})
            node_group["status"] = "DEGRADED"
        node_group["health"] = {"issues": issues}

    async def _list(self, exchange: Exchange) -> None:
        exchange.answer["nodegroups"] += await self.deleting(exchange, exchange.parameters["clusterName"])

    async def deleting(self, exchange: Exchange, cluster: str) -> list[str]:
        """Names of the groups that are still being deleted, of which the emulator knows nothing any more."""
        of_cluster = {
            key.partition("/")[2]: known
            for key, known in exchange.shelf(_KIND).of_scope(exchange.scope).items()
            if key.startswith(f"{cluster}/") and "record" in known
        }
        return [name for name, known in of_cluster.items() if not await self._gone(exchange, known)]

    # --- what they share ---

    def _known(self, exchange: Exchange) -> Fields | None:
        key = f"{_cluster(exchange)}/{exchange.parameters['nodegroupName']}"
        return exchange.shelf(_KIND).get(exchange.scope, key)

    def _keep(self, exchange: Exchange, known: Fields) -> None:
        key = f"{_cluster(exchange)}/{exchange.parameters['nodegroupName']}"
        exchange.shelf(_KIND).put(exchange.scope, key, known)

    def _report(self, exchange: Exchange, known: Fields) -> Fields:
        """What the controllers say of this very group, not of one of the same name before it."""
        told = self._folders.told(exchange, _cluster(exchange), REPORT) or {}
        return next((group for group in told.values() if group["arn"] == known["arn"]), {})


def _cluster(exchange: Exchange) -> str:
    """DescribeUpdate calls the cluster `name`."""
    return str(exchange.parameters.get("clusterName") or exchange.parameters["name"])


def _tags(cluster: str, node_group: str) -> dict[str, str]:
    """What EKS puts on a node group's Auto Scaling group, and by it on the instances.

    Source: EKS user guide, "Managed node groups concepts"; tags seen on groups of EKS.
    """
    return {
        "eks:cluster-name": cluster,
        "eks:nodegroup-name": node_group,
        "k8s.io/cluster-autoscaler/enabled": "true",
        f"k8s.io/cluster-autoscaler/{cluster}": "owned",
        f"kubernetes.io/cluster/{cluster}": "owned",
    }


def _policy(template: Fields, shown: Fields) -> Fields:
    """How the Auto Scaling group chooses instances."""
    which = given(template, "LaunchTemplateId", "Version")
    overrides = [{"InstanceType": kind} for kind in shown.get("instanceTypes", [])]
    on_demand = 0 if shown["capacityType"] == "SPOT" else 100
    return {
        "LaunchTemplate": {"LaunchTemplateSpecification": which, "Overrides": overrides},
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": on_demand, "OnDemandBaseCapacity": 0},
    }


async def _make_template(exchange: Exchange, shown: Fields, tags: dict[str, str]) -> Fields:
    """The launch template that EKS makes where the program names none."""
    disk = {"VolumeSize": shown["diskSize"], "VolumeType": "gp3", "DeleteOnTermination": True}
    data = {
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": disk}],
        "MetadataOptions": {"HttpPutResponseHopLimit": 2, "HttpTokens": "required"},
    }
    if access := shown.get("remoteAccess"):
        data |= {"KeyName": access["ec2SshKey"]} if access.get("ec2SshKey") else {}
    own = {key: value for key, value in tags.items() if key.startswith("eks:")}
    specification = {"ResourceType": "launch-template", "Tags": [{"Key": k, "Value": v} for k, v in own.items()]}
    made = await exchange.emulator.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName=f"eks-{uuid.uuid4()}",
        LaunchTemplateData=data,
        TagSpecifications=[specification],
    )
    return {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}


def _tainted(there: list[Fields], change: Fields) -> list[Fields]:
    def key(taint: Fields) -> tuple[str, str]:
        return taint["key"], taint["effect"]

    removed = {key(taint) for taint in change.get("removeTaints", [])}
    kept = {key(taint): taint for taint in there if key(taint) not in removed}
    return list((kept | {key(taint): taint for taint in change.get("addOrUpdateTaints", [])}).values())


def _plain(record: Fields) -> Fields:
    """A record that can be kept as JSON: times as numbers, as the wire has them."""
    return {
        name: value.timestamp() if isinstance(value, datetime.datetime) else value for name, value in record.items()
    }
