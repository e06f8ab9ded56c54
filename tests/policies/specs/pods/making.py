"""Pods of cases: the same specification in each kind that can hold it, the same container in each list."""

from collections.abc import Mapping
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case

SPEC = "spec.template.spec"
CONTAINER = f"{SPEC}.containers[0]"
CONTEXT = f"{CONTAINER}.securityContext"
POD_CONTEXT = f"{SPEC}.securityContext"
GPU_NAMESPACE = {"gpuNamespaces": ["gpu"]}


def pod(**spec: Any) -> R:
    """Return a Pod."""
    return R("kubernetes:core/v1:Pod", {"spec": spec})


def deployment(namespace: Any = None, **spec: Any) -> R:
    """Return a Deployment of such pods."""
    place = {} if namespace is None else {"metadata": {"namespace": namespace, "name": "main"}}
    return R("kubernetes:apps/v1:Deployment", {**place, "spec": {"template": {"spec": spec}}})


def of(*containers: Mapping[str, Any], namespace: Any = None, **spec: Any) -> R:
    """Return a Deployment of pods with these containers."""
    return deployment(namespace, containers=[dict(container) for container in containers], **spec)


def context(**fields: Any) -> dict[str, Any]:
    """Return a container with this security context."""
    return {"securityContext": fields}


def wherever(good: Mapping[str, Any], bad: Mapping[str, Any]) -> tuple[Case, ...]:
    """Return a case for each kind of workload: it is found there, and what is good there passes."""
    template = {"spec": {"template": {"spec": dict(bad)}}}
    custom = {"spec": {"pytorchReplicaSpecs": {"Worker": {"template": {"spec": dict(bad)}}}}}
    kinds: dict[str, tuple[str, Any, str]] = {
        "a pod": ("core/v1:Pod", {"spec": dict(bad)}, "deny"),
        "a good pod": ("core/v1:Pod", {"spec": dict(good)}, "pass"),
        "a pod template": ("core/v1:PodTemplate", {"template": {"spec": dict(bad)}}, "deny"),
        "a cron job": ("batch/v1:CronJob", {"spec": {"jobTemplate": template}}, "deny"),
        "a removed group": ("extensions/v1beta1:DaemonSet", template, "deny"),
        "a list": ("apps/v1:StatefulSetList", {"items": [{"spec": {}}, template]}, "deny"),
        "an unknown list": ("apps/v1:StatefulSetList", {"items": UNKNOWN}, "unknown"),
        "a patch": ("apps/v1:DeploymentPatch", template, "deny"),
        "a patch of something else": ("apps/v1:DeploymentPatch", {"spec": {"replicas": 2}}, "pass"),
        "a custom resource": ("kubeflow.org/v1:PyTorchJob", custom, "deny"),
        "a custom resource of no pods": ("example.com/v1:Other", template, "pass"),
    }
    return tuple(Case(name, (R(f"kubernetes:{kind}", inputs),), said) for name, (kind, inputs, said) in kinds.items())


def in_every_list(good: Mapping[str, Any], bad: Mapping[str, Any], **spec: Any) -> tuple[Case, ...]:
    """Return a case for each list of containers, and for a list that is none."""
    return (
        Case("the second container", (of(good, bad, **spec),), "deny"),
        Case("an init container", (of(good, initContainers=[bad], **spec),), "deny"),
        Case("an ephemeral container", (of(good, ephemeralContainers=[bad], **spec),), "deny"),
        Case("init containers unknown", (of(good, initContainers=UNKNOWN, **spec),), "unknown"),
        Case("a bad one beside unknown ones", (of(bad, initContainers=UNKNOWN, **spec),), "deny"),
        Case("containers of the wrong type", (deployment(containers="text", **spec),), "deny"),
        Case("containers as a map", (deployment(containers={"main": good}, **spec),), "deny"),
        Case("a container of the wrong type", (deployment(containers=["text"], **spec),), "deny"),
    )


def at_baseline(good: R, bad_at_restricted: R, bad: R | None, **settings: Any) -> tuple[Case, ...]:
    """Return cases of a namespace on the GPU list. The resources have no namespace of their own."""
    configured = {**GPU_NAMESPACE, **settings}

    def there(item: R, namespace: Any) -> tuple[R, ...]:
        return (item.with_props({**item.props, "metadata": {"namespace": namespace}}),)

    def case(name: str, resources: tuple[R, ...], verdict: str) -> Case:
        return Case(name, resources, verdict, configured)

    cases = [
        case("restricted in another namespace", there(bad_at_restricted, "team"), "deny"),
        case("baseline in a GPU namespace", there(bad_at_restricted, "gpu"), "pass"),
        case("good in a namespace that is unknown", there(good, UNKNOWN), "pass"),
        case("good at baseline, namespace unknown", there(bad_at_restricted, UNKNOWN), "unknown"),
        case("no namespace", (bad_at_restricted,), "deny"),
    ]
    if bad is not None:
        cases.append(case("bad in a GPU namespace", there(bad, "gpu"), "deny"))
        cases.append(case("bad, namespace unknown", there(bad, UNKNOWN), "deny"))
    return tuple(cases)
