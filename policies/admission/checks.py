"""Each rule that the API server can check: an expression of what is at fault, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass

from policies import images, pod_security
from policies.admission.cel import SECURITY, containers, pod, text, texts
from policies.config import Settings
from policies.rules.pods.contents import GPU, RESOURCE_CONTAINERS

POD_SECURITY = "variables.pod.?securityContext"


@dataclass(frozen=True)
class Check:
    """One rule."""

    rule: str
    faults: str
    """A list of texts: what is at fault, empty where nothing is."""
    what: str
    """Said before them."""
    allowed: str
    """An expression of what is said after them."""


def _privileges(settings: Settings) -> Check:
    del settings
    process = ".?windowsOptions.?hostProcess.orValue(false)"
    faults = [
        pod(f"{POD_SECURITY}{process}"),
        containers(f"{SECURITY}.?privileged.orValue(false) || {SECURITY}{process}"),
    ]
    return Check("POD-01", " + ".join(faults), "privileged", text("not privileged, no process of the node"))


def _host_namespaces(settings: Settings) -> Check:
    del settings
    names = ("hostNetwork", "hostPID", "hostIPC")
    faults = " + ".join(pod(f"variables.pod.?{name}.orValue(false)", name) for name in names)
    return Check("POD-02", faults, "shared with the node", text("none of hostNetwork, hostPID, hostIPC"))


def _volumes(settings: Settings) -> Check:
    del settings
    known = " || ".join(f"v.?{source}.hasValue()" for source in pod_security.RESTRICTED_VOLUMES)
    bad = f"v.?hostPath.hasValue() || (variables.restricted && !({known}))"
    faults = f"variables.pod.?volumes.orValue([]).filter(v, {bad}).map(v, v.?name.orValue(''))"
    return Check("POD-03", faults, "volume", text(", ".join(pod_security.RESTRICTED_VOLUMES)))


def _ports_and_hosts(settings: Settings) -> Check:
    bad = ["c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0)"]
    if pod_security.checks_host_of_probes(settings.pod_security_version):
        owners = [f"c.?{probe}" for probe in pod_security.PROBES]
        owners += [f"c.?lifecycle.?{hook}" for hook in pod_security.HOOKS]
        bad += [f"{owner}.?{handler}.?host.orValue('') != ''" for owner in owners for handler in pod_security.HANDLERS]
    allowed = text("no hostPort, and no host in probes and hooks")
    return Check("POD-04", containers(" || ".join(bad)), "port or host of container", allowed)


def _capabilities(settings: Settings) -> Check:
    del settings
    few, more = texts(pod_security.RESTRICTED_CAPABILITIES), texts(pod_security.BASELINE_CAPABILITIES)
    added = f"{SECURITY}.?capabilities.?add.orValue([])"
    dropped = f"{SECURITY}.?capabilities.?drop.orValue([])"
    bad = (
        f"{added}.exists(k, !(k in (variables.restricted_linux ? {few} : {more})))"
        f" || (variables.restricted_linux && !({text(pod_security.ALL_CAPABILITIES)} in {dropped}))"
    )
    return Check("POD-05", containers(bad), "capabilities of container", text('drop: ["ALL"], and add none'))


def _privilege_escalation(settings: Settings) -> Check:
    del settings
    bad = f"variables.restricted_linux && {SECURITY}.?allowPrivilegeEscalation.orValue(true)"
    allowed = text("securityContext.allowPrivilegeEscalation: false")
    return Check("POD-06", containers(bad), "privilege escalation of container", allowed)


def _root(settings: Settings) -> Check:
    applies = "variables.restricted"
    if pod_security.relaxes_user_namespaces(settings.pod_security_version):
        applies += " && variables.pod.?hostUsers.orValue(true)"
    own = f"{POD_SECURITY}.?runAsNonRoot"
    bad = f"!{SECURITY}.?runAsNonRoot.orValue({own}.orValue(false)) || {SECURITY}.?runAsUser.orValue(1) == 0"
    faults = [
        pod(f"{applies} && (!{own}.orValue(true) || {POD_SECURITY}.?runAsUser.orValue(1) == 0)"),
        containers(f"{applies} && ({bad})"),
    ]
    allowed = text("securityContext.runAsNonRoot: true, and runAsUser not 0")
    return Check("POD-07", " + ".join(faults), "may run as root", allowed)


def _seccomp(settings: Settings) -> Check:
    del settings
    types = texts(["", *pod_security.SECCOMP_TYPES])
    of_pod, of_container = (f"{o}.?seccompProfile.?type.orValue('')" for o in (POD_SECURITY, SECURITY))
    bad = f"!({of_container} in {types}) || (variables.restricted_linux && {of_container} == '' && {of_pod} == '')"
    faults = [pod(f"!({of_pod} in {types})"), containers(bad)]
    allowed = text("securityContext.seccompProfile.type: RuntimeDefault")
    return Check("POD-08", " + ".join(faults), "system calls are not filtered", allowed)


def _profiles(settings: Settings) -> Check:
    def bad(owner: str) -> str:
        selinux, types = f"{owner}.?seLinuxOptions", texts(["", *pod_security.SELINUX_TYPES])
        return (
            f"!({selinux}.?type.orValue('') in {types})"
            f" || {selinux}.?user.orValue('') != '' || {selinux}.?role.orValue('') != ''"
            f" || !({owner}.?appArmorProfile.?type.orValue('') in {texts(['', *pod_security.APPARMOR_TYPES])})"
        )

    mount = f"{SECURITY}.?procMount.orValue('')"
    allowed = f"{mount} in {texts(['', *pod_security.PROC_MOUNTS])}"
    if pod_security.relaxes_user_namespaces(settings.pod_security_version):
        unmasked = texts(pod_security.PROC_MOUNTS_IN_USER_NAMESPACE)
        allowed += f" || (!variables.restricted && !variables.pod.?hostUsers.orValue(true) && {mount} in {unmasked})"
    profile = "variables.annotations[k]"
    confined = (
        f"{profile} in {texts(['', pod_security.APPARMOR_PROFILE])}"
        f" || {profile}.startsWith({text(pod_security.APPARMOR_LOCAL_PROFILE)})"
    )
    sysctls = texts(pod_security.sysctls(settings.pod_security_version))
    faults = [
        pod(bad(POD_SECURITY)),
        containers(f"{bad(SECURITY)} || !({allowed})"),
        f"variables.annotations.filter(k, k.startsWith({text(pod_security.APPARMOR_ANNOTATION)}) && !({confined}))",
        f"{POD_SECURITY}.?sysctls.orValue([]).filter(s, !(s.name in {sysctls})).map(s, s.name)",
    ]
    return Check(
        "POD-09",
        " + ".join(faults),
        "SELinux, AppArmor, procMount or sysctl of",
        text("the node's defaults"),
    )


def _files(settings: Settings) -> Check:
    del settings
    bad = f"!variables.windows && !{SECURITY}.?readOnlyRootFilesystem.orValue(false)"
    allowed = text("securityContext.readOnlyRootFilesystem: true, with an emptyDir mounted where it writes")
    return Check("POD-10", containers(bad), "files of the image of container", allowed)


def _resources(settings: Settings) -> Check:
    del settings
    requests, limits = "c.?resources.?requests", "c.?resources.?limits"
    gpu = f"[?{text(GPU)}]"
    bad = (
        f"!{requests}[?'cpu'].hasValue() || !{requests}[?'memory'].hasValue() || !{limits}[?'memory'].hasValue()"
        f" || ({requests}{gpu}.hasValue() && {requests}{gpu} != {limits}{gpu})"
    )
    allowed = text("requests of cpu and memory, a limit of memory, as many GPUs requested as limited")
    return Check("POD-11", containers(bad, lists=RESOURCE_CONTAINERS), "resources of container", allowed)


def _secrets(settings: Settings) -> Check:
    del settings
    bad = (
        "c.?env.orValue([]).exists(e, e.?valueFrom.?secretKeyRef.hasValue())"
        " || c.?envFrom.orValue([]).exists(e, e.?secretRef.hasValue())"
    )
    return Check("POD-12", containers(bad), "secrets in the environment of container", text("a mounted volume"))


_IMAGE = "c.?image.orValue('')"
_NAMED = f"c.?name.orValue('') + ' (' + {_IMAGE} + ')'"


def _digests(settings: Settings) -> Check:
    del settings
    bad = f"!{_IMAGE}.matches({text(f'^{images.PINNED}$')})"
    return Check("SUP-01", containers(bad, _NAMED), "image of container", text("HOST/NAME@sha256:DIGEST"))


def _registries(settings: Settings) -> Check:
    del settings
    whole = f"({_IMAGE}.matches({text(f'^{images.HOST}/')}) ? '' : {text(f'{images.DOCKER_HUB}/')}) + {_IMAGE}"
    bad = (
        f"!{_IMAGE}.matches({text(f'^{images.REFERENCE}$')})"
        f" || !variables.registries.exists(r, ({whole}).startsWith(r + '/'))"
    )
    allowed = "variables.registries.map(r, r + '/NAME@sha256:DIGEST').join(', ')"
    return Check("SUP-02", containers(bad, _NAMED), "image of container", allowed)


CHECKS: tuple[Callable[[Settings], Check], ...] = (
    _privileges,
    _host_namespaces,
    _volumes,
    _ports_and_hosts,
    _capabilities,
    _privilege_escalation,
    _root,
    _seccomp,
    _profiles,
    _files,
    _resources,
    _secrets,
    _digests,
    _registries,
)
