"""POD-03, POD-04 and POD-10."""

from typing import Any

from policies.pod_security import RESTRICTED_VOLUMES
from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec
from tests.policies.specs.pods.making import (
    CONTAINER,
    CONTEXT,
    SPEC,
    at_baseline,
    context,
    deployment,
    in_every_list,
    of,
    wherever,
)

AGENT = {"nodeAgents": [{"workload": "system/agent-*", "hostPath": "/var/lib/agent"}]}
READ_ONLY, WRITABLE = context(readOnlyRootFilesystem=True), context(readOnlyRootFilesystem=False)
PORT, NODE_PORT = {"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 80, "hostPort": 80}]}


def volumes(*sources: Any) -> R:
    return deployment(volumes=[{"name": "v", **source} for source in sources])


def agent(path: Any, name: str = "agent-a") -> R:
    item = deployment(volumes=[{"name": "v", "hostPath": {"path": path}}])
    return item.with_props({**item.props, "metadata": {"namespace": "system", "name": name}})


HOST = {"hostPath": {"path": "/var"}}
PROBE = {"livenessProbe": {"httpGet": {"host": "", "port": 80}}}
SPECS: dict[str, Spec] = {
    "POD-03": Spec(
        good=(deployment(volumes=[{"configMap": {"name": "settings"}}]),),
        leaf=f"{SPEC}.volumes[0].hostPath",
        bad={"path": "/var"},
        absent="pass",
        equivalent={
            f"{mutation} {SPEC}.volumes[0].configMap.name": "what an allowed volume holds is not looked at"
            for mutation in ("delete", "flip", "unknown")
        },
        extra=(
            *wherever({"volumes": [{"emptyDir": {}}]}, {"volumes": [HOST]}),
            *at_baseline(volumes({"emptyDir": {}}), volumes({"nfs": {"server": "x"}}), volumes(HOST)),
            *(Case(f"allowed: {source}", (volumes({source: {}}),), "pass") for source in RESTRICTED_VOLUMES),
            Case("another kind", (volumes({"nfs": {"server": "x"}}),), "deny"),
            Case("another kind, unknown", (volumes({"nfs": UNKNOWN}),), "unknown"),
            Case("no source, an emptyDir then", (volumes({}),), "pass"),
            Case("the second one", (volumes({"emptyDir": {}}, HOST),), "deny"),
            Case("a null source beside a good one", (volumes({"emptyDir": {}, "hostPath": None}),), "pass"),
            Case("two sources", (volumes({"emptyDir": {}, **HOST}),), "deny"),
            Case("volumes unknown", (deployment(volumes=UNKNOWN),), "unknown"),
            Case("a volume unknown", (deployment(volumes=[UNKNOWN]),), "unknown"),
            Case("a volume of the wrong type", (deployment(volumes=["text"]),), "deny"),
            Case("volumes of the wrong type", (deployment(volumes={"emptyDir": {}}),), "deny"),
            Case("a node agent", (agent("/var/lib/agent"),), "pass", AGENT),
            Case("a node agent, another folder", (agent("/var/lib/agent/.."),), "deny", AGENT),
            Case("a node agent, folder unknown", (agent(UNKNOWN),), "deny", AGENT),
            Case("no node agent", (agent("/var/lib/agent", "other"),), "deny", AGENT),
        ),
    ),
    "POD-04": Spec(
        good=(of({"ports": [{"hostPort": 0}], **PROBE}),),
        leaf=f"{CONTAINER}.ports[0].hostPort",
        bad=80,
        absent="pass",
        equivalent={
            f"delete {CONTAINER}.ports[0].hostPort": "absent means none",
            f"delete {CONTAINER}.livenessProbe.httpGet.host": "absent means the pod itself",
        }
        | {
            f"{mutation} {CONTAINER}.livenessProbe.httpGet.port": "a port of the pod itself"
            for mutation in ("delete", "flip", "unknown")
        },
        extra=(
            *wherever({"containers": [PORT]}, {"containers": [NODE_PORT]}),
            *in_every_list(PORT, NODE_PORT),
            Case("false for 0", (of({"ports": [{"hostPort": False}]}),), "deny"),
            *(
                Case(f"{handler} of a {probe}", (of({probe: {handler: {"host": "10.0.0.1"}}}),), "deny")
                for probe in ("livenessProbe", "readinessProbe", "startupProbe")
                for handler in ("httpGet", "tcpSocket")
            ),
            *(
                Case(f"{handler} of {hook}", (of({"lifecycle": {hook: {handler: {"host": "10.0.0.1"}}}}),), "deny")
                for hook in ("postStart", "preStop")
                for handler in ("httpGet", "tcpSocket")
            ),
            Case("probe unknown", (of({"livenessProbe": UNKNOWN}),), "unknown"),
            Case("a command", (of({"livenessProbe": {"exec": {"command": ["true"]}}}),), "pass"),
            Case(
                "a host, older standard",
                (of({"livenessProbe": {"httpGet": {"host": "10.0.0.1"}}}),),
                "pass",
                {"podSecurityVersion": "1.33"},
            ),
        ),
    ),
    "POD-10": Spec(
        good=(of(READ_ONLY),),
        leaf=f"{CONTEXT}.readOnlyRootFilesystem",
        bad=False,
        extra=(
            *wherever({"containers": [READ_ONLY]}, {"containers": [WRITABLE]}),
            *in_every_list(READ_ONLY, WRITABLE),
            Case("Windows, which has no such thing", (of(WRITABLE, os={"name": "windows"}),), "pass"),
            Case("perhaps Windows", (of(WRITABLE, os={"name": UNKNOWN}),), "unknown"),
            Case("a number for true", (of(context(readOnlyRootFilesystem=1)),), "deny"),
        ),
    ),
}
