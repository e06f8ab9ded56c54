"""POD-08 and POD-09."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec
from tests.policies.specs.pods.making import (
    CONTEXT,
    POD_CONTEXT,
    at_baseline,
    context,
    in_every_list,
    of,
    wherever,
)


def seccomp(kind: Any) -> dict[str, Any]:
    return {"seccompProfile": {"type": kind}}


FILTERED, UNFILTERED = context(**seccomp("RuntimeDefault")), context(**seccomp("Unconfined"))
BY_THE_POD = {"securityContext": seccomp("RuntimeDefault")}
UNMASKED = context(procMount="Unmasked")
KEY = "container.apparmor.security.beta.kubernetes.io/main"


def selinux(**options: Any) -> dict[str, Any]:
    return context(seLinuxOptions=options)


def sysctl(name: Any) -> R:
    return of({}, securityContext={"sysctls": [{"name": name, "value": "1"}]})


def annotated(annotations: Any) -> R:
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": [{}]}}
    return R("kubernetes:apps/v1:Deployment", {"spec": {"template": template}})


OLDER = {"podSecurityVersion": "1.28"}
ABSENT_IS_FINE = "absent, the node's default holds"
GOOD_CONTEXT = {
    "seLinuxOptions": {"type": "container_t", "user": "", "role": ""},
    "appArmorProfile": {"type": "RuntimeDefault"},
    "procMount": "Default",
}
SPECS: dict[str, Spec] = {
    "POD-08": Spec(
        good=(of({}, **BY_THE_POD),),
        leaf=f"{POD_CONTEXT}.seccompProfile.type",
        bad="Unconfined",
        extra=(
            *wherever({"containers": [FILTERED]}, {"containers": [UNFILTERED]}),
            *in_every_list(FILTERED, UNFILTERED),
            *at_baseline(of(FILTERED), of({}), of(UNFILTERED)),
            Case("a profile of the node", (of(context(**seccomp("Localhost"))),), "pass"),
            Case("another kind", (of(context(**seccomp("Other"))),), "deny"),
            Case("said by one container", (of(FILTERED, {}),), "deny"),
            Case("taken back by a container", (of(UNFILTERED, **BY_THE_POD),), "deny"),
            Case("taken back by the pod", (of(FILTERED, securityContext=seccomp("Unconfined")),), "deny"),
            Case("unknown in a container", (of(context(**seccomp(UNKNOWN)), **BY_THE_POD),), "unknown"),
            Case("Windows", (of({}, os={"name": "windows"}),), "pass"),
            Case("Windows, unfiltered", (of(UNFILTERED, os={"name": "windows"}),), "deny"),
            Case("perhaps Windows", (of({}, os={"name": UNKNOWN}),), "unknown"),
        ),
    ),
    "POD-09": Spec(
        good=(of({"securityContext": GOOD_CONTEXT}, securityContext={"sysctls": [{"name": "net.ipv4.tcp_rmem"}]}),),
        leaf=f"{CONTEXT}.procMount",
        bad="Unmasked",
        absent="pass",
        equivalent={
            f"delete {CONTEXT}.{name}": ABSENT_IS_FINE
            for name in (
                "seLinuxOptions.type",
                "seLinuxOptions.user",
                "seLinuxOptions.role",
                "appArmorProfile.type",
                "procMount",
            )
        },
        extra=(
            *wherever({"containers": [{}]}, {"containers": [selinux(type="spc_t")]}),
            *in_every_list({}, selinux(type="spc_t")),
            Case("SELinux of another type", (of(selinux(type="spc_t")),), "deny"),
            Case("SELinux of a virtual machine", (of(selinux(type="container_kvm_t")),), "pass"),
            Case("SELinux user", (of(selinux(user="root")),), "deny"),
            Case("SELinux role", (of(selinux(role="system_r")),), "deny"),
            Case("SELinux of the pod", (of({}, securityContext={"seLinuxOptions": {"type": "spc_t"}}),), "deny"),
            Case("SELinux level", (of(selinux(level="s0:c1,c2")),), "pass"),
            Case("AppArmor of the node", (of(context(appArmorProfile={"type": "Localhost"})),), "pass"),
            Case("no AppArmor", (of(context(appArmorProfile={"type": "Unconfined"})),), "deny"),
            Case("no AppArmor for the pod", (of({}, securityContext={"appArmorProfile": {"type": "x"}}),), "deny"),
            Case("no AppArmor, annotated", (annotated({KEY: "unconfined"}),), "deny"),
            Case("AppArmor, annotated", (annotated({KEY: "runtime/default", "other": "unconfined"}),), "pass"),
            Case("AppArmor of the node, annotated", (annotated({KEY: "localhost/mine"}),), "pass"),
            Case("an unknown annotation", (annotated({KEY: UNKNOWN}),), "unknown"),
            Case("unknown annotations", (annotated(UNKNOWN),), "unknown"),
            Case("annotations of the wrong type", (annotated("text"),), "deny"),
            Case("a safe sysctl", (sysctl("kernel.shm_rmid_forced"),), "pass"),
            Case("another sysctl", (sysctl("kernel.msgmax"),), "deny"),
            Case("a sysctl unknown", (sysctl(UNKNOWN),), "unknown"),
            Case("a sysctl of a later standard", (sysctl("net.ipv4.tcp_fin_timeout"),), "deny", OLDER),
            Case("a sysctl of an older standard", (sysctl("net.ipv4.ip_local_reserved_ports"),), "pass", OLDER),
            *at_baseline(of({}), of(UNMASKED, hostUsers=False), of(UNMASKED)),
            Case(
                "unmasked, perhaps a user namespace",
                (of(UNMASKED, hostUsers=UNKNOWN, namespace="gpu"),),
                "unknown",
                {"gpuNamespaces": ["gpu"]},
            ),
            Case(
                "unmasked in a user namespace, older standard",
                (of(UNMASKED, hostUsers=False, namespace="gpu"),),
                "deny",
                {"gpuNamespaces": ["gpu"], "podSecurityVersion": "1.34"},
            ),
            Case("unmasked in a user namespace, restricted", (of(UNMASKED, hostUsers=False),), "deny"),
        ),
    ),
}
