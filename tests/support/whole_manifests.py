"""Cases of the rules about pods as whole manifests: what a rule does not look at is filled in, as the API server wants.

Nothing is filled in that a rule about pods would find at fault.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

IMAGE = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/model@sha256:{'0a' * 32}"
NAME = "one"
LABELS = {"app": NAME}
CONTAINER: Mapping[str, Any] = {
    "name": "main",
    "image": IMAGE,
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
_PLACES: Mapping[str, tuple[str, ...]] = {
    "core/v1:Pod": (),
    "core/v1:PodTemplate": ("template",),
    "core/v1:ReplicationController": ("spec", "template"),
    "apps/v1:DaemonSet": ("spec", "template"),
    "apps/v1:Deployment": ("spec", "template"),
    "apps/v1:ReplicaSet": ("spec", "template"),
    "apps/v1:StatefulSet": ("spec", "template"),
    "batch/v1:Job": ("spec", "template"),
    "batch/v1:CronJob": ("spec", "jobTemplate", "spec", "template"),
}
KINDS = tuple(_PLACES)
_SOURCES: Mapping[str, Mapping[str, Any]] = {
    "configMap": {"name": "settings"},
    "csi": {"driver": "example.com"},
    "downwardAPI": {},
    "emptyDir": {},
    "ephemeral": {
        "volumeClaimTemplate": {
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        }
    },
    "hostPath": {"path": "/var"},
    "nfs": {"server": "example.com", "path": "/"},
    "persistentVolumeClaim": {"claimName": "data"},
    "projected": {"sources": []},
    "secret": {"secretName": "login"},
}


def manifest(token: str, props: Mapping[str, Any], namespace: str, image: str | None = IMAGE) -> dict[str, Any] | None:
    """Return a resource of a case as a manifest, or None for what is not put to the API server as an object.

    `image`: the one of containers that name none.
    """
    name = token.removeprefix("kubernetes:")
    if name not in _PLACES:
        return None
    version, _, kind = name.partition(":")
    found: dict[str, Any] = copy.deepcopy(dict(props))
    found |= {"apiVersion": version.removeprefix("core/"), "kind": kind}
    found["metadata"] = {**found.get("metadata", {}), "name": NAME, "namespace": namespace}
    template = found
    for step in _PLACES[name]:
        template = template.setdefault(step, {}) if isinstance(template, dict) else {}
    if isinstance(template, dict):
        _fill_template(template, kind, image)
    if isinstance(found.get("spec"), dict):
        _fill_owner(found["spec"], kind)
    return found


def _fill_owner(spec: dict[str, Any], kind: str) -> None:
    if kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"):
        spec.setdefault("selector", {"matchLabels": LABELS})
    if kind == "ReplicationController":
        spec.setdefault("selector", LABELS)
    if kind == "StatefulSet":
        spec.setdefault("serviceName", NAME)
    if kind == "CronJob":
        spec.setdefault("schedule", "0 0 * * *")


def _fill_template(template: dict[str, Any], kind: str, image: str | None) -> None:
    if kind != "Pod" and isinstance(template.setdefault("metadata", {}), dict):
        template["metadata"].setdefault("labels", LABELS)
    spec = template.setdefault("spec", {})
    if not isinstance(spec, dict):
        return
    if kind in ("Job", "CronJob"):
        spec.setdefault("restartPolicy", "Never")
    if not spec.get("containers"):
        spec["containers"] = [copy.deepcopy(dict(CONTAINER))]
    for name in ("containers", "initContainers", "ephemeralContainers"):
        for number, container in enumerate(_maps(spec.get(name))):
            _fill_container(
                container, "main" if (name, number) == ("containers", 0) else f"{name.lower()}-{number}", image
            )
    for number, volume in enumerate(_maps(spec.get("volumes"))):
        volume["name"] = f"v{number}"
        for source in set(volume) & set(_SOURCES):
            if isinstance(volume[source], dict):
                volume[source] = {**_SOURCES[source], **volume[source]}
    mounts = [mount for container in _maps(spec["containers"]) for mount in _maps(container.get("volumeMounts"))]
    if mounts and "volumes" not in spec:
        spec["volumes"] = [{"name": mount["name"], "emptyDir": {}} for mount in mounts]
    context = spec.get("securityContext")
    _fill_profiles(context)
    for sysctl in _maps(context.get("sysctls") if isinstance(context, dict) else None):
        sysctl.setdefault("value", "1")


def _fill_container(container: dict[str, Any], name: str, image: str | None) -> None:
    container.setdefault("name", name)
    if image is not None:
        container.setdefault("image", image)
    _fill_profiles(container.get("securityContext"))
    for variable in _maps(container.get("env")):
        if not any((variable.get("valueFrom") or {}).values()):
            variable.pop("valueFrom", None)  # the API takes no source that names nothing
    for port in _maps(container.get("ports")):
        port.setdefault("containerPort", port.get("hostPort") or 80)
    owners = [container.get(probe) for probe in ("livenessProbe", "readinessProbe", "startupProbe")]
    hooks = container.get("lifecycle")
    owners += [hooks.get(hook) for hook in ("postStart", "preStop")] if isinstance(hooks, dict) else []
    for owner in owners:
        for handler in ("httpGet", "tcpSocket"):
            if isinstance(owner, dict) and isinstance(owner.get(handler), dict):
                owner[handler].setdefault("port", 80)


def _fill_profiles(context: Any) -> None:
    for profile in ("seccompProfile", "appArmorProfile"):
        found = context.get(profile) if isinstance(context, dict) else None
        if isinstance(found, dict) and found.get("type") == "Localhost":
            found["localhostProfile"] = "profiles/one"


def _maps(entries: Any) -> Iterator[dict[str, Any]]:
    if isinstance(entries, list):
        yield from (entry for entry in entries if isinstance(entry, dict))
