"""Settings of the POD rules, and of every rule that reads pods."""

from dataclasses import dataclass

from policies.config.reading import CUSTOM_WORKLOADS, NODE_AGENTS, matching, setting, texts
from policies.config.records import CustomWorkload, NodeAgent

_KUBEFLOW = {
    "MPIJob": "mpiReplicaSpecs",
    "PaddleJob": "paddleReplicaSpecs",
    "PyTorchJob": "pytorchReplicaSpecs",
    "TFJob": "tfReplicaSpecs",
    "XGBoostJob": "xgbReplicaSpecs",
}
KNOWN_CUSTOM_WORKLOADS = (
    *(
        CustomWorkload(f"kubernetes:kubeflow.org/v1:{kind}", f"spec.{replicas}.*.template.spec")
        for kind, replicas in _KUBEFLOW.items()
    ),
    CustomWorkload("kubernetes:kubeflow.org/v1:Notebook", "spec.template.spec"),
    *(
        CustomWorkload("kubernetes:serving.kserve.io/v1beta1:InferenceService", f"spec.{part}")
        for part in ("predictor", "transformer", "explainer")
    ),
    CustomWorkload("kubernetes:serving.knative.dev/v1:Service", "spec.template.spec"),
    CustomWorkload("kubernetes:actions.github.com/v1alpha1:AutoscalingRunnerSet", "spec.template.spec"),
)
"""Custom resources of machine learning, and of its pipelines, whose pod specification is one of Kubernetes' own.
Sources: the CRDs of Kubeflow's training operator and notebooks, KServe, Knative Serving, Actions Runner Controller."""


@dataclass(frozen=True)
class PodSettings:
    """What the rules about pods take from the config."""

    gpu_namespaces: tuple[str, ...] = setting((), texts("names of namespaces"))
    """Namespaces whose pods are judged at the level baseline instead of restricted."""
    pod_security_version: str = setting("1.35", matching(r"1\.\d{1,3}", "a Kubernetes version such as 1.35"))
    """The version of the Pod Security Standards."""
    custom_workloads: tuple[CustomWorkload, ...] = setting(KNOWN_CUSTOM_WORKLOADS, CUSTOM_WORKLOADS)
    """Custom resources that carry a pod specification, and where."""
    node_agents: tuple[NodeAgent, ...] = setting((), NODE_AGENTS)
    """POD-03, POD-07: workloads that serve their node, each with the one folder that it may have."""
