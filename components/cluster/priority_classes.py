"""Which pods go first where there is not room for all: the platform, then training, then what can wait.

Owns the classes; that only the platform's own pods take the high ones is for the quotas of `GuardedNamespace`.

Source: Kubernetes documentation, "Pod Priority and Preemption"; cluster autoscaler FAQ, "How does Cluster Autoscaler
        work with Pod Priority and Preemption?": pods below -10 make no node appear, so no class is below.
"""

from collections.abc import Mapping
from typing import Literal

import pulumi
from pulumi_kubernetes.scheduling import v1 as scheduling

from components.labels import labels
from components.model import Model


class PriorityClass(Model):
    """One class of pods."""

    value: int
    """Its weight: where there is no room for all, the greater one goes first."""
    preemption_policy: Literal["PreemptLowerPriority", "Never"]
    """Whether its pods put out those of a lower class."""
    description: str
    """What it is for; `kubectl get priorityclasses` shows it."""
    default: bool = False
    """What a pod gets that names no class."""


PLATFORM = "groundwork-platform"
TRAINING = "groundwork-training"
BATCH = "groundwork-batch"
PRIORITY_CLASSES: Mapping[str, PriorityClass] = {
    PLATFORM: PriorityClass(
        value=1_000_000,
        preemption_policy="PreemptLowerPriority",
        description="Services of the platform, which teams depend on",
    ),
    TRAINING: PriorityClass(
        value=10_000,
        preemption_policy="PreemptLowerPriority",
        description="Training that somebody waits for; it puts batch work out",
    ),
    BATCH: PriorityClass(
        value=0,
        preemption_policy="Never",
        description="Work that can be put out and starts again later; what a pod gets that names no class",
        default=True,
    ),
}
PLATFORM_ONLY = (PLATFORM, "system-cluster-critical", "system-node-critical")
"""Classes that no pod of a guarded namespace may take."""


class PriorityClassesArgs(Model):
    """Which classes there are. They are the same in every environment, so no setting."""

    classes: Mapping[str, PriorityClass] = PRIORITY_CLASSES
    """By name; the platform's own by default."""


class PriorityClasses(pulumi.ComponentResource):
    """The priority classes of the platform."""

    def __init__(self, name: str, args: PriorityClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:PriorityClasses", name, None, opts)
        for class_name, chosen in args.classes.items():
            scheduling.PriorityClass(
                f"{name}-{class_name.removeprefix('groundwork-')}",
                metadata={"name": class_name, "labels": labels(class_name, "priority")},
                value=chosen.value,
                preemption_policy=chosen.preemption_policy,
                description=chosen.description,
                global_default=chosen.default,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
