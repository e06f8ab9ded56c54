"""What is built: one frozen tree for an environment, and the only reader of Pulumi config.

`Pulumi.<environment>.yaml` holds it as the object `groundwork:settings`. Each component brings the settings of its own;
here they come together, and what one part of the file demands of another is in `stacks.relations`. No setting is a
secret: passwords are made and kept by AWS.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import pulumi
from pulumi.runtime import is_config_secret
from pydantic import Field, TypeAdapter, ValidationError

from components.cluster.admission import AdmissionSettings
from components.cluster.autoscaler import AutoscalerSettings
from components.cluster.cluster import ClusterSettings
from components.cluster.device_plugin import DevicePluginSettings
from components.cluster.namespace import NamespacesSettings
from components.cluster.storage_classes import StorageClassesSettings
from components.compute.gpu_node_pool import GpuNodePoolSettings
from components.compute.node_pool import NodePoolSettings
from components.cost.monthly_budget import MonthlyBudgetSettings
from components.model import Model
from components.monitoring.settings import MonitoringSettings
from components.network.network import NetworkSettings
from components.registry.data_versioning import DataVersioningSettings
from components.registry.database import RegistryDatabaseSettings
from components.registry.event_queue import RegistryEventsSettings
from components.registry.tensorboard import TensorBoardSettings
from components.registry.tracking_args import TrackingServerSettings
from components.runners.kinds import RunnerPoolSettings
from components.security.audit_trail import AuditTrailSettings
from components.security.encryption_keys import EncryptionKeysSettings
from components.security.github_access import GitHubAccessSettings
from components.security.secret import SecretSettings
from components.security.workload_identity import ObjectPrefix, Trust
from components.storage.backups import BackupSettings
from components.storage.container_registry import ContainerRegistrySettings
from components.storage.object_store import LogStoreSettings, ObjectStoreSettings
from components.tags import KeyAccess, Lineage, TagValue
from components.teams.persona_access import Principals
from components.teams.personas import PlatformPersona
from components.teams.team_workspace import TeamName, TeamSettings
from stacks.placeholders import placeholders, placeholders_of_the_pack
from stacks.problems import ROOT, problems_of, report
from stacks.relations import RELATIONS

PLACEHOLDERS_ALLOWED: Final = "GROUNDWORK_ALLOW_PLACEHOLDERS"
CLONE: Final = Path(__file__).parent.parent

# Of the partition `aws` alone: ARNs and the names of endpoints in China and GovCloud differ.
Region: TypeAlias = Annotated[str, Field(pattern=r"^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]$")]
Zone: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]{2}-[a-z]+-[0-9][a-z]$")]
DataStore: TypeAlias = Literal["datasets", "artifacts", "dvc"]
# With what stands around it in the name of a node group, 63 characters at most.
PoolName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
RunnerPoolName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
WorkloadName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]


class Replicated(Model):
    """What the environment adds to the settings of a store."""

    replica_region: Region | None = Field(default=None, examples=["eu-central-1"])
    """The region that keeps a second copy of every new object version; absent, there is none."""


class Traced(Replicated):
    """What the environment adds to the settings of a store of data sets or models."""

    lineage: Lineage = Field(default=Lineage(), examples=[{"dataset_version": "dvc"}])
    """Where it is written of which version, source and run an object is: three tags of the bucket."""


class DataStoreSettings(Traced, ObjectStoreSettings):
    """A store of data sets or models. What is current in it never expires."""


class DvcStoreSettings(Traced, DataVersioningSettings):
    """The DVC remote. What is current in it never expires, and can be read at once."""


class EnvironmentLogStoreSettings(Replicated, LogStoreSettings):
    """A store of logs."""


class StoresSettings(Model):
    """The stores, each with a role of its own."""

    datasets: DataStoreSettings = Field(default=DataStoreSettings(), examples=[{"protect": True}])
    """Data sets that models are trained and judged with."""
    artifacts: DataStoreSettings = Field(default=DataStoreSettings(), examples=[{"protect": True}])
    """What training makes: models, metrics, plots."""
    dvc: DvcStoreSettings = Field(default=DvcStoreSettings(), examples=[{"protect": True}])
    """The DVC remote: versions of data that Git refers to. Its key is its own."""
    access_logs: EnvironmentLogStoreSettings = Field(
        default=EnvironmentLogStoreSettings(), examples=[{"lifecycle": {"expiration_days": 365}}]
    )
    """S3's log of every access to the other stores."""
    audit: EnvironmentLogStoreSettings = Field(examples=[{"object_lock": {"mode": "COMPLIANCE", "days": 365}}])
    """The files of the audit trail; it needs an object_lock."""


class StoreGrant(Model):
    """What a workload may do in one store."""

    store: DataStore = Field(examples=["datasets"])
    """The store: datasets, artifacts or dvc."""
    prefix: ObjectPrefix = Field(default="", examples=["models/"])
    """Where in the store: a path that ends in a slash; absent or empty, all of it."""
    access: KeyAccess = Field(examples=["read"])
    """read: get and list. write: these, and put. Nothing here deletes."""


class WorkloadSettings(Model):
    """One workload, which gets a role with these rights and no others."""

    trust: Trust = Field(
        examples=[
            {
                "kind": "pod-identity",
                "cluster_name": "groundwork-dev",
                "namespace": "training",
                "service_account": "trainer",
            }
        ]
    )
    """Who may take the role: the pods of a Kubernetes service account, or an AWS service for one resource."""
    grants: tuple[StoreGrant, ...] = Field(default=(), examples=[[{"store": "datasets", "access": "read"}]])
    """What it may do with objects; nothing by default."""


class StackSettings(Model):
    """An environment, as `groundwork:settings` in its stack file describes it."""

    environment: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,11}$")] = Field(examples=["dev"])
    """The stack's own name, up to 12 small letters, digits and hyphens; part of every physical name."""
    account_id: Annotated[str, Field(pattern=r"^[0-9]{12}$")] = Field(examples=["123456789012"])
    """The AWS account that the environment lives in, 12 digits in quotes; credentials of any other are refused."""
    region: Region = Field(examples=["eu-west-1"])
    """The AWS region that the environment lives in, of the partition `aws`; it cannot change later."""
    zones: Annotated[tuple[Zone, ...], Field(min_length=2, max_length=3)] = Field(
        examples=[["eu-west-1a", "eu-west-1b"]]
    )
    """Two or three availability zones of the region; add the third at the end, so that no subnet moves."""
    owner: TagValue = Field(examples=["ml-platform"])
    """The team that answers for the environment; a tag on everything, in the characters that AWS takes in tags."""
    cost_centre: TagValue = Field(examples=["cc-1234"])
    """Who pays for it; a tag on everything, in the characters that AWS takes in tags."""
    system_id: TagValue = Field(default="groundwork", examples=["ai-0042"])
    """The platform's id in your inventory of systems; a tag on everything, in the characters that AWS takes in tags."""
    budget: MonthlyBudgetSettings = Field(examples=[{"monthly_usd": 500, "emails": ["ml@example.org"]}])
    """What the environment may cost in a month, and who is told."""
    network: NetworkSettings = Field(examples=[{"cidr": "10.20.0.0/16", "nat": "single"}])
    """The VPC: its range, NAT, endpoints, flow logs."""
    keys: EncryptionKeysSettings = Field(default=EncryptionKeysSettings(), examples=[{"rotation_period_in_days": 365}])
    """The customer managed keys: one a data class, and one of the DVC remote alone."""
    stores: StoresSettings = Field(examples=[{"audit": {"object_lock": {"days": 365}}}])
    """The object stores: datasets, artifacts, dvc, access_logs, audit."""
    container_registry: ContainerRegistrySettings = Field(examples=[{"repositories": ["training"]}])
    """The repositories of container images."""
    database: RegistryDatabaseSettings = Field(
        default=RegistryDatabaseSettings(), examples=[{"instance_class": "db.t4g.medium"}]
    )
    """The database of the experiment and model registry."""
    secrets: SecretSettings = Field(default=SecretSettings(), examples=[{"recovery_window_in_days": 30}])
    """The secrets of the registry's server and users: how long a deleted one can be brought back."""
    registry_events: RegistryEventsSettings = Field(default=RegistryEventsSettings(), examples=[{"retention_days": 4}])
    """The queue of what happens in the model registry."""
    tracking_server: TrackingServerSettings | None = Field(default=None, examples=[None])
    """The MLflow tracking server; absent, there is none. Its image has to be in the environment's ECR first."""
    backups: BackupSettings = Field(default=BackupSettings(), examples=[{"retention_days": 35}])
    """The daily backups of data sets, models and the database, beside versions and RDS' own backups."""
    audit_trail: AuditTrailSettings = Field(default=AuditTrailSettings(), examples=[{"retention_in_days": 365}])
    """The record of who did what in the account."""
    github: GitHubAccessSettings = Field(examples=[{"repository": "octo-org/groundwork"}])
    """The GitHub repository whose pipeline previews and deploys the environment."""
    runners: dict[RunnerPoolName, RunnerPoolSettings] = Field(
        default={},
        examples=[
            {
                "build": {
                    "kind": "codebuild",
                    "repository": "octo-org/groundwork",
                    "connection_arn": "arn:aws:…:connection/…",
                }
            }
        ],
    )
    """Pools of runners for the pipeline's jobs by name, up to 20 small letters, digits and hyphens; none by default."""
    cluster: ClusterSettings = Field(
        examples=[{"version": "1.36", "administrators": ["arn:aws:iam::123456789012:role/a"]}]
    )
    """The Kubernetes cluster: version, who reaches and administers it."""
    node_pools: dict[PoolName, NodePoolSettings] = Field(
        examples=[{"system": {"instance_types": ["m7g.large"], "min_size": 2, "max_size": 4}}]
    )
    """Pools of nodes without GPUs by name, up to 24 small letters, digits and hyphens; `system` must be there, which
    the cluster's own parts run on."""
    gpu_node_pools: dict[PoolName, GpuNodePoolSettings] = Field(
        default={}, examples=[{"training": {"instance_types": ["g5.xlarge"], "max_size": 4}}]
    )
    """Pools of GPU nodes by name, up to 24 small letters, digits and hyphens; none by default."""
    autoscaler: AutoscalerSettings = Field(default=AutoscalerSettings(), examples=[{"scale_down_unneeded_minutes": 10}])
    """How node pools grow and shrink between their bounds."""
    device_plugin: DevicePluginSettings = Field(default=DevicePluginSettings(), examples=[{}])
    """What announces the GPUs of GPU nodes to the cluster."""
    volumes: StorageClassesSettings = Field(default=StorageClassesSettings(), examples=[{"reclaim_policy": "Retain"}])
    """The volumes of pods and their snapshots."""
    admission: AdmissionSettings = Field(
        default=AdmissionSettings(), examples=[{"registries": ["public.ecr.aws/docker/library"]}]
    )
    """What may run in namespaces of workloads and teams."""
    namespaces: NamespacesSettings = Field(
        default=NamespacesSettings(), examples=[{"egress_ranges": ["52.218.0.0/17"]}]
    )
    """What holds for namespaces: the quota of workloads' own, and what the pods of all reach outside the VPC."""
    people: dict[PlatformPersona, Principals] = Field(
        default={}, examples=[{"platform-engineer": ["arn:aws:iam::123456789012:role/PlatformEngineer"]}]
    )
    """By persona of the platform (platform-engineer, auditor) who may take its role: ARNs of roles or users of the
    account, `*` in them stands for anything; a persona that is not named has no role."""
    teams: dict[TeamName, TeamSettings] = Field(
        default={}, examples=[{"vision": {"quota": {"cpu": 32, "memory_gib": 128}, "people": {}}}]
    )
    """Teams by name: up to 20 small letters, digits and hyphens; each has the namespace `team-<name>`. None by
    default."""
    tensorboard: TensorBoardSettings | None = Field(default=None, examples=[None])
    """TensorBoard, one for each team; absent, there is none. Its image has to be in the environment's ECR first."""
    monitoring: MonitoringSettings = Field(default=MonitoringSettings(), examples=[{"metrics": {}}])
    """What watches the platform: metrics and alerts."""
    workloads: dict[WorkloadName, WorkloadSettings] = Field(
        default={}, examples=[{"trainer": {"grants": [{"store": "datasets", "access": "read"}]}}]
    )
    """Roles for workloads by name: up to 31 small letters, digits and hyphens; none by default."""


class SettingsError(Exception):
    """The settings are wrong; its text lists every problem."""


def load_settings() -> StackSettings:
    """Read the settings of the stack that runs. Where they are wrong, the program ends with one text."""
    stack, allowed = pulumi.get_stack(), os.environ.get(PLACEHOLDERS_ALLOWED) == "true"
    try:
        settings = parse_settings(
            pulumi.Config("groundwork").get("settings"),
            stack=stack,
            allow_placeholders=allowed,
            show_values=not is_config_secret(ROOT),
        )
        if not allowed and (said := placeholders_of_the_pack(CLONE, stack)) is not None:
            raise SettingsError(said)
    except SettingsError as error:
        # `from None`: where in the program it was found is of no use to someone who edits the file.
        raise pulumi.RunError(str(error)) from None
    return settings


def parse_settings(
    text: str | None, *, stack: str, allow_placeholders: bool, show_values: bool = True
) -> StackSettings:
    """Make settings of the JSON that the engine hands over, which keeps the types that YAML gave the values.

    Raises `SettingsError` with every problem at once; without values where `show_values` is false.
    """
    file = f"Pulumi.{stack}.yaml"
    written = _read(text, file)
    problems = [] if allow_placeholders else list(placeholders(written))
    try:
        settings = StackSettings.model_validate_json(json.dumps(written), strict=True)
        valid = frozenset(StackSettings.model_fields)
    except ValidationError as error:
        problems += problems_of(error, written)
        settings, valid = _valid_part(written, error)
    problems += [
        problem for relation in RELATIONS if relation.reads <= valid for problem in relation.broken(settings, stack)
    ]
    if problems:
        raise SettingsError(report(problems, StackSettings, file, show_values=show_values))
    return settings


def _read(text: str | None, file: str) -> Any:
    if text is None:
        raise SettingsError(f"{file} has no {ROOT}: copy it from Pulumi.dev.yaml and change the values")
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise SettingsError(f"{file}: {ROOT} must be a mapping of settings, as in Pulumi.dev.yaml") from None


def _valid_part(written: Any, error: ValidationError) -> tuple[StackSettings, frozenset[str]]:
    """Return what can be relied on of settings with an error: so that relations between the rest are checked too."""
    wrong = {details["loc"][0] for details in error.errors() if details["loc"]}
    values = {}
    if isinstance(written, dict):
        for name, field in StackSettings.model_fields.items():
            if name in written and name not in wrong:
                adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]
                values[name] = adapter.validate_json(json.dumps(written[name]), strict=True)
            elif name not in wrong:
                values[name] = field.get_default(call_default_factory=True)
    return StackSettings.model_construct(**values), frozenset(values)
