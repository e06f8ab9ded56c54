"""What one part of the settings demands of another: data first, so that all of it can be read on one page.

Security is the same in every environment and is not a setting. Production is also redundant and hard to delete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from components.security.encryption_keys import DEFAULT_USES
from stacks.problems import Problem
from stacks.store_roles import STORE_CLASSES

if TYPE_CHECKING:
    from stacks.settings import StackSettings

PRODUCTION = "prod"


@dataclass(frozen=True)
class Relation:
    """A demand on several settings, checked whenever each of them is valid by itself."""

    reads: frozenset[str]
    """The top-level settings that it reads."""
    broken: Callable[[StackSettings, str], Iterable[Problem]]
    """Takes the settings and the stack's name; yields a problem for each setting that does not meet the demand."""


def _environment_is_the_stack(settings: StackSettings, stack: str) -> Iterable[Problem]:
    if settings.environment != stack:
        yield Problem(
            path=("environment",),
            value=settings.environment,
            what=f"this is the file of stack {stack}: two environments of one name would overwrite each other",
        )


def _zones_are_of_the_region(settings: StackSettings, _: str) -> Iterable[Problem]:
    for position, zone in enumerate(settings.zones):
        if zone[:-1] != settings.region:
            yield Problem(path=("zones", position), value=zone, what=f"it is no zone of {settings.region}")
        elif zone in settings.zones[:position]:
            yield Problem(path=("zones", position), value=zone, what="it is there twice")


def _replicas_are_elsewhere(settings: StackSettings, _: str) -> Iterable[Problem]:
    for name, store in settings.stores:
        if store.replica_region == settings.region:
            yield Problem(
                path=("stores", name, "replica_region"),
                value=store.replica_region,
                what="it is the environment's own region, with which the copy would be lost",
            )


def _audit_is_locked(settings: StackSettings, _: str) -> Iterable[Problem]:
    if settings.stores.audit.object_lock is None:
        yield Problem(
            path=("stores", "audit", "object_lock"), what="it is missing: a trail that can be deleted proves nothing"
        )


def _access_logs_are_not_locked(settings: StackSettings, _: str) -> Iterable[Problem]:
    """S3 user guide, "Enabling Amazon S3 server access logging": no log is delivered into a bucket with Object Lock."""
    if settings.stores.access_logs.object_lock is not None:
        yield Problem(
            path=("stores", "access_logs", "object_lock"),
            value=settings.stores.access_logs.object_lock.model_dump(),
            what="S3 delivers no access logs into a bucket with an object lock: leave it out",
        )


def _keys_cover_their_uses(settings: StackSettings, _: str) -> Iterable[Problem]:
    for data_class, needed in DEFAULT_USES.items():
        uses = settings.keys.uses.get(data_class, ())
        if missing := sorted(set(needed) - set(uses)):
            yield Problem(
                path=("keys", "uses", data_class.value),
                value=list(uses),
                what=f"{', '.join(missing)} must be here too: the platform keeps such data of that class",
            )


# What production must have, beside the security that every environment has: the loss of a zone does not stop it, and
# one mistake does not delete it.
PRODUCTION_NEEDS: tuple[tuple[tuple[str, ...], object, str], ...] = (
    (("network", "nat"), "per_zone", "one gateway would take every zone down with its own"),
    (("keys", "protect"), True, "what they encrypted is lost with them"),
    *((("stores", store, "protect"), True, "it holds data") for store in STORE_CLASSES),
    *((("stores", store, "force_destroy"), False, "it holds data") for store in STORE_CLASSES),
    (("container_registry", "protect"), True, "it holds the images that run"),
    (("container_registry", "force_delete"), False, "it holds the images that run"),
    (("database", "multi_az"), True, "without a standby, the loss of a zone stops the registry"),
    (("database", "protect"), True, "it holds data"),
    (("database", "final_snapshot"), True, "it holds data"),
    (("audit_trail", "protect"), True, "it proves who did what"),
)


def _production_lasts(settings: StackSettings, stack: str) -> Iterable[Problem]:
    for path, needed, why in PRODUCTION_NEEDS if settings.environment == stack == PRODUCTION else ():
        value = reduce(getattr, path, settings)
        if value != needed:
            yield Problem(path=path, value=value, what=f"{PRODUCTION} needs {json.dumps(needed)}: {why}")


RELATIONS = (
    Relation(frozenset({"environment"}), _environment_is_the_stack),
    Relation(frozenset({"region", "zones"}), _zones_are_of_the_region),
    Relation(frozenset({"region", "stores"}), _replicas_are_elsewhere),
    Relation(frozenset({"stores"}), _audit_is_locked),
    Relation(frozenset({"stores"}), _access_logs_are_not_locked),
    Relation(frozenset({"keys"}), _keys_cover_their_uses),
    Relation(frozenset({"environment", *(path[0] for path, _, _ in PRODUCTION_NEEDS)}), _production_lasts),
)
