"""MLflow's tracking server and model registry: what runs in the namespace `mlflow`, and how teams reach it.

Owns the namespace with its network policies, the server, its Service, budget and autoscaler, and the Jobs that make its
database, its schema and its accounts; not the database instance, the bucket, the secrets, the queue and the roles.

The order of an `up`: the Job `bootstrap` (database, user, the server's secret), the Job `migration` (schema), the
server, the Job `access` (workspaces, users, webhooks). The CronJob `rotation` gives everybody a new password once a
month.

Source: MLflow documentation, "Self-Hosting", "Basic HTTP Authentication", "Workspaces".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.autoscaling import v2 as autoscaling
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.policy import v1 as policy

from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs
from components.labels import labels
from components.registry.tracking_args import QUOTA, Client, TrackingServerArgs
from components.registry.tracking_configuration import (
    CREDENTIALS_CLASS,
    SECRET_CLASS,
    config_maps,
    credentials_class,
    secret_class,
)
from components.registry.tracking_deployment import SELECTOR, autoscaler_spec, budget_spec, deployment_spec
from components.registry.tracking_jobs import job_name, job_spec, rotation_spec
from components.registry.tracking_load_balancer import annotations_of, calling_ranges, load_balancer_spec
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
from components.scraping import MONITORING_NAMESPACE
from components.sdk_inputs import untyped

ACCOUNTS = (SERVER, BOOTSTRAP, MIGRATION, ACCESS)


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
        self._name, self._args, self._guarded = name, args, guarded
        configured = [*self._network_policies(), *self._configuration()]
        for team, client in args.clients.items():
            configured += self._of_client(team, client)
        bootstrap = self._job(BOOTSTRAP, *configured)
        migration = self._job(MIGRATION, bootstrap)
        server = self._server(migration, self._service())
        access = self._job(ACCESS, server)
        batch.CronJob(
            f"{name}-rotation",
            metadata=_metadata(ROTATION, ROTATION),
            spec=untyped(rotation_spec(args)),
            opts=self._opts(access),
        )
        self.namespace = guarded.name
        self.url = access.metadata.apply(lambda _: f"http://{SERVER}.{NAMESPACE}:{SERVER_PORT}")
        self.register_outputs({"namespace": self.namespace, "url": self.url})

    def _opts(self, *before: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[self._guarded, *before])

    def _network_policies(self) -> list[pulumi.Resource]:
        balancer = self._args.settings.load_balancer
        ranges = calling_ranges(balancer, self._args.vpc_cidr) if balancer else []
        return [
            networking.NetworkPolicy(
                f"{self._name}-policy-{policy_name}",
                metadata=_metadata(policy_name, "network"),
                spec=spec,
                opts=self._opts(),
            )
            for policy_name, spec in network_policies(self._args.database_ranges, ranges, MONITORING_NAMESPACE).items()
        ]

    def _configuration(self) -> list[pulumi.Resource]:
        made: list[pulumi.Resource] = [
            core.ConfigMap(
                f"{self._name}-config-{config}", metadata=_metadata(config, SERVER), data=data, opts=self._opts()
            )
            for config, data in config_maps(self._args).items()
        ]
        mounted = self._secret_class("secret-class", _metadata(SECRET_CLASS, SERVER), secret_class(self._args))
        return [*made, mounted]

    def _of_client(self, team: str, client: Client) -> list[pulumi.Resource]:
        """Make what a team's pods need to call the server, in the team's namespace: the way, and how they sign in."""
        return [
            networking.NetworkPolicy(
                f"{self._name}-client-{team}",
                metadata=_metadata_of_client(client, "allow-tracking-server", "network"),
                spec=client_policy(),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[client.workspace]),
            ),
            self._secret_class(
                f"credentials-{team}",
                _metadata_of_client(client, CREDENTIALS_CLASS, "credentials"),
                credentials_class(self._args, client),
                client.workspace,
            ),
        ]

    def _secret_class(self, role: str, metadata: Any, spec: dict[str, Any], *before: pulumi.Resource) -> CustomResource:
        return CustomResource(
            f"{self._name}-{role}",
            api_version="secrets-store.csi.x-k8s.io/v1",
            kind="SecretProviderClass",
            metadata=metadata,
            spec=untyped(spec),
            opts=self._opts(*before),
        )

    def _job(self, job: str, *before: pulumi.Resource) -> batch.Job:
        return batch.Job(
            f"{self._name}-job-{job}",
            metadata=_metadata(job_name(job, self._args), job),
            spec=untyped(job_spec(job, self._args)),
            opts=self._opts(*before),
        )

    def _service(self) -> core.Service:
        """Make the address for pods of the cluster, and the load balancer where there is one."""
        balancer = self._args.settings.load_balancer
        if balancer:
            core.Service(
                f"{self._name}-load-balancer",
                metadata=_metadata(f"{SERVER}-load-balancer", SERVER) | {"annotations": annotations_of(balancer)},
                spec=untyped(load_balancer_spec(balancer, SELECTOR)),
                opts=self._opts(),
            )
        ports = [{"name": "http", "port": SERVER_PORT, "target_port": "http"}]
        return core.Service(
            f"{self._name}-service",
            metadata=_metadata(SERVER, SERVER),
            spec=untyped({"selector": SELECTOR, "ports": ports}),
            opts=self._opts(),
        )

    def _server(self, *before: pulumi.Resource) -> apps.Deployment:
        deployment = apps.Deployment(
            f"{self._name}-deployment",
            metadata=_metadata(SERVER, SERVER),
            spec=untyped(deployment_spec(self._args)),
            # How many there are at the moment is the autoscaler's business.
            opts=pulumi.ResourceOptions.merge(
                self._opts(*before), pulumi.ResourceOptions(ignore_changes=["spec.replicas"])
            ),
        )
        policy.PodDisruptionBudget(
            f"{self._name}-budget",
            metadata=_metadata(SERVER, SERVER),
            spec=untyped(budget_spec()),
            opts=self._opts(),
        )
        autoscaling.HorizontalPodAutoscaler(
            f"{self._name}-autoscaler",
            metadata=_metadata(SERVER, SERVER),
            spec=untyped(autoscaler_spec(self._args.settings)),
            opts=self._opts(deployment),
        )
        return deployment


def _metadata(name: str, component: str) -> Any:
    return {"name": name, "namespace": NAMESPACE, "labels": labels(APPLICATION, component)}


def _metadata_of_client(client: Client, name: str, component: str) -> Any:
    return {"name": name, "namespace": client.namespace, "labels": labels(name, component)}
