"""POD-01, POD-02, POD-05 to POD-07."""

from typing import Any

from tests.policies.harness import UNKNOWN
from tests.policies.spec import Case, Spec
from tests.policies.specs.pods.making import (
    CONTEXT,
    POD_CONTEXT,
    SPEC,
    at_baseline,
    context,
    deployment,
    in_every_list,
    of,
    wherever,
)

PRIVILEGED, PLAIN = context(privileged=True), context(privileged=False)
HOST_PROCESS = {"windowsOptions": {"hostProcess": True}}
DROPPED = {"drop": ["ALL"]}
FEW = context(capabilities=DROPPED)
KEPT = context(capabilities={"drop": ["NET_RAW"]})
STRICT, LAX = context(allowPrivilegeEscalation=False), context(allowPrivilegeEscalation=True)
USER, ROOT = context(runAsNonRoot=True), context(runAsNonRoot=False)
WINDOWS = {"os": {"name": "windows"}}
SYSTEM_UNKNOWN = {"os": {"name": UNKNOWN}}
AGENT = {"nodeAgents": [{"workload": "system/agent-*", "hostPath": "/var/lib/agent"}]}
ABSENT_IS_FALSE = "absent means false"


def capabilities(**fields: Any) -> Any:
    return of(context(capabilities={"drop": ["ALL"], **fields}))


def agent(name: Any, **spec: Any) -> Any:
    item = of({}, **spec)
    return item.with_props({**item.props, "metadata": {"namespace": "system", "name": name}})


SPECS: dict[str, Spec] = {
    "POD-01": Spec(
        good=(of(PLAIN),),
        leaf=f"{CONTEXT}.privileged",
        bad=True,
        absent="pass",
        equivalent={f"delete {CONTEXT}.privileged": ABSENT_IS_FALSE},
        extra=(
            *wherever({"containers": [PLAIN]}, {"containers": [PRIVILEGED]}),
            *in_every_list(PLAIN, PRIVILEGED),
            Case("a number for false", (of(context(privileged=0)),), "deny"),
            Case("a host process", (of({}, securityContext=HOST_PROCESS),), "deny"),
            Case("a container as host process", (of(context(**HOST_PROCESS)),), "deny"),
            Case("host process unknown", (of(context(windowsOptions={"hostProcess": UNKNOWN})),), "unknown"),
            Case("no host process", (of(context(windowsOptions={"hostProcess": False})),), "pass"),
        ),
    ),
    "POD-02": Spec(
        good=(deployment(hostNetwork=False, hostPID=False, hostIPC=False),),
        leaf=f"{SPEC}.hostNetwork",
        bad=True,
        absent="pass",
        equivalent={f"delete {SPEC}.{name}": ABSENT_IS_FALSE for name in ("hostNetwork", "hostPID", "hostIPC")},
        extra=(
            *wherever({"containers": []}, {"hostPID": True}),
            Case("the node's processes", (deployment(hostPID=True),), "deny"),
            Case("the node's memory", (deployment(hostIPC=True),), "deny"),
            Case("all of it", (deployment(hostIPC=True, hostPID=True, hostNetwork=True),), "deny"),
            Case("one shared, one unknown", (deployment(hostIPC=True, hostPID=UNKNOWN),), "deny"),
            Case("text for true", (deployment(hostNetwork="true"),), "deny"),
        ),
    ),
    "POD-05": Spec(
        good=(of(FEW),),
        leaf=f"{CONTEXT}.capabilities.drop[0]",
        bad="NET_RAW",
        extra=(
            *wherever({"containers": [FEW]}, {"containers": [KEPT]}),
            *in_every_list(FEW, KEPT),
            *at_baseline(of(FEW), of(context(capabilities={"add": ["CHOWN"]})), capabilities(add=["SYS_ADMIN"])),
            Case("nothing said", (of({}),), "deny"),
            Case("lower case", (capabilities(drop=["all"]),), "deny"),
            Case("all and one more", (capabilities(drop=["NET_RAW", "ALL"]),), "pass"),
            Case("all and one unknown", (capabilities(drop=[UNKNOWN, "ALL"]),), "pass"),
            Case("one and one unknown", (capabilities(drop=["NET_RAW", UNKNOWN]),), "unknown"),
            Case("NET_BIND_SERVICE added", (capabilities(add=["NET_BIND_SERVICE"]),), "pass"),
            Case("another one added", (capabilities(add=["CHOWN"]),), "deny"),
            Case("an unknown one added", (capabilities(add=[UNKNOWN]),), "unknown"),
            Case("text for the list that is added", (capabilities(add="NET_BIND_SERVICE"),), "deny"),
            Case("Windows", (of({}, **WINDOWS),), "pass"),
            Case("Windows, more than baseline", (of(context(capabilities={"add": ["BPF"]}), **WINDOWS),), "deny"),
            Case("perhaps Windows", (of({}, **SYSTEM_UNKNOWN),), "unknown"),
            Case(
                "perhaps Windows, bad on both", (of(context(capabilities={"add": ["BPF"]}), **SYSTEM_UNKNOWN),), "deny"
            ),
            Case("Linux by name", (of({}, os={"name": "linux"}),), "deny"),
        ),
    ),
    "POD-06": Spec(
        good=(of(STRICT),),
        leaf=f"{CONTEXT}.allowPrivilegeEscalation",
        bad=True,
        extra=(
            *wherever({"containers": [STRICT]}, {"containers": [LAX]}),
            *in_every_list(STRICT, LAX),
            *at_baseline(of(STRICT), of(LAX), None),
            Case("a number for false", (of(context(allowPrivilegeEscalation=0)),), "deny"),
            Case("Windows", (of(LAX, **WINDOWS),), "pass"),
            Case("perhaps Windows", (of(LAX, **SYSTEM_UNKNOWN),), "unknown"),
        ),
    ),
    "POD-07": Spec(
        good=(of({"securityContext": {"runAsUser": 1000}}, securityContext={"runAsNonRoot": True}),),
        leaf=f"{POD_CONTEXT}.runAsNonRoot",
        bad=False,
        equivalent={
            f"delete {CONTEXT}.runAsUser": "the user is then the image's, which the kubelet refuses if it is root"
        },
        extra=(
            *wherever({"containers": [USER]}, {"containers": [ROOT]}),
            *in_every_list(USER, ROOT),
            *at_baseline(of(USER), of(ROOT), None),
            Case("said by the pod", (of({}, {}, securityContext={"runAsNonRoot": True}),), "pass"),
            Case("said by every container", (of(USER, USER),), "pass"),
            Case("not said by one", (of(USER, {}),), "deny"),
            Case("taken back by a container", (of(USER, ROOT, securityContext={"runAsNonRoot": True}),), "deny"),
            Case("taken back by the pod", (of(USER, securityContext={"runAsNonRoot": False}),), "deny"),
            Case(
                "unknown for the pod, said by containers",
                (of(USER, securityContext={"runAsNonRoot": UNKNOWN}),),
                "unknown",
            ),
            Case("the user is root", (of(USER, securityContext={"runAsUser": 0}),), "deny"),
            Case("a container's user is root", (of(context(runAsNonRoot=True, runAsUser=0)),), "deny"),
            Case("a user as text", (of(context(runAsNonRoot=True, runAsUser="1000")),), "deny"),
            Case("user namespace", (of(ROOT, hostUsers=False),), "pass"),
            Case("user namespace, root", (of(context(runAsUser=0), hostUsers=False),), "pass"),
            Case(
                "user namespace, older standard", (of(ROOT, hostUsers=False),), "deny", {"podSecurityVersion": "1.34"}
            ),
            Case("the node's users", (of(ROOT, hostUsers=True),), "deny"),
            Case("perhaps a user namespace", (of(ROOT, hostUsers=UNKNOWN),), "unknown"),
            Case("a node agent", (agent("agent-a"),), "pass", AGENT),
            Case("no node agent", (agent("other"),), "deny", AGENT),
            Case("a node agent in another namespace", (of({}, namespace="team"),), "deny", AGENT),
            Case("perhaps a node agent", (agent(UNKNOWN),), "deny", AGENT),
        ),
    ),
}
