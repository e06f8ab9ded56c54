"""What the search domain holds beside logs, as data: who may read which index, and how long it stays.

An index is named `pods.<class>.<team>.<day>`. The parts are joined by dots, which no name of a team or class holds:
with hyphens the pattern of a team `vision` would be one of the team `vision-lab` too.

Units:  days.
Source: OpenSearch documentation, "Permissions", "Default action groups", "Index State Management policies", "Index
templates", "Flat object field type", "Update Audit Configuration API", "Slow logs"; OpenSearch Service developer guide,
"Fine-grained access control" (an IAM role is a backend role), "Monitoring audit logs" (publishing them is not enough:
they are switched on in the domain; the same of slow logs, by thresholds of each index).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from components.tags import LogClass

PREFIX: Final = "pods"
SEPARATOR: Final = "."
PLATFORM: Final = "_platform"
"""What stands for the team in the index of a namespace without one; no team can be called so."""
OURS: Final = "groundwork"
WRITER, EVERYTHING = f"{OURS}-writer", f"{OURS}-reads-everything"
DASHBOARDS: Final = "opensearch_dashboards_user"
"""OpenSearch's own role, without which nobody gets into Dashboards."""
REPLICAS: Final = 1
SLOW: Final = "5s"
"""From when on a search or an indexing is slow."""
AUDIT: Final = "config"
"""The one object of its kind, as OpenSearch calls it."""

Objects = dict[str, dict[str, Any]]


def index_prefix(log_class: str, team: str) -> str:
    """Return how the names of a class's and team's indices begin, before the day."""
    return SEPARATOR.join((PREFIX, log_class, team))


def team_role(team: str) -> str:
    """Return the role, and the tenant, of a team in the domain."""
    return f"{OURS}-team-{team}"


def wanted(
    days: Mapping[LogClass, int],
    *,
    writer_arn: str,
    everything_arns: Iterable[str],
    team_arns: Mapping[str, Sequence[str]],
) -> str:
    """Return the Job's file. `team_arns`: the IAM roles of each team's people; `everything_arns`: of who reads all."""
    everything = sorted(everything_arns)
    people = sorted({*everything, *(arn for arns in team_arns.values() for arn in arns)})
    found: dict[str, Objects] = {
        "tenants": {team_role(team): {"description": f"Dashboards of the team {team}"} for team in team_arns},
        "roles": {
            WRITER: _writer(),
            EVERYTHING: _reader([f"{PREFIX}{SEPARATOR}*"], ["global_tenant"]),
            **{
                team_role(team): _reader(
                    [f"{index_prefix(log_class, team)}{SEPARATOR}*" for log_class in sorted(days)], [team_role(team)]
                )
                for team in team_arns
            },
        },
        "index_templates": {f"{OURS}-pods": _template()},
        "policies": {f"{OURS}-pods-{log_class}": _life(log_class, kept) for log_class, kept in days.items()},
        "mappings": {
            WRITER: _mapping([writer_arn]),
            EVERYTHING: _mapping(everything),
            DASHBOARDS: _mapping(people),
            **{team_role(team): _mapping(sorted(arns)) for team, arns in team_arns.items()},
        },
        "audit": {AUDIT: _audit(writer_arn)},
    }
    return json.dumps(found, indent=1, sort_keys=True)


def _mapping(arns: Sequence[str]) -> dict[str, Any]:
    return {"backend_roles": [*arns], "hosts": [], "users": []}


def _writer() -> dict[str, Any]:
    """It adds lines to indices of ours, and makes one that is not there; it reads and deletes none."""
    return {
        "cluster_permissions": ["indices:data/write/bulk"],
        "index_permissions": [
            {
                "index_patterns": [f"{PREFIX}{SEPARATOR}*"],
                "allowed_actions": [
                    "create_index",
                    "indices:admin/auto_create",  # what a batch asks for that names an index which is not there
                    "indices:admin/mapping/put",
                    "indices:data/write/bulk*",
                    "indices:data/write/index",
                ],
            }
        ],
        "tenant_permissions": [],
    }


def _reader(patterns: Sequence[str], tenants: Sequence[str]) -> dict[str, Any]:
    return {
        "cluster_permissions": ["cluster_composite_ops_ro"],
        "index_permissions": [
            {
                "index_patterns": [*patterns],
                "allowed_actions": ["indices:admin/mappings/fields/get*", "indices:admin/resolve/index", "read"],
            }
        ],
        "tenant_permissions": [{"tenant_patterns": [*tenants], "allowed_actions": ["kibana_all_write"]}],
    }


def _audit(writer_arn: str) -> dict[str, Any]:
    """Tell who asked for what, and who was refused; not of each batch of lines, nor of each node's part in a search."""
    return {
        "enabled": True,
        "audit": {
            "enable_rest": True,
            "disabled_rest_categories": ["AUTHENTICATED"],
            "enable_transport": True,
            "disabled_transport_categories": ["AUTHENTICATED", "GRANTED_PRIVILEGES"],
            "log_request_body": True,
            "resolve_bulk_requests": False,
            "resolve_indices": True,
            "ignore_users": ["kibanaserver", writer_arn],
            "ignore_requests": [],
        },
    }


def _life(log_class: str, days: int) -> dict[str, Any]:
    return {
        "policy": {
            "description": f"Logs of {log_class} pods go after {days} days",
            "default_state": "hot",
            "states": [
                {
                    "name": "hot",
                    "actions": [],
                    "transitions": [{"state_name": "delete", "conditions": {"min_index_age": f"{days}d"}}],
                },
                {"name": "delete", "actions": [{"delete": {}}], "transitions": []},
            ],
            "ism_template": [{"index_patterns": [f"{PREFIX}{SEPARATOR}{log_class}{SEPARATOR}*"], "priority": 100}],
        }
    }


def _template() -> dict[str, Any]:
    """Fields are those that Fluent Bit writes: labels of pods are one field, or each would become one of the index."""
    keyword = {"type": "keyword", "ignore_above": 1024}
    names = ("namespace_name", "pod_name", "container_name", "host", "pod_id")
    return {
        "index_patterns": [f"{PREFIX}{SEPARATOR}*"],
        "priority": 100,
        "template": {
            "settings": {
                "index": {
                    "number_of_shards": 1,
                    "number_of_replicas": REPLICAS,
                    "search": {"slowlog": {"threshold": {"query": {"warn": SLOW}, "fetch": {"warn": SLOW}}}},
                    "indexing": {"slowlog": {"threshold": {"index": {"warn": SLOW}}}},
                }
            },
            "mappings": {
                "dynamic": False,
                "properties": {
                    "@timestamp": {"type": "date_nanos"},
                    "log": {"type": "text"},
                    "stream": keyword,
                    "team": keyword,
                    "data_class": keyword,
                    "kubernetes": {"properties": {**dict.fromkeys(names, keyword), "labels": {"type": "flat_object"}}},
                },
            },
        },
    }
