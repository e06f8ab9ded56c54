"""The control plane of an EKS cluster that only named people and programs get into, and only from where they may.

Owns the cluster, its role, its log group and the security group of its endpoint; not the key, the subnets, the nodes
or the add-ons. Encryption of secrets, all five logs, the private endpoint, access entries instead of a ConfigMap, and
no administrator by having created it are not options.

EKS makes a security group of its own that nodes share with the control plane, in which everything may talk; the one
made here lets the rest of the VPC reach the private endpoint, and a valid IAM identity is asked for behind it.

Units:  log retention is days.
Source: EKS API, CreateCluster; EKS user guide, "Cluster API server endpoint", "Send control plane logs to CloudWatch
Logs", "Encrypt Kubernetes secrets with KMS", "Cross-service confused deputy prevention".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import json
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, TypeAlias

import pulumi
from pulumi_aws import cloudwatch, ec2, eks, iam, vpc
from pydantic import AfterValidator, Field, WithJsonSchema

from components.cluster.access import PrincipalArn
from components.cluster.upgrades import version_check
from components.cluster.versions import KubernetesVersion
from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, cluster_name, physical_name
from components.policy_document import assumed_by_service, document
from components.retention import FromOneYear
from components.tags import name_tag

HTTPS = 443
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
CLUSTER_POLICY_ARN = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
PRIVATE_RANGES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def _not_the_world(cidr: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    if cidr.prefixlen == 0:
        raise ValueError("the endpoint is never open to the world: name the ranges that may reach it")
    return cidr


def _fits_services(cidr: IPv4Network) -> IPv4Network:
    if not 12 <= cidr.prefixlen <= 24:
        raise ValueError(f"/{cidr.prefixlen} is no range of services, which is /12 to /24")
    if not any(cidr.subnet_of(private) for private in PRIVATE_RANGES):
        raise ValueError("not a private range: it must lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)")
    return cidr


AccessCidr: TypeAlias = Annotated[
    IPv4Network | IPv6Network,
    AfterValidator(_not_the_world),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9a-fA-F.:]+/[1-9][0-9]{0,2}$"}),
]


class ClusterSettings(Model):
    """What the stack file says about the cluster."""

    version: KubernetesVersion = Field(default="1.36", examples=["1.36"])
    """Minor version of Kubernetes, in quotes: 1.35 or 1.36. It goes up one at a time and never back."""
    public_access_cidrs: tuple[AccessCidr, ...] = Field(default=(), examples=[["198.51.100.0/24"]])
    """Ranges outside the VPC that may reach the endpoint, such as an office's, never the world; empty, none does.

    None where there are runners, which are inside.
    """
    administrators: Annotated[tuple[PrincipalArn, ...], Field(min_length=1)] = Field(
        examples=[["arn:aws:iam::123456789012:role/platform-admin"]]
    )
    """ARNs of the IAM roles or users that administer the cluster, at least one; the pipeline's deploy role does so
    anyway."""
    support_type: Literal["STANDARD", "EXTENDED"] = Field(default="STANDARD", examples=["STANDARD"])
    """What happens when standard support of the version ends, 14 months after it came: AWS upgrades the cluster
    (`STANDARD`), or asks six times the price for another twelve months (`EXTENDED`)."""
    service_cidr: Annotated[
        IPv4Network,
        AfterValidator(_fits_services),
        WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+/[12][0-9]$"}),
    ] = Field(default=IPv4Network("172.20.0.0/16"), examples=["172.20.0.0/16"])
    """IPv4 range of Kubernetes services, /12 to /24, private and apart from the VPC's; it cannot change later."""
    log_retention_in_days: FromOneYear = Field(default=365, examples=[365])
    """How long the control plane's logs, the audit log among them, are kept; of the values that CloudWatch Logs knows,
    from a year on."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the cluster, and so does EKS (deletion protection)."""


class ClusterArgs(Model):
    """What the cluster is wired to."""

    settings: ClusterSettings
    """What the stack file says."""
    account_id: str
    """The account of the cluster."""
    region: str
    """Where the cluster is."""
    environment: str
    """The cluster's name is `groundwork-<environment>`."""
    vpc_id: Wire
    """Where the security group is."""
    vpc_cidr: str
    """Whose addresses reach the private endpoint."""
    subnet_ids: Annotated[list[Wire], Field(min_length=2)]
    """Private subnets in at least two zones, where the control plane meets the VPC."""
    key_arn: Wire
    """The customer managed key of Kubernetes secrets: use `cluster-secrets`."""
    logs_key_arn: Wire
    """The customer managed key of the logs: use `log-groups`."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the cluster's role."""


class Cluster(pulumi.ComponentResource):
    """The cluster `groundwork-<environment>`."""

    cluster_name: pulumi.Output[str]
    cluster_arn: pulumi.Output[str]
    version: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    """Where EKS writes the control plane's logs, the audit log among them."""
    endpoint: pulumi.Output[str]
    """`https://…`, a private address unless public access is set."""
    certificate_authority: pulumi.Output[str]
    """Of the endpoint, base64 of PEM."""
    security_group_id: pulumi.Output[str]
    """The group that EKS makes, shared by control plane and nodes: clients outside the cluster know its pods by it."""
    kubeconfig: pulumi.Output[str]
    """JSON, without credentials: it calls `aws eks get-token`."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:Cluster", name, None, opts)
        settings, known_name = args.settings, cluster_name(args.environment)
        log_group = cloudwatch.LogGroup(
            f"{name}-log-group",
            name=f"/aws/eks/{known_name}/cluster",  # EKS prescribes it
            kms_key_id=args.logs_key_arn,
            retention_in_days=settings.log_retention_in_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        role, rights = self._role(name, args, known_name)
        security_group, way_in = self._security_group(name, args)
        # Stateful: renaming this without an alias replaces the cluster and loses all that runs in it.
        cluster = eks.Cluster(
            f"{name}-eks",
            name=known_name,
            version=settings.version,
            role_arn=role.arn,
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": False,
            },
            bootstrap_self_managed_addons=False,  # the add-ons are resources of their own, with pinned versions
            vpc_config={
                "subnet_ids": args.subnet_ids,
                "security_group_ids": [security_group.id],
                "endpoint_private_access": True,
                "endpoint_public_access": bool(settings.public_access_cidrs),
                "public_access_cidrs": [str(cidr) for cidr in settings.public_access_cidrs] or None,
            },
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": str(settings.service_cidr)},
            encryption_config={"resources": ["secrets"], "provider": {"key_arn": args.key_arn}},
            enabled_cluster_log_types=list(LOG_TYPES),
            upgrade_policy={"support_type": settings.support_type},
            deletion_protection=settings.protect,
            # EKS makes a missing log group itself, without a key and for ever: ours must be there first. And it needs
            # its rights until it is gone: without them network interfaces stay behind.
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=settings.protect,
                depends_on=[log_group, rights, way_in],
                hooks=version_check(name),
            ),
        )
        self.cluster_name, self.cluster_arn = cluster.name, cluster.arn
        self.version, self.endpoint = cluster.version, cluster.endpoint
        self.log_group_name = log_group.name
        self.certificate_authority = cluster.certificate_authority.apply(lambda made: str(made.data))
        # EKS puts the group into a part of what was asked for; with the endpoint it is unknown until there is one.
        self.security_group_id = pulumi.Output.all(cluster.vpc_config, cluster.endpoint).apply(
            lambda known: str(known[0]["cluster_security_group_id"])
        )
        self.kubeconfig = pulumi.Output.all(cluster.name, self.endpoint, self.certificate_authority).apply(
            lambda known: kubeconfig(*known, region=args.region)
        )
        self.register_outputs(
            {
                "cluster_name": self.cluster_name,
                "cluster_arn": self.cluster_arn,
                "version": self.version,
                "endpoint": self.endpoint,
                "security_group_id": self.security_group_id,
            }
        )

    def _role(self, name: str, args: ClusterArgs, known_name: str) -> tuple[iam.Role, iam.RolePolicyAttachment]:
        """Make the role with which EKS puts network interfaces into the VPC, and its rights."""
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-role",
            name=physical_name(args.environment, name, limit=ROLE_NAME_LIMIT),
            description=f"EKS acts for the cluster {known_name}",
            assume_role_policy=document(
                assumed_by_service(
                    "eks.amazonaws.com",
                    args.account_id,
                    f"arn:aws:eks:{args.region}:{args.account_id}:cluster/{known_name}",
                )
            ),
            permissions_boundary=args.boundary_arn,
            opts=child,
        )
        rights = iam.RolePolicyAttachment(f"{name}-rights", role=role.name, policy_arn=CLUSTER_POLICY_ARN, opts=child)
        return role, rights

    def _security_group(self, name: str, args: ClusterArgs) -> tuple[ec2.SecurityGroup, vpc.SecurityGroupIngressRule]:
        """Make the group that lets the VPC reach the private endpoint, over HTTPS and nothing else."""
        child = pulumi.ResourceOptions(parent=self)
        group = ec2.SecurityGroup(
            f"{name}-security-group",
            description="Kubernetes API: HTTPS from the VPC",
            vpc_id=args.vpc_id,
            egress=[],  # explicitly none: what the control plane begins goes through the group that EKS makes
            tags=name_tag(args.environment, f"{name}-security-group"),
            opts=child,
        )
        way_in = vpc.SecurityGroupIngressRule(
            f"{name}-https",
            security_group_id=group.id,
            description="Kubernetes API from the VPC",
            cidr_ipv4=args.vpc_cidr,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            tags=name_tag(args.environment, f"{name}-https"),
            opts=child,
        )
        return group, way_in


def kubeconfig(name: str, endpoint: str, certificate_authority: str, *, region: str) -> str:
    """Return a kubeconfig as JSON, which is YAML too: who uses it signs in with whatever AWS identity they have.

    Source: EKS user guide, "Connect kubectl to an EKS cluster by creating a kubeconfig file".
    """
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [
                {"name": name, "cluster": {"server": endpoint, "certificate-authority-data": certificate_authority}}
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "users": [
                {
                    "name": name,
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1beta1",
                            "command": "aws",
                            "args": ["eks", "get-token", "--cluster-name", name, "--region", region],
                            "interactiveMode": "Never",
                        }
                    },
                }
            ],
        },
        sort_keys=True,
        separators=(",", ":"),
    )
