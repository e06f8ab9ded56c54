"""`make bench`: every performance claim, measured in one run. Ratios are what counts; seconds are this machine's today.

python -m tests.bench            prints the tables
python -m tests.bench --record   also writes them to docs/benchmarks.md
"""

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import kubernetes, policies, previews, tracking, twin

CLONE = Path(__file__).parents[2]
RECORD = CLONE / "docs" / "benchmarks.md"
PAIRS = 9
COUNTS = (10, 100, 1000)
COUNTS_ON_TWIN = (25, 50, 100)


def main() -> None:
    """Measure everything, print it, and record it when asked to; a loss ends it with exit code 1, unrecorded."""
    lines = [*_header(), *_components(), *_growth(), *_policies(), *_twin(), *_previews(), *_kubernetes(), *_tracking()]
    if "--record" in sys.argv:
        RECORD.write_text("\n".join(lines) + "\n")
        _say(f"recorded in {RECORD.relative_to(CLONE)}")


def _header() -> Iterable[str]:
    lines = [
        "# Benchmarks",
        "",
        f"`make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}. All figures are of one run. Ratios are what a "
        "claim rests on; seconds are this machine's of that day.",
    ]
    yield from _printed(lines)


def _components() -> Iterable[str]:
    """Pairs of runs, components and bare in turn, so that a slow moment of the machine meets both."""
    pairs = [(_program("components"), _program("bare")) for _ in range(PAIRS)]
    ratios = sorted(full["seconds"] / bare["seconds"] for full, bare in pairs)
    spread = f"**{statistics.median(ratios):.2f}** ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    rows = [
        ["registrations of dev", f"{pairs[0][0]['resources']} resources"],
        ["components, median", f"{statistics.median(full['seconds'] for full, _ in pairs):.2f} s"],
        ["bare program, median", f"{statistics.median(bare['seconds'] for _, bare in pairs):.2f} s"],
        ["**components / bare, median of the pairs** (target at most 1.3)", spread],
    ]
    yield from _table("The program against a bare one that registers the same resources", ["what", "measured"], rows)


def _growth() -> Iterable[str]:
    measured = [(count, _program("components", count)) for count in COUNTS]
    empty = _program("components", 1)
    rows = [_grown(count, found, empty) for count, found in measured]
    per_resource = [found["seconds"] / found["resources"] for _, found in measured]
    yield from _table(
        "Object stores: the program alone",
        ["stores", "resources", "time", "time each", "peak memory", "memory each, over one store"],
        rows,
    )
    growth = per_resource[-1] / per_resource[0]
    told = f"Time for each resource at {COUNTS[-1]} stores / at {COUNTS[0]} stores: **{growth:.2f}** (linear is 1)."
    yield from _printed(["", told])


def _grown(count: int, found: dict[str, Any], empty: dict[str, Any]) -> list[str]:
    resources, seconds, peak = found["resources"], found["seconds"], found["peak_mib"]
    memory_each = 1024 * (peak - empty["peak_mib"]) / resources
    each = f"{1000 * seconds / resources:.2f} ms"
    return [str(count), str(resources), f"{seconds:.2f} s", each, f"{peak:.0f} MiB", f"{memory_each:.1f} KiB"]


def _policies() -> Iterable[str]:
    rows = [[name, value] for name, value in policies.measure().items()]
    yield from _table("The policy pack", ["what", "on the clock (of the processor)"], rows)


def _twin() -> Iterable[str]:
    timed = [*twin.environment("dev"), *twin.environment("prod")]
    yield from _table("On the twin", ["command", "time"], [[one.command, f"{one.seconds:.1f} s"] for one in timed])
    spent = [twin.object_stores(count) for count in COUNTS_ON_TWIN]
    rows = [
        [str(one.stores), str(one.resources), f"{one.seconds:.1f} s"]
        + [f"{seconds:.1f} s" for seconds in (one.engine_seconds, one.provider_seconds, one.program_seconds)]
        for one in spent
    ]
    head = ["stores", "resources", "`up`", "processor: engine", "provider", "program"]
    yield from _table("Object stores on the twin: an `up` from nothing, without policies", head, rows)
    first, last = spent[0], spent[-1]
    ours = (last.provider_seconds + last.program_seconds) / last.resources
    ours /= (first.provider_seconds + first.program_seconds) / first.resources
    theirs = (last.engine_seconds / last.resources) / (first.engine_seconds / first.resources)
    told = (
        f"Processor time for each resource at {last.stores} / at {first.stores} stores: provider and program "
        f"**{ours:.2f}**, the engine itself **{theirs:.2f}** (linear is 1): it writes the whole state after each step."
    )
    yield from _printed(["", told])


def _previews() -> Iterable[str]:
    rows = [[one.what, f"{one.seconds:.1f} s", f"{one.target_seconds:.0f} s"] for one in previews.measure()]
    yield from _table("The report of a pull request", ["what", "time", "target at most"], rows)


def _kubernetes() -> Iterable[str]:
    rows = [
        [one.what, f"{one.provider:.1f} s", f"{one.kubectl:.1f} s", f"**{one.ratio:.2f}**"]
        for one in kubernetes.measure()
    ]
    title = (
        "The twin's Kubernetes provider against `kubectl apply --server-side` (deleted: `kubectl delete --wait=false`)"
    )
    yield from _table(title, ["what", "provider", "kubectl", "ratio (target at most 1.5)"], rows)
    spent, seconds = kubernetes.through_the_engine()
    told = (
        f"Through the engine: an `up` of {spent.stores} ConfigMaps takes {spent.seconds:.1f} s, of it processor time: "
        f"the engine {spent.engine_seconds:.1f} s, the provider {spent.provider_seconds:.1f} s, the program "
        f"{spent.program_seconds:.1f} s; kubectl {seconds:.1f} s."
    )
    yield from _printed(["", told])


def _tracking() -> Iterable[str]:
    found = tracking.measure()
    ratios = found.ratios
    spread = f"**{statistics.median(ratios):.2f}** ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    clients, metrics = tracking.CLIENTS, tracking.METRICS
    runs = 2 * clients * len(ratios)
    rows = [
        ["server of the manifest, median", f"{statistics.median(found.of_the_manifest):.1f} s"],
        ["the same server started by hand, median", f"{statistics.median(found.by_hand):.1f} s"],
        ["**manifest / by hand, median of the rounds** (target at most 1.1)", spread],
        ["runs with a metric lost (target 0)", f"{found.lost} of {runs}"],
    ]
    title = (
        f"MLflow: {clients} clients at once, each logging {metrics} metrics in {tracking.ROUNDS} rounds, a request "
        "each, on PostgreSQL"
    )
    yield from _table(title, ["what", "measured"], rows)
    if found.lost:
        sys.exit(f"error: {found.lost} of {runs} runs on the tracking servers lost a metric")


def _program(kind: str, count: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.program", kind, str(count)],
        cwd=CLONE,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _table(title: str, head: list[str], rows: list[list[str]]) -> Iterable[str]:
    lines = ["", f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    yield from _printed([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _printed(lines: list[str]) -> Iterable[str]:
    for line in lines:
        _say(line)
        yield line


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
