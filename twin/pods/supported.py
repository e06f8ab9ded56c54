"""Which fields of a pod and of its containers are done, which cannot be had in a process; any other is refused.

Source: Kubernetes API reference 1.36, PodSpec and Container.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from twin.pods.errors import PodError

Manifest = Mapping[str, Any]

CANNOT_BE_HAD = (
    "Not as in a pod: user ids, read-only root file systems, limits, devices, network policies, files of the image "
    "(docs/twin.md, Pods as processes)."
)
_POD = frozenset(
    [
        "volumes",
        "initContainers",
        "containers",
        "restartPolicy",
        "terminationGracePeriodSeconds",
        "activeDeadlineSeconds",
        "serviceAccountName",
        "serviceAccount",
        "automountServiceAccountToken",
        "nodeName",
        "hostname",
        "subdomain",
        "enableServiceLinks",
    ]
)
_POD_OF_THE_NODE = frozenset(
    [
        "dnsPolicy",
        "nodeSelector",
        "securityContext",
        "imagePullSecrets",
        "affinity",
        "schedulerName",
        "tolerations",
        "priorityClassName",
        "priority",
        "preemptionPolicy",
        "runtimeClassName",
        "overhead",
        "topologySpreadConstraints",
        "os",
        "hostUsers",
    ]
)
"""Where a pod runs, as whom, with how much: decided by the scheduler and a container engine."""
_CONTAINER = frozenset(
    [
        "name",
        "image",
        "command",
        "args",
        "workingDir",
        "env",
        "envFrom",
        "ports",
        "volumeMounts",
        "restartPolicy",
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    ]
)
_CONTAINER_OF_THE_ENGINE = frozenset(
    [
        "resources",
        "resizePolicy",
        "securityContext",
        "imagePullPolicy",
        "terminationMessagePath",
        "terminationMessagePolicy",
    ]
)
_HOOKS = frozenset(["preStop"])
_MOUNT = frozenset(["name", "mountPath", "subPath", "subPathExpr", "readOnly", "recursiveReadOnly"])
_PROBE = frozenset(
    [
        "exec",
        "httpGet",
        "tcpSocket",
        "initialDelaySeconds",
        "periodSeconds",
        "timeoutSeconds",
        "successThreshold",
        "failureThreshold",
    ]
)
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def check(pod: Manifest) -> None:
    """Raise PodError that names everything in the pod that a process would not get and that is not known to be so."""
    unknown = list(_unknown(pod["spec"]))
    if unknown:
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        raise PodError(f"Pod {name} cannot run as processes; not modelled: {', '.join(unknown)}.")


def _unknown(spec: Manifest) -> Iterator[str]:
    yield from _others(spec, _POD | _POD_OF_THE_NODE, "spec")
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind, ()):
            where = f"{kind}[{container['name']}]"
            yield from _others(container, _CONTAINER | _CONTAINER_OF_THE_ENGINE, where)
            yield from _others(container.get("lifecycle") or {}, _HOOKS, f"{where}.lifecycle")
            for mount in container.get("volumeMounts", ()):
                yield from _others(mount, _MOUNT, f"{where}.volumeMounts[{mount['name']}]")
            for probe in _PROBES:
                yield from _others(container.get(probe) or {}, _PROBE, f"{where}.{probe}")


def _others(given: Manifest, known: frozenset[str], where: str) -> Iterator[str]:
    # What is false or empty asks for nothing.
    return (f"{where}.{name}" for name, value in given.items() if name not in known and value)
