"""As `encryption`, for LOG-05 to LOG-07."""

from dataclasses import replace

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, edit, of_type, swap

KINDS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
CLUSTER = R("aws:eks/cluster:Cluster", {"enabledClusterLogTypes": KINDS}, "cluster")
AUDIT_GROUP = R("aws:cloudwatch/logGroup:LogGroup", {"name": "/aws/cloudtrail/trail", "retentionInDays": 365}, "group")
EXPORTS = R("aws:rds/instance:Instance", {"enabledCloudwatchLogsExports": ["postgresql"]}, "db")
PUBLISHES = {"logPublishingOptions": [{"logType": "AUDIT_LOGS", "cloudwatchLogGroupArn": "arn:x"}]}


def group(**props: object) -> tuple[R, ...]:
    return (of_type("cloudwatch/logGroup:LogGroup", **props),)


def domain(*options: object) -> tuple[R, ...]:
    return (of_type("opensearch/domain:Domain", logPublishingOptions=list(options)),)


SPECS: dict[str, Spec] = {
    "LOG-05": Spec(
        good=(CLUSTER,),
        leaf="enabledClusterLogTypes[1]",
        bad="api",
        extra=(
            Case("none", (of_type("eks/cluster:Cluster", name="c"),), "deny"),
            Case("empty", (of_type("eks/cluster:Cluster", enabledClusterLogTypes=[]),), "deny"),
            Case("in another order", (of_type("eks/cluster:Cluster", enabledClusterLogTypes=KINDS[::-1]),), "pass"),
            Case("and more", (of_type("eks/cluster:Cluster", enabledClusterLogTypes=[*KINDS, "autoMode"]),), "pass"),
            Case("and an unknown one",
                 (of_type("eks/cluster:Cluster", enabledClusterLogTypes=[*KINDS, UNKNOWN]),), "pass"),
            Case("more are missing than unknown",
                 (of_type("eks/cluster:Cluster", enabledClusterLogTypes=["api", "audit", UNKNOWN]),), "deny"),
            Case("as many unknown as missing",
                 (of_type("eks/cluster:Cluster", enabledClusterLogTypes=[*KINDS[:3], UNKNOWN, UNKNOWN]),), "unknown"),
            Case("as a map", (of_type("eks/cluster:Cluster", enabledClusterLogTypes={"api": True}),), "deny"),
        ),
    ),
    "LOG-06": Spec(
        good=(AUDIT_GROUP,),
        leaf="retentionInDays",
        bad=0,
        equivalent={
            "delete name": "a year is enough for any log",
            "flip name": "as above",
            "unknown name": "as above",
        },
        extra=(
            Case("audit, half a year", swap((AUDIT_GROUP,), 0, edit("retentionInDays", 180)), "deny"),
            Case("audit, a day less", swap((AUDIT_GROUP,), 0, edit("retentionInDays", 364)), "deny"),
            Case("some log, one day", group(name="/app", retentionInDays=1), "pass"),
            Case("some log, for ever", group(name="/app"), "deny"),
            Case("some log, 0", group(name="/app", retentionInDays=0), "deny"),
            Case("the control plane's, 90 days", group(name="/aws/eks/c/cluster", retentionInDays=90), "deny"),
            Case("an AI system's, 150 days", group(name="/aws/sagemaker/Endpoints/x", retentionInDays=150), "deny"),
            Case("an AI system's, 183 days", group(name="/aws/sagemaker/Endpoints/x", retentionInDays=183), "pass"),
            Case("by prefix", group(namePrefix="/aws/cloudtrail/x", retentionInDays=90), "deny"),
            Case("by tag", group(name="/x", tags={"log-kind": "audit"}, retentionInDays=90), "deny"),
            Case("an AI system's by tag",
                 group(name="/x", tags={"log-kind": "ai-system"}, retentionInDays=90), "deny"),
            Case("by default tag", (replace(group(name="/x", retentionInDays=90)[0],
                                            default_tags={"log-kind": "audit"}),), "deny"),
            Case("tags unknown", group(name="/x", tags=UNKNOWN, retentionInDays=90), "unknown"),
            Case("tags unknown, kept long", group(name="/x", tags=UNKNOWN, retentionInDays=365), "pass"),
            Case("name unknown", group(name=UNKNOWN, retentionInDays=90), "unknown"),
            Case("name unknown, for ever", group(name=UNKNOWN), "deny"),
            Case("name unknown, kind by tag",
                 group(name=UNKNOWN, tags={"log-kind": "audit"}, retentionInDays=90), "deny"),
            Case("as text", group(name="/app", retentionInDays="365"), "deny"),
            Case("true for a number", group(name="/app", retentionInDays=True), "deny"),
        ),
    ),
    "LOG-07": Spec(
        good=(EXPORTS,),
        leaf="enabledCloudwatchLogsExports[0]",
        bad="nothing",
        twins={"aws:opensearch/domain:Domain": "aws:elasticsearch/domain:Domain"},
        extra=(
            Case("none", (of_type("rds/instance:Instance", engine="postgres"),), "deny"),
            Case("empty", (of_type("rds/instance:Instance", enabledCloudwatchLogsExports=[]),), "deny"),
            Case("an unknown one beside", (of_type("rds/instance:Instance", enabledCloudwatchLogsExports=[
                UNKNOWN, "audit"]),), "pass"),
            Case("cluster", (of_type("rds/cluster:Cluster", enabledCloudwatchLogsExports=["audit"]),), "pass"),
            Case("cluster without", (of_type("rds/cluster:Cluster"),), "deny"),
            Case("domain", (of_type("opensearch/domain:Domain", **PUBLISHES),), "pass"),
            Case("domain of the older type", (of_type("elasticsearch/domain:Domain", **PUBLISHES),), "pass"),
            Case("domain without", (of_type("opensearch/domain:Domain"),), "deny"),
            Case("domain of the older type without", (of_type("elasticsearch/domain:Domain"),), "deny"),
            Case("domain, other logs", domain({"logType": "INDEX_SLOW_LOGS"}), "deny"),
            Case("domain, switched off", domain({"logType": "AUDIT_LOGS", "enabled": False}), "deny"),
            Case("domain, switched on", domain({"logType": "AUDIT_LOGS", "enabled": True}), "pass"),
            Case("domain, a number for true", domain({"logType": "AUDIT_LOGS", "enabled": 1}), "deny"),
            Case("domain, switch unknown", domain({"logType": "AUDIT_LOGS", "enabled": UNKNOWN}), "unknown"),
            Case("domain, switch of another log unknown", domain({"logType": "X", "enabled": UNKNOWN}), "deny"),
            Case("domain, kind unknown", domain({"logType": UNKNOWN}), "unknown"),
            Case("domain, options unknown", (of_type("opensearch/domain:Domain", logPublishingOptions=UNKNOWN),),
                 "unknown"),
        ),
    ),
}  # fmt: skip
