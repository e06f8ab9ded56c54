"""EKS add-ons: what is installed becomes workloads in the cluster, and their health goes back to the AWS API.

As EKS does, an add-on's objects are applied when it is created or updated, by the field manager `eks`: a field that
somebody else owns is a conflict, which the add-on shows, unless it says OVERWRITE. In between, nobody puts back what a
person changes. A removed add-on takes its objects along, unless it is preserved.

Source: EKS user guide, "Determine fields you can customize for Amazon EKS add-ons"; EKS API, AddonIssue.
"""

import datetime
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from twin.kubernetes import addon_health
from twin.kubernetes.client import Client
from twin.kubernetes.controllers.addon_manifests import ConfigurationError, Manifest, manifests, workloads
from twin.kubernetes.controllers.loop import World
from twin.kubernetes.errors import ApiError

MANAGER = "eks"
"""The field manager of EKS' add-ons."""
ADDON = "groundwork.io/eks-addon"
"""Label of every object of an add-on: its name. What a removed add-on leaves is found by it."""
APPLIED = "groundwork.io/eks-addon-applied"
"""Annotation of an add-on's last object: the version and configuration that all of them come from."""
CREATING_SECONDS = 60.0
"""How long an add-on may be without its pods before EKS calls it degraded."""
_KINDS = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "DaemonSet"),
    ("policy/v1", "PodDisruptionBudget"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("storage.k8s.io/v1", "CSIDriver"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("v1", "ServiceAccount"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("v1", "Namespace"),
)
"""What add-ons are made of, in the order in which it is removed."""


class Addons:
    """The controller."""

    name = "addons"

    def __init__(self) -> None:
        self._applied: dict[str, str] = {}
        self._present = set(addon_health.KNOWN)
        """Add-ons of which there may be objects: at first any, as the process before this one may have made them."""
        self._complete: set[str] = set()
        """Add-ons that have had all their pods since they were last applied."""

    def reconcile(self, world: World) -> None:
        """Bring the cluster to what is installed, and say how it is."""
        eks = world.aws.client("eks")
        installed = {
            name: eks.describe_addon(clusterName=world.cluster, addonName=name)["addon"]
            for name in eks.list_addons(clusterName=world.cluster)["addons"]
            if name in addon_health.KNOWN
        }
        self._remove(world, self._present - installed.keys())
        if not installed:
            addon_health.save_health(world.folder, {})
            return
        dns_address = _dns_address(world.api)
        before = addon_health.health(world.folder)
        health = {
            name: {**self._brought(world, addon, dns_address, before.get(name)), "of": addon_health.stamp(addon)}
            for name, addon in installed.items()
        }
        addon_health.save_health(world.folder, health)

    def _brought(
        self, world: World, addon: Mapping[str, Any], dns_address: str, before: addon_health.Health | None
    ) -> addon_health.Health:
        """Apply an add-on if it has changed; how it is then."""
        name, stamp = addon["addonName"], addon_health.stamp(addon)
        try:
            objects = manifests(addon, world.aws.region, dns_address)
        except ConfigurationError as error:
            return _failed(before, str(error))
        labelled(objects, name, stamp)
        self._present.add(name)
        if self._applied.get(name) != stamp and _stamp_in(world.api, objects[-1]) != stamp:
            overwrite = addon_health.asked(world.folder, name).get("resolveConflicts") == "OVERWRITE"
            try:
                for manifest in objects:
                    world.api.apply(manifest, manager=MANAGER, force=overwrite)
            except ApiError as error:
                if error.reason not in ("Conflict", "Invalid"):
                    raise
                return _failed(before, f"Apply failed: {error.message}")
            self._complete.discard(name)
        self._applied[name] = stamp
        return self._health(world.api, addon, workloads(objects), before)

    def _health(
        self, api: Client, addon: Mapping[str, Any], wanted: Sequence[Manifest], before: addon_health.Health | None
    ) -> addon_health.Health:
        name = addon["addonName"]
        short = [f"{each['kind']}/{each['metadata']['name']}" for each in wanted if not _has_its_pods(api, each)]
        if not short:
            self._complete.add(name)
            return {"status": "ACTIVE", "issues": []}
        age = (datetime.datetime.now(datetime.UTC) - addon["modifiedAt"]).total_seconds()
        if name not in self._complete and age < CREATING_SECONDS:
            return {"status": addon_health.under_way(before), "issues": []}
        message = "The add-on is unhealthy because it doesn't have the desired number of replicas."
        issue = {"code": "InsufficientNumberOfReplicas", "message": message, "resourceIds": short}
        return {"status": "DEGRADED", "issues": [issue]}

    def _remove(self, world: World, gone: set[str]) -> None:
        """Delete the objects of add-ons that are gone, unless they are to be preserved."""
        removed = {name for name in gone if not addon_health.asked(world.folder, name).get("preserve")}
        for api_version, kind in _KINDS if removed else ():
            for found in world.api.list(api_version, kind, label_selector=f"{ADDON} in ({','.join(sorted(removed))})"):
                world.api.delete(api_version, kind, found["metadata"]["name"], found["metadata"].get("namespace"))
        self._present -= gone
        self._complete -= gone
        self._applied = {name: stamp for name, stamp in self._applied.items() if name not in gone}


def labelled(objects: list[Manifest], name: str, stamp: str) -> None:
    """Put the add-on's name on each object, and on the last one what they come from."""
    for manifest in objects:
        manifest["metadata"]["labels"] = manifest["metadata"]["labels"] | {ADDON: name}
    last = objects[-1]["metadata"]
    last["annotations"] = last.get("annotations", {}) | {APPLIED: stamp}


def _stamp_in(api: Client, last: Manifest) -> str | None:
    """What the objects in the cluster come from; None unless all of them were applied."""
    metadata = last["metadata"]
    found = api.get(last["apiVersion"], last["kind"], metadata["name"], metadata.get("namespace"))
    stamp: str | None = (found or {}).get("metadata", {}).get("annotations", {}).get(APPLIED)
    return stamp


def _dns_address(api: Client) -> str:
    """The tenth address of the service range. The API server's own Service has the first."""
    own = api.get("v1", "Service", "kubernetes", "default")
    if own is None:
        raise ApiError(404, "NotFound", "the API server has not made its own Service yet")
    return str(ipaddress.ip_address(own["spec"]["clusterIP"]) + 9)


def _has_its_pods(api: Client, workload: Manifest) -> bool:
    metadata = workload["metadata"]
    found = api.get("apps/v1", workload["kind"], metadata["name"], metadata["namespace"])
    if found is None or found.get("status", {}).get("observedGeneration") != found["metadata"]["generation"]:
        return False
    status = found["status"]
    if workload["kind"] == "DaemonSet":
        return bool(status["numberReady"] >= status["desiredNumberScheduled"])
    return bool(status.get("readyReplicas", 0) >= found["spec"]["replicas"] <= status.get("updatedReplicas", 0))


def _failed(before: addon_health.Health | None, message: str) -> addon_health.Health:
    issue = {"code": "ConfigurationConflict", "message": message, "resourceIds": []}
    return {
        "status": "CREATE_FAILED" if addon_health.under_way(before) == "CREATING" else "UPDATE_FAILED",
        "issues": [issue],
    }
