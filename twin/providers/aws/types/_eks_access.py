"""EKS: who may use a cluster: access entries, their policies, and roles for pods.

Source: Amazon EKS API reference, CreateAccessEntry, AssociateAccessPolicy, CreatePodIdentityAssociation.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import BOOLEAN, JSON, STRING, Block, ListOf
from twin.providers.aws.schema import REGION, TAGS, Call, Facet, Property, ResourceType
from twin.providers.aws.types._eks_common import GONE, eks_tags

_STRINGS = ListOf(STRING, ordered=False)

# --- Access entry

_ENTRY = {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}


def _update_entry(ctx: Context) -> None:
    """Groups that are no longer wanted are taken away; the user name stays what it was when none is given."""
    params = ctx.fill({**_ENTRY, "username": "{userName}"})
    ctx.call("update_access_entry", **params, kubernetesGroups=ctx.inputs.get("kubernetesGroups") or [])


ACCESS_ENTRY = ResourceType(
    "aws:eks/accessEntry:AccessEntry",
    "eks",
    id="{clusterName}:{principalArn}",
    properties={
        "accessEntryArn": Property(output=True),
        "clusterName": Property(required=True, replaces=True),
        "createdAt": Property(output=True),
        "kubernetesGroups": Property(kind=_STRINGS, computed=True),
        "modifiedAt": Property(output=True),
        "principalArn": Property(required=True, replaces=True),
        "type": Property(default="STANDARD", replaces=True),
        "userName": Property(computed=True, api="username"),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_access_entry"),
    read=Call("describe_access_entry", _ENTRY, result="accessEntry", missing=GONE),
    facets=(
        eks_tags("accessEntryArn"),
        Facet(properties=("kubernetesGroups", "userName"), put=_update_entry, created=True),
    ),
    delete=Call("delete_access_entry", _ENTRY, missing=GONE),
)

# --- Access policy association


def _read_policy(ctx: Context) -> dict[str, Any] | None:
    policies = ctx.run(Call("list_associated_access_policies", _ENTRY, result="associatedAccessPolicies", missing=GONE))
    wanted = ctx.value("policyArn")
    return next((policy for policy in policies or () if policy["policyArn"] == wanted), None)


ACCESS_POLICY_ASSOCIATION = ResourceType(
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "eks",
    id="{clusterName}#{principalArn}#{policyArn}",
    properties={
        "accessScope": Property(
            kind=Block({"namespaces": Property(kind=_STRINGS), "type": Property(required=True)}),
            required=True,
            replaces=True,
        ),
        "associatedAt": Property(output=True),
        "clusterName": Property(required=True, replaces=True),
        "modifiedAt": Property(output=True),
        "policyArn": Property(required=True, replaces=True),
        "principalArn": Property(required=True, replaces=True),
        "region": REGION,
    },
    create=Call("associate_access_policy"),
    read=_read_policy,
    delete=Call("disassociate_access_policy", {**_ENTRY, "policyArn": "{policyArn}"}, missing=GONE),
)

# --- Pod identity association

_ASSOCIATION = {"clusterName": "{clusterName}", "associationId": "{id}"}


def _read_association(ctx: Context) -> dict[str, Any] | None:
    """By cluster and id; an import names both (`cluster,a-…`), as with the official provider."""
    cluster, _, imported = ctx.id.rpartition(",")
    if cluster:
        ctx.id = imported
    named = {**_ASSOCIATION, "clusterName": cluster} if cluster else _ASSOCIATION
    if not cluster and not ctx.value("clusterName"):
        raise ProviderError(f"{ctx.type.token}: import it as `cluster,association-id`; the id alone names no cluster")
    found: dict[str, Any] | None = ctx.run(
        Call("describe_pod_identity_association", named, result="association", missing=GONE)
    )
    return found


def _find_association(ctx: Context) -> str | None:
    """A service account has one association at most."""
    named = {name: f"{{{name}}}" for name in ("clusterName", "namespace", "serviceAccount")}
    found = ctx.run(Call("list_pod_identity_associations", named, result="associations[0].associationId", missing=GONE))
    return str(found) if found else None


POD_IDENTITY_ASSOCIATION = ResourceType(
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "eks",
    id="=association.associationId",
    properties={
        "associationArn": Property(output=True),
        "associationId": Property(output=True),
        "clusterName": Property(required=True, replaces=True),
        "disableSessionTags": Property(kind=BOOLEAN, computed=True),
        "externalId": Property(output=True),
        "namespace": Property(required=True, replaces=True),
        "policy": Property(kind=JSON),
        "roleArn": Property(required=True),
        "serviceAccount": Property(required=True, replaces=True),
        "targetRoleArn": Property(),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_pod_identity_association"),
    read=_read_association,
    facets=(
        eks_tags("associationArn"),
        Facet(
            properties=("disableSessionTags", "policy", "roleArn", "targetRoleArn"),
            put=Call("update_pod_identity_association", _ASSOCIATION),
            created=True,
        ),
    ),
    delete=Call("delete_pod_identity_association", _ASSOCIATION, missing=GONE),
    find=_find_association,
)

TYPES = (ACCESS_ENTRY, ACCESS_POLICY_ASSOCIATION, POD_IDENTITY_ASSOCIATION)
