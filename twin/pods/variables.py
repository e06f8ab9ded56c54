"""The environment variables that a manifest gives a container.

Source: k8s.io/kubernetes, pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables) and pkg/kubelet/envvars: envFrom
first, env over it in order, variables of Services last and weakest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twin.pods.errors import PodError
from twin.pods.expansion import expand
from twin.pods.sources import Sources

Manifest = Mapping[str, Any]


@dataclass
class Variables:
    """What a container finds in its environment."""

    values: dict[str, str] = field(default_factory=dict)
    of_secrets: set[str] = field(default_factory=set)
    """Names of those whose value is a Secret's: they are passed on as they are."""


def variables(container: Manifest, sources: Sources, services: Mapping[str, str]) -> Variables:
    """The variables of a container; `services` are those of `of_services`. Raises PodError, in kubelet's words."""
    made = Variables()
    for one in container.get("envFrom", ()):
        _add_all(one, sources, made)
    for one in container.get("env", ()):
        _add(one, container, sources, services, made)
    made.values = {**services, **made.values}
    return made


def of_services(services: Sequence[Manifest], master: Manifest | None, linked: bool) -> dict[str, str]:
    """`NAME_SERVICE_HOST` and the like: of these Services of the pod's namespace (when `linked`), and of `master`.

    `master` is the Service `kubernetes` of the namespace `default`.
    """
    found: dict[str, str] = {}
    for service in (*([master] if master else ()), *(services if linked else ())):
        address = service["spec"].get("clusterIP")
        if address and address != "None":
            found |= _of_service(service, address)
    return found


def _of_service(service: Manifest, address: str) -> dict[str, str]:
    prefix, ports = _name(service["metadata"]["name"]), service["spec"]["ports"]
    found = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(ports[0]["port"])}
    for number, port in enumerate(ports):
        protocol = port.get("protocol", "TCP")
        url = f"{protocol.lower()}://{address}:{port['port']}"
        link = f"{prefix}_PORT_{port['port']}_{protocol}"
        if port.get("name"):
            found[f"{prefix}_SERVICE_PORT_{_name(port['name'])}"] = str(port["port"])
        if number == 0:
            found[f"{prefix}_PORT"] = url
        found |= {link: url, f"{link}_PROTO": protocol.lower(), f"{link}_PORT": str(port["port"])}
        found[f"{link}_ADDR"] = address
    return found


def _name(of: str) -> str:
    return of.replace("-", "_").upper()


def _add_all(source: Manifest, sources: Sources, made: Variables) -> None:
    prefix = source.get("prefix", "")
    match source:
        case {"configMapRef": reference}:
            held = sources.config_map(reference["name"], reference.get("optional", False))
        case {"secretRef": reference}:
            held = sources.secret(reference["name"], reference.get("optional", False))
            made.of_secrets |= {prefix + key for key in held or ()}
        case _:
            raise PodError(f"envFrom {', '.join(sorted(source))} is not modelled.")
    made.values |= {prefix + key: value.decode() for key, value in (held or {}).items()}


def _add(
    variable: Manifest, container: Manifest, sources: Sources, services: Mapping[str, str], made: Variables
) -> None:
    name, source = variable["name"], variable.get("valueFrom") or {}
    value: str | None
    match source:
        case _ if not source or variable.get("value"):
            value = expand(variable.get("value", ""), {**services, **made.values})
        case {"fieldRef": reference}:
            value = sources.field(reference["fieldPath"])
        case {"resourceFieldRef": reference}:
            value = sources.resource(reference, container)
        case {"configMapKeyRef": reference}:
            held = sources.config_map(reference["name"], reference.get("optional", False))
            value = _of_key(held, reference, "ConfigMap", sources)
        case {"secretKeyRef": reference}:
            held = sources.secret(reference["name"], reference.get("optional", False))
            value = _of_key(held, reference, "Secret", sources)
        case _:
            raise PodError(f"env {name}: valueFrom {', '.join(sorted(source))} is not modelled.")
    if value is None:
        return
    made.values[name] = value
    made.of_secrets.discard(name)
    if "secretKeyRef" in source:
        made.of_secrets.add(name)


def _of_key(held: dict[str, bytes] | None, reference: Manifest, kind: str, sources: Sources) -> str | None:
    if held is not None and reference["key"] in held:
        return held[reference["key"]].decode()
    if reference.get("optional"):
        return None
    raise PodError(f"couldn't find key {reference['key']} in {kind} {sources.namespace}/{reference['name']}")
