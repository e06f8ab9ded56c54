"""POD-03, POD-04, POD-08 to POD-10: what keeps a container apart from its node."""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import pod_security
from policies.config import Settings
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.rules.pods import fixes
from policies.rules.pods.levels import as_node_agent, at_its_level, every_pod, in_user_namespace, unless
from policies.values import Node, describe
from policies.workloads import REPAIRED, WORKLOADS, Pod, entries, is_custom

# POD-03: volumes


def _has_no_volume_of_the_node(pod: Pod, restricted: bool, settings: Settings) -> Findings:
    folders = tuple(agent.host_path for agent in as_node_agent(pod, settings))
    for volume in entries(pod.spec["volumes"]):
        yield from _source_is_allowed(volume, restricted, folders)


def _source_is_allowed(volume: Node, restricted: bool, folders: tuple[str, ...]) -> Findings:
    if volume.unknown:
        yield Undecided(volume.path)
        return
    if not isinstance(volume.value, dict):
        yield Violation(volume.path, "the volume cannot be read", "a map with a name and a source")
        return
    expected = f"one of {', '.join(pod_security.RESTRICTED_VOLUMES)}"
    for source in volume.value:
        node = volume[source]
        if node.value is None or source == "name":
            continue
        of_node = source == "hostPath"
        if of_node and isinstance(node["path"].value, str) and node["path"].value in folders:
            continue
        refused = of_node or (restricted and source not in pod_security.RESTRICTED_VOLUMES)
        if refused and node.unknown:
            yield Undecided(node.path)
        elif refused:
            what = "the volume is a folder of the node" if of_node else "the volume is of a refused kind"
            yield Violation(node.path, what, expected)


# POD-04: ports and hosts


def _takes_no_port_and_names_no_host(pod: Pod, settings: Settings) -> Findings:
    for container in pod.containers:
        for port in entries(container["ports"]):
            yield from require(
                port["hostPort"],
                lambda v: v is None or (v == 0 and not isinstance(v, bool)),
                "the container takes a port of its node",
                "absent, or 0",
            )
        if pod_security.checks_host_of_probes(settings.pod_security_version):
            for handler in _handlers(container):
                yield from _absent(handler["host"], "the kubelet is sent elsewhere")


def _absent(node: Node, what: str) -> Findings:
    return require(node, lambda v: v in (None, ""), what, "absent")


def _handlers(container: Node) -> Iterator[Node]:
    owners = [container[probe] for probe in pod_security.PROBES]
    owners += [container["lifecycle"][hook] for hook in pod_security.HOOKS]
    for owner in owners:
        yield from (owner[handler] for handler in pod_security.HANDLERS)


# POD-08: seccomp


def _has_a_seccomp_profile(pod: Pod, restricted: bool, settings: Settings) -> Findings:
    del settings
    expected = " or ".join(pod_security.SECCOMP_TYPES)
    own = pod.spec["securityContext"]["seccompProfile"]["type"]

    def profile(node: Node) -> Findings:
        return require(
            node, lambda v: v in (None, *pod_security.SECCOMP_TYPES), "its system calls are not filtered", expected
        )

    yield from profile(own)
    for container in pod.containers:
        node = container["securityContext"]["seccompProfile"]["type"]
        yield from profile(node)
        if restricted and node.value is None and own.value is None:
            yield Violation(node.path, "its system calls are not filtered", f"{expected}, here or for the pod")


# POD-09: SELinux, AppArmor, /proc, sysctls


def _keeps_the_defaults_of_the_node(pod: Pod, restricted: bool, settings: Settings) -> Findings:
    for owner in (pod.spec, *pod.containers):
        yield from _selinux(owner["securityContext"]["seLinuxOptions"])
        yield from _one_of(
            owner["securityContext"]["appArmorProfile"]["type"],
            pod_security.APPARMOR_TYPES,
            "AppArmor does not confine it",
        )
    yield from _apparmor_annotations(pod.template["metadata"]["annotations"])
    for container in pod.containers:
        yield from _proc_mount(container["securityContext"]["procMount"], pod, restricted, settings)
    allowed = pod_security.sysctls(settings.pod_security_version)
    expected = f"one of {', '.join(allowed)}"
    for sysctl in entries(pod.spec["securityContext"]["sysctls"]):
        yield from require(sysctl["name"], lambda v: v in allowed, "it is no safe sysctl", expected)


def _one_of(node: Node, allowed: tuple[str, ...], what: str) -> Findings:
    return require(node, lambda v: v in (None, "", *allowed), what, f"absent, or one of {', '.join(allowed)}")


def _selinux(options: Node) -> Findings:
    yield from _one_of(options["type"], pod_security.SELINUX_TYPES, "the SELinux type is not a container's")
    for part in ("user", "role"):
        yield from _absent(options[part], f"the SELinux {part} is changed")


def _apparmor_annotations(annotations: Node) -> Findings:
    if annotations.unknown:
        yield Undecided(annotations.path)
    elif isinstance(annotations.value, dict):
        for key in annotations.value:
            if key.startswith(pod_security.APPARMOR_ANNOTATION):
                yield from require(annotations[key], _is_profile, "AppArmor does not confine it", "runtime/default")
    elif annotations.value is not None:
        yield Violation(annotations.path, "they cannot be read", "a map", describe(annotations.value))


def _is_profile(value: object) -> bool:
    return value in (None, "", pod_security.APPARMOR_PROFILE) or (
        isinstance(value, str) and value.startswith(pod_security.APPARMOR_LOCAL_PROFILE)
    )


def _proc_mount(node: Node, pod: Pod, restricted: bool, settings: Settings) -> Findings:
    findings = tuple(_one_of(node, pod_security.PROC_MOUNTS, "/proc is not masked"))
    if restricted or node.value not in pod_security.PROC_MOUNTS_IN_USER_NAMESPACE:
        yield from findings
    else:
        user_namespace = in_user_namespace(pod, settings)
        yield from unless(user_namespace.value is False, user_namespace, findings)


# POD-10: files


def _cannot_write_its_image(pod: Pod, settings: Settings) -> Findings:
    del settings
    system = pod.spec["os"]["name"]
    expected = "true, with an emptyDir mounted where it writes"
    findings = [
        finding
        for container in pod.containers
        for finding in require(
            container["securityContext"]["readOnlyRootFilesystem"],
            lambda value: value is True,
            "the files of its image can be changed",
            expected,
        )
    ]
    yield from unless(system.value == "windows", system, findings)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="POD-03",
        requirement="A pod has no volume of its node, and only the kinds of volumes that its level allows.",
        why="Files of the node hold its credentials and those of every pod on it.",
        fix="volumes=[{'name': 'scratch', 'empty_dir': {}}] instead of host_path",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.HIGH,
        controls=("PSS-B", "PSS-R"),
        check=at_its_level(_has_no_volume_of_the_node),
    ),
    ResourceRule(
        id="POD-04",
        requirement="A container takes no port of its node, and its probes and hooks call only itself.",
        why="A port of the node goes round network policies, and a probe can be made to call an address of choice.",
        fix="ports=[{'container_port': 8080}] and a Service; no host in http_get and tcp_socket",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.MEDIUM,
        controls=("PSS-B",),
        check=every_pod(_takes_no_port_and_names_no_host),
    ),
)
PROFILES: tuple[Rule, ...] = (
    ResourceRule(
        id="POD-08",
        requirement="The system calls of every container are filtered.",
        why="Most ways out of a container are calls to the kernel that no workload needs.",
        fix="security_context={'seccomp_profile': {'type': 'RuntimeDefault'}} on the pod",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.MEDIUM,
        controls=("PSS-B", "PSS-R"),
        check=at_its_level(_has_a_seccomp_profile, linux_only=True),
        remediate=fixes.filter_system_calls,
        repairs=REPAIRED,
    ),
    ResourceRule(
        id="POD-09",
        requirement="SELinux, AppArmor, /proc and sysctls stay within what the standard allows.",
        why="They switch off what separates containers from the kernel and from each other.",
        fix="leave se_linux_options, app_armor_profile, proc_mount and sysctls out",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.MEDIUM,
        controls=("PSS-B",),
        check=at_its_level(_keeps_the_defaults_of_the_node),
    ),
    ResourceRule(
        id="POD-10",
        requirement="No container can change the files of its image.",
        why="Who gets in cannot leave tools behind, or change what runs.",
        fix="security_context={'read_only_root_filesystem': True}, and an empty_dir volume where it writes",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.LOW,
        controls=(),
        check=every_pod(_cannot_write_its_image),
    ),
)
