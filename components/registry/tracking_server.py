"""MLflow's tracking server and model registry: what runs in the namespace `mlflow`, and how teams reach it.

Owns the namespace with its network policies, the server, its Service, budget and autoscaler, and the Jobs that make its
database, its schema and its accounts; not the database instance, the bucket, the secrets, the queue and the roles.

The order of an `up`: the Job `bootstrap` (database, user, the server's secret), the Job `migration` (schema), the
server, the Job `access` (workspaces, users, webhooks). A Job's name carries a hash of what it does, so that a change
runs it again, and what stays the same runs no more. The CronJob `rotation` gives everybody a new password once a month.

Units:  memory is whole GiB; CPU is thousandths of a core.
Source: MLflow documentation, "Self-Hosting", "Basic HTTP Authentication", "Workspaces"; Secrets Store CSI driver,
"SecretProviderClass"; AWS provider of the CSI driver, "Usage" (usePodIdentity).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.autoscaling import v2 as autoscaling
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.policy import v1 as policy
from pydantic import Field

from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs, QuotaSettings
from components.labels import labels
from components.model import ImageByDigest, Model, Wire
from components.registry import tracking_pods as pods
from components.registry.tracking_load_balancer import CLASS, LoadBalancerSettings, annotations_of
from components.registry.tracking_network import (
    ACCESS,
    APPLICATION,
    BOOTSTRAP,
    MIGRATION,
    NAMESPACE,
    ROTATION,
    SERVER,
    SERVER_PORT,
    client_policy,
    network_policies,
)
from components.registry.tracking_rights import DATABASE_USER

DATABASE = "mlflow"
QUOTA = QuotaSettings(cpu=32, memory_gib=64, pods=40, storage_gib=1)
MONITORING_NAMESPACE = "monitoring"
ACCOUNTS = (SERVER, BOOTSTRAP, MIGRATION, ACCESS)
ROTATION_SCHEDULE = "17 3 1 * *"
"""On the first of every month, in UTC: well within the 90 days that a password may live."""
AUTH_CACHE_SECONDS = 30
"""How long a worker remembers that a password was right: to check one takes longer than most requests."""
JOB_RETRIES = 6
HASH_LENGTH = 8


class TrackingServerSettings(Model):
    """What the stack file says about the tracking server."""

    image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-mlflow@sha256:" + "0" * 64]
    )
    """The image of `images/mlflow` by digest, in the environment's own repository: it has to be there first."""
    min_replicas: Annotated[int, Field(ge=1, le=20)] = Field(default=1, examples=[2])
    """Pods that are always there; production has two or more."""
    max_replicas: Annotated[int, Field(ge=1, le=20)] = Field(default=2, examples=[6])
    """Pods that the autoscaler makes at most."""
    workers: Annotated[int, Field(ge=1, le=16)] = Field(default=2, examples=[4])
    """Processes of the server in a pod; each takes about 0.4 GiB."""
    cpu_request_millicores: Annotated[int, Field(ge=100, le=8000)] = Field(default=250, examples=[500])
    """What a pod asks for; it may use four times as much for a while, two cores at least."""
    memory_gib: Annotated[int, Field(ge=1, le=64)] = Field(default=2, examples=[4])
    """What a pod asks for and uses at most."""
    artifact_buffer_gib: Annotated[int, Field(ge=1, le=200)] = Field(default=10, examples=[20])
    """Room in a pod for artifacts on their way to and from the object store: all those that move at once."""
    load_balancer: LoadBalancerSettings | None = Field(default=None, examples=[None])
    """An internal load balancer with TLS, for callers outside the cluster; absent, there is none."""


class Client(Model):
    """A team, as the server knows it."""

    namespace: str
    """The team's namespace, from which its pods call the server."""
    workspace: pulumi.Resource
    """What makes that namespace."""


class TrackingServerArgs(Model):
    """What the tracking server is wired to."""

    settings: TrackingServerSettings
    """What the stack file says."""
    region: str
    """Where all of it is."""
    access_configuration: str
    """Who there is and what each may do, as the Job `access` reads it."""
    clients: Mapping[str, Client]
    """Its clients by team."""
    bucket_name: str
    """The bucket of artifacts; they are under `mlflow/`."""
    database_address: Wire
    """The host name of the database."""
    database_port: Wire | pulumi.Output[int]
    """Its port."""
    master_secret_arn: Wire
    """The secret of the database's master user."""
    server_secret: str
    """The name of the server's secret."""
    queue_url: str
    """Where registry events go."""
    vpc_cidr: str
    """The VPC's IPv4 range, in which the endpoints of AWS services are."""
    database_ranges: tuple[str, ...]
    """The ranges of the subnets that the database is in."""
    egress_ranges: tuple[str, ...] = ()
    """Ranges outside the VPC that its pods may reach on port 443: S3's."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: what the namespace's pods need, their roles, the secrets, the queue and the bucket."""


class TrackingServer(pulumi.ComponentResource):
    """The tracking server, in the namespace `mlflow`."""

    namespace: pulumi.Output[str]
    url: pulumi.Output[str]
    """How pods of teams call it; known once its users are there."""

    def __init__(self, name: str, args: TrackingServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:registry:TrackingServer", name, None, opts)
        guarded = GuardedNamespace(
            f"{name}-guarded",
            GuardedNamespaceArgs(
                namespace=NAMESPACE,
                quota=QUOTA,
                vpc_cidr=args.vpc_cidr,
                egress_ranges=args.egress_ranges,
                open_inside=False,
                service_accounts=ACCOUNTS,
                load_balancers=1 if args.settings.load_balancer else 0,
                after=args.after,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self._name, self._args = name, args
        self._inside = [guarded]
        configured = [*self._network_policies(), *self._configuration()]
        bootstrap = self._job(BOOTSTRAP, self._bootstrap_pod(), configured)
        migration = self._job(MIGRATION, self._migration_pod(), [bootstrap])
        service = self._service()
        server = self._server([migration, service])
        access = self._job(ACCESS, self._access_pod(ACCESS), [server])
        self._rotation([access])
        self.namespace = guarded.name
        self.url = access.metadata.apply(lambda _: f"http://{SERVER}.{NAMESPACE}:{SERVER_PORT}")
        self.register_outputs({"namespace": self.namespace, "url": self.url})

    def _opts(self, *before: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*self._inside, *before])

    def _network_policies(self) -> list[pulumi.Resource]:
        balancer = self._args.settings.load_balancer
        ranges = [str(cidr) for cidr in balancer.source_ranges] if balancer else []
        made: list[pulumi.Resource] = [
            networking.NetworkPolicy(
                f"{self._name}-policy-{policy_name}",
                metadata=_metadata(policy_name, "network"),
                spec=spec,
                opts=self._opts(),
            )
            for policy_name, spec in network_policies(self._args.database_ranges, ranges, MONITORING_NAMESPACE).items()
        ]
        for team, client in self._args.clients.items():
            made.append(
                networking.NetworkPolicy(
                    f"{self._name}-client-{team}",
                    metadata={
                        "name": "allow-tracking-server",
                        "namespace": client.namespace,
                        "labels": labels("allow-tracking-server", "network"),
                    },
                    spec=client_policy(),
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[client.workspace]),
                )
            )
        return made

    def _configuration(self) -> list[pulumi.Resource]:
        args = self._args
        uri = _store_uri(args.database_address, args.database_port)
        port = pulumi.Output.from_input(args.database_port).apply(str)
        contents: dict[str, dict[str, Any]] = {
            pods.DATABASE_CONFIG: {
                "DATABASE_HOST": args.database_address,
                "DATABASE_PORT": port,
                "DATABASE_MASTER_SECRET_ARN": args.master_secret_arn,
                "MLFLOW_BACKEND_STORE_URI": uri,
            },
            pods.AUTH_CONFIG: {pods.AUTH_FILE: uri.apply(basic_auth)},
            pods.ACCESS_CONFIG: {pods.ACCESS_FILE: args.access_configuration},
        }
        made: list[pulumi.Resource] = [
            core.ConfigMap(
                f"{self._name}-config-{config}", metadata=_metadata(config, SERVER), data=data, opts=self._opts()
            )
            for config, data in contents.items()
        ]
        return [
            *made,
            CustomResource(
                f"{self._name}-secret-class",
                api_version="secrets-store.csi.x-k8s.io/v1",
                kind="SecretProviderClass",
                metadata=_metadata(pods.SECRET_CLASS, SERVER),
                spec=_untyped(
                    {
                        "provider": "aws",
                        "parameters": {
                            "region": args.region,
                            "usePodIdentity": "true",
                            "objects": pods.secret_objects(args.server_secret),
                        },
                    }
                ),
                opts=self._opts(),
            ),
        ]

    def _job(self, job: str, pod: dict[str, Any], before: list[pulumi.Resource]) -> batch.Job:
        template = {"metadata": pods.pod_metadata(job, self._where()), "spec": pod}
        digest = _digest(pod, self._args.access_configuration if job == ACCESS else "")
        return batch.Job(
            f"{self._name}-job-{job}",
            metadata=_metadata(f"{job}-{digest}", job),
            spec=_untyped({"backoff_limit": JOB_RETRIES, "template": template}),
            opts=self._opts(*before),
        )

    def _where(self) -> dict[str, Any]:
        """Return the annotation that rolls pods when the database is another one, as after a restore."""
        uri = _store_uri(self._args.database_address, self._args.database_port)
        return {"groundwork.io/database": uri.apply(_digest)}

    def _bootstrap_pod(self) -> dict[str, Any]:
        environment = [
            *pods.of_every_pod(self._args.region),
            *pods.from_database("DATABASE_HOST", "DATABASE_PORT", "DATABASE_MASTER_SECRET_ARN"),
            *pods.values(
                MLFLOW_DATABASE_NAME=DATABASE,
                MLFLOW_DATABASE_USER=DATABASE_USER,
                MLFLOW_SERVER_SECRET_ID=self._args.server_secret,
            ),
        ]
        return pods.job_pod(
            command=BOOTSTRAP,
            image=self._args.settings.image,
            account=BOOTSTRAP,
            environment=environment,
            memory="256Mi",
        )

    def _migration_pod(self) -> dict[str, Any]:
        environment = [
            *pods.of_every_pod(self._args.region),
            *pods.from_database("MLFLOW_BACKEND_STORE_URI"),
            *pods.values(MLFLOW_AUTH_CONFIG_PATH=_path(pods.AUTH_CONFIG, pods.AUTH_FILE)),
        ]
        return pods.job_pod(
            command=MIGRATION,
            image=self._args.settings.image,
            account=MIGRATION,
            environment=environment,
            configured=(pods.AUTH_CONFIG,),
        )

    def _access_pod(self, command: str) -> dict[str, Any]:
        environment = [
            *pods.of_every_pod(self._args.region),
            *pods.values(
                ACCESS_CONFIGURATION=_path(pods.ACCESS_CONFIG, pods.ACCESS_FILE),
                MLFLOW_SERVER_SECRET_ID=self._args.server_secret,
                MLFLOW_TRACKING_URI=f"http://{SERVER}.{NAMESPACE}:{SERVER_PORT}",
            ),
        ]
        return pods.job_pod(
            command=command,
            image=self._args.settings.image,
            account=ACCESS,
            environment=environment,
            configured=(pods.ACCESS_CONFIG,),
            memory="256Mi",
        )

    def _service(self) -> core.Service:
        """Make the address for pods of the cluster, and the load balancer where there is one."""
        selector = labels(APPLICATION, SERVER)
        balancer = self._args.settings.load_balancer
        if balancer:
            core.Service(
                f"{self._name}-load-balancer",
                metadata=_metadata(f"{SERVER}-load-balancer", SERVER) | {"annotations": annotations_of(balancer)},
                spec=_untyped(
                    {
                        "type": "LoadBalancer",
                        "load_balancer_class": CLASS,
                        "allocate_load_balancer_node_ports": False,
                        "load_balancer_source_ranges": [str(cidr) for cidr in balancer.source_ranges],
                        "selector": selector,
                        "ports": [{"name": "https", "port": 443, "target_port": "http"}],
                    }
                ),
                opts=self._opts(),
            )
        return core.Service(
            f"{self._name}-service",
            metadata=_metadata(SERVER, SERVER),
            spec=_untyped(
                {"selector": selector, "ports": [{"name": "http", "port": SERVER_PORT, "target_port": "http"}]}
            ),
            opts=self._opts(),
        )

    def _server(self, before: list[pulumi.Resource]) -> apps.Deployment:
        settings, selector = self._args.settings, labels(APPLICATION, SERVER)
        environment = [
            *pods.of_every_pod(self._args.region),
            *pods.from_database("MLFLOW_BACKEND_STORE_URI"),
            *pods.values(
                MLFLOW_AUTH_CONFIG_PATH=_path(pods.AUTH_CONFIG, pods.AUTH_FILE),
                SERVER_SECRET_DIRECTORY=pods.SECRET_DIRECTORY,
                MLFLOW_RBAC_SEED_DEFAULT_ROLES="false",
                MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
                # The one receiver is the sidecar, on the pod's own loopback; only administrators make webhooks.
                MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS="true",
                MLFLOW_WEBHOOK_ALLOWED_SCHEMES="http",
                # MLflow remembers webhooks by event and not by workspace: an event would be told of another team.
                MLFLOW_WEBHOOK_CACHE_TTL="0",
            ),
        ]
        pod = pods.server_pod(
            image=settings.image,
            cpu=f"{settings.cpu_request_millicores}m",
            cpu_limit=f"{max(2000, 4 * settings.cpu_request_millicores)}m",
            memory=f"{settings.memory_gib}Gi",
            buffer=f"{settings.artifact_buffer_gib}Gi",
            environment=environment,
            events_environment=[
                *pods.of_every_pod(self._args.region),
                *pods.values(
                    EVENTS_QUEUE_URL=self._args.queue_url,
                    METRICS_DIRECTORY=pods.METRICS_DIRECTORY,
                    WEBHOOK_SECRET_FILE=f"{pods.SECRET_DIRECTORY}/webhook_secret",
                ),
            ],
            arguments=pods.server_arguments(self._args.bucket_name, settings.workers, _hosts(settings)),
        )
        deployment = apps.Deployment(
            f"{self._name}-deployment",
            metadata=_metadata(SERVER, SERVER),
            spec=_untyped(
                {
                    "replicas": settings.min_replicas,
                    "selector": {"match_labels": selector},
                    "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
                    "template": {"metadata": pods.pod_metadata(SERVER, self._where()), "spec": pod},
                }
            ),
            # How many there are at the moment is the autoscaler's business.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*self._inside, *before], ignore_changes=["spec.replicas"]
            ),
        )
        policy.PodDisruptionBudget(
            f"{self._name}-budget",
            metadata=_metadata(SERVER, SERVER),
            spec=_untyped({"max_unavailable": 1, "selector": {"match_labels": selector}}),
            opts=self._opts(),
        )
        autoscaling.HorizontalPodAutoscaler(
            f"{self._name}-autoscaler",
            metadata=_metadata(SERVER, SERVER),
            spec=_untyped(
                {
                    "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": SERVER},
                    "min_replicas": settings.min_replicas,
                    "max_replicas": max(settings.min_replicas, settings.max_replicas),
                    "metrics": [
                        {
                            "type": "Resource",
                            "resource": {"name": "cpu", "target": {"type": "Utilization", "average_utilization": 80}},
                        }
                    ],
                }
            ),
            opts=self._opts(deployment),
        )
        return deployment

    def _rotation(self, before: list[pulumi.Resource]) -> None:
        template = {"metadata": pods.pod_metadata(ROTATION), "spec": self._access_pod(ROTATION)}
        batch.CronJob(
            f"{self._name}-rotation",
            metadata=_metadata(ROTATION, ROTATION),
            spec=_untyped(
                {
                    "schedule": ROTATION_SCHEDULE,
                    "concurrency_policy": "Forbid",
                    "job_template": {"spec": {"backoff_limit": JOB_RETRIES, "template": template}},
                }
            ),
            opts=self._opts(*before),
        )


def basic_auth(uri: str) -> str:
    """Return MLflow's configuration of accounts: nobody has a right that was not given."""
    lines = {
        "default_permission": "NO_PERMISSIONS",
        "database_uri": uri,
        "grant_default_workspace_access": "false",
        "auth_cache_ttl_seconds": AUTH_CACHE_SECONDS,
    }
    return "[mlflow]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


def _store_uri(address: Wire, port: Any) -> pulumi.Output[str]:
    # The plugin signs in with the pod's identity: see images/mlflow.
    return pulumi.Output.concat(
        f"postgresql+psycopg2://{DATABASE_USER}@", address, ":", pulumi.Output.from_input(port).apply(str),
        f"/{DATABASE}?plugin=rds_iam",
    )  # fmt: skip


def _hosts(settings: TrackingServerSettings) -> list[str]:
    inside = [f"{SERVER}.{NAMESPACE}{suffix}:{SERVER_PORT}" for suffix in ("", ".svc", ".svc.cluster.local")]
    return inside + ([settings.load_balancer.hostname] if settings.load_balancer else [])


def _path(config: str, file: str) -> str:
    return f"{pods.CONFIG_DIRECTORY}/{config}/{file}"


def _untyped(specification: Any) -> Any:
    """Return what is given: mypy takes minutes and gigabytes for nested literals of the SDK's types."""
    return specification


def _metadata(name: str, component: str) -> Any:
    return {"name": name, "namespace": NAMESPACE, "labels": labels(APPLICATION, component)}


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:HASH_LENGTH]
