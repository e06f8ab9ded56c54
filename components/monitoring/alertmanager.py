"""Alertmanager: who is told, of what, once.

Owns its configuration, its service account and role, its pods, and its Service; not the topics that it publishes to,
nor the secret with what is secret of its receivers, whose value is for the people whose it is to put there.

A changed configuration replaces the pods. Several of them agree among themselves, so that each alert is told once.

Source: Alertmanager documentation, "Alertmanager", "High Availability"; Secrets Store CSI driver, AWS provider, "Usage"
(usePodIdentity, jmesPath).
"""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.policy import v1 as policy

from components.cluster.pod_role import PodRole, PodRoleArgs
from components.labels import configured, labels
from components.listening import ANY_ADDRESS
from components.model import Model, Wire
from components.monitoring.alertmanager_configuration import (
    SECRETS_DIRECTORY,
    TEMPLATES,
    TEMPLATES_FILE,
    Topics,
    configuration,
    peers,
    publishes,
    secret_entries,
    world_ports,
)
from components.monitoring.alertmanager_settings import AlertmanagerSettings
from components.monitoring.network import ALERTMANAGER, ALERTMANAGER_PORT, PEER_PORT, alertmanager_policies
from components.monitoring.pods import COMPONENT, claim, container, metadata, pod, probes, selector
from components.mounted_secret import secret_class_spec, secret_volume
from components.policy_document import Statement, allow
from components.scraping import MONITORING_NAMESPACE, scraped
from components.sdk_inputs import untyped
from components.security.secret import read_secrets, secret_arn_pattern, secret_name

IMAGE = "quay.io/prometheus/alertmanager@sha256:e9733bafb1bdef9b00e25a21f8f99dc26a22224bf16641ad754d1649f4c3357a"
"""0.34.1. The digest is taken from what others published, not from the registry: see docs/first-deployment.md."""
SECRET = "alertmanager/receivers"  # noqa: S105 - the path of a secret
IDENTITY = "identity"
CONFIGURATION_DIRECTORY, DATA_DIRECTORY = "/etc/alertmanager", "/alertmanager"
CONFIGURATION_FILE = "alertmanager.yml"
DATA = "data"
START_SECONDS = 120
CPU_MILLICORES, MEMORY_MIB = 20, 96


class AlertmanagerArgs(Model):
    """What Alertmanager is wired to."""

    settings: AlertmanagerSettings = AlertmanagerSettings()
    """What the stack file says."""
    account_id: str
    """The account of its role."""
    region: str
    """Where it is."""
    environment: str
    """Part of the names of its role and its secret."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster_name: Wire
    """The cluster, once it is there."""
    topics: Topics
    """Where it publishes to."""
    sns_endpoint: bool
    """The VPC has an endpoint for SNS."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace with its guard rails, the secret of its receivers, the topics."""


class Alertmanager(pulumi.ComponentResource):
    """The StatefulSet and the Service `alertmanager`."""

    url: pulumi.Output[str]
    """How Prometheus' namespace calls it."""
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlertmanagerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:Alertmanager", name, None, opts)
        self._name, self._args = name, args
        identity = self._identity()
        text = configuration(args.settings, args.topics)
        before = [identity, *self._configuration(text), *self._network_policies()]
        service = core.Service(
            f"{name}-service",
            metadata=metadata(ALERTMANAGER, ALERTMANAGER),
            # Without an address of its own: each pod has a name, and its peers find it before it is ready.
            spec={
                "type": "ClusterIP",
                "cluster_ip": "None",
                "publish_not_ready_addresses": True,
                "selector": selector(ALERTMANAGER)["match_labels"],
                "ports": [{"name": "http", "port": ALERTMANAGER_PORT, "target_port": "http", "protocol": "TCP"}],
            },
            opts=self._opts(),
        )
        policy.PodDisruptionBudget(
            f"{name}-budget",
            metadata=metadata(ALERTMANAGER, ALERTMANAGER),
            spec=untyped({"max_unavailable": 1, "selector": selector(ALERTMANAGER)}),
            opts=self._opts(),
        )
        servers = apps.StatefulSet(
            f"{name}-servers",
            metadata=metadata(ALERTMANAGER, ALERTMANAGER),
            spec=stateful_set_spec(args, configured(text, TEMPLATES)),
            opts=self._opts(*before, service),
        )
        self.url = servers.metadata.apply(lambda _: f"http://{ALERTMANAGER}.{MONITORING_NAMESPACE}:{ALERTMANAGER_PORT}")
        self.role_arn = identity.role_arn
        self.register_outputs({"url": self.url, "role_arn": self.role_arn})

    def _opts(self, *before: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*self._args.after, *before])

    def _identity(self) -> PodRole:
        args = self._args
        core.ServiceAccount(
            f"{self._name}-account",
            metadata=metadata(ALERTMANAGER, ALERTMANAGER),
            automount_service_account_token=False,
            opts=self._opts(),
        )
        return PodRole(
            f"{self._name}-{IDENTITY}",
            PodRoleArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster_name=args.cluster_name,
                namespace=MONITORING_NAMESPACE,
                service_account=ALERTMANAGER,
                statements=rights(args),
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _configuration(self, text: str) -> list[pulumi.Resource]:
        made: list[pulumi.Resource] = [
            core.ConfigMap(
                f"{self._name}-config",
                metadata=metadata(ALERTMANAGER, ALERTMANAGER),
                data={CONFIGURATION_FILE: text, TEMPLATES_FILE: TEMPLATES},
                opts=self._opts(),
            )
        ]
        args = self._args
        if entries := secret_entries(args.settings):
            made.append(
                CustomResource(
                    f"{self._name}-secret-class",
                    api_version="secrets-store.csi.x-k8s.io/v1",
                    kind="SecretProviderClass",
                    metadata=metadata(ALERTMANAGER, ALERTMANAGER),
                    spec=untyped(secret_class_spec(args.region, secret_name(args.environment, SECRET), entries)),
                    opts=self._opts(),
                )
            )
        return made

    def _network_policies(self) -> list[pulumi.Resource]:
        ports = world_ports(self._args.settings, sns_endpoint=self._args.sns_endpoint)
        return [
            networking.NetworkPolicy(
                f"{self._name}-policy-{policy_name}",
                metadata=metadata(policy_name, ALERTMANAGER),
                spec=untyped(spec),
                opts=self._opts(),
            )
            for policy_name, spec in alertmanager_policies(ports).items()
        ]


def rights(args: AlertmanagerArgs) -> tuple[Statement, ...]:
    """Return what it may do in AWS: publish to its topics, and read the secret of its receivers where there is one."""
    statements = []
    if topics := publishes(args.settings, args.topics):
        statements.append(allow("Publish", actions=["sns:Publish"], resources=list(topics)))
    if secret_entries(args.settings):
        secret = secret_arn_pattern(args.account_id, args.region, args.environment, SECRET)
        statements.append(read_secrets("ReadReceivers", secret))
    return tuple(statements)


def stateful_set_spec(args: AlertmanagerArgs, configuration_annotation: dict[str, str]) -> Any:
    """Return the specification of the StatefulSet; its annotation changes with the configuration."""
    settings = args.settings
    claims = [claim(DATA, settings.volume_size_gib)] if settings.volume_size_gib else []
    return {
        "replicas": settings.replicas,
        "service_name": ALERTMANAGER,
        "pod_management_policy": "Parallel",  # each waits for none: they find each other
        "selector": selector(ALERTMANAGER),
        "template": {
            "metadata": {
                "labels": labels(ALERTMANAGER, COMPONENT),
                "annotations": scraped(ALERTMANAGER_PORT) | configuration_annotation,
            },
            "spec": pod_of(settings),
        },
        **({"volume_claim_templates": claims} if claims else {}),
    }


def pod_of(settings: AlertmanagerSettings) -> dict[str, Any]:
    """Return the pod. It works in the root folder, from which its configuration names the files with secrets."""
    mounts: list[dict[str, Any]] = [
        {"name": "config", "mount_path": CONFIGURATION_DIRECTORY, "read_only": True},
        {"name": DATA, "mount_path": DATA_DIRECTORY},
    ]
    volumes: list[dict[str, Any]] = [{"name": "config", "config_map": {"name": ALERTMANAGER}}]
    if not settings.volume_size_gib:
        volumes.append({"name": DATA, "empty_dir": {"size_limit": "256Mi"}})
    if secret_entries(settings):
        mounts.append({"name": "secrets", "mount_path": SECRETS_DIRECTORY, "read_only": True})
        volumes.append(secret_volume("secrets", ALERTMANAGER))
    server = container(
        ALERTMANAGER,
        settings.image or IMAGE,
        [
            f"--config.file={CONFIGURATION_DIRECTORY}/{CONFIGURATION_FILE}",
            f"--storage.path={DATA_DIRECTORY}",
            f"--web.listen-address={ANY_ADDRESS}:{ALERTMANAGER_PORT}",
            f"--web.external-url=http://{ALERTMANAGER}.{MONITORING_NAMESPACE}:{ALERTMANAGER_PORT}",
            *peers(settings.replicas, f"{ALERTMANAGER}.{MONITORING_NAMESPACE}.svc", PEER_PORT),
        ],
        {"POD_IP": "status.podIP"},
        working_dir="/",
        ports=[{"name": "http", "container_port": ALERTMANAGER_PORT, "protocol": "TCP"}],
        resources={
            "requests": {"cpu": f"{CPU_MILLICORES}m", "memory": f"{MEMORY_MIB}Mi"},
            "limits": {"cpu": "500m", "memory": f"{MEMORY_MIB}Mi"},
        },
        volume_mounts=mounts,
        **probes(START_SECONDS),
    )
    return pod(ALERTMANAGER, server, volumes, grace_seconds=30)
