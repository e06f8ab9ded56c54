"""The Pod Security Standards as data: what the levels baseline and restricted allow, by version.

The one home of these lists: the rules about pods read them, and the admission policies are generated from them.

Source: Kubernetes documentation, "Pod Security Standards".
"""

from collections.abc import Mapping
from typing import Final

BASELINE_CAPABILITIES: Final = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
RESTRICTED_CAPABILITIES: Final = ("NET_BIND_SERVICE",)
ALL_CAPABILITIES: Final = "ALL"
"""Spelt so: capability names are case-sensitive."""

RESTRICTED_VOLUMES: Final = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
SECCOMP_TYPES: Final = ("RuntimeDefault", "Localhost")
SELINUX_TYPES: Final = ("container_t", "container_init_t", "container_kvm_t", "container_engine_t")
APPARMOR_TYPES: Final = ("RuntimeDefault", "Localhost")
APPARMOR_ANNOTATION: Final = "container.apparmor.security.beta.kubernetes.io/"
"""What the key of an annotation begins with; the container's name follows."""
APPARMOR_PROFILE: Final = "runtime/default"
APPARMOR_LOCAL_PROFILE: Final = "localhost/"
"""What a profile of the node's own begins with."""
PROC_MOUNTS: Final = ("Default",)
PROC_MOUNTS_IN_USER_NAMESPACE: Final = ("Default", "Unmasked")

_SYSCTLS: Final[Mapping[str, int]] = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
}
"""Sysctl to the minor version since which it is allowed."""
_HOST_OF_PROBES: Final = 34
_USER_NAMESPACES: Final = 35

PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS: Final = ("postStart", "preStop")
HANDLERS: Final = ("httpGet", "tcpSocket")
"""The handlers of a probe or hook that take a host."""
NAMESPACE_LABEL: Final = "pod-security.kubernetes.io/enforce"
RESTRICTED: Final = "restricted"
BASELINE: Final = "baseline"


def minor(version: str) -> int:
    """Return the minor version.

    >>> minor("1.35")
    35
    """
    return int(version.split(".")[1])


def sysctls(version: str) -> tuple[str, ...]:
    """Return the sysctls that a version of the standard allows."""
    return tuple(name for name, since in _SYSCTLS.items() if since <= minor(version))


def checks_host_of_probes(version: str) -> bool:
    """Whether a version of the standard forbids the host of probes and hooks."""
    return minor(version) >= _HOST_OF_PROBES


def relaxes_user_namespaces(version: str) -> bool:
    """Whether a version of the standard asks less of a pod with `hostUsers: false`."""
    return minor(version) >= _USER_NAMESPACES
