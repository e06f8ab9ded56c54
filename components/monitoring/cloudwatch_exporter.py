"""The CloudWatch exporter: the database, the queues, the buckets and the builds as Prometheus sees them.

Owns the Deployment, its configuration, its role and its network policy. The role may read metrics, which CloudWatch
gives for all resources or for none; what is read are the named ones.

Source: yet-another-cloudwatch-exporter, docs/configuration.md ("static_job_config"), README.md ("Authentication");
        Actions, resources, and condition keys for Amazon CloudWatch.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Annotated, Any, Final

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pydantic import Field

from components.cluster.pod_role import PodRole, PodRoleArgs
from components.labels import configured
from components.model import ImageByDigest, Model, Wire
from components.monitoring.cloudwatch_metrics import WatchedResources, configuration
from components.monitoring.data_files import written
from components.monitoring.exporters import account, agent, deployment
from components.monitoring.network import from_prometheus
from components.monitoring.pods import metadata, own_labels
from components.policy_document import Statement, allow
from components.scraping import MONITORING_NAMESPACE, scraped

APPLICATION: Final = "cloudwatch-exporter"
PORT: Final = 5000
CONFIGURATION: Final = "config.yml"
FOLDER: Final = "/etc/cloudwatch-exporter"


class CloudWatchExporterSettings(Model):
    """What the stack file says about the CloudWatch exporter."""

    image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-cloudwatch-exporter@sha256:" + "0" * 64]
    )
    """Your copy of yet-another-cloudwatch-exporter v0.67.0 by digest, in the environment's own repository."""
    interval_seconds: Annotated[int, Field(ge=60, le=3600)] = Field(default=300, examples=[300])
    """How often CloudWatch is asked; a thousand requests cost a cent, and there is one for each metric."""


class CloudWatchExporterArgs(Model):
    """What it is wired to."""

    settings: CloudWatchExporterSettings
    """What the stack file says."""
    account_id: str
    """The account of its role."""
    region: str
    """Where all of it is."""
    environment: str
    """Part of its role's name."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster_name: Wire
    """The cluster, once it is there."""
    resources: WatchedResources
    """What it looks at."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace with its guard rails."""


class CloudWatchExporter(pulumi.ComponentResource):
    """The Deployment `cloudwatch-exporter` in the namespace `monitoring`, under its own role."""

    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: CloudWatchExporterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:CloudWatchExporter", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        identity = PodRole(
            f"{name}-identity",
            PodRoleArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster_name=args.cluster_name,
                namespace=MONITORING_NAMESPACE,
                service_account=APPLICATION,
                statements=rights(),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        told = written(configuration(args.region, args.resources))
        reached: Any = from_prometheus(own_labels(APPLICATION), PORT)
        before = [
            identity,
            core.ServiceAccount(f"{name}-account", **account(APPLICATION), opts=inside),
            core.ConfigMap(
                f"{name}-configuration",
                metadata=metadata(APPLICATION, APPLICATION),
                data={CONFIGURATION: told},
                opts=inside,
            ),
            networking.NetworkPolicy(
                f"{name}-policy",
                metadata=metadata(f"{APPLICATION}-from-prometheus", APPLICATION),
                spec=reached,
                opts=inside,
            ),
        ]
        apps.Deployment(
            f"{name}-deployment",
            metadata=metadata(APPLICATION, APPLICATION),
            spec=deployment(APPLICATION, scraped(PORT) | configured(told), pod_of(args)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after, *before]),
        )
        self.role_arn = identity.role_arn
        self.register_outputs({"role_arn": self.role_arn})


def rights() -> tuple[Statement, ...]:
    """Return what its role may do. CloudWatch knows no resources for it."""
    return (allow("ReadMetrics", actions=["cloudwatch:GetMetricStatistics"], resources=["*"]),)


def flags(interval_seconds: int) -> list[str]:
    """Return the command line."""
    return [
        f"-config.file={FOLDER}/{CONFIGURATION}",
        f"-listen-address=:{PORT}",
        f"-scraping-interval={interval_seconds}",
    ]


def environment(region: str) -> dict[str, str]:
    """Return what its environment says beside its credentials."""
    return {
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # It would ask IAM, which has no endpoint in the VPC, for the account's alias, and wait: this is no name.
        "AWS_ENDPOINT_URL_IAM": "https://iam.invalid",
    }


def pod_of(args: CloudWatchExporterArgs) -> Any:
    """Return the pod: restricted, its configuration beside it."""
    settings = args.settings
    pod = agent(
        APPLICATION,
        settings.image,
        flags(settings.interval_seconds),
        port=PORT,
        health=("/healthz", PORT),
        cpu="20m",
        memory="64Mi",
    )
    (container,) = pod["containers"]
    container["volume_mounts"] = [{"name": "configuration", "mount_path": FOLDER, "read_only": True}]
    container["env"] = [{"name": name, "value": value} for name, value in environment(args.region).items()]
    return pod | {"volumes": [{"name": "configuration", "config_map": {"name": APPLICATION}}]}
