"""Names of Services, made into the addresses of pods that run on this machine.

A cluster's DNS answers `<service>.<namespace>.svc.cluster.local`; here nobody does. A name with a pod behind it is
replaced in the text of the manifest, its port by the one that the pod listens on. Other names stay: a connection to
them fails, as it does on EKS while no pod is ready.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twin.kubernetes.scheduling import selected
from twin.pods.records import LocalPod

Manifest = Mapping[str, Any]
_DEFAULT_PORTS = {"http": 80, "https": 443}


def rewriter(services: Sequence[Manifest], pods: Sequence[LocalPod], namespace: str) -> Callable[[str], str]:
    """What puts addresses in the place of names, in the text of a pod of `namespace`."""
    found = {}
    for service in services:
        pod = _behind(service, pods)
        if pod is not None:
            metadata = service["metadata"]
            found[metadata["namespace"], metadata["name"]] = (service, pod)
    if not found:
        return lambda text: text
    names = "|".join(f"{re.escape(name)}\\.{re.escape(of)}(?:\\.svc(?:\\.cluster\\.local)?)?" for of, name in found)
    short = "|".join(re.escape(name) for of, name in found if of == namespace)
    # The short name is a common word: only as the host of a URL.
    alternatives = f"(?:{names})" + (f"|(?<=//)(?:{short})(?=[:/]|$)" if short else "")
    pattern = re.compile(
        rf"(?:\b(?P<scheme>[a-z][a-z0-9+]*)://)?(?<![\w.\-])(?P<host>{alternatives})(?![\w\-]|\.\w)(?::(?P<port>\d+))?"
    )

    def replaced(match: re.Match[str]) -> str:
        name, _, rest = match["host"].partition(".")
        service, pod = found[rest.partition(".")[0] or namespace, name]
        scheme = f"{match['scheme']}://" if match["scheme"] else ""
        return f"{scheme}{pod.address}{_port(service, pod, match['port'], match['scheme'])}"

    return lambda text: pattern.sub(replaced, text)


def _behind(service: Manifest, pods: Sequence[LocalPod]) -> LocalPod | None:
    selector = service["spec"].get("selector")
    if not selector:
        return None
    namespace = service["metadata"]["namespace"]
    return next(
        (pod for pod in pods if pod.namespace == namespace and selected({"matchLabels": selector}, pod.labels)), None
    )


def _port(service: Manifest, pod: LocalPod, written: str | None, scheme: str | None) -> str:
    """`:5000`, the port of the pod for the one that is written, or meant by the URL's scheme; empty for none."""
    asked = int(written) if written else _DEFAULT_PORTS.get(scheme or "")
    for port in service["spec"]["ports"]:
        if port["port"] == asked:
            target = port.get("targetPort", asked)
            number = pod.ports.get(target, asked) if isinstance(target, str) else target
            return f":{number}" if written or number != asked else ""
    return f":{written}" if written else ""
