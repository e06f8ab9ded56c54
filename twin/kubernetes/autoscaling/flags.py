"""The command line of a cluster-autoscaler container. Defaults are those of the real one (its FAQ, "parameters")."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

DISCOVERY = "node-group-auto-discovery"
ELSEWHERE = frozenset(
    ["cloud-provider", "v", "stderrthreshold", "logtostderr", "leader-elect", "aws-use-static-instance-list", "address"]
)
"""Flags that change nothing here: what they choose is always so in the twin."""
_DURATION = re.compile(r"([0-9.]+)(ms|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


@dataclass(frozen=True)
class Flags:
    """What the simulation goes by. Durations in seconds."""

    discovery_tags: tuple[tuple[tuple[str, str | None], ...], ...] = ()
    """For each `--node-group-auto-discovery` its tags, all of which a group must bear; None: with any value."""
    expander: tuple[str, ...] = ("random",)
    scan_interval: float = 10
    balance_similar_node_groups: bool = False
    max_nodes_total: int = 0
    """0: no limit."""
    scale_down_enabled: bool = True
    scale_down_unneeded_time: float = 600
    scale_down_delay_after_add: float = 600
    scale_down_delay_after_failure: float = 180
    scale_down_utilization_threshold: float = 0.5
    scale_down_gpu_utilization_threshold: float = 0.5
    skip_nodes_with_local_storage: bool = True
    skip_nodes_with_system_pods: bool = True
    ignore_daemonsets_utilization: bool = False
    max_graceful_termination_sec: int = 600
    max_pod_eviction_time: float = 120
    max_scale_down_parallelism: int = 10
    max_drain_parallelism: int = 1
    unknown: tuple[str, ...] = ()
    """Flags without effect in the twin."""


class FlagError(Exception):
    """A command line that the autoscaler would not start with."""


def parse(container: Mapping[str, Any]) -> Flags:
    """The flags of a container. Raises FlagError with the flag and what is wrong."""
    discoveries: list[str] = []
    given = dict(_pairs([*container.get("command", ()), *container.get("args", ())], discoveries))
    known = {field.name.replace("_", "-") for field in fields(Flags)}
    values: dict[str, Any] = {"discovery_tags": tuple(_tags(one) for one in discoveries)}
    for name, value in given.items():
        if name not in known or name in ("unknown", "discovery-tags"):
            continue
        attribute = name.replace("-", "_")
        values[attribute] = _value(name, value, getattr(Flags, attribute))
    values["unknown"] = tuple(sorted(name for name in given if name not in known and name not in ELSEWHERE))
    return Flags(**values)


def seconds(written: str) -> float:
    """A duration as Go writes it.

    >>> seconds("1m30s"), seconds("500ms")
    (90.0, 0.5)
    """
    parts = _DURATION.findall(written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        raise ValueError(f"{written!r} is no duration as 10s or 1m30s")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _pairs(words: Sequence[str], discoveries: list[str]) -> Iterable[tuple[str, str]]:
    for index, word in enumerate(words):
        if not word.startswith("-"):
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals:  # `--flag value`; a switch stands alone
            following = words[index + 1] if index + 1 < len(words) else "-"
            value = "true" if following.startswith("-") else following
        if name == DISCOVERY:
            discoveries.append(value)
        else:
            yield name, value


def _tags(written: str) -> tuple[tuple[str, str | None], ...]:
    kind, colon, rest = written.partition(":")
    if not colon or kind != "asg" or not rest.startswith("tag="):
        raise FlagError(f"--{DISCOVERY}={written}: asg:tag=<key>,<key>=<value> is expected")
    tags: list[tuple[str, str | None]] = []
    for one in rest.removeprefix("tag=").split(","):
        key, equals, value = one.partition("=")
        tags.append((key, value if equals else None))
    return tuple(tags)


def _value(name: str, written: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[written.lower()]
        if isinstance(default, tuple):
            return tuple(written.split(","))
        if name.endswith("threshold"):
            return float(written)
        if isinstance(default, int) and name.startswith("max-") and not name.endswith("time"):
            return int(written)
        return seconds(written)
    except (KeyError, ValueError) as error:
        raise FlagError(f"--{name}={written}: {error}") from error
