"""The role of one workload, with the least that it needs.

Owns the role and its rights, and for pods the association by which they take it; not the workload, the buckets or the
keys. A grant names a bucket together with its key, so rights to objects never come without the right to decrypt them,
or the other way round: the S3 rights are in the role's policy, and the key's own policy admits the role by the tag that
it bears.

Source: EKS user guide, "EKS Pod Identity role"; S3 user guide, "Policies and permissions".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

import pulumi
from pulumi_aws import eks, iam
from pydantic import Field

from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import Statement, allow, assumed_by_pods, assumed_by_service, document
from components.tags import KeyAccess, KeyName, key_access_tags

READ_OBJECTS = ("s3:GetObject",)
WRITE_OBJECTS = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")
"""No deletion: an overwrite keeps the old version, and a workload that could delete could lose data for good."""


ObjectPrefix: TypeAlias = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.=-]*/)*$")]
"""Where in a bucket: a path that ends in a slash, or the empty string for all of it."""


class BucketGrant(Model):
    """Rights to part of one bucket, and with them to that bucket's key."""

    bucket_name: Wire
    """The bucket, of an `ObjectStore`."""
    key_name: KeyName
    """The store's key."""
    prefix: ObjectPrefix = Field(examples=["models/"])
    """Where in the bucket: a path that ends in a slash, or the empty string for all of it."""
    access: KeyAccess
    """`read`: get and list. `write`: these, and put, multipart uploads included."""


class PodIdentityTrust(Model):
    """The role is for the pods of one Kubernetes service account, through EKS Pod Identity."""

    kind: Literal["pod-identity"] = "pod-identity"
    cluster_name: str = Field(examples=["groundwork-dev"])
    """The EKS cluster, in the account and region of the role's args."""
    namespace: str = Field(examples=["training"])
    """Kubernetes namespace of the service account."""
    service_account: str = Field(examples=["trainer"])
    """The Kubernetes service account."""


class ServiceTrust(Model):
    """The role is for an AWS service that acts for one resource of this account."""

    kind: Literal["service"] = "service"
    service: Annotated[str, Field(pattern=r"^[a-z0-9.-]+\.amazonaws\.com$")] = Field(
        examples=["codebuild.amazonaws.com"]
    )
    """The service principal."""
    source_arn: str = Field(examples=["arn:aws:codebuild:eu-west-1:111122223333:project/groundwork-dev-runner"])
    """The resource on whose behalf the service acts; its ARN is built from names, so that it is known beforehand."""


Trust: TypeAlias = Annotated[PodIdentityTrust | ServiceTrust, Field(discriminator="kind")]


class WorkloadIdentityArgs(Model):
    """What the role is wired to. There are no settings: an identity follows from what the workload is."""

    account_id: str
    """The account of the role and of whoever may assume it."""
    region: str
    """Where the workload runs."""
    environment: str
    """Part of the role's name."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    trust: Trust
    """Who may assume the role."""
    bucket_grants: tuple[BucketGrant, ...] = ()
    """What the workload may do with objects; nothing by default."""
    rights: tuple[Statement, ...] = ()
    """What else it may do, on resources whose names are known beforehand; nothing by default."""


class WorkloadIdentity(pulumi.ComponentResource):
    """The role `groundwork-<environment>-<name>`."""

    role_arn: pulumi.Output[str]
    role_name: pulumi.Output[str]

    def __init__(self, name: str, args: WorkloadIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:security:WorkloadIdentity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-role",
            name=workload_role_name(args.environment, name),
            description=f"Workload {name} of Groundwork {args.environment}",
            assume_role_policy=document(trust_statement(args)),
            permissions_boundary=args.boundary_arn,
            tags=key_access_tags((grant.key_name, grant.access) for grant in args.bucket_grants),
            opts=child,
        )
        if args.bucket_grants:
            buckets = pulumi.Output.all(*(grant.bucket_name for grant in args.bucket_grants))
            iam.RolePolicy(
                f"{name}-objects",
                role=role.name,
                policy=buckets.apply(lambda names: document(*object_statements(args.bucket_grants, names))),
                opts=child,
            )
        if args.rights:
            iam.RolePolicy(f"{name}-rights", role=role.name, policy=document(*args.rights), opts=child)
        self.role_arn, self.role_name = role.arn, role.name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})


def identity_of_pods(
    name: str, args: WorkloadIdentityArgs, *, cluster_name: Wire, association: str, opts: pulumi.ResourceOptions
) -> tuple[WorkloadIdentity, eks.PodIdentityAssociation]:
    """Make the role of one service account's pods, and the association of that name by which they take it."""
    if not isinstance(args.trust, PodIdentityTrust):
        raise ValueError(f"{name}: no pod takes the role of {args.trust.service}")
    identity = WorkloadIdentity(name, args, opts)
    associated = eks.PodIdentityAssociation(
        association,
        cluster_name=cluster_name,
        namespace=args.trust.namespace,
        service_account=args.trust.service_account,
        role_arn=identity.role_arn,
        opts=opts,
    )
    return identity, associated


def workload_role_name(environment: str, name: str) -> str:
    """Return the name of a role, of the component's own name."""
    return physical_name(environment, name, limit=ROLE_NAME_LIMIT)


def workload_role_arn(account_id: str, environment: str, name: str) -> str:
    """Return the ARN of a role, of the component's own name; known before it exists."""
    return f"arn:aws:iam::{account_id}:role/{workload_role_name(environment, name)}"


def trust_statement(args: WorkloadIdentityArgs) -> Statement:
    """Return who may assume the role: one service, for one resource of this account."""
    trust = args.trust
    if isinstance(trust, ServiceTrust):
        return assumed_by_service(trust.service, args.account_id, trust.source_arn)
    cluster = f"arn:aws:eks:{args.region}:{args.account_id}:cluster/{trust.cluster_name}"
    return assumed_by_pods(cluster, args.account_id, namespace=trust.namespace, service_account=trust.service_account)


def object_statements(grants: Sequence[BucketGrant], bucket_names: Sequence[str]) -> list[Statement]:
    """Return the S3 rights of `grants`; `bucket_names` are theirs, in the same order."""
    statements: list[Statement] = []
    for number, (grant, bucket_name) in enumerate(zip(grants, bucket_names, strict=True), start=1):
        bucket = f"arn:aws:s3:::{bucket_name}"
        actions = READ_OBJECTS + (WRITE_OBJECTS if grant.access == "write" else ())
        # The prefix with and without what follows: clients list `models/` and then what is under it.
        listed = {"StringLike": {"s3:prefix": [grant.prefix, f"{grant.prefix}*"]}} if grant.prefix else None
        statements += [
            allow(f"Objects{number}", actions=actions, resources=[f"{bucket}/{grant.prefix}*"]),
            allow(f"List{number}", actions=["s3:ListBucket"], resources=[bucket], conditions=listed),
            allow(f"Locate{number}", actions=["s3:GetBucketLocation"], resources=[bucket]),
        ]
    return statements
