"""What the components cost: the program against a bare one that registers the very same resources.

The bare program is what the components come down to: each resource class of the SDK called once, with the values that
the components gave it. Both run in a fresh interpreter against the same stand-in for the engine; the time is that of
the registrations, after the imports that both need.

    python -m tests.bench.program {components|bare} [OBJECT_STORES]

prints one line of JSON: seconds, peak memory in MiB, number of registrations.
"""

import inspect
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest import mock

import pulumi

from components.storage.object_store import ObjectStore, ObjectStoreArgs, ObjectStoreSettings
from components.tags import DataClass
from stacks.settings import StackSettings
from stacks.wiring import build
from tests.support.recorder import ACCOUNT_ID, REGION, run_program, stand_in
from tests.support.stack_files import written

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1"


@dataclass(frozen=True)
class Registration:
    """One resource as the program asked for it."""

    make: Callable[..., pulumi.CustomResource]
    """The SDK's class; for a kind that the SDK has none of, its base with the token."""
    name: str
    arguments: dict[str, Any]


def platform() -> Callable[[], object]:
    """The whole program, of the checked-in dev settings."""
    settings = StackSettings.model_validate_json(json.dumps(written("dev")))
    return lambda: build(settings)


def object_stores(count: int) -> Callable[[], object]:
    """As many object stores, nothing else."""

    def make() -> None:
        for index in range(count):
            ObjectStore(f"store-{index}", _store_args())

    return make


def _store_args() -> ObjectStoreArgs:
    return ObjectStoreArgs(
        settings=ObjectStoreSettings(protect=False), account_id=ACCOUNT_ID, region=REGION, environment="dev",
        key_name=DataClass.CONFIDENTIAL, key_arn=KEY, access_log_bucket_name=None, boundary_arn=None,
    )  # fmt: skip


def recorded(program: Callable[[], object]) -> list[Registration]:
    """Run a program once and write down every resource that it asks for, with plain values."""
    found: list[Registration] = []
    initialise = pulumi.CustomResource.__init__

    def note(self: pulumi.CustomResource, kind: str, name: str, props: Any = None, *rest: Any, **options: Any) -> None:
        found.append(_registration(self, kind, name, props))
        initialise(self, kind, name, props, *rest, **options)

    with stand_in("dev"), mock.patch.object(pulumi.CustomResource, "__init__", note):
        run_program(program)
    return found


def _registration(made: pulumi.CustomResource, kind: str, name: str, props: Any) -> Registration:
    constructor = getattr(type(made), "_internal_init", None)
    if constructor is None:
        return Registration(partial(pulumi.CustomResource, kind), name, {"props": dict(props)})
    accepted = inspect.signature(constructor).parameters
    arguments = {key: value for key, value in vars(props).items() if key in accepted and value is not None}
    return Registration(type(made), name, arguments)


def bare(registrations: list[Registration]) -> Callable[[], object]:
    """A program of nothing but these resources. Outputs of others are taken over as they were: they are known."""

    def make() -> None:
        for registration in registrations:
            registration.make(registration.name, **registration.arguments)

    return make


def main(kind: str, count: int) -> None:
    """Measure one program and print the figures."""
    program = object_stores(count) if count else platform()
    registrations = recorded(program)  # for both, so that both start equally warm
    chosen = program if kind == "components" else bare(registrations)
    with stand_in("dev"):
        began = time.perf_counter()
        run_program(chosen)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "resources": len(registrations)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
