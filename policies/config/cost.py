"""Settings of the CST rules. Their defaults admit what a small platform needs: an environment states its own bounds."""

from dataclasses import dataclass
from typing import Any

from policies.config.reading import Reader, setting, text, texts, whole_number


def _limits(value: Any) -> tuple[tuple[str, int], ...]:
    """Return globs over instance families, each with the most machines of one resource, from texts `family:count`."""
    if not isinstance(value, list):
        raise TypeError
    pairs = [entry.rpartition(":") for entry in value]
    if any(not family for family, _, _ in pairs):
        raise ValueError
    return tuple((family, int(count)) for family, _, count in pairs)


LIMITS = Reader(_limits, "a list of texts family:count, such as m7g:9, db.t4g:1 or ml.g5:2; globs in the family")
DEFAULT_LIMITS = (
    *((family, 10) for family in ("t[0-9]*", "m[0-9]*", "c[0-9]*", "r[0-9]*")),
    *((family, 4) for family in ("g[0-9]*", "ml.*")),
    *((family, 1) for family in ("db.t[0-9]*", "db.m[0-9]*", "db.r[0-9]*")),
)
ACCELERATED = ("dl[0-9]*", "f[0-9]*", "g[0-9]*", "gr[0-9]*", "inf[0-9]*", "p[0-9]*", "trn[0-9]*", "vt[0-9]*")
"""Families of EC2 with accelerators. Source: EC2 instance types guide, "Accelerated computing"."""


@dataclass(frozen=True)
class CostSettings:
    """What the CST rules take from the config."""

    instance_limits: tuple[tuple[str, int], ...] = setting(DEFAULT_LIMITS, LIMITS)
    """CST-02: families that may be used, and how many machines one resource may have of each."""
    gpu_families: tuple[str, ...] = setting(ACCELERATED, texts("globs over instance families such as p5"))
    """CST-02: families that need approval; `ml.` and `db.` are left out."""
    gpu_approval_tag: str = setting("gpu-approval", text("the key of a tag"))
    """CST-02: holds who approved the use of GPUs."""
    nat_gateways: int = setting(1, whole_number(0, 100, "NAT gateways"))
    """CST-04: the most outside production."""
    node_group_max_size: int = setting(10, whole_number(0, 1000, "nodes"))
    """CST-04: the most that a node group outside production may grow to."""
    training_node_labels: tuple[str, ...] = setting(
        ("workload=gpu", "workload=training"), texts("labels of nodes such as workload=training")
    )
    """CST-04: node groups for training, which use spot capacity outside production."""
