"""Where pods of one kind are to be: not all of them in one place, as far as there are others.

Source: Kubernetes documentation, "Pod Topology Spread Constraints", "Assigning Pods to Nodes".
"""

from collections.abc import Mapping
from typing import Any

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"


def over_zones(own_labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the constraints of a pod that is rather in another zone than those with the same labels."""
    return [
        {
            "topology_key": ZONE,
            "max_skew": 1,
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": dict(own_labels)},
        }
    ]


def apart(own_labels: Mapping[str, str]) -> dict[str, Any]:
    """Return what a pod says that is rather in another zone and on another node than those with the same labels."""
    elsewhere = {"topology_key": HOST, "label_selector": {"match_labels": dict(own_labels)}}
    preferred = [{"weight": 100, "pod_affinity_term": elsewhere}]
    return {
        "topology_spread_constraints": over_zones(own_labels),
        "affinity": {"pod_anti_affinity": {"preferred_during_scheduling_ignored_during_execution": preferred}},
    }
