"""Examples of every type for the round trips: `EXAMPLES` of each module here, named as the tables' modules are."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

REGION = "eu-west-1"
ACCOUNT = "000000000000"
"""The account of ministack's root credentials."""

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class World:
    """The emulator as plain clients see it."""

    region: str = REGION
    account: str = ACCOUNT
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            import boto3
            from botocore.config import Config

            # botocore's own patience, five times 60 s, would make a request that hangs look like a test that hangs.
            config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 2})
            self._clients[service] = boto3.client(service, region_name=self.region, config=config)
        return self._clients[service]

    def name(self, stem: str) -> str:
        """A name that no other example has."""
        return f"{stem}-{next(_NUMBERS)}"


@dataclass(frozen=True)
class Example:
    """A resource that is created, read, updated, imported and deleted."""

    token: str
    inputs: Callable[[World], Mapping[str, Any]]
    """Makes what it needs by plain boto3 and returns the inputs to create it with."""
    holds: Callable[[World, str, Mapping[str, Any]], None]
    """Asserts by plain boto3 that the emulator holds what these inputs say; gets the id too."""
    updates: tuple[Mapping[str, Any] | Callable[[World], Mapping[str, Any]], ...] = ()
    """Changes of the inputs, one after the other; `None` takes one away."""
    remains: Callable[[World, str], None] | None = None
    """For what AWS cannot take away, only set back: asserts that it has been."""
    not_imported: frozenset[str] = frozenset()
    """Inputs that no answer tells, so that an import cannot know them."""
    import_id: str = "{id}"
    """What an import names it by, where that is not its id alone: a template over its inputs and id."""
    case: str = ""

    @property
    def id(self) -> str:
        return self.token.split(":")[-1] + (f"-{self.case}" if self.case else "")


@cache
def all_examples() -> tuple[Example, ...]:
    here = Path(__file__).parent
    modules = sorted(path.stem for path in here.glob("[a-z]*.py"))
    loaded = [importlib.import_module(f"{__name__}.{module}") for module in modules]
    return tuple(example for module in loaded for example in module.EXAMPLES)
