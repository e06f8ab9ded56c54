"""The role with which S3 copies a store's objects to another region.

Source: S3 user guide, "Setting up permissions for live replication", "Replicating encrypted objects". The right to the
two keys comes from the role's tag and the keys' own policies (see `components.security.key_policy`).
"""

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from components.model import Wire
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import allow, document, service_principal
from components.storage.bucket_policy import bucket_arn
from components.tags import KeyName, class_of, classification_tag, key_access_tags


@dataclass(frozen=True)
class ReplicationRole:
    """The role's ARN, and its rights, without which S3 would fail to replicate."""

    arn: pulumi.Output[str]
    rights: iam.RolePolicy


def replication_role(
    name: str,
    *,
    store_role: str,
    environment: str,
    key_name: KeyName,
    boundary_arn: Wire | None,
    source_bucket_name: str,
    replica_bucket_name: str,
    parent: pulumi.Resource,
) -> ReplicationRole:
    """Register the role and its rights as children `{name}-…` of `parent`; `store_role` is part of the role's name."""
    child = pulumi.ResourceOptions(parent=parent)
    source, replica = bucket_arn(source_bucket_name), bucket_arn(replica_bucket_name)
    role = iam.Role(
        f"{name}-replication-role",
        name=physical_name(environment, store_role, "replication", limit=ROLE_NAME_LIMIT),
        description=f"S3 copies {source_bucket_name} to {replica_bucket_name}",
        # No aws:SourceArn: S3 documents none for replication, and where it cannot assume the role it copies nothing, in
        # silence. Only who may pass the role (iam:PassRole) can name it in a bucket's configuration.
        assume_role_policy=document(
            allow("AssumedByService", principal=service_principal("s3.amazonaws.com"), actions=["sts:AssumeRole"])
        ),
        permissions_boundary=boundary_arn,
        tags=classification_tag(class_of(key_name)) | key_access_tags([(key_name, "write")]),
        opts=child,
    )
    rights = iam.RolePolicy(
        f"{name}-replication-rights",
        role=role.name,
        policy=document(
            allow(
                "ReadSourceConfiguration",
                actions=["s3:GetReplicationConfiguration", "s3:ListBucket"],
                resources=[source],
            ),
            allow(
                "ReadSourceVersions",
                actions=[
                    "s3:GetObjectLegalHold",
                    "s3:GetObjectRetention",
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionTagging",
                ],
                resources=[f"{source}/*"],
            ),
            allow(
                "WriteReplica",
                actions=["s3:ReplicateObject", "s3:ReplicateTags"],
                resources=[f"{replica}/*"],
            ),
        ),
        opts=child,
    )
    return ReplicationRole(arn=role.arn, rights=rights)
