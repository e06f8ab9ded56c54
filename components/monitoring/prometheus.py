"""Prometheus: what scrapes, keeps series for a while, evaluates rules and tells Alertmanager what fires.

Owns its configuration, its service account and what that may see of the cluster, its role where it writes elsewhere,
its pods with their volumes, and its Service; not the namespace, the storage class or the rules' contents.

A changed configuration or rule is read again while it runs. Two replicas scrape the same, each by itself.

Source: Prometheus documentation, "Storage", "Configuration", "Command-line"; Kubernetes documentation, "Using RBAC
Authorization", "Service Account Token Volume Projection".
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.policy import v1 as policy
from pulumi_kubernetes.rbac import v1 as rbac

from components.cluster.pod_role import PodRole, PodRoleArgs
from components.labels import API_USE, labels
from components.listening import ANY_ADDRESS
from components.model import Model, Wire
from components.monitoring.metrics_settings import PrometheusSettings
from components.monitoring.network import PROMETHEUS_PORT, prometheus_policies
from components.monitoring.pods import COMPONENT, claim, container, metadata, pod, probes, selector
from components.monitoring.scrape_configuration import AUTHORITY_FILE, TOKEN_FILE, ScrapePlace, configuration
from components.policy_document import allow
from components.scraping import MONITORING_NAMESPACE, PROMETHEUS, scraped
from components.sdk_inputs import untyped

IMAGE = "quay.io/prometheus/prometheus@sha256:efd719c99d83b060d9daefdcf00360461adf279f45ef5391f8d111892118753e"
"""3.15.0. The digest is taken from what others published, not from the registry: see docs/first-deployment.md."""
RULES = f"{PROMETHEUS}-rules"
CLUSTER_ROLE = "groundwork-prometheus"
CONFIGURATION_DIRECTORY, RULES_DIRECTORY = "/etc/prometheus/config", "/etc/prometheus/rules"
DATA_DIRECTORY = "/prometheus"
CONFIGURATION_FILE = "prometheus.yml"
DATA = "data"
TOKEN_SECONDS = 3600
START_SECONDS = 900
"""After a crash it reads its write-ahead log first."""
SEEN: tuple[dict[str, Any], ...] = (
    {"api_groups": [""], "resources": ["namespaces", "nodes", "pods", "services"], "verbs": ["get", "list", "watch"]},
    {"api_groups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list", "watch"]},
    {"api_groups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    {"non_resource_urls": ["/metrics"], "verbs": ["get"]},
)
"""What discovery looks at, and where the API server's and the kubelets' own metrics are. No secret, no log."""


class PrometheusArgs(Model):
    """What Prometheus is wired to."""

    settings: PrometheusSettings = PrometheusSettings()
    """What the stack file says."""
    account_id: str
    """The account of its role."""
    region: str
    """Where it is."""
    environment: str
    """Part of the names of roles, and of what its series are known by."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster: str
    """The EKS cluster's name, known beforehand."""
    cluster_name: Wire
    """The same name, known once the cluster stands."""
    vpc_cidr: str
    """The VPC's IPv4 range, in which the nodes are."""
    api_server_range: str
    """The address of the API server's Service, as a range."""
    rule_files: Mapping[str, str]
    """Texts of rule files by name."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace with its guard rails."""


class Prometheus(pulumi.ComponentResource):
    """The StatefulSet and the Service `prometheus`."""

    url: pulumi.Output[str]
    """How pods of the namespace call it."""

    def __init__(self, name: str, args: PrometheusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:Prometheus", name, None, opts)
        self._name, self._args = name, args
        before = [*self._identity(), *self._configuration(), *self._network_policies()]
        service = core.Service(
            f"{name}-service",
            metadata=metadata(PROMETHEUS, PROMETHEUS),
            # Whoever looks at one of two replicas goes on with that one: their samples are not quite the same.
            spec={
                "type": "ClusterIP",
                "selector": selector(PROMETHEUS)["match_labels"],
                "session_affinity": "ClientIP",
                "ports": [{"name": "http", "port": PROMETHEUS_PORT, "target_port": "http", "protocol": "TCP"}],
            },
            opts=self._opts(),
        )
        policy.PodDisruptionBudget(
            f"{name}-budget",
            metadata=metadata(PROMETHEUS, PROMETHEUS),
            spec=untyped({"max_unavailable": 1, "selector": selector(PROMETHEUS)}),
            opts=self._opts(),
        )
        servers = apps.StatefulSet(
            f"{name}-servers",
            metadata=metadata(PROMETHEUS, PROMETHEUS),
            spec=stateful_set_spec(args),
            opts=self._opts(*before, service),
        )
        self.url = servers.metadata.apply(lambda _: f"http://{PROMETHEUS}.{MONITORING_NAMESPACE}:{PROMETHEUS_PORT}")
        self.register_outputs({"url": self.url})

    def _opts(self, *before: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*self._args.after, *before])

    def _identity(self) -> list[pulumi.Resource]:
        """Make who it is: in the cluster, and in AWS where it writes to another store."""
        cluster_wide: Any = {"name": CLUSTER_ROLE, "labels": labels(PROMETHEUS, COMPONENT)}
        child = pulumi.ResourceOptions(parent=self)
        account = core.ServiceAccount(
            f"{self._name}-account",
            metadata=metadata(PROMETHEUS, PROMETHEUS),
            automount_service_account_token=False,
            opts=self._opts(),
        )
        role = rbac.ClusterRole(f"{self._name}-role", metadata=cluster_wide, rules=untyped([*SEEN]), opts=child)
        binding = rbac.ClusterRoleBinding(
            f"{self._name}-binding",
            metadata=cluster_wide,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": CLUSTER_ROLE},
            subjects=[{"kind": "ServiceAccount", "name": PROMETHEUS, "namespace": MONITORING_NAMESPACE}],
            opts=self._opts(role, account),
        )
        remote_write = self._args.settings.remote_write
        if remote_write is None:
            return [account, binding]
        writer = PodRole(
            f"{self._name}-writer",
            PodRoleArgs(
                account_id=self._args.account_id,
                region=self._args.region,
                environment=self._args.environment,
                boundary_arn=self._args.boundary_arn,
                cluster_name=self._args.cluster_name,
                namespace=MONITORING_NAMESPACE,
                service_account=PROMETHEUS,
                statements=(
                    allow("WriteSamples", actions=["aps:RemoteWrite"], resources=[remote_write.workspace_arn]),
                ),
            ),
            child,
        )
        return [account, binding, writer]

    def _configuration(self) -> list[pulumi.Resource]:
        args = self._args
        place = ScrapePlace(cluster=args.cluster, environment=args.environment, region=args.region)
        return [
            core.ConfigMap(
                f"{self._name}-config",
                metadata=metadata(PROMETHEUS, PROMETHEUS),
                data={CONFIGURATION_FILE: configuration(args.settings, place)},
                opts=self._opts(),
            ),
            core.ConfigMap(
                f"{self._name}-rules",
                metadata=metadata(RULES, PROMETHEUS),
                data=dict(args.rule_files),
                opts=self._opts(),
            ),
        ]

    def _network_policies(self) -> list[pulumi.Resource]:
        args = self._args
        specs = prometheus_policies(
            args.vpc_cidr, args.api_server_range, remote_write=args.settings.remote_write is not None
        )
        return [
            networking.NetworkPolicy(
                f"{self._name}-policy-{policy_name}",
                metadata=metadata(policy_name, PROMETHEUS),
                spec=untyped(spec),
                opts=self._opts(),
            )
            for policy_name, spec in specs.items()
        ]


def stateful_set_spec(args: PrometheusArgs) -> Any:
    """Return the specification of the StatefulSet; its pods are replaced one after the other."""
    annotations = scraped(PROMETHEUS_PORT) | {API_USE: "finds what there is to scrape"}
    return {
        "replicas": args.settings.replicas,
        "service_name": PROMETHEUS,
        "pod_management_policy": "Parallel",
        "selector": selector(PROMETHEUS),
        "template": {
            "metadata": {"labels": labels(PROMETHEUS, COMPONENT), "annotations": annotations},
            "spec": pod_of(args.settings),
        },
        "volume_claim_templates": [claim(DATA, args.settings.volume_size_gib)],
    }


def pod_of(settings: PrometheusSettings) -> dict[str, Any]:
    """Return the pod. Its token and the cluster's authority are beside the configuration, which names them."""
    server = container(
        PROMETHEUS,
        settings.image or IMAGE,
        [
            f"--config.file={CONFIGURATION_DIRECTORY}/{CONFIGURATION_FILE}",
            "--config.auto-reload",
            f"--storage.tsdb.path={DATA_DIRECTORY}",
            f"--web.listen-address={ANY_ADDRESS}:{PROMETHEUS_PORT}",
            f"--web.external-url=http://{PROMETHEUS}.{MONITORING_NAMESPACE}:{PROMETHEUS_PORT}",
        ],
        {"POD_NAME": "metadata.name"},
        ports=[{"name": "http", "container_port": PROMETHEUS_PORT, "protocol": "TCP"}],
        resources={
            "requests": {"cpu": f"{settings.cpu_request_millicores}m", "memory": f"{settings.memory_mib}Mi"},
            "limits": {"cpu": f"{settings.cpu_request_millicores * 10}m", "memory": f"{settings.memory_mib}Mi"},
        },
        volume_mounts=[
            {"name": "config", "mount_path": CONFIGURATION_DIRECTORY, "read_only": True},
            {"name": "rules", "mount_path": RULES_DIRECTORY, "read_only": True},
            {"name": DATA, "mount_path": DATA_DIRECTORY},
        ],
        **probes(START_SECONDS),
    )
    sources = [
        {"config_map": {"name": PROMETHEUS}},
        {"config_map": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": AUTHORITY_FILE}]}},
        {"service_account_token": {"path": TOKEN_FILE, "expiration_seconds": TOKEN_SECONDS}},
    ]
    volumes = [
        # Beside each other and under these names: the configuration names the rules from its own folder.
        {"name": "config", "projected": {"sources": sources}},
        {"name": "rules", "config_map": {"name": RULES}},
    ]
    return pod(PROMETHEUS, server, volumes, grace_seconds=120)
