"""Grafana: the platform's dashboards, for people.

Owns the Deployment, its Service, configuration, network policies and, where people sign in, its role and how its
secret is mounted; not the secret itself. It keeps nothing: dashboards and data source are files, so one pod is enough.

Source: Grafana documentation, "Configure Grafana", "Provision Grafana"; AWS Secrets Store CSI driver provider, README.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import json
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking

from components.cluster.pod_role import PodRole, PodRoleArgs, pod_role_arn
from components.labels import configured
from components.model import Model, Wire
from components.monitoring.exporters import account, agent, deployment
from components.monitoring.grafana_configuration import (
    CLIENT_SECRET,
    CONFIGURATION_FOLDER,
    DASHBOARDS,
    DATA,
    PORT,
    PROVISIONING,
    SECRETS,
    config_maps,
)
from components.monitoring.grafana_settings import GrafanaSettings
from components.monitoring.network import from_prometheus, to_prometheus
from components.monitoring.pods import metadata, own_labels
from components.mounted_secret import secret_class_spec, secret_volume
from components.scraping import MONITORING_NAMESPACE, scraped
from components.security.secret import read_secrets, secret_arn_pattern, secret_name

APPLICATION: Final = "grafana"
SECRET: Final = "grafana/oidc"  # noqa: S105 - the path of a secret


class GrafanaArgs(Model):
    """What Grafana is wired to."""

    settings: GrafanaSettings
    """What the stack file says."""
    account_id: str
    """The account of its role."""
    region: str
    """Where all of it is."""
    environment: str
    """Part of its role's name and of its secret's."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster_name: Wire
    """The cluster, once it is there."""
    prometheus_url: str
    """How pods of the namespace call Prometheus."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace with its guard rails, the secret."""


class Grafana(pulumi.ComponentResource):
    """The Deployment and the Service `grafana` in the namespace `monitoring`."""

    url: pulumi.Output[str]
    """How pods of the namespace call it; known once it is there."""

    def __init__(self, name: str, args: GrafanaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:Grafana", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        contents = config_maps(args.settings.oidc, args.prometheus_url)
        before: list[pulumi.Resource] = [
            core.ServiceAccount(f"{name}-account", **account(APPLICATION), opts=inside),
            *(
                core.ConfigMap(
                    f"{name}-{role}", metadata=metadata(f"{APPLICATION}-{role}", APPLICATION), data=data, opts=inside
                )
                for role, data in contents.items()
            ),
            *(
                networking.NetworkPolicy(
                    f"{name}-policy-{role}",
                    metadata=metadata(f"{APPLICATION}-{role}", APPLICATION),
                    spec=spec,
                    opts=inside,
                )
                for role, spec in network_policies().items()
            ),
            *(self._identity(name, args) if args.settings.oidc else ()),
        ]
        annotations = scraped(PORT) | configured(json.dumps(contents))
        apps.Deployment(
            f"{name}-deployment",
            metadata=metadata(APPLICATION, APPLICATION),
            spec=deployment(APPLICATION, annotations, pod_of(args.settings)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after, *before]),
        )
        service = core.Service(
            f"{name}-service",
            metadata=metadata(APPLICATION, APPLICATION),
            spec={
                "type": "ClusterIP",
                "selector": own_labels(APPLICATION),
                "ports": [{"name": "http", "port": PORT, "target_port": "metrics", "protocol": "TCP"}],
            },
            opts=inside,
        )
        self.url = service.metadata.apply(lambda _: f"http://{APPLICATION}.{MONITORING_NAMESPACE}:{PORT}")
        self.register_outputs({"url": self.url})

    def _identity(self, name: str, args: GrafanaArgs) -> list[pulumi.Resource]:
        """Make what it reads its one secret with: a role, and how the secret is mounted."""
        role = PodRole(
            f"{name}-identity",
            PodRoleArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster_name=args.cluster_name,
                namespace=MONITORING_NAMESPACE,
                service_account=APPLICATION,
                statements=(
                    read_secrets(
                        "ReadItsSecret", secret_arn_pattern(args.account_id, args.region, args.environment, SECRET)
                    ),
                ),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        spec: Any = secret_class_spec(args.region, secret_name(args.environment, SECRET), [CLIENT_SECRET])
        mounted = CustomResource(
            f"{name}-secret-class",
            api_version="secrets-store.csi.x-k8s.io/v1",
            kind="SecretProviderClass",
            metadata=metadata(APPLICATION, APPLICATION),
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        return [role, mounted]


def role_arn(account_id: str, environment: str, name: str) -> str:
    """Return the ARN of its role, known before it is there: the secret's own policy names it."""
    return pod_role_arn(account_id, environment, f"{name}-identity")


def network_policies() -> dict[str, Any]:
    """Return the specifications by name: Grafana reaches Prometheus, and Prometheus Grafana's own metrics."""
    return {
        "from-prometheus": from_prometheus(own_labels(APPLICATION), PORT),
        "to-prometheus": to_prometheus(APPLICATION),
    }


def pod_of(settings: GrafanaSettings) -> Any:
    """Return the pod: restricted, its files read-only but for a little room that goes with it."""
    pod = agent(
        APPLICATION,
        settings.image,
        [],
        port=PORT,
        health=("/api/health", PORT),
        cpu=f"{settings.cpu_request_millicores}m",
        memory=f"{settings.memory_mib}Mi",
    )
    mounts: dict[str, tuple[str, dict[str, Any]]] = {
        "configuration": (CONFIGURATION_FOLDER, _config_map("configuration")),
        "datasources": (f"{PROVISIONING}/datasources", _config_map("provisioning", "datasources.yaml")),
        "dashboards": (f"{PROVISIONING}/dashboards", _config_map("provisioning", "dashboards.yaml")),
        "json": (DASHBOARDS, _config_map("dashboards")),
        "data": (DATA, {"empty_dir": {"size_limit": "256Mi"}}),
        "tmp": ("/tmp", {"empty_dir": {"size_limit": "64Mi"}}),  # noqa: S108 - a volume of the pod
    }
    if settings.oidc:
        mounts["secret"] = (SECRETS, secret_volume("secret", APPLICATION))
    (container,) = pod["containers"]
    container["volume_mounts"] = [
        {"name": name, "mount_path": path, "read_only": "empty_dir" not in volume}
        for name, (path, volume) in mounts.items()
    ]
    return pod | {"volumes": [{"name": name, **volume} for name, (_, volume) in mounts.items()]}


def _config_map(role: str, *items: str) -> dict[str, Any]:
    chosen = {"items": [{"key": item, "path": item} for item in items]} if items else {}
    return {"config_map": {"name": f"{APPLICATION}-{role}", **chosen}}
