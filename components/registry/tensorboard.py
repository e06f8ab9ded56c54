"""TensorBoard for one team: a page of its event files, and nobody else's.

Owns what runs in the team's namespace, its service account and its role; not the namespace, whose network policies let
nobody in from outside, nor the bucket. It has no sign-in of its own: people come by `kubectl port-forward`, which the
API server lets the team's own personas do, and pods of the namespace by the Service.

It keeps nothing: event files stay in the object store and are read again after every start, so one pod is enough.

Units:  memory is whole GiB; CPU is thousandths of a core.
Source: TensorBoard, `tensorboard --helpfull`; EKS user guide, "Learn how EKS Pod Identity grants pods access to AWS
        services"; AWS SDKs and tools reference guide, "Retry behavior".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Annotated, Any

import pulumi
from pulumi_aws import eks
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pydantic import Field

from components.labels import labels
from components.listening import ANY_ADDRESS
from components.model import ImageByDigest, Model, Wire
from components.pod_security import restricted_container, restricted_pod
from components.security.workload_identity import (
    BucketGrant,
    ObjectPrefix,
    PodIdentityTrust,
    WorkloadIdentity,
    WorkloadIdentityArgs,
    identity_of_pods,
)
from components.tags import KeyName

APPLICATION = "tensorboard"
IDENTITY = "reader"
"""What its role's name ends in, after the component's."""
PORT = 6006
USER = 65532
BURST = 4
"""How many times the CPU that it asks for it may use: reading is work, showing is little."""


class TensorBoardSettings(Model):
    """What the stack file says about TensorBoard."""

    image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-tensorboard@sha256:" + "a1" * 32]
    )
    """The image of `images/tensorboard` by digest, in the environment's own repository: it has to be there first."""
    reload_seconds: Annotated[int, Field(ge=5, le=3600)] = Field(default=30, examples=[30])
    """How long it waits between two looks at the object store."""
    cpu_request_millicores: Annotated[int, Field(ge=50, le=4000)] = Field(default=100, examples=[100])
    """What a pod asks for, of the team's quota; it may use four times as much for a while."""
    memory_gib: Annotated[int, Field(ge=1, le=64)] = Field(default=2, examples=[2])
    """What a pod asks for and uses at most, of the team's quota: what it has read is in its memory."""


class TensorBoardArgs(Model):
    """Whose it is and what it is wired to."""

    settings: TensorBoardSettings
    """What the stack file says."""
    team: str
    """The team."""
    account_id: str
    """The account of the role."""
    region: str
    """Where the cluster and the bucket are."""
    environment: str
    """Part of the role's name."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster: str
    """The EKS cluster's name, known beforehand."""
    cluster_name: Wire
    """The same name, known once the cluster stands."""
    namespace: str
    """The team's namespace."""
    bucket_name: str
    """The bucket with the event files, by the name that it will have."""
    key_name: KeyName
    """The bucket's key."""
    prefix: ObjectPrefix
    """Where in the bucket the team's event files are."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace with its guard rails."""


class TensorBoard(pulumi.ComponentResource):
    """The Deployment and the Service `tensorboard` in the team's namespace."""

    url: pulumi.Output[str]
    """How pods of the team's namespace call it."""
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: TensorBoardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:registry:TensorBoard", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        metadata: Any = {
            "name": APPLICATION,
            "namespace": args.namespace,
            "labels": labels(APPLICATION, "experiments"),
        }
        identity, association = self._identity(name, args)
        account = core.ServiceAccount(
            f"{name}-account", metadata=metadata, automount_service_account_token=False, opts=inside
        )
        service = core.Service(
            f"{name}-service",
            metadata=metadata,
            spec={
                "type": "ClusterIP",
                "selector": {"app.kubernetes.io/name": APPLICATION},
                "ports": [{"name": "http", "port": PORT, "target_port": "http", "protocol": "TCP"}],
            },
            opts=inside,
        )
        apps.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": 1,
                # Two of them would be one too many for the team's quota, and nothing is lost while there is none.
                "strategy": {"type": "Recreate"},
                "selector": {"match_labels": {"app.kubernetes.io/name": APPLICATION}},
                "template": {"metadata": {"labels": labels(APPLICATION, "experiments")}, "spec": pod_of(args)},
            },
            # Pods get the role from their first start on only if it is associated before.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after, association, account]),
        )
        self.url = service.metadata.apply(lambda _: f"http://{APPLICATION}.{args.namespace}:{PORT}")
        self.role_arn = identity.role_arn
        self.register_outputs({"url": self.url, "role_arn": self.role_arn})

    def _identity(self, name: str, args: TensorBoardArgs) -> tuple[WorkloadIdentity, eks.PodIdentityAssociation]:
        """Make the role that reads the team's event files, and nothing else, and let the pods take it."""
        return identity_of_pods(
            f"{name}-{IDENTITY}",
            WorkloadIdentityArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                trust=PodIdentityTrust(
                    cluster_name=args.cluster, namespace=args.namespace, service_account=APPLICATION
                ),
                bucket_grants=(
                    BucketGrant(
                        bucket_name=args.bucket_name, key_name=args.key_name, prefix=args.prefix, access="read"
                    ),
                ),
            ),
            cluster_name=args.cluster_name,
            association=f"{name}-association",
            opts=pulumi.ResourceOptions(parent=self),
        )


def pod_of(args: TensorBoardArgs) -> Any:
    """Return the pod: restricted, its files read-only but for a little scratch space."""
    settings = args.settings
    probe = {"http_get": {"path": "/data/environment", "port": "http"}, "timeout_seconds": 5}
    return {
        "service_account_name": APPLICATION,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": restricted_pod(USER),
        "containers": [
            {
                "name": APPLICATION,
                "image": settings.image,
                "command": ["groundwork-tensorboard"],
                "args": [
                    # With the slash, which the role's right to list asks for.
                    f"--logdir=s3://{args.bucket_name}/{args.prefix}",
                    f"--host={ANY_ADDRESS}",
                    f"--port={PORT}",
                    "--load_fast=false",  # the other reader knows no S3
                    f"--reload_interval={settings.reload_seconds}",
                    f"--window_title=TensorBoard of {args.team}",
                ],
                "env": [
                    {"name": "AWS_REGION", "value": args.region},
                    {"name": "AWS_DEFAULT_REGION", "value": args.region},
                    {"name": "AWS_RETRY_MODE", "value": "standard"},
                    {"name": "AWS_MAX_ATTEMPTS", "value": "8"},
                    {"name": "TMPDIR", "value": "/scratch"},
                ],
                "ports": [{"name": "http", "container_port": PORT, "protocol": "TCP"}],
                "startup_probe": probe | {"period_seconds": 5, "failure_threshold": 24},
                "readiness_probe": probe | {"period_seconds": 10},
                "liveness_probe": probe | {"period_seconds": 30, "failure_threshold": 4},
                "resources": {
                    "requests": {
                        "cpu": f"{settings.cpu_request_millicores}m",
                        "memory": f"{settings.memory_gib}Gi",
                    },
                    "limits": {
                        "cpu": f"{settings.cpu_request_millicores * BURST}m",
                        "memory": f"{settings.memory_gib}Gi",
                    },
                },
                "security_context": restricted_container(),
                "volume_mounts": [{"name": "scratch", "mount_path": "/scratch"}],
            }
        ],
        "volumes": [{"name": "scratch", "empty_dir": {"size_limit": "64Mi"}}],
    }
