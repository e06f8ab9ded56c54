"""What the policy pack costs, on the registrations of dev: to start, for each resource, and for a whole stack.

It is compared with the same rules on the SDK's own servicer, and with a pack of one policy that does nothing. All run
as the engine runs them, in a process of their own, and are asked over gRPC.
Units:  time on the clock, the median of `ROUNDS` rounds; in brackets the processor time of the pack's process, which a
        busy machine does not stretch.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from pulumi.runtime.proto import analyzer_pb2

from tests.support.pack import POLICIES, STOCK, RunningPack, running_pack, struct
from tests.support.saved import export

ROUNDS = 5
STACKS = (1_000, 10_000)
"""Resources of a stack pass: the target is about the first, growth is from it to the second."""
TRAIL, TRAILS = "aws:cloudtrail/trail:Trail", 5
"""AWS allows five trails in a region: more than these are not repeated."""
TICK = 0.01
"""Seconds: the system counts processor time in these."""
EMPTY = """
from pulumi_policy import PolicyPack, ResourceValidationPolicy, StackValidationPolicy

PolicyPack(
    name="empty",
    policies=[
        ResourceValidationPolicy("nothing", "Nothing.", lambda args, report: None),
        StackValidationPolicy("nothing-at-all", "Nothing.", lambda args, report: None),
    ],
)
"""


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock and of the processor."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:.2f} s ({self.processor:.2f} s)"

    def each(self, count: int) -> str:
        """Return what one of `count` took."""
        return f"{1000 * self.clock / count:.2f} ms ({1000 * self.processor / count:.2f} ms)"


def measure() -> dict[str, str]:
    """Return what was measured, as name and value."""
    program = export("dev")["deployment"]["resources"]
    requests = [_request(resource) for resource in program]
    first, last = ([_analyzed(one) for one in copies(program, size)] for size in STACKS)
    measured = {}
    with _packs() as (pack, stock, empty):
        measured["rules"] = f"{len(pack.info().policies) - 3}"
        for name, one in (("pack", POLICIES), ("SDK's servicer", stock[1]), ("empty pack", empty[1])):
            measured[f"start to first answer, {name}{' (target at most 1 s)' if one is POLICIES else ''}"] = str(
                median(partial(_started, one))
            )
        ours, theirs, nothing = (median(partial(_asked, one, requests)) for one in (pack, stock[0], empty[0]))
        measured["a resource, pack (target at most 8 ms)"] = ours.each(len(requests))
        measured["a resource, SDK's servicer"] = theirs.each(len(requests))
        measured["a resource, empty pack"] = nothing.each(len(requests))
        measured["a resource, pack / SDK's servicer"] = f"**{ours.processor / theirs.processor:.2f}**"
        slowest = max(requests, key=lambda request: _asked(pack, [request] * 20).clock)
        measured[f"the slowest resource, pack ({slowest.type})"] = median(lambda: _asked(pack, [slowest] * 20)).each(20)
        small, large = (median(partial(_stack, pack, stack)) for stack in (first, last))
        stocks = _stack(stock[0], first)
        measured[f"stack pass of {STACKS[0]}, pack (target at most 1.5 s)"] = str(small)
        measured[f"stack pass of {STACKS[0]}, SDK's servicer, one round"] = str(stocks)
        measured[f"stack pass of {STACKS[0]}, pack / SDK's servicer"] = f"**{small.processor / stocks.processor:.3f}**"
        measured[f"stack pass of {STACKS[1]}, pack"] = str(large)
        growth = (large.processor / STACKS[1]) / (small.processor / STACKS[0])
        measured[f"a resource of {STACKS[1]} / of {STACKS[0]} (linear is 1)"] = f"**{growth:.2f}**"
    return measured


def median(one_round: Callable[[], Spent]) -> Spent:
    """Return the medians of some rounds."""
    rounds = [one_round() for _ in range(ROUNDS)]
    return Spent(statistics.median(r.clock for r in rounds), statistics.median(r.processor for r in rounds))


def copies(program: list[dict[str, Any]], size: int) -> Iterator[dict[str, Any]]:
    """Yield `size` resources: the program again and again, under other names, so that each joins with its own."""
    namespaces = {one["inputs"]["metadata"]["name"] for one in program if one["type"].endswith(":Namespace")}
    text = json.dumps(program)
    made = 0
    for number in range(size):
        other = text.replace("groundwork-", f"groundwork{number}-").replace('-id"', f'-id-{number}"')
        for namespace in namespaces:
            other = other.replace(f'"{namespace}"', f'"{namespace}-{number}"')
        for resource in json.loads(other):
            if resource["type"] == TRAIL and number >= TRAILS:
                continue
            yield {**resource, "urn": f"{resource['urn']}-{number}"}
            made += 1
            if made == size:
                return


@contextmanager
def _packs() -> Iterator[tuple[RunningPack, tuple[RunningPack, Path], tuple[RunningPack, Path]]]:
    with ExitStack() as running:
        made = []
        for text in (STOCK, EMPTY):
            folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
            (folder / "__main__.py").write_text(text)
            made.append((running.enter_context(running_pack(folder)), folder))
        yield running.enter_context(running_pack(POLICIES)), made[0], made[1]


def _started(folder: Path) -> Spent:
    """Return what a pack takes until it has answered its first question."""
    start = time.perf_counter()
    with running_pack(folder) as pack:
        pack.info()
        return Spent(time.perf_counter() - start, _processor(pack))


def _asked(pack: RunningPack, requests: list[analyzer_pb2.AnalyzeRequest]) -> Spent:
    return _timed(pack, lambda: [pack.ask(request) for request in requests])


def _stack(pack: RunningPack, resources: list[analyzer_pb2.AnalyzerResource]) -> Spent:
    return _timed(pack, lambda: pack.analyze_stack(resources))


def _timed(pack: RunningPack, work: Callable[[], Any]) -> Spent:
    start, before = time.perf_counter(), _processor(pack)
    work()
    return Spent(time.perf_counter() - start, max(_processor(pack) - before, TICK))


def _processor(pack: RunningPack) -> float:
    spent = psutil.Process(pack.pid).cpu_times()
    return float(spent.user + spent.system)


def _request(resource: Mapping[str, Any]) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(
        type=resource["type"],
        urn=resource["urn"],
        name=resource["urn"].rpartition("::")[2],
        properties=struct(resource["inputs"]),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=resource["protect"]),
    )


def _analyzed(resource: Mapping[str, Any]) -> analyzer_pb2.AnalyzerResource:
    return analyzer_pb2.AnalyzerResource(
        type=resource["type"],
        urn=resource["urn"],
        name=resource["urn"].rpartition("::")[2],
        properties=struct(resource["outputs"]),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=resource["protect"]),
    )


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value}")
