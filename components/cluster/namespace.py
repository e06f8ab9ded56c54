"""A namespace with its guard rails: what runs in it is restricted, counted, and cut off from what it need not reach.

Owns the namespace, its service accounts, its network policies, its limits and its quota; not what runs in it.

It gives no container a default limit, so that the admission policies can refuse one without limits; and the largest
size is asked of the whole pod, because Kubernetes takes a container's maximum for its default. No limit names an
extended resource for the same reason: every pod would ask for a GPU.

Pods may reach the cluster's DNS, each other, the agent that gives them their AWS identity, the VPC's endpoints and the
ranges that the args name, and nothing else; nobody outside the namespace may reach them but Prometheus, on ports that a
container calls `metrics`: whoever makes a pod later has nothing to ask for, and what has no such port is not reached.

Units:  cpu in whole cores, memory and storage in GiB.
Source: Kubernetes documentation, "Pod Security Standards", "Network Policies", "Limit Ranges", "Resource Quotas"; EKS
        user guide, "EKS Pod Identity considerations" (the agent's address).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Annotated, Any, TypeAlias

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pydantic import AfterValidator, Field, WithJsonSchema

from components.cluster.priority_classes import PLATFORM, PLATFORM_ONLY
from components.labels import DATA_CLASS, ENVIRONMENT_SECRETS, GPU, GUARDED, NAMESPACE_NAME, TEAM, labels
from components.model import Model
from components.scraping import METRICS_PORT_NAME, MONITORING_NAMESPACE, PROMETHEUS
from components.tags import LogClass

POD_SECURITY_LEVEL = "restricted"
POD_SECURITY_VERSION = "v1.36"
"""Pinned, so that an upgrade of the cluster does not change what is refused; an older cluster takes it for its own."""
POD_IDENTITY_AGENT = "169.254.170.23/32"
DNS = 53
HTTP = 80
HTTPS = 443
WIDEST_PREFIX = 12

NamespaceName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class QuotaSettings(Model):
    """What all pods of a namespace may ask for together; a single one too."""

    cpu: int = Field(ge=1, examples=[32])
    """Whole cores that its containers may request."""
    memory_gib: int = Field(ge=1, examples=[128])
    """GiB of memory that its containers may request, and use at most."""
    gpus: int = Field(default=0, ge=0, examples=[2])
    """GPUs that its containers may request; none by default."""
    pods: int = Field(default=50, ge=1, examples=[50])
    """Pods that may be there at once."""
    storage_gib: int = Field(default=100, ge=1, examples=[500])
    """GiB that its volumes may have together."""


def _outside(cidr: IPv4Network) -> IPv4Network:
    if not cidr.is_global:
        raise ValueError(f"{cidr} is private or not routed: the VPC is reached anyway, and nothing beside it")
    if cidr.prefixlen < WIDEST_PREFIX:
        raise ValueError(f"/{cidr.prefixlen} is too much of the world: /{WIDEST_PREFIX} at most")
    return cidr


EgressRange: TypeAlias = Annotated[
    IPv4Network, AfterValidator(_outside), WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+/[0-9]+$"})
]


class NamespacesSettings(Model):
    """What the stack file says about namespaces."""

    quota: QuotaSettings = Field(
        default=QuotaSettings(cpu=64, memory_gib=256, gpus=4), examples=[{"cpu": 64, "memory_gib": 256, "gpus": 4}]
    )
    """What all pods of one workload namespace may ask for together; a team's quota is with the team."""
    egress_ranges: tuple[EgressRange, ...] = Field(default=(), examples=[["52.218.0.0/17"]])
    """Public IPv4 ranges that the pods of every namespace may reach on port 443 beside the VPC, /12 at most; empty,
    none. S3's ranges must be here: its gateway endpoint is a route, and the addresses that a pod sees are S3's own.
    `aws ec2 describe-prefix-lists` lists them for the region."""


class GuardedNamespaceArgs(Model):
    """What a namespace is made with."""

    namespace: NamespaceName
    """Its name."""
    team: str | None = None
    """The team that it belongs to; absent, it is the platform's."""
    data_class: LogClass = "confidential"
    """How sensitive what its pods say is."""
    quota: QuotaSettings
    """What its pods may ask for."""
    vpc_cidr: str
    """The VPC's IPv4 range, in which the endpoints of AWS services are."""
    egress_ranges: tuple[str, ...] = ()
    """IPv4 ranges outside the VPC that its pods may reach on port 443; none by default."""
    open_inside: bool = True
    """Its pods reach each other; false, whoever makes pods there says which reach which."""
    service_accounts: tuple[str, ...] = ()
    """Service accounts by name; none gets a token of the API server mounted."""
    load_balancers: int = Field(default=0, ge=0)
    """Services of type LoadBalancer that may be there; none by default, and none of type NodePort ever."""
    environment_secrets: tuple[str, ...] = ()
    """Variables of containers that may come from a Secret, where a controller hands them over in no other way; none by
    default: a secret is a file."""
    platform_priority: bool = False
    """Its pods may take the platform's own priority class; no system class ever."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before the namespace and outlive it: what its pods and volumes need in order to go away."""


class GuardedNamespace(pulumi.ComponentResource):
    """One namespace and all that guards it."""

    name: pulumi.Output[str]
    """The namespace's name, known once its guard rails stand."""

    def __init__(self, name: str, args: GuardedNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:GuardedNamespace", name, None, opts)
        namespace = core.Namespace(
            f"{name}-namespace",
            metadata=_metadata(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        self._inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        guards: list[pulumi.Resource] = [*self._network_policies(name, args), *self._limits(name, args)]
        for account in args.service_accounts:
            core.ServiceAccount(
                f"{name}-account-{account}",
                metadata={"name": account, "namespace": args.namespace, "labels": labels(account, "workload")},
                automount_service_account_token=False,
                opts=self._inside,
            )
        self.name = pulumi.Output.all(namespace.metadata, *(guard.urn for guard in guards)).apply(
            lambda _: args.namespace
        )
        self.register_outputs({"name": self.name})

    def _network_policies(self, name: str, args: GuardedNamespaceArgs) -> Sequence[pulumi.Resource]:
        return [
            networking.NetworkPolicy(
                f"{name}-{policy}",
                metadata={"name": policy, "namespace": args.namespace, "labels": labels(policy, "network")},
                spec=spec,
                opts=self._inside,
            )
            for policy, spec in network_policies(
                args.vpc_cidr, args.egress_ranges, open_inside=args.open_inside
            ).items()
        ]

    def _limits(self, name: str, args: GuardedNamespaceArgs) -> Sequence[pulumi.Resource]:
        return [
            core.LimitRange(
                f"{name}-limits",
                metadata={"name": "limits", "namespace": args.namespace, "labels": labels("limits", "quota")},
                spec={"limits": [*limits(args.quota)]},
                opts=self._inside,
            ),
            core.ResourceQuota(
                f"{name}-quota",
                metadata={"name": "quota", "namespace": args.namespace, "labels": labels("quota", "quota")},
                spec={"hard": hard_quota(args.quota, args.load_balancers)},
                opts=self._inside,
            ),
            core.ResourceQuota(
                f"{name}-priorities",
                metadata={"name": "priorities", "namespace": args.namespace, "labels": labels("priorities", "quota")},
                spec={
                    "hard": {"pods": "0"},
                    "scope_selector": {
                        "match_expressions": [
                            {"scope_name": "PriorityClass", "operator": "In", "values": refused_priorities(args)}
                        ]
                    },
                },
                opts=self._inside,
            ),
        ]


def _metadata(args: GuardedNamespaceArgs) -> Any:
    metadata: dict[str, Any] = {"name": args.namespace, "labels": namespace_labels(args.team, args.data_class)}
    if args.environment_secrets:
        metadata["annotations"] = {ENVIRONMENT_SECRETS: ",".join(args.environment_secrets)}
    return metadata


def namespace_labels(team: str | None, data_class: LogClass = "confidential") -> dict[str, str]:
    """Return the labels of a guarded namespace: Pod Security at its strictest, of a pinned version."""
    found = labels(team or "workloads", "team" if team else "platform")
    found |= {GUARDED: "true", DATA_CLASS: data_class}
    for mode in ("enforce", "audit", "warn"):
        found[f"pod-security.kubernetes.io/{mode}"] = POD_SECURITY_LEVEL
        found[f"pod-security.kubernetes.io/{mode}-version"] = POD_SECURITY_VERSION
    return found | ({TEAM: team} if team else {})


def refused_priorities(args: GuardedNamespaceArgs) -> list[str]:
    """Return the priority classes that no pod of the namespace may take."""
    return [name for name in PLATFORM_ONLY if not (name == PLATFORM and args.platform_priority)]


def network_policies(
    vpc_cidr: str, egress_ranges: Sequence[str], *, open_inside: bool = True
) -> dict[str, networking.NetworkPolicySpecArgsDict]:
    """Return the specifications of a namespace's network policies, by name. Each is about all of its pods."""
    policies: dict[str, networking.NetworkPolicySpecArgsDict] = {
        "default-deny": {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
        "allow-dns": {
            "pod_selector": {},
            "policy_types": ["Egress"],
            "egress": [
                {
                    "to": [
                        {
                            "namespace_selector": {"match_labels": {NAMESPACE_NAME: "kube-system"}},
                            "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
                        }
                    ],
                    "ports": [{"protocol": protocol, "port": DNS} for protocol in ("UDP", "TCP")],
                }
            ],
        },
        # Without it a pod has no AWS identity: the agent listens on the node, at an address of its own.
        "allow-pod-identity": _egress([POD_IDENTITY_AGENT], HTTP),
        "allow-endpoints": _egress([vpc_cidr], HTTPS),
    }
    if open_inside:
        policies["allow-same-namespace"] = {
            "pod_selector": {},
            "policy_types": ["Ingress", "Egress"],
            "ingress": [{"from_": [{"pod_selector": {}}]}],
            "egress": [{"to": [{"pod_selector": {}}]}],
        }
        policies["allow-prometheus"] = {
            "pod_selector": {},
            "policy_types": ["Ingress"],
            "ingress": [{"from_": [_PROMETHEUS], "ports": [{"protocol": "TCP", "port": METRICS_PORT_NAME}]}],
        }
    return policies | ({"allow-ranges": _egress(egress_ranges, HTTPS)} if egress_ranges else {})


_PROMETHEUS: networking.NetworkPolicyPeerArgsDict = {
    "namespace_selector": {"match_labels": {NAMESPACE_NAME: MONITORING_NAMESPACE}},
    "pod_selector": {"match_labels": {"app.kubernetes.io/name": PROMETHEUS}},
}


def _egress(ranges: Sequence[str], port: int) -> networking.NetworkPolicySpecArgsDict:
    return {
        "pod_selector": {},
        "policy_types": ["Egress"],
        "egress": [
            {"to": [{"ip_block": {"cidr": cidr}} for cidr in ranges], "ports": [{"protocol": "TCP", "port": port}]}
        ],
    }


def limits(quota: QuotaSettings) -> list[core.LimitRangeItemArgsDict]:
    """Return the largest pod and the largest volume: no larger than all of them together may be."""
    return [
        {"type": "Pod", "max": {"cpu": str(quota.cpu), "memory": f"{quota.memory_gib}Gi"}},
        {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": f"{quota.storage_gib}Gi"}},
    ]


def hard_quota(quota: QuotaSettings, load_balancers: int = 0) -> dict[str, str]:
    """Return what a namespace's objects may ask for together."""
    return {
        "requests.cpu": str(quota.cpu),
        "requests.memory": f"{quota.memory_gib}Gi",
        "limits.memory": f"{quota.memory_gib}Gi",
        f"requests.{GPU}": str(quota.gpus),
        "pods": str(quota.pods),
        "requests.storage": f"{quota.storage_gib}Gi",
        "services.loadbalancers": str(load_balancers),
        "services.nodeports": "0",
    }
