"""As `encryption`, for RES-03 to RES-05."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

PRODUCTION = {"production": True}
BACKED_UP = R(
    "aws:rds/instance:Instance",
    {"backupRetentionPeriod": 7, "copyTagsToSnapshot": True, "skipFinalSnapshot": False},
    "db",
)
KEPT = R(
    "aws:rds/instance:Instance", {"deletionProtection": True, "autoMinorVersionUpgrade": True, "multiAz": True}, "db"
)
TABLE = R(
    "aws:dynamodb/table:Table",
    {"pointInTimeRecovery": {"enabled": True}, "deletionProtectionEnabled": True},
    "table",
)


def db(**props: Any) -> tuple[R, ...]:
    return (of_type("rds/instance:Instance", **props),)


SPECS: dict[str, Spec] = {
    "RES-03": Spec(
        good=(BACKED_UP,),
        settings=PRODUCTION,
        leaf="backupRetentionPeriod",
        bad=6,
        equivalent={"delete skipFinalSnapshot": "RDS takes a last snapshot by default"},
        extra=(
            Case("not production, no last snapshot",
                 swap((BACKED_UP,), 0, edit("skipFinalSnapshot", True)), "pass", {}),
            Case("not production, six days", swap((BACKED_UP,), 0, edit("backupRetentionPeriod", 6)), "deny", {}),
            Case("no backups", swap((BACKED_UP,), 0, edit("backupRetentionPeriod", 0)), "deny"),
            Case("days as text", swap((BACKED_UP,), 0, edit("backupRetentionPeriod", "7")), "deny"),
            Case("true for days", swap((BACKED_UP,), 0, edit("backupRetentionPeriod", True)), "deny"),
            Case("cluster", (R("aws:rds/cluster:Cluster", BACKED_UP.props, "c"),), "pass"),
            Case("cluster at its default of a day",
                 (of_type("rds/cluster:Cluster", copyTagsToSnapshot=True),), "deny"),
            Case("replica", db(replicateSourceDb="db", copyTagsToSnapshot=True, skipFinalSnapshot=True), "pass"),
            Case("replica without tags", db(replicateSourceDb="db"), "deny"),
            Case("perhaps a replica", db(replicateSourceDb=UNKNOWN, copyTagsToSnapshot=True), "unknown"),
            Case("replica of this stack", (depending(replicateSourceDb=BACKED_UP)(
                db(replicateSourceDb=UNKNOWN, copyTagsToSnapshot=True)[0]),), "pass"),
            Case("violation before unknown", db(backupRetentionPeriod=UNKNOWN), "deny"),
        ),
    ),
    "RES-04": Spec(
        good=(KEPT,),
        settings=PRODUCTION,
        leaf="deletionProtection",
        bad=False,
        equivalent={"delete autoMinorVersionUpgrade": "RDS takes minor versions by default"},
        extra=(
            Case("not production, one zone", swap((KEPT,), 0, edit("multiAz", False)), "pass", {}),
            Case("not production, not protected", swap((KEPT,), 0, edit("deletionProtection", False)), "deny", {}),
            Case("production, one zone", swap((KEPT,), 0, edit("multiAz", False)), "deny"),
            Case("replica in one zone", db(replicateSourceDb="db", deletionProtection=True), "pass"),
            Case("perhaps a replica", db(replicateSourceDb=UNKNOWN, deletionProtection=True), "unknown"),
            Case("cluster", (of_type("rds/cluster:Cluster", deletionProtection=True),), "pass"),
            Case("cluster, not protected", (of_type("rds/cluster:Cluster"),), "deny"),
            Case("instance of a cluster", (of_type("rds/clusterInstance:ClusterInstance"),), "pass"),
            Case("instance of a cluster, no minor versions",
                 (of_type("rds/clusterInstance:ClusterInstance", autoMinorVersionUpgrade=False),), "deny"),
            Case("a number for true", swap((KEPT,), 0, edit("deletionProtection", 1)), "deny"),
        ),
    ),
    "RES-05": Spec(
        good=(TABLE,),
        leaf="pointInTimeRecovery.enabled",
        bad=False,
        extra=(
            Case("nothing set", (of_type("dynamodb/table:Table"),), "deny"),
            Case("not protected", swap((TABLE,), 0, edit("deletionProtectionEnabled", False)), "deny"),
            Case("violation before unknown",
                 (of_type("dynamodb/table:Table", pointInTimeRecovery=UNKNOWN),), "deny"),
            Case("a text for true", swap((TABLE,), 0, edit("pointInTimeRecovery.enabled", "true")), "deny"),
        ),
    ),
}  # fmt: skip
