"""NET-08: where databases, caches and search domains are."""

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import Findings, LocatedFindings, Rule, StackRule, Undecided, Violation, require, weigh
from policies.rules.network.subnets import ROUTING, SUBNET, are_private
from policies.tokens import aws

DOMAIN = aws("opensearch/domain:Domain")
DATABASE_SUBNETS, CACHE_SUBNETS = aws("rds/subnetGroup:SubnetGroup"), aws("elasticache/subnetGroup:SubnetGroup")
DATABASES = aws("rds/instance:Instance", "rds/cluster:Cluster")
CACHE = aws("elasticache/replicationGroup:ReplicationGroup")


def _domain_is_in_a_vpc(domain: Resource) -> Findings:
    subnets = domain["vpcOptions"]["subnetIds"]
    entries = subnets.each()
    if any(isinstance(entry.value, str) and entry.value for entry in entries):
        return
    unknown = next((entry for entry in entries if entry.unknown), None)
    if unknown:
        yield Undecided(unknown.path, frozenset() if unknown.inherited else SUBNET)
    else:
        yield Violation(subnets.path, "the search domain is on the internet", "subnets of a VPC")


def _names_subnets(store: Resource) -> Findings:
    source = store["replicateSourceDb"]
    if source.is_set:  # a replica is where its source is
        return
    in_cache = store.type in CACHE
    node = store["subnetGroupName" if in_cache else "dbSubnetGroupName"]

    def good(value: object) -> bool:
        return isinstance(value, str) and value not in ("", "default")

    what = "the store is in the default subnets, which are public"
    groups = CACHE_SUBNETS if in_cache else DATABASE_SUBNETS
    for finding in require(node, good, what, "the name of a subnet group", groups):
        yield Undecided(source.path) if source.unknown and isinstance(finding, Violation) else finding


def _stores_are_private(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for domain in stack.of(DOMAIN):
        yield from ((domain, finding) for finding in _domain_is_in_a_vpc(domain))
    for group in stack.of(DATABASE_SUBNETS | CACHE_SUBNETS):
        yield from ((group, finding) for finding in weigh(are_private(stack, group, group["subnetIds"])))
    for store in stack.of(DATABASES | CACHE):
        yield from ((store, finding) for finding in _names_subnets(store))


RULES: tuple[Rule, ...] = (
    StackRule(
        id="NET-08",
        requirement="Databases, caches and search domains are in private subnets.",
        why="A store needs to be reached by programs of the VPC and by nobody else.",
        fix="rds.SubnetGroup(subnet_ids=isolated_subnet_ids) and db_subnet_group_name=subnets.name; "
        'opensearch.Domain(vpc_options={"subnet_ids": isolated_subnet_ids})',
        types=DOMAIN | DATABASE_SUBNETS | CACHE_SUBNETS | DATABASES | CACHE,
        joins=SUBNET | ROUTING,
        severity=Severity.HIGH,
        controls=("F:RDS.18", "F:ElastiCache.7"),
        check=_stores_are_private,
    ),
)
