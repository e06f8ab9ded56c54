"""A great many random inputs, quickly: `python -m tests.policies.fuzz --inputs 1000000`.

Each input is a resource: one of a rule's table with some places changed at random, or a map of random values under keys
that rules read. All rules that its type concerns judge it, stack rules together with the other resources of its case.
No rule may fail, and none may repeat a secret that was put in. Rules are called as the pack calls them, with plain
data; test_fuzz.py goes the longer way, through the SDK's proxies.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from policies import report
from policies.config import Settings
from policies.config.settings import read
from policies.index import Resource, Stack
from policies.rule import ResourceRule, Rule, StackRule
from policies.rules import RULES
from policies.tokens import canonical
from policies.values import plain
from tests.policies.harness import UNKNOWN, R, written
from tests.policies.specs import SPECS
from tests.policies.test_rules import standard

SEED = "s3cr3t-hunter2"
SCALARS: Sequence[Any] = (
    None, True, False, 0, 1, -1, 3.5, 1e308, 65_536, 2**63, "", " ", "*", "?", "true", "1", "0", "Allow", "Deny",
    "kms:*", "s3:GetObject", "0.0.0.0/0", "::/0", "300.1.2.3/99", "10.0.0.0/8", "-1", "tcp", "aws:kms", "alias/aws/s3",
    "arn:aws:iam::111122223333:role/r", "arn:::::", "arn:aws:s3:::data", "{", "[]", "{}", "null", '{"Statement": []}',
    "\ud83d\ude00", "x" * 5_000, "2027-02-30", "rate(5 minutes)", "latest", "repo@sha256:", "a:b@c:d", "1.35", SEED,
    f"prefix-{SEED}", f"https://user:{SEED}@host/", UNKNOWN, UNKNOWN,
)  # fmt: skip


@dataclass
class Found:
    """What went wrong, and how much was tried."""

    inputs: int = 0
    judged: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Take in what another process has found."""
        self.inputs += other.inputs
        self.judged += other.judged
        self.failures += other.failures


@cache
def cases() -> tuple[tuple[tuple[R, ...], Settings], ...]:
    """Return the resources of every case of every rule, with their settings."""
    ids = frozenset(rule.id for rule in RULES)
    return tuple(
        (case.resources, read(plain(spec.settings_of(case)), ids)[0])
        for spec in SPECS.values()
        for case in (*standard(spec), *spec.extra)
        if case.resources
    )


@cache
def keys() -> tuple[str, ...]:
    """Return every key that an input of a case has, at any depth."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        for key in value if isinstance(value, Mapping) else ():
            found.add(key)
            walk(value[key])
        for entry in value if isinstance(value, list) else ():
            walk(entry)

    for resources, _ in cases():
        for item in resources:
            walk(dict(item.props))
    return tuple(sorted(found))


def value(random: Random, depth: int = 0) -> Any:
    """Return a random value."""
    kind = random.random()
    if kind < 0.6 or depth > 3:
        return random.choice(SCALARS)
    if kind < 0.75:
        return [value(random, depth + 1) for _ in range(random.randrange(3))]
    made = {random.choice(keys()): value(random, depth + 1) for _ in range(random.randrange(4))}
    return json.dumps({"Statement": made}, default=str) if kind > 0.95 else made


def places(held: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a value: the map or list, and the key or number in it."""
    for key in held if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ():
        yield held, key
        yield from places(held[key])


def changed(random: Random, props: dict[str, Any]) -> dict[str, Any]:
    """Return inputs with one to three places changed at random, or random ones altogether."""
    if random.random() < 0.2:
        return {random.choice(keys()): value(random) for _ in range(random.randrange(6))}
    for _ in range(random.randrange(1, 4)):
        held, key = random.choice([*places(props), (props, random.choice(keys()))])
        if random.random() < 0.15:
            held.pop(key, None) if isinstance(held, dict) else held.pop(key)
        else:
            held[key] = value(random)
    return props


def resource(random: Random, item: R, number: int) -> Resource:
    """Return a resource as rules see it, with random changes."""
    props = changed(random, json.loads(json.dumps(item.props)))
    inputs = plain(written(props) if random.random() < 0.7 else props)
    outputs = plain(dict(item.outputs) if random.random() < 0.5 else {"id": UNKNOWN, "arn": value(random)})
    return Resource(
        urn=f"urn:pulumi:dev::toy::{item.type}::{item.name}-{number}",
        type=canonical(item.type),
        inputs=inputs,
        default_tags=plain(random.choice((None, UNKNOWN, {}, {"data-classification": value(random)}))),
        protect=random.random() < 0.5,
        outputs={**inputs, **outputs},
    )


@cache
def concerned(token: str) -> tuple[list[ResourceRule], list[StackRule]]:
    """Return the rules that a type concerns."""
    rules = [rule for rule in RULES if rule.concerns(token, Settings())]
    return [r for r in rules if isinstance(r, ResourceRule)], [r for r in rules if isinstance(r, StackRule)]


def judge(rule: Rule, resources: Sequence[Resource], settings: Settings) -> str | None:
    """Return what is wrong with how a rule judges some resources."""
    try:
        if isinstance(rule, ResourceRule):
            findings = [finding for one in resources for finding in rule.check(one, settings)]
        else:
            assert isinstance(rule, StackRule)
            findings = [finding for _, finding in rule.check(Stack(resources), settings)]
    except Exception as error:  # what is looked for
        return f"{type(error).__name__} {report.crash(rule, error)}"
    told = [report.message(rule, finding) for finding in findings]
    return "it repeats a secret" if any(SEED in text for text in told) else None


def run(inputs: int, seed: int, first: int = 0, every: int = 1, rules: Sequence[Rule] = ()) -> Found:
    """Try inputs `first`, `first + every`, ...; with `rules`, these instead of all that a type concerns."""
    found, number = Found(), first
    while found.inputs < inputs:
        random = Random(seed * 1_000_000_007 + number)  # noqa: S311 - inputs, not keys
        items, settings = random.choice(cases())
        made = [resource(random, item, number) for item in items]
        asked: list[tuple[Rule, list[Resource]]] = [
            (rule, [one])
            for one in made
            for rule in (rules or concerned(one.type)[0])
            if isinstance(rule, ResourceRule)
        ]
        together = rules or sorted({rule for one in made for rule in concerned(one.type)[1]}, key=lambda rule: rule.id)
        asked += [(rule, made) for rule in together if isinstance(rule, StackRule)]
        for rule, resources in asked:
            if wrong := judge(rule, resources, settings):
                found.failures.append(f"{rule.id}: {wrong}; again with --seed {seed} --first {number} --inputs 1")
        found.inputs += len(made)
        found.judged += len(asked)
        number += every
    return found


def main() -> None:
    """Try as many inputs as asked for, on every processor; exit code 1 when something went wrong."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--inputs", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--first", type=int, help="Number of the case to begin with, in this process alone.")
    given = options.parse_args()
    start, total = time.perf_counter(), Found()
    if given.first is not None:
        total = run(given.inputs, given.seed, given.first)
    else:
        workers = os.cpu_count() or 1
        with ProcessPoolExecutor(workers) as pool:
            each = -(-given.inputs // workers)
            for found in pool.map(run, *zip(*[(each, given.seed, n, workers) for n in range(workers)], strict=True)):
                total.add(found)
    print(
        f"{total.inputs} inputs, {total.judged} times judged by one of {len(RULES)} rules, "
        f"{time.perf_counter() - start:.0f} s: {len(total.failures)} failures"
    )
    for failure in dict.fromkeys(total.failures[:50]):
        print(failure)
    raise SystemExit(bool(total.failures))


if __name__ == "__main__":
    main()
