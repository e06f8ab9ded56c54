"""What a search domain of logs demands of other settings. `stacks.relations` lists these with the rest.

Source: OpenSearch Service developer guide, "Configuring a multi-AZ domain" (what happens when a zone is lost).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from components.monitoring.search_settings import ZONES, SearchSettings
from stacks.problems import Path, Problem

if TYPE_CHECKING:
    from stacks.settings import StackSettings

SEARCH: Path = ("monitoring", "logs", "opensearch")


def search_of(settings: StackSettings) -> SearchSettings | None:
    """Return what the settings say of a search domain, None where there is none."""
    logs = settings.monitoring.logs
    return logs.opensearch if logs else None


def its_job_has_a_namespace(settings: StackSettings, _: str) -> Iterable[Problem]:
    """The Job that sets the domain up runs among what monitoring is made of."""
    if search_of(settings) and settings.monitoring.metrics is None:
        yield Problem(
            path=SEARCH,
            what="it needs monitoring.metrics: the Job that makes its roles runs in that namespace; add that, or set "
            "this to null",
        )


def its_nodes_go_evenly_into_zones(settings: StackSettings, _: str) -> Iterable[Problem]:
    """AWS refuses other numbers."""
    search, zones = search_of(settings), min(len(settings.zones), ZONES)
    if search and search.instance_count % zones:
        yield Problem(
            path=(*SEARCH, "instance_count"),
            value=search.instance_count,
            what=f"there are {zones} zones with as many nodes in each: take a multiple of {zones}, such as {2 * zones}",
        )


def production_can_be_searched_without_a_zone(settings: StackSettings, stack: str) -> Iterable[Problem]:
    """In production the loss of a zone stops no domain, and one mistake deletes none."""
    search = search_of(settings)
    if search is None or not settings.environment == stack == "prod":
        return
    if len(settings.zones) < ZONES and search.master_instance_type is None:
        yield Problem(
            path=(*SEARCH, "master_instance_type"),
            what=f"prod needs dedicated masters in {len(settings.zones)} zones: when one is lost with half of the data "
            "nodes, the others elect no master",
        )
    if not search.protect:
        yield Problem(
            path=(*SEARCH, "protect"), value=False, what="prod needs true: what can be searched goes with the domain"
        )
