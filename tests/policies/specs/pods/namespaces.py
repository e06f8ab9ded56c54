"""POD-13 and POD-14."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec

LABEL = "pod-security.kubernetes.io/enforce"
GPU_NAMESPACE = {"gpuNamespaces": ["gpu"]}


def namespace(level: Any, name: Any = "team", kind: str = "Namespace") -> R:
    return R(f"kubernetes:core/v1:{kind}", {"metadata": {"name": name, "labels": {LABEL: level}}})


def placed(kind: str = "core/v1:ConfigMap", namespace: Any = "team", **inputs: Any) -> R:
    return R(f"kubernetes:{kind}", {"metadata": {"namespace": namespace}, **inputs})


LISTED = "kubernetes:core/v1:NamespaceList"
SPECS: dict[str, Spec] = {
    "POD-13": Spec(
        good=(R("kubernetes:core/v1:Namespace", {"metadata": {"labels": {LABEL: "restricted"}}}),),
        leaf=f'metadata.labels["{LABEL}"]',
        bad="privileged",
        extra=(
            Case("no labels", (R("kubernetes:core/v1:Namespace", {"metadata": {"name": "team"}}),), "deny"),
            Case("nothing said", (R("kubernetes:core/v1:Namespace", {}),), "deny"),
            Case("labels unknown", (R("kubernetes:core/v1:Namespace", {"metadata": {"labels": UNKNOWN}}),), "unknown"),
            Case("baseline", (namespace("baseline"),), "deny"),
            Case("baseline for GPUs", (namespace("baseline", "gpu"),), "pass", GPU_NAMESPACE),
            Case("restricted for GPUs", (namespace("restricted", "gpu"),), "pass", GPU_NAMESPACE),
            Case("privileged for GPUs", (namespace("privileged", "gpu"),), "deny", GPU_NAMESPACE),
            Case("baseline elsewhere", (namespace("baseline"),), "deny", GPU_NAMESPACE),
            Case("baseline, name unknown", (namespace("baseline", UNKNOWN),), "unknown", GPU_NAMESPACE),
            Case("baseline, name left to Pulumi", (namespace("baseline", None),), "deny", GPU_NAMESPACE),
            Case("baseline, name unknown, no list", (namespace("baseline", UNKNOWN),), "deny"),
            Case("a patch of other labels", (namespace(None, kind="NamespacePatch"),), "pass"),
            Case("a patch that opens it", (namespace("privileged", kind="NamespacePatch"),), "deny"),
            Case("a list", (R(LISTED, {"items": [{"metadata": {"labels": {LABEL: "restricted"}}}, {}]}),), "deny"),
            Case("a good list", (R(LISTED, {"items": [{"metadata": {"labels": {LABEL: "restricted"}}}]}),), "pass"),
        ),
    ),
    "POD-14": Spec(
        good=(R("kubernetes:core/v1:ConfigMap", {"apiVersion": "v1", "metadata": {"namespace": "team"}}),),
        leaf="metadata.namespace",
        bad="default",
        flips={"metadata.namespace": "default", "apiVersion": "v1beta1"},
        equivalent={"delete apiVersion": "the type says it too"},
        extra=(
            Case("empty", (placed(namespace=""),), "deny"),
            Case("nothing said", (R("kubernetes:core/v1:ConfigMap", {}),), "deny"),
            Case("beta", (placed("batch/v1beta1:CronJob"),), "deny"),
            Case("alpha", (placed("resource.k8s.io/v1alpha3:ResourceClaim"),), "deny"),
            Case("a removed group", (placed("extensions/v1beta1:Ingress"),), "deny"),
            Case("beta by its inputs", (placed("apps/v1:Deployment", apiVersion="apps/v1beta2"),), "deny"),
            Case("version unknown", (placed("apps/v1:Deployment", apiVersion=UNKNOWN),), "unknown"),
            Case("version of the wrong type", (placed("apps/v1:Deployment", apiVersion=1),), "deny"),
            Case("a list", (R("kubernetes:core/v1:ConfigMapList", {"items": [{"metadata": {}}]}),), "deny"),
            Case("a patch", (R("kubernetes:core/v1:ConfigMapPatch", {"metadata": {"namespace": "default"}}),), "deny"),
            Case(
                "a kind without namespace", (R("kubernetes:storage.k8s.io/v1:StorageClass", {"metadata": {}}),), "pass"
            ),
            Case("a custom resource", (placed("kubeflow.org/v1:Notebook"),), "pass"),
            Case("a custom resource in default", (placed("kubeflow.org/v1:Notebook", "default"),), "deny"),
            Case("a custom resource, perhaps without namespace", (R("kubernetes:example.com/v1:Thing", {}),), "pass"),
            Case(
                "a custom resource of the cluster, as a provider writes it before it has seen the definition",
                (placed("snapshot.storage.k8s.io/v1:VolumeSnapshotClass", "default"),),
                "pass",
            ),
            Case("a beta custom resource", (placed("serving.kserve.io/v1beta1:InferenceService"),), "pass"),
            Case("a beta resource of a group of Kubernetes", (placed("x.networking.k8s.io/v1beta1:Route"),), "deny"),
            Case("a chart", (R("kubernetes:helm.sh/v3:Release", {"namespace": "default"}),), "pass"),
        ),
    ),
}
