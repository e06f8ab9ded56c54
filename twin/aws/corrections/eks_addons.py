"""EKS: add-ons: known names and versions, configuration, roles for their pods, updates, health.

The emulator takes any name and version and is done at once. In a cluster with a control plane its controllers install
the workloads and say how they are. Source: Amazon EKS API reference, the actions named at each correction.
"""

import json
import time
from typing import Any

import yaml

from twin.aws.corrections.authorisation import require_pass_role
from twin.aws.corrections.eks_addon_versions import ADDONS, shown
from twin.aws.corrections.eks_common import ClusterFolders
from twin.aws.corrections.eks_node_group_rules import cluster_version, refused
from twin.aws.corrections.eks_updates import UPDATE_SECONDS, is_updating, keep_update
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError
from twin.kubernetes import addon_health

_KIND, _OWNED = "eks-addon", "eks-owned-association"
_SYSTEM = "kube-system"
_PARAMETERS = {
    "addonVersion": "AddonVersion",
    "configurationValues": "ConfigurationValues",
    "podIdentityAssociations": "PodIdentityAssociations",
    "resolveConflicts": "ResolveConflicts",
    "serviceAccountRoleArn": "ServiceAccountRoleArn",
}


class Addons:
    """The corrections of add-ons."""

    def __init__(self, folders: ClusterFolders) -> None:
        self._folders = folders

    def corrections(self) -> tuple[Correction, ...]:
        """All of them. Showing comes last."""
        return (
            Correction("eks", ("CreateAddon",), before=self._check_create, after=self._create),
            Correction("eks", ("UpdateAddon",), before=self._check_update, after=self._update),
            Correction("eks", ("DeleteAddon",), after=self._delete),
            Correction("eks", ("CreateAddon", "DescribeAddon", "DeleteAddon"), after=self._show),
            Correction("eks", ("DescribeAddonVersions",), supply=_list_versions),
            Correction("eks", ("DescribeAddonConfiguration",), supply=_show_configuration),
            Correction("eks", ("DescribePodIdentityAssociation",), after=_show_owner),
            Correction("eks", ("ListPodIdentityAssociations",), after=_show_owners),
        )

    # --- CreateAddon, UpdateAddon ---

    async def _check_create(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        version = await cluster_version(exchange, asked["clusterName"])
        if asked["addonName"] not in ADDONS or not ADDONS[asked["addonName"]].for_cluster(version):
            raise refused("Addon specified is not supported")
        where = (asked.get("namespaceConfig") or {}).get("namespace")
        if where not in (None, _SYSTEM, own := ADDONS[asked["addonName"]].namespace):
            allowed = " or ".join(sorted({own, _SYSTEM}))
            raise refused(f"The twin installs {asked['addonName']} in {allowed}, not in {where}")
        await self._check(exchange, version)

    async def _check_update(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        named = {"clusterName": asked["clusterName"], "addonName": asked["addonName"]}
        await exchange.emulator.call("eks", "DescribeAddon", **named)
        if is_updating(exchange, asked["clusterName"], addonName=asked["addonName"]):
            raise AwsError("ResourceInUseException", f"Addon {asked['addonName']} is being updated", 409)
        await self._check(exchange, await cluster_version(exchange, asked["clusterName"]))

    async def _check(self, exchange: Exchange, version: str) -> None:
        asked, known = exchange.parameters, ADDONS[exchange.parameters["addonName"]]
        if asked.get("addonVersion") and asked["addonVersion"] not in known.for_cluster(version):
            raise refused("Addon version specified is not supported")
        if values := asked.get("configurationValues"):
            _check_values(values)
        for association in asked.get("podIdentityAssociations", []):
            if association["serviceAccount"] not in known.roles:
                account = association["serviceAccount"]
                raise refused(f"The service account {account} is not one of the addon {asked['addonName']}")
            await _check_role(exchange, association["roleArn"])
        if role := asked.get("serviceAccountRoleArn"):
            await _check_role(exchange, role)

    async def _create(self, exchange: Exchange) -> None:
        asked, made = exchange.parameters, exchange.answer["addon"]
        version = await cluster_version(exchange, asked["clusterName"])
        fields = {"addonVersion": ADDONS[asked["addonName"]].for_cluster(version)[0]}
        fields |= given(asked, "addonVersion", "configurationValues", "serviceAccountRoleArn", "namespaceConfig")
        known: Fields = {"arn": made["addonArn"], "shown": {}, "owned": {}, "new": True}
        self._keep(exchange, known)
        await self._associate(exchange, known)
        self._change(exchange, known, fields)

    async def _update(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        known = self._known(exchange)
        fields = given(asked, "addonVersion", "configurationValues", "serviceAccountRoleArn")
        if "podIdentityAssociations" in asked:
            await self._associate(exchange, known)
        self._change(exchange, known | {"new": False}, fields)
        changes = {_PARAMETERS[name]: _text(value) for name, value in asked.items() if name in _PARAMETERS}
        owner = {"addonName": asked["addonName"]}
        exchange.answer["update"] = keep_update(exchange, asked["clusterName"], "AddonUpdate", changes, **owner)

    def _change(self, exchange: Exchange, known: Fields, fields: Fields) -> None:
        """An empty string takes a field away."""
        kept = {name: value for name, value in (known["shown"] | fields).items() if value != ""}
        self._keep(exchange, known | {"shown": kept, "changed": time.time()})
        self._ask(exchange, resolveConflicts=exchange.parameters.get("resolveConflicts", "NONE"))

    async def _associate(self, exchange: Exchange, known: Fields) -> None:
        """The associations of an add-on are made, changed and deleted with it."""
        cluster = exchange.parameters["clusterName"]
        wanted = {
            one["serviceAccount"]: one["roleArn"] for one in exchange.parameters.get("podIdentityAssociations", [])
        }
        owned: dict[str, str] = known["owned"]
        for account in [account for account in owned if account not in wanted]:
            await self._dissociate(exchange, owned.pop(account))
        for account, role in wanted.items():
            named = {"clusterName": cluster, "roleArn": role}
            if account in owned:
                named |= {"associationId": owned[account].rpartition("/")[2]}
                await exchange.emulator.call("eks", "UpdatePodIdentityAssociation", **named)
                continue
            namespace = ADDONS[exchange.parameters["addonName"]].namespace
            named |= {"namespace": namespace, "serviceAccount": account}
            made = (await exchange.emulator.call("eks", "CreatePodIdentityAssociation", **named))["association"]
            owned[account] = made["associationArn"]
            exchange.shelf(_OWNED).put(exchange.scope, made["associationArn"], {"ownerArn": known["arn"]})
        self._keep(exchange, known)

    async def _dissociate(self, exchange: Exchange, arn: str) -> None:
        exchange.shelf(_OWNED).forget(exchange.scope, arn)
        named = {"clusterName": exchange.parameters["clusterName"], "associationId": arn.rpartition("/")[2]}
        try:
            await exchange.emulator.call("eks", "DeletePodIdentityAssociation", **named)
        except AwsError as error:
            if not error.says("ResourceNotFoundException"):  # deleted by hand
                raise

    # --- DeleteAddon, and every answer that shows an add-on ---

    async def _delete(self, exchange: Exchange) -> None:
        for arn in self._known(exchange).get("owned", {}).values():
            await self._dissociate(exchange, arn)
        self._ask(exchange, preserve=bool(exchange.parameters.get("preserve")))

    async def _show(self, exchange: Exchange) -> None:
        asked, addon = exchange.parameters, exchange.answer["addon"]
        known = self._known(exchange)
        if not known:
            return
        for unshown in ("addonVersion", "configurationValues", "serviceAccountRoleArn", "podIdentityAssociations"):
            addon.pop(unshown, None)
        addon |= {"namespaceConfig": {"namespace": ADDONS[asked["addonName"]].namespace}} | known["shown"]
        if known["owned"]:
            addon["podIdentityAssociations"] = list(known["owned"].values())
        if exchange.operation.name == "DeleteAddon":
            exchange.shelf(_KIND).forget(exchange.scope, f"{asked['clusterName']}/{asked['addonName']}")
            addon["status"] = "DELETING"
        else:
            addon |= self._state(exchange, known)

    def _state(self, exchange: Exchange, known: Fields) -> Fields:
        """As the controllers of the cluster see it, once they have had time to; at once where there are none."""
        folder = self._folders.of(exchange, exchange.parameters["clusterName"])
        if folder is None:
            return {"status": "ACTIVE", "health": {"issues": []}}
        told = addon_health.health(folder).get(exchange.parameters["addonName"])
        is_old = told is not None and told.get("of") != addon_health.stamp(known["shown"])
        if told is None or is_old or time.time() < known["changed"] + UPDATE_SECONDS:
            return {"status": "CREATING" if known["new"] else "UPDATING", "health": {"issues": []}}
        return {"status": told["status"], "health": {"issues": list(told["issues"])}}

    # --- what they share ---

    def _ask(self, exchange: Exchange, **asked: Any) -> None:
        """Tell the controllers of the cluster what no answer shows."""
        if folder := self._folders.of(exchange, exchange.parameters["clusterName"]):
            addon_health.ask(folder, exchange.parameters["addonName"], **asked)

    def _known(self, exchange: Exchange) -> Fields:
        key = f"{exchange.parameters['clusterName']}/{exchange.parameters['addonName']}"
        return exchange.shelf(_KIND).get(exchange.scope, key) or {}

    def _keep(self, exchange: Exchange, known: Fields) -> None:
        key = f"{exchange.parameters['clusterName']}/{exchange.parameters['addonName']}"
        exchange.shelf(_KIND).put(exchange.scope, key, known)


def _check_values(values: str) -> None:
    """They are an object, in JSON or YAML."""
    try:
        read = yaml.safe_load(values)
    except yaml.YAMLError as error:
        raise refused(f"ConfigurationValue is not in valid JSON or YAML format: {error}") from error
    if not isinstance(read, dict):
        raise refused("ConfigurationValue is not in valid JSON or YAML format: it is no object")


async def _check_role(exchange: Exchange, arn: str) -> None:
    require_pass_role(exchange, arn, "pods.eks.amazonaws.com")
    try:
        await exchange.emulator.call("iam", "GetRole", RoleName=arn.rpartition("/")[2])
    except AwsError as error:
        raise refused(f"Role provided in the request does not exist: {arn}") from error


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# --- DescribeAddonVersions, DescribeAddonConfiguration ---


async def _list_versions(exchange: Exchange) -> None:
    asked = exchange.parameters
    names = [asked["addonName"]] if asked.get("addonName") else sorted(ADDONS)
    if names[0] not in ADDONS:
        raise refused("Addon specified is not supported")
    found = [one for name in names if (one := shown(name, asked.get("kubernetesVersion")))]
    for filtered, field in (("types", "type"), ("owners", "owner"), ("publishers", "publisher")):
        if wanted := asked.get(filtered):
            found = [addon for addon in found if addon[field] in wanted]
    exchange.answer["addons"] = found


async def _show_configuration(exchange: Exchange) -> None:
    """The schema of the twin says no more than that it is an object: EKS' own are not published."""
    asked = exchange.parameters
    known = ADDONS.get(asked["addonName"])
    if known is None or asked["addonVersion"] not in known.versions:
        raise AwsError("ResourceNotFoundException", "Addon or version specified is not supported", 404)
    exchange.answer |= {
        "addonName": asked["addonName"],
        "addonVersion": asked["addonVersion"],
        "configurationSchema": json.dumps({"$schema": "http://json-schema.org/draft-06/schema#", "type": "object"}),
        "podIdentityConfiguration": [
            {"serviceAccount": account, "recommendedManagedPolicies": list(policies)}
            for account, policies in known.roles.items()
        ],
    }


# --- the owner of an association: DescribePodIdentityAssociation, ListPodIdentityAssociations ---


async def _show_owner(exchange: Exchange) -> None:
    shown_one = exchange.answer["association"]
    shown_one |= exchange.shelf(_OWNED).get(exchange.scope, shown_one["associationArn"]) or {}


async def _show_owners(exchange: Exchange) -> None:
    for association in exchange.answer["associations"]:
        association |= exchange.shelf(_OWNED).get(exchange.scope, association["associationArn"]) or {}
