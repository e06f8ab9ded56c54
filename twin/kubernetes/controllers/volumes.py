"""The EBS CSI driver: claims become volumes of the account, and volumes go with their claims.

It works while a pod of ebs-csi-controller runs, as that pod's service account in the cluster, and with the role that
Pod Identity gives it in the account: a right that is missing on either side shows as an event, as on EKS.

Not here: resizing, snapshots, volume attributes classes. Bytes are nowhere.

Source: Kubernetes CSI external-provisioner and external-attacher (finalizers, order of deletion, events);
aws-ebs-csi-driver (requests to EC2, messages).
"""

import time
from typing import Any

from botocore.exceptions import ClientError

from twin.account import Account
from twin.kubernetes import pod_identity, service_accounts
from twin.kubernetes.client import ApiError, Client
from twin.kubernetes.controllers import events
from twin.kubernetes.controllers.addon_manifests import Manifest
from twin.kubernetes.controllers.backoff import Backoff
from twin.kubernetes.controllers.ebs_volumes import (
    ATTACHER_FINALIZER,
    DRIVER,
    NAME_TAG,
    PROVISIONER_FINALIZER,
    ZONE,
    ParameterError,
    persistent_volume,
    request,
    volume_name,
)
from twin.kubernetes.controllers.loop import World
from twin.kubernetes.pod_identity import PodIdentityError

SERVICE_ACCOUNT = "ebs-csi-controller-sa"
_NAMESPACE = "kube-system"
_CONTROLLER_POD = "app=ebs-csi-controller"
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_SOURCE = f"{DRIVER}_ebs-csi-controller"
_KEPT_SECONDS = 600.0
"""How long a token and credentials are used before new ones are asked for."""
_STORAGE = "storage.k8s.io/v1"


class Volumes:
    """The controller."""

    name = "volumes"

    def __init__(self) -> None:
        self._backoff = Backoff()
        self._cluster: tuple[float, Client] | None = None
        self._account: tuple[float, Account] | None = None

    def reconcile(self, world: World) -> None:
        """Make one step for each claim, volume and attachment of this driver."""
        running = world.api.list("v1", "Pod", _NAMESPACE, _CONTROLLER_POD, fieldSelector="status.phase=Running")
        if not running:
            self._cluster = self._account = None
            return
        api = self._as_service_account(world)
        classes = {
            each["metadata"]["name"]: each
            for each in api.list(_STORAGE, "StorageClass")
            if each["provisioner"] == DRIVER
        }
        for claim in api.list("v1", "PersistentVolumeClaim"):
            storage_class = classes.get(claim["spec"].get("storageClassName") or "")
            if storage_class is not None and _wants_volume(claim):
                self._guarded(api, claim, lambda c=claim, s=storage_class: self._provision(world, api, c, s))
        attached = api.list(_STORAGE, "VolumeAttachment")
        for attachment in attached:
            if attachment["spec"]["attacher"] == DRIVER:
                self._guarded(api, attachment, lambda a=attachment: self._attach(world, api, a))
        in_use = {each["spec"]["source"].get("persistentVolumeName") for each in attached}
        for volume in api.list("v1", "PersistentVolume"):
            if volume["spec"].get("csi", {}).get("driver") == DRIVER and volume["metadata"]["name"] not in in_use:
                self._guarded(api, volume, lambda v=volume: self._reclaim(world, api, v))

    # --- as whom ---

    def _as_service_account(self, world: World) -> Client:
        if self._cluster is None or self._cluster[0] < time.monotonic():
            made = service_accounts.client(world.folder, world.api, _NAMESPACE, SERVICE_ACCOUNT)
            self._cluster = (time.monotonic() + _KEPT_SECONDS, made)
        return self._cluster[1]

    def _ec2(self, world: World) -> Any:
        if self._account is None or self._account[0] < time.monotonic():
            given = pod_identity.credentials(world, _NAMESPACE, SERVICE_ACCOUNT)
            self._account = (time.monotonic() + _KEPT_SECONDS, given)
        return self._account[1].client("ec2")

    def _guarded(self, api: Client, about: Manifest, work: Any) -> None:
        """Do it, unless it has just failed; what goes wrong becomes an event on the object, and time passes."""
        uid = about["metadata"]["uid"]
        if not self._backoff.may_try(uid):
            return
        try:
            work()
        except (ClientError, PodIdentityError, ParameterError) as error:
            self._account = None  # the role may have got its rights meanwhile: with new credentials they show
            self._backoff.failed(uid)
            reason, message = _complaint(about, error)
            events.record(api, about, reason, message, source=_SOURCE, warning=True)
        except ApiError as error:
            if error.reason not in ("Conflict", "NotFound"):  # it has changed or gone meanwhile: next round
                self._backoff.failed(uid)
                raise
        else:
            self._backoff.succeeded(uid)

    # --- claims ---

    def _provision(self, world: World, api: Client, claim: Manifest, storage_class: Manifest) -> None:
        zone = _zone(api, claim, storage_class)
        if zone is None:
            return  # the scheduler has not chosen a node yet
        name = volume_name(claim)
        if api.get("v1", "PersistentVolume", name) is not None:
            return  # made already: the API server's controller binds the two
        ec2 = self._ec2(world)
        found = ec2.describe_volumes(Filters=[{"Name": f"tag:{NAME_TAG}", "Values": [name]}])["Volumes"]
        asked = request(claim, storage_class, zone, world.cluster)
        volume = found[0] if found else ec2.create_volume(**asked)
        # EC2 looks at the key afterwards: a volume whose key its caller may not use is gone again.
        ec2.describe_volumes(VolumeIds=[volume["VolumeId"]])
        made = persistent_volume(claim, storage_class, volume)
        api.create(made)
        said = f"Successfully provisioned volume {name}"
        events.record(api, claim, "ProvisioningSucceeded", said, source=_SOURCE)

    # --- attachments ---

    def _attach(self, world: World, api: Client, attachment: Manifest) -> None:
        """Attach or detach a volume. A node that is no instance of the account has nothing to attach it to."""
        metadata, spec = attachment["metadata"], attachment["spec"]
        volume = api.get("v1", "PersistentVolume", spec["source"]["persistentVolumeName"])
        node = api.get("v1", "Node", spec["nodeName"])
        instance = _instance(node)
        if metadata.get("deletionTimestamp"):
            if ATTACHER_FINALIZER in metadata.get("finalizers", ()):
                if volume is not None and instance:
                    self._detach(world, volume, instance)
                _drop_finalizer(api, attachment, ATTACHER_FINALIZER)
            return
        if attachment.get("status", {}).get("attached") or volume is None or node is None:
            return
        if ATTACHER_FINALIZER not in metadata.get("finalizers", ()):
            _add_finalizer(api, attachment, ATTACHER_FINALIZER)
        device = ""
        if instance:
            device = self._attach_to(world, volume, instance)
        status = {"status": {"attached": True, "attachmentMetadata": {"devicePath": device}}}
        api.patch(_STORAGE, "VolumeAttachment", metadata["name"], None, status, subresource="status")

    def _attach_to(self, world: World, volume: Manifest, instance: str) -> str:
        handle = volume["spec"]["csi"]["volumeHandle"]
        ec2 = self._ec2(world)
        (known,) = ec2.describe_volumes(VolumeIds=[handle])["Volumes"]
        held = {each["InstanceId"]: each["Device"] for each in known["Attachments"]}
        if instance in held:
            return str(held[instance])
        device = _free_device(ec2, instance)
        ec2.attach_volume(VolumeId=handle, InstanceId=instance, Device=device)
        return device

    def _detach(self, world: World, volume: Manifest, instance: str) -> None:
        try:
            self._ec2(world).detach_volume(VolumeId=volume["spec"]["csi"]["volumeHandle"], InstanceId=instance)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("InvalidVolume.NotFound", "IncorrectState"):
                raise

    # --- volumes whose claim is gone ---

    def _reclaim(self, world: World, api: Client, volume: Manifest) -> None:
        metadata = volume["metadata"]
        if volume["spec"]["persistentVolumeReclaimPolicy"] != "Delete":
            return
        deleting = metadata.get("deletionTimestamp") and PROVISIONER_FINALIZER in metadata.get("finalizers", ())
        if not deleting and volume.get("status", {}).get("phase") not in ("Released", "Failed"):
            return
        if deleting and "kubernetes.io/pv-protection" in metadata["finalizers"]:
            return  # it is bound: the claim goes first
        try:
            self._ec2(world).delete_volume(VolumeId=volume["spec"]["csi"]["volumeHandle"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidVolume.NotFound":
                raise
        api.delete("v1", "PersistentVolume", metadata["name"])
        _drop_finalizer(api, volume, PROVISIONER_FINALIZER)


def _wants_volume(claim: Manifest) -> bool:
    metadata = claim["metadata"]
    pending = claim.get("status", {}).get("phase", "Pending") == "Pending" and not claim["spec"].get("volumeName")
    return pending and not metadata.get("deletionTimestamp")


def _zone(api: Client, claim: Manifest, storage_class: Manifest) -> str | None:
    """Where the volume has to be: in the zone of the node that the scheduler chose, or any that is allowed.

    None while the scheduler has not chosen. Raises ParameterError when no zone can be told.
    """
    allowed = [
        value
        for term in storage_class.get("allowedTopologies") or ()
        for each in term["matchLabelExpressions"]
        if each["key"] == ZONE
        for value in each["values"]
    ]
    if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
        chosen = claim["metadata"].get("annotations", {}).get(_SELECTED_NODE)
        if chosen is None:
            return None
        node = api.get("v1", "Node", chosen)
        if node is None:
            return None
        zones = [node["metadata"].get("labels", {}).get(ZONE)]
    else:
        zones = allowed or sorted({n["metadata"].get("labels", {}).get(ZONE) or "" for n in api.list("v1", "Node")})
    if not zones or not zones[0]:
        raise ParameterError(f"no available topology found: no node has the label {ZONE}")
    return str(zones[0])


def _instance(node: Manifest | None) -> str | None:
    """The EC2 instance of a node, from its provider id `aws:///<zone>/<instance>`."""
    last = ((node or {}).get("spec", {}).get("providerID") or "").rpartition("/")[2]
    return last if last.startswith("i-") else None


def _free_device(ec2: Any, instance: str) -> str:
    """The first free of the names that the driver gives devices: /dev/xvdaa and on."""
    filters = [{"Name": "attachment.instance-id", "Values": [instance]}]
    held = {
        each["Device"] for volume in ec2.describe_volumes(Filters=filters)["Volumes"] for each in volume["Attachments"]
    }
    names = (f"/dev/xvd{first}{second}" for first in "abcd" for second in "abcdefghijklmnopqrstuvwxyz")
    return next(name for name in names if name not in held)


def _add_finalizer(api: Client, thing: Manifest, finalizer: str) -> None:
    _set_finalizers(api, thing, [*thing["metadata"].get("finalizers", ()), finalizer])


def _drop_finalizer(api: Client, thing: Manifest, finalizer: str) -> None:
    """Take a finalizer away; the object is read again, because its deletion has changed it."""
    metadata = thing["metadata"]
    now = api.get(thing["apiVersion"], thing["kind"], metadata["name"])
    held = (now or {}).get("metadata", {}).get("finalizers", ())
    if now is not None and now["metadata"]["uid"] == metadata["uid"] and finalizer in held:
        _set_finalizers(api, now, [each for each in held if each != finalizer])


def _set_finalizers(api: Client, thing: Manifest, finalizers: list[str]) -> None:
    body = {"metadata": {"finalizers": finalizers, "resourceVersion": thing["metadata"].get("resourceVersion")}}
    api.patch(thing["apiVersion"], thing["kind"], thing["metadata"]["name"], None, body)


def _complaint(about: Manifest, error: Exception) -> tuple[str, str]:
    """Reason and message of the event, as the sidecars of the driver word them."""
    if isinstance(error, ClientError):
        given = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        said = (
            f"operation error EC2: {error.operation_name}, https response error StatusCode: {status}, "
            f"api error {given['Code']}: {given['Message']}"
        )
        if error.operation_name == "AssumeRoleForPodIdentity":
            said = f"failed to retrieve credentials: {given['Code']}: {given['Message']}"
    else:
        said = str(error)
    name = about["metadata"]["name"]
    if about["kind"] == "PersistentVolumeClaim":
        text = f'failed to provision volume with StorageClass "{about["spec"].get("storageClassName")}": '
        return (
            "ProvisioningFailed",
            f'{text}rpc error: code = Internal desc = Could not create volume "{volume_name(about)}": {said}',
        )
    if about["kind"] == "PersistentVolume":
        return "VolumeFailedDelete", f'rpc error: code = Internal desc = Could not delete volume "{name}": {said}'
    return "FailedAttachVolume", f"rpc error: code = Internal desc = Could not attach volume: {said}"
