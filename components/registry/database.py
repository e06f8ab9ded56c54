"""A PostgreSQL 17 database on RDS for the experiment and model registry.

Owns the instance and what belongs to it alone: subnet group, security group, parameter group, log groups, monitoring
role. Not the subnets, the keys or its clients, which are wired in. Encryption, TLS, IAM authentication, backups with
point-in-time restore, log exports and a private address are not options.

RDS makes the master password, keeps it in Secrets Manager under the wired key and replaces it every seven days by
managed rotation, which needs no function and cannot be turned off. There is no rotation resource beside it: it could
only make the period longer. Clients sign in with IAM; the master user is for setting the database up.

Units:  storage is GiB, retention is days, windows are UTC.
Source: RDS API, CreateDBInstance; RDS user guide, "Requiring an SSL connection", "Password management with RDS and
Secrets Manager", "Turning the Advanced mode of Database Insights on".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import pulumi
from pulumi_aws import cloudwatch, iam, rds
from pydantic import Field, field_validator, model_validator

from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import assumed_by_service, document
from components.registry.windows import (
    BACKUP_PATTERN,
    MAINTENANCE_PATTERN,
    SHORTEST_MINUTES,
    length_minutes,
    overlap,
)
from components.retention import FromOneMonth
from components.server_security_group import server_security_group
from components.tags import DataClass, backup_tag, classification_tag

PORT = 5432
FAMILY = "postgres17"
IDENTIFIER_LIMIT = 63
GROUP_NAME_LIMIT = 255
MASTER_USERNAME = "groundwork_admin"
CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"
LOG_EXPORTS = ("postgresql", "upgrade")
MONITORING_POLICY_ARN = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"

PARAMETERS: Mapping[str, str] = {
    "rds.force_ssl": "1",
    "ssl_min_protocol_version": "TLSv1.2",
    "rds.accepted_password_auth_method": "scram",
    "password_encryption": "scram-sha-256",
    "log_connections": "1",
    "log_disconnections": "1",
    "log_lock_waits": "1",
    "log_min_duration_statement": "1000",
    "log_statement": "ddl",
}
"""TLS and SCRAM only; who came and went, what changed the schema, and what took more than 1,000 ms. Such a statement is
logged as it was sent, which is why the logs have a key of their own."""

INSIGHTS_RETENTION_DAYS: Mapping[str, int] = {"standard": 7, "advanced": 465}
"""Retention in days that RDS couples to each mode of Database Insights."""


class RegistryDatabaseSettings(Model):
    """What the stack file says about the database."""

    engine_version: Annotated[str, Field(pattern=r"^17(\.[0-9]{1,2})?$")] = Field(default="17", examples=["17"])
    """PostgreSQL 17; with a minor version it starts there, and moves on by itself in the maintenance window."""
    instance_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")] = Field(
        default="db.t4g.medium", examples=["db.t4g.medium", "db.m7g.large"]
    )
    """RDS' name of the machine size."""
    allocated_storage_gib: Annotated[int, Field(ge=20, le=65536)] = Field(default=20, examples=[20])
    """gp3 storage to start with."""
    max_allocated_storage_gib: Annotated[int, Field(ge=22, le=65536)] = Field(default=100, examples=[100])
    """How far storage grows by itself: at least a tenth more than it starts with."""
    database_name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")] = Field(
        default="registry", examples=["registry"]
    )
    """The database that is made with the instance."""
    multi_az: bool = Field(default=False, examples=[True])
    """Keep a standby in another zone, to which RDS fails over."""
    backup_retention_days: Annotated[int, Field(ge=7, le=35)] = Field(default=14, examples=[14])
    """How far back point-in-time restore reaches."""
    backup_window: Annotated[str, Field(pattern=BACKUP_PATTERN)] = Field(
        default="01:00-02:00", examples=["01:00-02:00"]
    )
    """When the daily snapshot is taken, in UTC."""
    maintenance_window: Annotated[str, Field(pattern=MAINTENANCE_PATTERN)] = Field(
        default="sun:03:00-sun:04:00", examples=["sun:03:00-sun:04:00"]
    )
    """When changes that interrupt the service are made, in UTC."""
    insights: Literal["standard", "advanced"] = Field(default="standard", examples=["standard"])
    """Mode of Database Insights: `standard` keeps performance data for 7 days, `advanced` for 465 and costs more."""
    monitoring_interval_seconds: Literal[1, 5, 10, 15, 30, 60] = Field(default=60, examples=[60])
    """How often enhanced monitoring measures the machine."""
    log_retention_in_days: FromOneMonth = Field(default=90, examples=[365])
    """How long exported logs are kept; of the values that CloudWatch Logs knows."""
    apply_immediately: bool = Field(default=False, examples=[False])
    """Make changes at once rather than in the maintenance window; some interrupt the service."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the database. RDS does so in any case, until its deletion protection is lifted."""
    final_snapshot: bool = Field(default=True, examples=[True])
    """Take a last snapshot when the database is deleted, and keep its backups for their retention. Where none is taken
    the data may go: `groundwork destroy` then lifts RDS' deletion protection by itself."""

    @field_validator("backup_window", "maintenance_window")
    @classmethod
    def _long_enough(cls, window: str) -> str:
        if length_minutes(window) < SHORTEST_MINUTES:
            raise ValueError(f"{window} is shorter than {SHORTEST_MINUTES} minutes")
        return window

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if overlap(self.backup_window, self.maintenance_window):
            raise ValueError(
                f"backup_window {self.backup_window} and maintenance_window {self.maintenance_window} must not meet"
            )
        if self.max_allocated_storage_gib * 10 < self.allocated_storage_gib * 11:
            raise ValueError(
                f"max_allocated_storage_gib is {self.max_allocated_storage_gib}, "
                f"but RDS asks for a tenth more than allocated_storage_gib ({self.allocated_storage_gib})"
            )
        return self


class RegistryDatabaseArgs(Model):
    """What the database is wired to."""

    settings: RegistryDatabaseSettings = RegistryDatabaseSettings()
    """What the stack file says."""
    account_id: str
    """The account of the instance."""
    region: str
    """Where the instance is."""
    environment: str
    """Part of every name."""
    vpc_id: Wire
    """Where the security group is."""
    subnet_ids: list[Wire] = Field(min_length=2)
    """Isolated subnets in at least two zones."""
    key_arn: Wire
    """The customer managed key of storage, master secret and performance data: uses `databases` and `secrets`."""
    logs_key_arn: Wire
    """The customer managed key of the exported logs: use `log-groups`."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the monitoring role."""
    client_security_group_ids: Mapping[str, Wire] = {}
    """The security groups that may connect, by the role of the client; none by default."""
    data_class: DataClass = DataClass.CONFIDENTIAL
    """How sensitive the content is."""
    backup_plan_name: str | None = None
    """The plan of `Backups` that the instance is in, beside RDS' own backups; absent, it is in none."""


class RegistryDatabase(pulumi.ComponentResource):
    """The instance `groundwork-<environment>-<name>`."""

    endpoint: pulumi.Output[str]
    """`address:port`."""
    address: pulumi.Output[str]
    port: pulumi.Output[int]
    database_name: pulumi.Output[str]
    instance_arn: pulumi.Output[str]
    resource_id: pulumi.Output[str]
    """What `rds-db:connect` names an instance by, such as `db-ABCDEFGHIJKL`."""
    master_secret_arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:registry:RegistryDatabase", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings, identifier = args.settings, instance_identifier(args.environment, name)
        tags = classification_tag(args.data_class) | backup_tag(args.backup_plan_name)
        security_group = server_security_group(
            name,
            owner=self,
            environment=args.environment,
            vpc_id=args.vpc_id,
            title=f"Database {name}",
            protocol="PostgreSQL",
            port=PORT,
            clients=args.client_security_group_ids,
        )
        subnet_group = rds.SubnetGroup(
            f"{name}-subnets",
            name=physical_name(args.environment, name, limit=GROUP_NAME_LIMIT),
            subnet_ids=args.subnet_ids,
            opts=child,
        )
        parameter_group = rds.ParameterGroup(
            f"{name}-parameters",
            # The family is part of the name, so that the next major version's group can stand beside this one.
            name=physical_name(args.environment, name, FAMILY, limit=GROUP_NAME_LIMIT),
            family=FAMILY,
            parameters=[{"name": key, "value": value} for key, value in PARAMETERS.items()],
            opts=child,
        )
        monitoring_role, monitoring_rights = self._monitoring_role(name, args, identifier)
        log_groups = [self._log_group(name, args, identifier, export) for export in LOG_EXPORTS]
        # Stateful: renaming this without an alias replaces the instance and loses the data in it.
        instance = rds.Instance(
            f"{name}-instance",
            identifier=identifier,
            engine="postgres",
            engine_version=settings.engine_version,
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=False,
            instance_class=settings.instance_class,
            storage_type="gp3",
            allocated_storage=settings.allocated_storage_gib,
            max_allocated_storage=settings.max_allocated_storage_gib,
            storage_encrypted=True,
            kms_key_id=args.key_arn,
            db_name=settings.database_name,
            username=MASTER_USERNAME,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.key_arn,
            iam_database_authentication_enabled=True,
            ca_cert_identifier=CERTIFICATE_AUTHORITY,
            parameter_group_name=parameter_group.name,
            db_subnet_group_name=subnet_group.name,
            vpc_security_group_ids=[security_group.id],
            publicly_accessible=False,
            multi_az=settings.multi_az,
            backup_retention_period=settings.backup_retention_days,
            backup_window=settings.backup_window,
            maintenance_window=settings.maintenance_window,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not settings.final_snapshot,
            skip_final_snapshot=not settings.final_snapshot,
            final_snapshot_identifier=f"{identifier}-final" if settings.final_snapshot else None,
            deletion_protection=True,
            database_insights_mode=settings.insights,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.key_arn,
            performance_insights_retention_period=INSIGHTS_RETENTION_DAYS[settings.insights],
            monitoring_interval=settings.monitoring_interval_seconds,
            monitoring_role_arn=monitoring_role.arn,
            enabled_cloudwatch_logs_exports=list(LOG_EXPORTS),
            apply_immediately=settings.apply_immediately,
            tags=tags,
            # RDS makes a missing log group itself, without a key and for ever: ours must be there first.
            opts=pulumi.ResourceOptions(
                parent=self, protect=settings.protect, depends_on=[*log_groups, monitoring_rights]
            ),
        )
        self.endpoint, self.address, self.port = instance.endpoint, instance.address, instance.port
        self.database_name = instance.db_name
        self.instance_arn, self.resource_id = instance.arn, instance.resource_id
        self.master_secret_arn = instance.master_user_secrets[0].secret_arn
        self.security_group_id = security_group.id
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "database_name": self.database_name,
                "instance_arn": self.instance_arn,
                "resource_id": self.resource_id,
                "master_secret_arn": self.master_secret_arn,
                "security_group_id": self.security_group_id,
            }
        )

    def _log_group(self, name: str, args: RegistryDatabaseArgs, identifier: str, export: str) -> cloudwatch.LogGroup:
        """Make the group that RDS exports one of its logs to; RDS prescribes its name."""
        return cloudwatch.LogGroup(
            f"{name}-log-{export}",
            name=f"/aws/rds/instance/{identifier}/{export}",
            kms_key_id=args.logs_key_arn,
            retention_in_days=args.settings.log_retention_in_days,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _monitoring_role(
        self, name: str, args: RegistryDatabaseArgs, identifier: str
    ) -> tuple[iam.Role, iam.RolePolicyAttachment]:
        """Make the role with which RDS writes what enhanced monitoring measures, and its rights."""
        child = pulumi.ResourceOptions(parent=self)
        instance_arn = f"arn:aws:rds:{args.region}:{args.account_id}:db:{identifier}"
        role = iam.Role(
            f"{name}-monitoring-role",
            name=physical_name(args.environment, name, "monitoring", limit=ROLE_NAME_LIMIT),
            description=f"RDS writes the enhanced monitoring of {identifier}",
            assume_role_policy=document(
                assumed_by_service("monitoring.rds.amazonaws.com", args.account_id, instance_arn)
            ),
            permissions_boundary=args.boundary_arn,
            opts=child,
        )
        rights = iam.RolePolicyAttachment(
            f"{name}-monitoring-rights", role=role.name, policy_arn=MONITORING_POLICY_ARN, opts=child
        )
        return role, rights


def instance_identifier(environment: str, name: str) -> str:
    """Return the identifier of the instance, known before it exists: metrics and alarms name it."""
    return physical_name(environment, name, limit=IDENTIFIER_LIMIT)
