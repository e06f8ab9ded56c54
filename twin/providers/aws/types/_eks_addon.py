"""EKS: add-ons of a cluster.

Source: Amazon EKS API reference, CreateAddon, UpdateAddon, DeleteAddon.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, JSON, Block, ListOf
from twin.providers.aws.schema import REGION, TAGS, Call, Facet, Property, ResourceType, States
from twin.providers.aws.types._eks_common import GONE, differs, eks_tags, in_api, update

_ADDON = {"clusterName": "{clusterName}", "addonName": "{addonName}"}
_CHANGED = ("addonVersion", "configurationValues", "podIdentityAssociations", "serviceAccountRoleArn")


def _read(ctx: Context) -> dict[str, Any] | None:
    """The add-on, with its associations themselves in the place of their ARNs."""
    addon: dict[str, Any] | None = ctx.run(Call("describe_addon", _ADDON, result="addon", missing=GONE))
    if addon is None:
        return None
    cluster = ctx.fill("{clusterName}")
    return addon | {
        "podIdentityAssociations": [
            ctx.call("describe_pod_identity_association", clusterName=cluster, associationId=arn.rpartition("/")[2])[
                "association"
            ]
            for arn in addon.get("podIdentityAssociations") or ()
        ]
    }


def _update(ctx: Context) -> None:
    """Only what differs: EKS leaves the rest as it is. Taken away is what is said to be empty."""
    params = {
        name: in_api(ctx, name) if ctx.inputs.get(name) else _NONE[name] for name in _CHANGED if differs(ctx, name)
    }
    params |= ctx.fill({"resolveConflicts": "{resolveConflictsOnUpdate}"})
    named = ctx.fill(_ADDON)
    update(ctx, "update_addon", {"name": named["clusterName"], "addonName": named["addonName"]}, **named, **params)


_NONE: dict[str, Any] = {
    "addonVersion": None,
    "configurationValues": "",
    "podIdentityAssociations": [],
    "serviceAccountRoleArn": "",
}


ADDON = ResourceType(
    "aws:eks/addon:Addon",
    "eks",
    id="{clusterName}:{addonName}",
    properties={
        "addonName": Property(required=True, replaces=True),
        "addonVersion": Property(computed=True),
        "arn": Property(output=True, api="addonArn"),
        "clusterName": Property(required=True, replaces=True),
        "configurationValues": Property(kind=JSON, computed=True),
        "createdAt": Property(output=True),
        "modifiedAt": Property(output=True),
        "namespaceConfig": Property(
            kind=Block({"namespace": Property(computed=True, replaces=True)}), computed=True, replaces=True
        ),
        "podIdentityAssociations": Property(
            kind=ListOf(
                Block({"roleArn": Property(required=True), "serviceAccount": Property(required=True)}), ordered=False
            )
        ),
        "preserve": Property(kind=BOOLEAN, sent=False, returned=False),
        "resolveConflictsOnCreate": Property(sent=False, returned=False),
        "resolveConflictsOnUpdate": Property(sent=False, returned=False),
        "serviceAccountRoleArn": Property(),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_addon", {"resolveConflicts": "{resolveConflictsOnCreate}"}),
    read=_read,
    facets=(eks_tags(), Facet(properties=_CHANGED, put=_update, created=True)),
    delete=Call("delete_addon", {**_ADDON, "preserve": "{preserve}"}, missing=GONE),
    states=States("status", ready=("ACTIVE",), failed=("CREATE_FAILED",), stuck=("DELETE_FAILED",)),
    create_minutes=20,
    delete_minutes=40,
)
