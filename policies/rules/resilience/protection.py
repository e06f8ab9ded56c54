"""RES-08: in production nothing that holds data is deleted by mistake."""

from pulumi_policy import Severity

from policies.config import Settings
from policies.config.resilience import STATEFUL
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Violation, not_true


def _is_stateful(token: str, settings: Settings) -> bool:
    return token in settings.stateful_types


def _is_kept(resource: Resource, settings: Settings) -> Findings:
    if not settings.production or not _is_stateful(resource.type, settings):
        return
    if not resource.protect:
        yield Violation("opts.protect", "one mistake deletes what it holds", "the resource option protect=True")
    # Whether the option retainOnDelete is set no policy can see: it sees what would empty a store for the deletion.
    for key in ("forceDestroy", "forceDelete"):
        yield from not_true(resource[key], "a deletion takes all of the content with it")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="RES-08",
        requirement="In production what holds data is protected, and no deletion empties it first.",
        why="A renamed resource is deleted and made anew; with data in it that is the end of it.",
        fix="opts=pulumi.ResourceOptions(protect=True), and no force_destroy or force_delete",
        types=frozenset(STATEFUL),
        severity=Severity.HIGH,
        controls=("800-53 CP-9",),
        check=_is_kept,
        also=_is_stateful,
    ),
)
