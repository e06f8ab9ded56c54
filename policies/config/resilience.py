"""Settings of the RES rules."""

from dataclasses import dataclass

from policies.config.reading import setting, texts, whole_number

BACKED_UP = (
    "aws:docdb/cluster:Cluster",
    "aws:dynamodb/table:Table",
    "aws:ebs/volume:Volume",
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:fsx/ontapFileSystem:OntapFileSystem",
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
    "aws:fsx/windowsFileSystem:WindowsFileSystem",
    "aws:neptune/cluster:Cluster",
    "aws:rds/cluster:Cluster",
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
)
"""Stores that AWS Backup takes. Source: AWS Backup developer guide, "Feature availability by resource"."""
STATEFUL = (
    *BACKED_UP,
    "aws:backup/vault:Vault",
    "aws:cloudtrail/eventDataStore:EventDataStore",
    "aws:cloudtrail/trail:Trail",
    "aws:ecr/repository:Repository",
    "aws:eks/cluster:Cluster",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:kms/key:Key",
    "aws:opensearch/domain:Domain",
    "aws:sagemaker/featureGroup:FeatureGroup",
    "aws:secretsmanager/secret:Secret",
)
"""What holds what cannot be made again from the program."""


@dataclass(frozen=True)
class ResilienceSettings:
    """What the RES rules take from the config."""

    database_backup_days: int = setting(7, whole_number(1, 35, "days"))  # 35 is what RDS takes
    """RES-03: how far back the backups of a database reach at least."""
    stateful_types: tuple[str, ...] = setting(STATEFUL, texts("type tokens such as aws:s3/bucket:Bucket"))
    """RES-08: types of resources that hold what cannot be made again."""
    cluster_versions: tuple[str, ...] = setting(("1.34", "1.35", "1.36"), texts("Kubernetes versions such as 1.36"))
    """RES-09: versions of EKS in standard support."""
    backup_types: tuple[str, ...] = setting(BACKED_UP, texts("type tokens such as aws:rds/instance:Instance"))
    """RES-11: types of stores that a backup selection matches."""
