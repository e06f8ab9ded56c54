"""What the policy pack costs for each resource, against a pack with one policy that does nothing.

Both run as the engine runs them, in a process of their own, and are asked over gRPC.
Units:  milliseconds a resource, each the median of five rounds.
"""

import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.pack import POLICIES, RunningPack, resource, running_pack

ROUNDS = 5
RESOURCES = 200
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
STATEMENT = '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}]}'
KINDS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("aws:s3/bucket:Bucket", {"bucket": "data", "tags": {"owner": "data"}}),
    ("aws:iam/policy:Policy", {"policy": STATEMENT}),
    ("aws:ec2/subnet:Subnet", {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "mapPublicIpOnLaunch": False}),
    ("aws:kms/key:Key", {"enableKeyRotation": True, "deletionWindowInDays": 30}),
)


def measure() -> dict[str, str]:
    """Return what was measured, as name and value."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "__main__.py").write_text(EMPTY)
        with running_pack(Path(folder)) as empty:
            without = {kinds: _each(empty, kinds) for kinds in (1, len(KINDS))}
            stack_without = _stack(empty)
    with running_pack(POLICIES) as pack:
        rules = len(pack.info().policies)
        with_pack = {kinds: _each(pack, kinds) for kinds in (1, len(KINDS))}
        stack_with = _stack(pack)
    measured = {"policies in the pack": f"{rules}"}
    for kinds, spent in with_pack.items():
        measured[f"a resource, {kinds} kind{'s' if kinds > 1 else ''}, pack (target at most 8 ms)"] = f"{spent:.2f} ms"
        measured[f"a resource, {kinds} kind{'s' if kinds > 1 else ''}, empty pack"] = f"{without[kinds]:.2f} ms"
        measured[f"a resource, {kinds} kind{'s' if kinds > 1 else ''}, pack / empty"] = f"{spent / without[kinds]:.1f}"
    measured[f"a resource of a stack pass of {RESOURCES}, pack"] = f"{stack_with:.2f} ms"
    measured[f"a resource of a stack pass of {RESOURCES}, empty pack"] = f"{stack_without:.2f} ms"
    return measured


def _each(pack: RunningPack, kinds: int) -> float:
    """Return the milliseconds that the resource pass takes for one of `RESOURCES` resources."""

    def one_round() -> None:
        for number in range(RESOURCES):
            token, props = KINDS[number % kinds]
            pack.analyze(token, f"r{number}", props, protect=True)

    return _median(one_round)


def _stack(pack: RunningPack) -> float:
    """Return the milliseconds that the stack pass takes for one of `RESOURCES` resources."""
    resources = [resource(*_named(number)) for number in range(RESOURCES)]
    return _median(lambda: pack.analyze_stack(resources))


def _named(number: int) -> tuple[str, str, Mapping[str, Any]]:
    token, props = KINDS[number % len(KINDS)]
    return token, f"r{number}", props


def _median(one_round: Any) -> float:
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        one_round()
        spent.append(time.perf_counter() - start)
    return 1000 * statistics.median(spent) / RESOURCES


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value}")
