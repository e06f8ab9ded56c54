"""ACC-28: who a pod is in its cluster."""

from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require, weigh
from policies.rules.pods.fixes import objects as stated_objects
from policies.rules.pods.fixes import specs
from policies.tokens import kubernetes, with_forms
from policies.values import SENTINELS, Node
from policies.workloads import REPAIRED, WORKLOADS, Pod, is_custom, objects, pods

SERVICE_ACCOUNT = with_forms(kubernetes("core/v1:ServiceAccount"))
_MOUNT = "automountServiceAccountToken"


def _has_an_identity_of_its_own(resource: Resource, settings: Settings) -> Findings:
    if resource.type in SERVICE_ACCOUNT:
        for item in objects(resource):
            yield from _mounts_no_token(item, (item,), settings)
        return
    for pod in pods(resource, settings):
        yield from _is_named(pod)
        yield from _mounts_no_token(pod.spec, (pod.template, pod.object), settings)


def _is_named(pod: Pod) -> Findings:
    name, older = pod.spec["serviceAccountName"], pod.spec["serviceAccount"]
    yield from require(
        older if name.value is None and older.value is not None else name,
        lambda v: isinstance(v, str) and v not in ("", "default"),
        "the pod has the identity that all pods of its namespace have",
        "a service account of its own",
        SERVICE_ACCOUNT,
    )


def _mounts_no_token(owner: Node, described_by: tuple[Node, ...], settings: Settings) -> Findings:
    key = settings.api_use_annotation
    annotations = [item["metadata"]["annotations"][key] for item in described_by]
    if any(node.is_set and node.value not in (False, "false") for node in annotations):
        return
    expected = f"false, or the annotation {key} that says what the API is used for"
    findings = weigh(require(owner[_MOUNT], lambda v: v is False, "a token of the API server is mounted", expected))
    unknown = next((node for node in annotations if node.unknown), None)
    for finding in findings:
        yield Undecided(unknown.path) if unknown and isinstance(finding, Violation) else finding


def _mount_no_token(props: Any) -> bool:
    """Where nothing is said: what is said may be needed. A pod's own identity is for a person to choose."""
    # A service account has no specification, and a pod without an identity of its own is not broken by its token.
    found = [item for item in specs(props) if _names_one(item)]
    found += [item for item in stated_objects(props) if not {"spec", "template", "items"} & set(item)]
    changed = [item for item in found if item.get(_MOUNT) is None]
    for item in changed:
        item[_MOUNT] = False
    return bool(changed)


def _names_one(spec: Any) -> bool:
    name = spec.get("serviceAccountName")
    return isinstance(name, str) and name not in ("", "default") and name not in SENTINELS


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-28",
        requirement="A workload has an identity of its own, and a token of the API server only where it says why.",
        why="What shares the default account shares its rights, and a token nobody needs is one an intruder finds.",
        fix="service_account_name=account.metadata.name, automount_service_account_token=False",
        types=WORKLOADS | SERVICE_ACCOUNT,
        also=is_custom,
        severity=Severity.MEDIUM,
        controls=("EKS-4.1.5", "EKS-4.1.6"),
        check=_has_an_identity_of_its_own,
        remediate=_mount_no_token,
        repairs=REPAIRED | SERVICE_ACCOUNT,
    ),
)
