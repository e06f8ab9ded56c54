"""The logs of all pods: Fluent Bit on every node, and a log group for each data class.

Owns the log groups, the DaemonSet, its configuration and its rights; not what pods say, nor the audit logs, which go
past it: Kubernetes' own from the control plane to its log group, CloudTrail's to the locked bucket.

Fluent Bit serves its node: it reads the files of all pods, so it is root, in kube-system, without a capability. Its
role may write into these log groups and nothing else, not even make one. What it is allowed to read of the API server
is which pods and namespaces there are.

Source: Fluent Bit manual, "Kubernetes" (the rights that its filter needs); Kubernetes documentation, "Logging
        Architecture" (the files of a node); CloudWatch Logs API, PutLogEvents.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import pulumi
from pulumi_aws import cloudwatch
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.rbac import v1 as rbac
from pydantic import model_validator

from components.cluster.pod_role import PodRole, PodRoleArgs
from components.labels import API_USE, configured, labels
from components.model import Model, Wire
from components.monitoring import fluent_bit
from components.monitoring.log_classes import log_group_name
from components.monitoring.log_settings import LogsSettings
from components.monitoring.search_domain import domain_arn, write_rights
from components.pod_security import restricted_container
from components.policy_document import Statement, allow
from components.scraping import scraped
from components.tags import DataClass, LogClass, classification_tag

NAMESPACE: Final = "kube-system"
APPLICATION: Final = "fluent-bit"
IN_CLUSTER: Final = "groundwork:fluent-bit"
HOST_LOGS: Final = "/var/log"
RULES: Final = ({"api_groups": [""], "resources": ["namespaces", "pods"], "verbs": ["get", "list", "watch"]},)


class LogStackArgs(Model):
    """What the logs of pods are wired to."""

    settings: LogsSettings = LogsSettings()
    """What the stack file says."""
    account_id: str
    """The account of the log groups."""
    region: str
    """Where they are."""
    environment: str
    """Part of their names."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster_name: Wire
    """The cluster, once nodes and add-ons are there."""
    key_arns: Mapping[str, Wire]
    """The customer managed key of each data class that the settings name, with the use `log-groups`."""
    search_host: Wire | None = None
    """The host of the search domain, once it is set up; the settings say whether there is one."""

    @model_validator(mode="after")
    def _searched_as_the_settings_say(self) -> Self:
        if (self.search_host is None) != (self.settings.opensearch is None):
            raise ValueError("search_host and settings.opensearch are given together or not at all")
        return self


class LogStack(pulumi.ComponentResource):
    """The DaemonSet `fluent-bit` in kube-system, and the log groups `/pods/groundwork-<environment>-<class>`."""

    role_arn: pulumi.Output[str]
    log_group_names: Mapping[LogClass, pulumi.Output[str]]

    def __init__(self, name: str, args: LogStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:LogStack", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        groups = {
            log_class: self._group(name, args, log_class, days)
            for log_class, days in args.settings.retention_in_days.items()
        }
        identity = PodRole(
            f"{name}-identity",
            PodRoleArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster_name=args.cluster_name,
                namespace=NAMESPACE,
                service_account=APPLICATION,
                statements=(
                    rights(args.account_id, args.region, args.environment, args.settings),
                    *_search_rights(args),
                ),
            ),
            child,
        )
        settings = settings_of(args)
        configuration = core.ConfigMap(f"{name}-configuration", metadata=_metadata(), data=settings, opts=child)
        before = [identity, configuration, *groups.values(), *self._kubernetes_identity(name)]
        apps.DaemonSet(
            f"{name}-daemon",
            metadata=_metadata(),
            spec=_daemon(args, settings),
            opts=pulumi.ResourceOptions(parent=self, depends_on=before),
        )
        self.role_arn = identity.role_arn
        self.log_group_names = {log_class: group.name for log_class, group in groups.items()}
        self.register_outputs({"role_arn": self.role_arn, "log_group_names": dict(self.log_group_names)})

    def _group(self, name: str, args: LogStackArgs, log_class: LogClass, days: int) -> cloudwatch.LogGroup:
        # Stateful: renaming this without an alias replaces the log group and loses what is in it.
        return cloudwatch.LogGroup(
            f"{name}-{log_class}",
            name=log_group_name(args.environment, log_class),
            kms_key_id=args.key_arns[log_class],
            retention_in_days=days,
            tags=classification_tag(DataClass(log_class)),
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect),
        )

    def _kubernetes_identity(self, name: str) -> list[pulumi.Resource]:
        child = pulumi.ResourceOptions(parent=self)
        account = core.ServiceAccount(
            f"{name}-account", metadata=_metadata(), automount_service_account_token=False, opts=child
        )
        role = rbac.ClusterRole(
            f"{name}-cluster-role", metadata=_metadata(IN_CLUSTER), rules=list[Any](RULES), opts=child
        )
        subjects: Any = [{"kind": "ServiceAccount", "name": APPLICATION, "namespace": NAMESPACE}]
        bound = rbac.ClusterRoleBinding(
            f"{name}-cluster-binding",
            metadata=_metadata(IN_CLUSTER),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": IN_CLUSTER},
            subjects=subjects,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role, account]),
        )
        return [account, bound]


def rights(account_id: str, region: str, environment: str, settings: LogsSettings) -> Statement:
    """Return what Fluent Bit's role may do: make streams in the log groups, and write into them."""
    groups = [
        f"arn:aws:logs:{region}:{account_id}:log-group:{log_group_name(environment, log_class)}"
        for log_class in settings.retention_in_days
    ]
    return allow(
        "WriteLogs",
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        # A stream that is being made is a part of its group.
        resources=[*groups, *(f"{group}:log-stream:*" for group in groups)],
    )


def _search_rights(args: LogStackArgs) -> tuple[Statement, ...]:
    if args.settings.opensearch is None:
        return ()
    return (write_rights(domain_arn(args.account_id, args.region, args.environment)),)


def _search_environment(args: LogStackArgs) -> list[dict[str, Any]]:
    host = args.search_host
    return [] if host is None else [{"name": fluent_bit.SEARCH_HOST, "value": host}]


def settings_of(args: LogStackArgs) -> dict[str, str]:
    """Return the files of Fluent Bit's configuration, by name."""
    settings = args.settings
    return {
        fluent_bit.CONFIGURATION: fluent_bit.configuration(
            environment=args.environment,
            region=args.region,
            default_class=settings.default_class,
            memory_mib=settings.memory_mib,
            buffer_mib=settings.buffer_mib,
            search_buffer_mib=settings.opensearch.buffer_mib if settings.opensearch else None,
        ),
        fluent_bit.PROGRAM: fluent_bit.program(
            tuple(settings.retention_in_days), settings.default_class, searched=settings.opensearch is not None
        ),
    }


def _daemon(args: LogStackArgs, settings: Mapping[str, str]) -> Any:
    return {
        "selector": {"match_labels": {"app.kubernetes.io/name": APPLICATION}},
        "update_strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": "10%"}},
        "template": {
            "metadata": {
                "labels": labels(APPLICATION, "logs"),
                "annotations": {
                    API_USE: "reads whose pod a line is of",
                    **configured("".join(settings.values())),
                    **scraped(fluent_bit.PORT, fluent_bit.METRICS_PATH),
                },
            },
            "spec": pod_of(args),
        },
    }


def pod_of(args: LogStackArgs) -> Any:
    """Return the pod: on every node, whatever its taints, with the node's log files and a folder of its own."""
    memory = args.settings.memory_mib
    probe: dict[str, Any] = {"http_get": {"path": fluent_bit.HEALTH_PATH, "port": fluent_bit.PORT}}
    return {
        "service_account_name": APPLICATION,
        "automount_service_account_token": True,  # its filter asks the API server
        "priority_class_name": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        "termination_grace_period_seconds": 45,
        # The log files are root's; without a capability that is all that root is.
        "security_context": {"run_as_user": 0, "run_as_group": 0, "seccomp_profile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": APPLICATION,
                "image": args.settings.image,
                "args": [f"--config={fluent_bit.FOLDER}/{fluent_bit.CONFIGURATION}"],
                "env": [
                    {"name": "AWS_REGION", "value": args.region},
                    {"name": "NODE_NAME", "value_from": {"field_ref": {"field_path": "spec.nodeName"}}},
                    *_search_environment(args),
                ],
                "ports": [{"name": "metrics", "container_port": fluent_bit.PORT}],
                "readiness_probe": probe,
                "liveness_probe": {"http_get": {"path": "/", "port": fluent_bit.PORT}, "initial_delay_seconds": 30},
                "resources": {
                    "requests": {"cpu": "50m", "memory": f"{memory}Mi"},
                    "limits": {"cpu": "500m", "memory": f"{2 * memory}Mi"},
                },
                "security_context": restricted_container(),
                "volume_mounts": [
                    {"name": "configuration", "mount_path": fluent_bit.FOLDER, "read_only": True},
                    {"name": "logs", "mount_path": HOST_LOGS, "read_only": True},
                    {"name": "state", "mount_path": fluent_bit.STATE},
                ],
            }
        ],
        "volumes": [
            {"name": "configuration", "config_map": {"name": APPLICATION}},
            {"name": "logs", "host_path": {"path": HOST_LOGS, "type": "Directory"}},
            {"name": "state", "host_path": {"path": fluent_bit.STATE, "type": "DirectoryOrCreate"}},
        ],
    }


def _metadata(cluster_wide: str = "") -> Any:
    place = {"name": cluster_wide} if cluster_wide else {"name": APPLICATION, "namespace": NAMESPACE}
    return place | {"labels": labels(APPLICATION, "logs")}
