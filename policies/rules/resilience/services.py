"""RES-06: caches and search domains outlive the loss of a zone."""

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, is_true, require
from policies.tokens import aws

CACHE, SEARCH_DOMAIN = aws("elasticache/replicationGroup:ReplicationGroup"), aws("opensearch/domain:Domain")
LEAST_DATA_NODES = 3


def _outlives_a_zone(resource: Resource, settings: Settings) -> Findings:
    del settings

    def at_least(least: int, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    if resource.type in CACHE:
        yield from is_true(resource["multiAzEnabled"], "all nodes may be in one zone")
        yield from is_true(resource["automaticFailoverEnabled"], "nobody takes over from a primary that is lost")
        kept = resource["snapshotRetentionLimit"]
        yield from require(kept, lambda v: at_least(1, v), "no snapshots are kept", "a day or more")
        return
    nodes = resource["clusterConfig"]
    enough = f"{LEAST_DATA_NODES} data nodes or more"
    count = nodes["instanceCount"]
    yield from require(count, lambda v: at_least(LEAST_DATA_NODES, v), "too few data nodes to lose one", enough)
    yield from is_true(nodes["zoneAwarenessEnabled"], "all nodes may be in one zone")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="RES-06",
        requirement="Caches and search domains are spread over zones, and caches keep snapshots.",
        why="One zone fails about once a year, and what stands in it alone fails with it.",
        fix="elasticache.ReplicationGroup(..., multi_az_enabled=True, automatic_failover_enabled=True, "
        'snapshot_retention_limit=7); opensearch.Domain(..., cluster_config={"instance_count": 3, '
        '"zone_awareness_enabled": True})',
        types=CACHE | SEARCH_DOMAIN,
        severity=Severity.MEDIUM,
        controls=("F:ElastiCache.3",),
        check=_outlives_a_zone,
    ),
)
