"""Holds a pod that runs here against the autoscaler: a process cannot move to another node.

If its node were taken away, the cluster would go on with a new pod, which runs nowhere.

Source: cluster-autoscaler/FAQ.md, "What types of pods can prevent CA from removing a node?".
"""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from twin.kubernetes.autoscaling.scale_down import SAFE_TO_EVICT
from twin.kubernetes.client import ApiError, Client, KubeconfigError

Manifest = Mapping[str, Any]


def hold(api: Client, pod: Manifest, workload: Manifest) -> Callable[[], None]:
    """Say of a pod that it is not to be evicted; what is returned takes that back.

    A workload that says itself what its pods are safe for is left as it is. One whose pod is held when its runner is
    killed stays so until the next runner of that pod ends, or the pod goes.
    """
    template = workload["spec"]["template"].get("metadata") or {}
    if SAFE_TO_EVICT in (template.get("annotations") or {}):
        return lambda: None
    _annotate(api, pod, "false")

    def let_go() -> None:
        with contextlib.suppress(ApiError, KubeconfigError, OSError):  # it has gone, or its cluster has
            _annotate(api, pod, None)

    return let_go


def _annotate(api: Client, pod: Manifest, value: str | None) -> None:
    metadata = pod["metadata"]
    change = {"metadata": {"annotations": {SAFE_TO_EVICT: value}}}
    api.patch("v1", "Pod", metadata["name"], metadata["namespace"], change)
