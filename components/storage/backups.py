"""Backups of what holds data: a vault, a plan for each day, and a selection by tag.

Owns the vault, the plan, the selection and the role that AWS Backup works with; not the stores, which are selected by
the tag that `backup_tag` makes, nor the vault's key. What AWS Backup manages itself, such as buckets, is encrypted with
that key; a snapshot of a database keeps the database's own.

The role backs up and cannot restore: who restores brings a role of their own, such as AWS' managed policies for
restoring make, so that nothing which runs every day can overwrite data.

Units:  retention is whole days; times are UTC, minutes for windows.
Source: AWS Backup developer guide, "Assigning resources to a backup plan", "Encryption for backups", managed policies
`AWSBackupServiceRolePolicyForBackup` and `AWSBackupServiceRolePolicyForS3Backup`, of whose rights the role has those
for buckets and database snapshots, on the environment's own.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Annotated

import pulumi
from pulumi_aws import backup, iam
from pydantic import Field

from components.model import Model, Wire
from components.naming import PROJECT, ROLE_NAME_LIMIT, physical_name
from components.policy_document import Statement, allow, document, service_principal
from components.tags import BACKUP_KEY, DataClass, KeyName, key_access_tags

NAME_LIMIT = 50
SERVICE = "backup.amazonaws.com"
START_WINDOW_MINUTES = 60
COMPLETION_WINDOW_MINUTES = 480


class BackupSettings(Model):
    """What the stack file says about backups."""

    retention_days: Annotated[int, Field(ge=1, le=3650)] = Field(default=35, examples=[35])
    """How long each day's backup is kept."""
    hour: Annotated[int, Field(ge=0, le=23)] = Field(default=5, examples=[5])
    """The hour, in UTC, in which the day's backup begins: not one before or in the database's own windows, in which AWS
    Backup takes no snapshot."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the vault. Without it, deleting the vault deletes the backups in it."""


class BackupsArgs(Model):
    """What the backups are wired to."""

    settings: BackupSettings = BackupSettings()
    """What the stack file says."""
    account_id: str
    """Whose stores are backed up."""
    region: str
    """Where they are; a plan reaches no other region."""
    environment: str
    """Part of every name."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the role of AWS Backup."""
    key_arn: Wire
    """The customer managed key of the vault, with the use `backups`."""
    key_names: tuple[KeyName, ...] = (DataClass.CONFIDENTIAL,)
    """The keys of the buckets that are backed up: the role may read with them."""


class Backups(pulumi.ComponentResource):
    """The vault and plan `groundwork-<environment>-<name>`."""

    vault_arn: pulumi.Output[str]
    plan_id: pulumi.Output[str]

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:storage:Backups", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        physical = plan_name(args.environment, name)
        # Stateful: renaming this without an alias replaces the vault and loses the backups in it.
        vault = backup.Vault(
            f"{name}-vault",
            name=physical,
            kms_key_arn=args.key_arn,
            force_destroy=not args.settings.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect),
        )
        plan = backup.Plan(
            f"{name}-plan",
            name=physical,
            rules=[
                {
                    "rule_name": "daily",
                    "target_vault_name": vault.name,
                    "schedule": f"cron(0 {args.settings.hour} * * ? *)",
                    "start_window": START_WINDOW_MINUTES,
                    "completion_window": COMPLETION_WINDOW_MINUTES,
                    "lifecycle": {"delete_after": args.settings.retention_days},
                }
            ],
            opts=child,
        )
        role = iam.Role(
            f"{name}-role",
            name=physical_name(args.environment, name, limit=ROLE_NAME_LIMIT),
            description=f"AWS Backup backs up the stores of Groundwork {args.environment}",
            assume_role_policy=document(_trust(args.account_id)),
            permissions_boundary=args.boundary_arn,
            tags=key_access_tags([(key_name, "read") for key_name in args.key_names]),
            opts=child,
        )
        rights = iam.RolePolicy(
            f"{name}-rights",
            role=role.name,
            policy=document(*backup_rights(args.account_id, args.region, args.environment)),
            opts=child,
        )
        backup.Selection(
            f"{name}-selection",
            name=physical,
            plan_id=plan.id,
            iam_role_arn=role.arn,
            selection_tags=[{"type": "STRINGEQUALS", "key": BACKUP_KEY, "value": physical}],
            # A backup that begins before the role has its rights fails.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )
        self.vault_arn, self.plan_id = vault.arn, plan.id
        self.register_outputs({"vault_arn": self.vault_arn, "plan_id": self.plan_id})


def plan_name(environment: str, name: str) -> str:
    """Return the plan's physical name, known before it exists: the value of the tag that selects a store."""
    return physical_name(environment, name, limit=NAME_LIMIT)


def _trust(account_id: str) -> Statement:
    """Let AWS Backup take the role, for this account's plans. It has no ARN to name: a job may be of no plan."""
    return allow(
        "AssumedByBackup",
        principal=service_principal(SERVICE),
        actions=["sts:AssumeRole"],
        conditions={"StringEquals": {"aws:SourceAccount": account_id}},
    )


def backup_rights(account_id: str, region: str, environment: str) -> tuple[Statement, ...]:
    """Return what it takes to back up this environment's buckets and databases, and nothing that restores."""
    ours = f"{PROJECT}-{environment}-*"
    here = f"{region}:{account_id}"
    rds = f"arn:aws:rds:{here}"
    return (
        allow(
            # It keeps itself informed of changes by the bucket's events and inventories.
            "ReadBuckets",
            actions=[
                "s3:GetBucketAcl",
                "s3:GetBucketLocation",
                "s3:GetBucketNotification",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetInventoryConfiguration",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:PutBucketNotification",
                "s3:PutInventoryConfiguration",
            ],
            resources=[f"arn:aws:s3:::{ours}"],
        ),
        allow(
            "ReadObjects",
            actions=[
                "s3:GetObject",
                "s3:GetObjectAcl",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
            ],
            resources=[f"arn:aws:s3:::{ours}/*"],
        ),
        allow(
            "FollowChanges",
            actions=[
                "events:DeleteRule",
                "events:DescribeRule",
                "events:DisableRule",
                "events:EnableRule",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
            ],
            resources=[f"arn:aws:events:{here}:rule/AwsBackupManagedRule*"],
        ),
        allow(
            "SnapshotDatabases",
            actions=[
                "rds:AddTagsToResource",
                "rds:CreateDBSnapshot",
                "rds:DescribeDBInstances",
                "rds:DescribeDBSnapshots",
                "rds:ListTagsForResource",
            ],
            resources=[f"{rds}:db:{ours}", f"{rds}:snapshot:awsbackup:*"],
        ),
        allow("EndSnapshots", actions=["rds:DeleteDBSnapshot"], resources=[f"{rds}:snapshot:awsbackup:*"]),
        allow(
            "PutIntoVault",
            actions=["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
            resources=[f"arn:aws:backup:{here}:backup-vault:{ours}"],
        ),
        allow("TagBackups", actions=["backup:TagResource"], resources=[f"arn:aws:backup:{here}:recovery-point:*"]),
        allow(
            "FindStores",  # these know no resource
            actions=["cloudwatch:GetMetricData", "events:ListRules", "tag:GetResources"],
            resources=["*"],
        ),
    )
