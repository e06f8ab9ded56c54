"""LOG-05 to LOG-07: the logs of clusters, databases and search domains, and how long logs are kept."""

from fnmatch import fnmatchcase
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.repair import is_known, put
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.tokens import aws
from policies.values import Node

EKS_CLUSTER = aws("eks/cluster:Cluster")
LOG_GROUP = aws("cloudwatch/logGroup:LogGroup")
DATABASES = aws("rds/instance:Instance", "rds/cluster:Cluster")
SEARCH_DOMAIN = aws("opensearch/domain:Domain")

# LOG-05: clusters

CLUSTER_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def _every_log_of_the_cluster(resource: Resource, settings: Settings) -> Findings:
    del settings
    node = resource["enabledClusterLogTypes"]
    kinds = node.each()
    known = {kind.value for kind in kinds if isinstance(kind.value, str)}
    missing = [kind for kind in CLUSTER_LOGS if kind not in known]
    unknown = [kind for kind in kinds if kind.unknown]
    # One unknown entry of a list stands for one kind of log.
    if missing and (node.unknown or len(missing) <= len(unknown)):
        yield Undecided(unknown[0].path)
    elif missing:
        yield Violation(
            "enabledClusterLogTypes", f"logs are not kept: {', '.join(missing)}", f"all of {', '.join(CLUSTER_LOGS)}"
        )


def _switch_cluster_logs_on(props: Any) -> bool:
    kinds = props.get("enabledClusterLogTypes")
    if not is_known(kinds):
        return False
    listed = [] if kinds is None or isinstance(kinds, str) else list(kinds)
    missing = [kind for kind in CLUSTER_LOGS if kind not in listed]
    if not missing or not all(is_known(kind) for kind in listed):
        return False
    props["enabledClusterLogTypes"] = [*listed, *missing]
    return True


# LOG-06: retention


def _is_kind(resource: Resource, kind: str, patterns: tuple[str, ...], settings: Settings) -> bool | None:
    """Whether a log group holds logs of a kind, by its tag or its name; None while that is not known."""
    name, prefix = resource["name"], resource["namePrefix"]
    tags = [Node(tags, "tags")[settings.log_kind_tag] for tags in (resource.inputs.get("tags"), resource.default_tags)]
    if any(tag.value == kind for tag in tags if not tag.unknown):
        return True
    known = [text for node in (name, prefix) if isinstance(text := node.value, str)]
    if any(fnmatchcase(text, pattern) for text in known for pattern in patterns):
        return True
    return None if any(node.unknown for node in (*tags, name, prefix)) else False


def _logs_are_kept(resource: Resource, settings: Settings) -> Findings:
    kinds = {
        settings.audit_log_days: _is_kind(resource, "audit", settings.audit_log_groups, settings),
        settings.ai_log_days: _is_kind(resource, "ai-system", settings.ai_log_groups, settings),
    }
    least = max((days for days, is_kind in kinds.items() if is_kind is True), default=1)
    perhaps = max((days for days, is_kind in kinds.items() if is_kind is not False), default=1)
    node = resource["retentionInDays"]

    def enough(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    yield from require(node, enough, "events are not kept long enough", f"{least} days or more")
    if not node.unknown and enough(node.value) and node.value < perhaps:
        yield Undecided("tags" if resource["tags"].unknown else "name")


def _keep_logs_a_year(props: Any) -> bool:
    return put(props, "retentionInDays", 365, unless=lambda days: days not in (None, 0))


# LOG-07: databases

DATABASE_LOGS = frozenset(
    {
        "agent",
        "alert",
        "audit",
        "diag.log",
        "error",
        "general",
        "iam-db-auth-error",
        "instance",
        "listener",
        "notify.log",
        "oemagent",
        "postgresql",
        "slowquery",
        "trace",
        "upgrade",
    }
)
"""Logs that RDS exports, of all engines. Source: RDS API, CreateDBInstance, EnableCloudwatchLogsExports."""


def _database_exports_logs(resource: Resource, settings: Settings) -> Findings:
    del settings
    if resource.type in DATABASES:
        exports = resource["enabledCloudwatchLogsExports"].each()
        if any(isinstance(export.value, str) and export.value in DATABASE_LOGS for export in exports):
            return
        unknown = [export for export in exports if export.unknown]
        what, path = "no log of the database is exported", "enabledCloudwatchLogsExports"
        expected = "a log of the engine, such as postgresql or audit"
    else:
        options = resource["logPublishingOptions"].each()
        switches = [(option["logType"], option["enabled"]) for option in options]
        switches = [(kind, on) for kind, on in switches if on.unknown or on.value is None or on.value is True]
        if any(kind.value == "AUDIT_LOGS" and not on.unknown for kind, on in switches):
            return
        unknown = [
            node
            for kind, on in switches
            for node in (kind, on)
            if node.unknown and (kind.unknown or kind.value == "AUDIT_LOGS")
        ]
        what, path = "the domain's audit log is not published", "logPublishingOptions"
        expected = "an entry with logType AUDIT_LOGS, enabled"
    if unknown:
        yield Undecided(unknown[0].path)
    else:
        yield Violation(path, what, expected)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="LOG-05",
        requirement="A cluster keeps every log of its control plane.",
        why="Who did what in the cluster is recorded there, or nowhere.",
        fix='eks.Cluster(..., enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", '
        '"scheduler"])',
        types=EKS_CLUSTER,
        severity=Severity.HIGH,
        controls=("F:EKS.8", "AISF-RUNTIME-01", "EKS-2.1.1"),
        check=_every_log_of_the_cluster,
        remediate=_switch_cluster_logs_on,
    ),
    ResourceRule(
        id="LOG-06",
        requirement="Logs are kept for a time that is stated: audit logs and logs of AI systems for as long as asked.",
        why="Breaches are found after months, and the law asks for six of AI systems' logs.",
        fix="cloudwatch.LogGroup(..., retention_in_days=365)",
        types=LOG_GROUP,
        severity=Severity.MEDIUM,
        controls=("800-53 AU-12/AU-11", "AIA-19", "AIA-26(6)"),
        check=_logs_are_kept,
        remediate=_keep_logs_a_year,
    ),
    ResourceRule(
        id="LOG-07",
        requirement="A database exports logs to CloudWatch, a search domain publishes its audit log.",
        why="Failed logins and slow queries show an attack on a store before its data is gone.",
        fix='rds.Instance(..., enabled_cloudwatch_logs_exports=["postgresql"]); opensearch.Domain(..., '
        'log_publishing_options=[{"log_type": "AUDIT_LOGS", "cloudwatch_log_group_arn": group.arn}])',
        types=DATABASES | SEARCH_DOMAIN,
        severity=Severity.MEDIUM,
        controls=("F:RDS.9", "F:ES.5", "F:OpenSearch.5", "800-53 AU-2/AU-12"),
        check=_database_exports_logs,
    ),
)
