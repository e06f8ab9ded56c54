"""kube-state-metrics: the objects of the cluster as series, which most alerts are made of.

Owns the Deployment, its rights and its network policies. It sees what alerts and dashboards ask for and nothing else:
no secret, no config map, and of labels three.

How it signs in is a kubeconfig and not the program's own guess: the token's life and where it is are then written down.
The token is in a folder of its own, because the program starts again when something beside its kubeconfig changes.

Source: kube-state-metrics, docs/developer/cli-arguments.md, examples/standard.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from components.labels import API_USE, GPU_PRESENT, NODE_POOL, TEAM, labels
from components.model import Model
from components.monitoring.data_files import written
from components.monitoring.exporter_settings import KubeStateMetricsSettings
from components.monitoring.exporters import account, agent, deployment
from components.monitoring.network import from_prometheus, to_api_server
from components.monitoring.pods import metadata, own_labels
from components.scraping import MONITORING_NAMESPACE, scraped

APPLICATION: Final = "kube-state-metrics"
IN_CLUSTER: Final = "groundwork-kube-state-metrics"
"""The name of its rights in the whole cluster."""
PORT, OWN_PORT = 8080, 8081
API_SERVER: Final = "https://kubernetes.default.svc"
FOLDER: Final = "/etc/kube-state-metrics"
CONFIGURATION, CREDENTIALS = "configuration", "credentials"
"""Folders below, and volumes: the kubeconfig names the one from the other."""
KUBECONFIG: Final = "kubeconfig"
TOKEN_FILE, AUTHORITY_FILE = "token", "ca.crt"
TOKEN_SECONDS: Final = 3600
RESOURCES: Final = {
    "apps": ("daemonsets", "deployments", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "": ("namespaces", "nodes", "persistentvolumeclaims", "pods", "resourcequotas"),
}
"""What it looks at, by group of the API."""
LABELS: Final = {"namespaces": (TEAM,), "nodes": (NODE_POOL, GPU_PRESENT)}
"""The labels that become labels of series."""


class KubeStateMetricsArgs(Model):
    """What it is wired to."""

    settings: KubeStateMetricsSettings = KubeStateMetricsSettings()
    """What the stack file says."""
    api_server_range: str
    """The address of the API server's Service, as a range."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace with its guard rails."""


class KubeStateMetrics(pulumi.ComponentResource):
    """The Deployment `kube-state-metrics` in the namespace `monitoring`."""

    def __init__(self, name: str, args: KubeStateMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:KubeStateMetrics", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        before = [
            core.ServiceAccount(f"{name}-account", **account(APPLICATION), opts=inside),
            core.ConfigMap(
                f"{name}-configuration",
                metadata=metadata(APPLICATION, APPLICATION),
                data={KUBECONFIG: kubeconfig()},
                opts=inside,
            ),
            *self._rights(name),
            *(
                networking.NetworkPolicy(
                    f"{name}-policy-{role}",
                    metadata=metadata(f"{APPLICATION}-{role}", APPLICATION),
                    spec=spec,
                    opts=inside,
                )
                for role, spec in network_policies(args.api_server_range).items()
            ),
        ]
        apps.Deployment(
            f"{name}-deployment",
            metadata=metadata(APPLICATION, APPLICATION),
            spec=deployment(
                APPLICATION,
                {
                    **scraped(PORT, honor_labels=True),
                    API_USE: "lists and watches what alerts and dashboards are about",
                },
                pod_of(args.settings),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after, *before]),
        )
        self.register_outputs({})

    def _rights(self, name: str) -> list[pulumi.Resource]:
        """Make its rights: to look, at those kinds alone."""
        child = pulumi.ResourceOptions(parent=self)
        about: Any = {"name": IN_CLUSTER, "labels": labels(APPLICATION, "metrics")}
        role = rbac.ClusterRole(f"{name}-role", metadata=about, rules=rules(), opts=child)
        subjects: Any = [{"kind": "ServiceAccount", "name": APPLICATION, "namespace": MONITORING_NAMESPACE}]
        binding = rbac.ClusterRoleBinding(
            f"{name}-binding",
            metadata=about,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": IN_CLUSTER},
            subjects=subjects,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        return [role, binding]


def rules() -> Any:
    """Return its rights in the cluster."""
    return [
        {"api_groups": [group], "resources": list(resources), "verbs": ["list", "watch"]}
        for group, resources in RESOURCES.items()
    ]


def flags() -> list[str]:
    """Return the command line."""
    resources = sorted(resource for group in RESOURCES.values() for resource in group)
    allowed = ",".join(f"{resource}=[{','.join(keys)}]" for resource, keys in LABELS.items())
    return [
        f"--kubeconfig={FOLDER}/{CONFIGURATION}/{KUBECONFIG}",
        "--host=$(POD_IP)",
        f"--port={PORT}",
        "--telemetry-host=$(POD_IP)",
        f"--telemetry-port={OWN_PORT}",
        f"--resources={','.join(resources)}",
        f"--metric-labels-allowlist={allowed}",
    ]


def network_policies(api_server_range: str) -> dict[str, Any]:
    """Return the specifications by name: Prometheus reaches it, and it the API server."""
    return {
        "from-prometheus": from_prometheus(own_labels(APPLICATION), PORT),
        "to-api-server": to_api_server(APPLICATION, api_server_range),
    }


def kubeconfig() -> str:
    """Return how it signs in; files are named from the kubeconfig's own folder, as client-go takes them."""
    beside = f"../{CREDENTIALS}"
    return written(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "own",
                    "cluster": {"server": API_SERVER, "certificate-authority": f"{beside}/{AUTHORITY_FILE}"},
                }
            ],
            "users": [{"name": APPLICATION, "user": {"tokenFile": f"{beside}/{TOKEN_FILE}"}}],
            "contexts": [{"name": "own", "context": {"cluster": "own", "user": APPLICATION}}],
            "current-context": "own",
        }
    )


def pod_of(settings: KubeStateMetricsSettings) -> Any:
    """Return the pod: restricted, with a token of the API server, by which it works."""
    pod = agent(
        APPLICATION,
        settings.image,
        flags(),
        port=PORT,
        health=("/livez", PORT),
        cpu=f"{settings.cpu_request_millicores}m",
        memory=f"{settings.memory_mib}Mi",
    )
    (container,) = pod["containers"]
    container["env"] = [{"name": "POD_IP", "value_from": {"field_ref": {"field_path": "status.podIP"}}}]
    container["volume_mounts"] = [
        {"name": folder, "mount_path": f"{FOLDER}/{folder}", "read_only": True}
        for folder in (CONFIGURATION, CREDENTIALS)
    ]
    sources = [
        {"config_map": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": AUTHORITY_FILE}]}},
        {"service_account_token": {"path": TOKEN_FILE, "expiration_seconds": TOKEN_SECONDS}},
    ]
    volumes = [
        {"name": CONFIGURATION, "config_map": {"name": APPLICATION}},
        {"name": CREDENTIALS, "projected": {"sources": sources}},
    ]
    return pod | {"volumes": volumes}
