"""POD-01, POD-02, POD-05 to POD-07: what a container may do beyond its own processes."""

from pulumi_policy import Severity

from policies.config import Settings
from policies.pod_security import ALL_CAPABILITIES, BASELINE_CAPABILITIES, RESTRICTED_CAPABILITIES
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, is_true, not_true, require
from policies.rules.pods import fixes
from policies.rules.pods.levels import as_node_agent, at_its_level, every_pod, in_user_namespace, unless
from policies.values import Node
from policies.workloads import REPAIRED, WORKLOADS, Pod, entries, is_custom

# POD-01: not privileged


def _is_not_privileged(pod: Pod, settings: Settings) -> Findings:
    del settings
    for container in pod.containers:
        yield from not_true(container["securityContext"]["privileged"], "the container is privileged")
    for owner in (pod.spec, *pod.containers):
        process = owner["securityContext"]["windowsOptions"]["hostProcess"]
        yield from not_true(process, "it runs as a process of its node")


# POD-02: none of the node's namespaces


def _shares_nothing_with_the_node(pod: Pod, settings: Settings) -> Findings:
    del settings
    for name, what in (("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "shared memory")):
        yield from not_true(pod.spec[name], f"the pod shares the node's {what}")


# POD-05: capabilities


def _has_few_capabilities(pod: Pod, restricted: bool, settings: Settings) -> Findings:
    del settings
    allowed = RESTRICTED_CAPABILITIES if restricted else BASELINE_CAPABILITIES
    for container in pod.containers:
        capabilities = container["securityContext"]["capabilities"]
        for added in entries(capabilities["add"]):
            yield from require(
                added, lambda v: v in allowed, "a capability is added", f"none, or of {', '.join(allowed)}"
            )
        if restricted:
            yield from _drops_all(capabilities["drop"])


def _drops_all(dropped: Node) -> Findings:
    found = entries(dropped)
    if any(entry.value == ALL_CAPABILITIES for entry in found):
        return
    unknown = [entry for entry in found if entry.unknown]
    if unknown:
        yield Undecided(unknown[0].path)
    else:
        yield Violation(dropped.path, "the container keeps capabilities", f"[{ALL_CAPABILITIES}]")


# POD-06: no more privileges than its parent


def _gains_no_privileges(pod: Pod, restricted: bool, settings: Settings) -> Findings:
    del settings
    for container in pod.containers if restricted else ():
        yield from require(
            container["securityContext"]["allowPrivilegeEscalation"],
            lambda value: value is False,
            "a process can gain more privileges than its parent",
            "false",
        )


# POD-07: not root


def _is_not_root(pod: Pod, restricted: bool, settings: Settings) -> Findings:
    if not restricted or as_node_agent(pod, settings):
        return
    user_namespace = in_user_namespace(pod, settings)
    yield from unless(user_namespace.value is False, user_namespace, _runs_as_a_user(pod))


def _runs_as_a_user(pod: Pod) -> Findings:
    own = pod.spec["securityContext"]["runAsNonRoot"]
    if own.value is not None:
        yield from is_true(own, "the pod may run as root")
    for container in pod.containers:
        node = container["securityContext"]["runAsNonRoot"]
        if node.value is not None:
            yield from is_true(node, "the container may run as root")
        elif own.value is None:
            yield Violation(node.path, "the container may run as root", "true, here or for the pod")
    for owner in (pod.spec, *pod.containers):
        yield from require(
            owner["securityContext"]["runAsUser"],
            lambda v: v is None or (isinstance(v, int) and not isinstance(v, bool) and v > 0),
            "it runs as root",
            "the id of a user, or absent",
        )


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="POD-01",
        requirement="No container is privileged or a process of its node.",
        why="A privileged container is root of its node.",
        fix="security_context={'privileged': False}, and windows_options without host_process",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.CRITICAL,
        controls=("PSS-B", "EKS-4.2.1"),
        check=every_pod(_is_not_privileged),
        remediate=fixes.take_privileges_away,
        repairs=REPAIRED,
    ),
    ResourceRule(
        id="POD-02",
        requirement="A pod shares neither network, processes nor memory with its node.",
        why="It can then read the traffic, the memory and the processes of every other pod on the node.",
        fix="host_network=False, host_pid=False, host_ipc=False",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.HIGH,
        controls=("PSS-B", "EKS-4.2.2", "EKS-4.2.3", "EKS-4.2.4"),
        check=every_pod(_shares_nothing_with_the_node),
        remediate=fixes.leave_the_nodes_namespaces,
        repairs=REPAIRED,
    ),
)
CAPABILITIES_AND_USERS: tuple[Rule, ...] = (
    ResourceRule(
        id="POD-05",
        requirement="A container drops all capabilities and adds none but what its level allows.",
        why="Each capability is a piece of root.",
        fix="security_context={'capabilities': {'drop': ['ALL']}}",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.HIGH,
        controls=("PSS-B", "PSS-R"),
        check=at_its_level(_has_few_capabilities, linux_only=True),
        remediate=fixes.drop_all_capabilities,
        repairs=REPAIRED,
    ),
    ResourceRule(
        id="POD-06",
        requirement="No process of a container gains privileges that its parent has not.",
        why="A program with the setuid bit otherwise becomes root whatever the pod says.",
        fix="security_context={'allow_privilege_escalation': False}",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.HIGH,
        controls=("PSS-R", "EKS-4.2.5"),
        check=at_its_level(_gains_no_privileges, linux_only=True),
        remediate=fixes.forbid_privilege_escalation,
        repairs=REPAIRED,
    ),
    ResourceRule(
        id="POD-07",
        requirement="Nothing runs as root.",
        why="Root in the container is root of the node as soon as anything in between fails.",
        fix="security_context={'run_as_non_root': True}, and run_as_user of a user or none",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.HIGH,
        controls=("PSS-R",),
        check=at_its_level(_is_not_root),
        remediate=fixes.run_as_a_user,
        repairs=REPAIRED,
    ),
)
