"""The labels of objects in the cluster: Kubernetes' recommended ones, and those by which ours find each other.

Source: Kubernetes documentation, "Recommended Labels", "Well-Known Labels".
"""

import hashlib

from components.naming import PROJECT

NAME = "app.kubernetes.io/name"
"""On everything: the application that it belongs to."""
GUARDED = "groundwork.io/guarded"
"""On a namespace: it has the guard rails of `GuardedNamespace`, and the admission policies judge what is put in it."""
TEAM = "groundwork.io/team"
"""On a namespace: the team that it belongs to."""
DATA_CLASS = "groundwork.io/data-class"
"""On a namespace: how sensitive what its pods say is, which is the log group that it goes to."""
NODE_POOL = "groundwork.io/node-pool"
"""On a node: the pool that it belongs to."""
NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""On every namespace: its own name, put there by the API server."""

GPU = "nvidia.com/gpu"
"""The extended resource that a GPU is, and the key of the taint on the nodes that have one."""
GPU_PRESENT = "nvidia.com/gpu.present"
"""On a node, with the value `true`: it has GPUs."""
ENVIRONMENT_SECRETS = "groundwork.io/environment-secrets"
"""An annotation on a guarded namespace: the variables, with commas between, that may come from a Secret there."""
API_USE = "groundwork.io/api-use"
"""An annotation on a workload: what it uses the API server for, which is why a token is mounted."""
CONFIGURATION = "groundwork.io/configuration"
"""An annotation on pods: changes with the files of their configuration, which they read when they start."""
DIGEST_LENGTH = 16


def labels(name: str, component: str) -> dict[str, str]:
    """Return the labels of an object: `name` is the application, `component` what it is to the platform."""
    return {
        NAME: name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": PROJECT,
    }


def configured(*files: str) -> dict[str, str]:
    """Return the annotation of a pod template by which a changed configuration, given as texts, makes new pods."""
    return {CONFIGURATION: hashlib.sha256("\0".join(files).encode()).hexdigest()[:DIGEST_LENGTH]}
