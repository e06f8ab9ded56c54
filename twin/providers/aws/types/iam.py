"""IAM: roles and their policies, managed policies, OpenID Connect providers. IAM is global: no region here."""

from collections.abc import Iterator
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON, STRING, Alike, ListOf
from twin.providers.aws.schema import TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet

_GONE = ("NoSuchEntity",)
_ROLE = {"RoleName": "{id}"}
_NO_PREFIX = {"namePrefix": "give the name itself, or none and get one made from the logical name"}
_IN_ROLE = {
    "inlinePolicies": "deprecated; the resource aws.iam.RolePolicy takes its place",
    "managedPolicyArns": "deprecated; the resource aws.iam.RolePolicyAttachment takes its place",
}


def _pages(ctx: Context, operation: str, key: str, **params: Any) -> Iterator[Any]:
    """All entries of an answer that comes in pages; none if the entity does not exist."""
    marker: dict[str, Any] = {}
    while True:
        answer = ctx.run(Call(operation, {**params, **marker}, missing=_GONE))
        yield from (answer or {}).get(key, ())
        if not answer or not answer.get("IsTruncated"):
            return
        marker = {"Marker": answer["Marker"]}


def _delete_role(ctx: Context) -> None:
    """As the official provider: instance profiles let go of it; its policies only if `forceDetachPolicies` says so."""
    for profile in _pages(ctx, "list_instance_profiles_for_role", "InstanceProfiles", RoleName=ctx.id):
        name = profile["InstanceProfileName"]
        ctx.call("remove_role_from_instance_profile", InstanceProfileName=name, RoleName=ctx.id)
    if ctx.value("forceDetachPolicies"):
        for policy in _pages(ctx, "list_attached_role_policies", "AttachedPolicies", RoleName=ctx.id):
            ctx.call("detach_role_policy", RoleName=ctx.id, PolicyArn=policy["PolicyArn"])
        for name in _pages(ctx, "list_role_policies", "PolicyNames", RoleName=ctx.id):
            ctx.call("delete_role_policy", RoleName=ctx.id, PolicyName=name)
    ctx.run(Call("delete_role", _ROLE, missing=_GONE))


ROLE = ResourceType(
    "aws:iam/role:Role",
    "iam",
    id="{name}",
    properties={
        "name": Property(replaces=True, api="RoleName", autoname=Autoname(limit=64)),
        "assumeRolePolicy": Property(kind=JSON, required=True, api="AssumeRolePolicyDocument"),
        "description": Property(),
        "maxSessionDuration": Property(kind=INTEGER, default=3600),
        "path": Property(default="/", replaces=True),
        "permissionsBoundary": Property(read="PermissionsBoundary.PermissionsBoundaryArn"),
        "forceDetachPolicies": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "arn": Property(output=True),
        "createDate": Property(output=True),
        "uniqueId": Property(output=True, api="RoleId"),
        **TAGS,
    },
    create=Call("create_role"),
    read=Call("get_role", _ROLE, result="Role", missing=_GONE),
    facets=(
        Facet(
            properties=("assumeRolePolicy",),
            put=Call("update_assume_role_policy", {**_ROLE, "PolicyDocument": "{assumeRolePolicy}"}),
            created=True,
        ),
        Facet(properties=("description", "maxSessionDuration"), put=Call("update_role", _ROLE), created=True),
        Facet(
            properties=("permissionsBoundary",),
            put=Call("put_role_permissions_boundary", _ROLE),
            delete=Call("delete_role_permissions_boundary", _ROLE),
            created=True,
        ),
        tag_facet(Call("list_role_tags", _ROLE), "tag_role", "untag_role", _ROLE),
    ),
    delete=_delete_role,
    refused={**_NO_PREFIX, **_IN_ROLE},
    absent={"namePrefix": "never given", **_IN_ROLE},
)

_INLINE = {"RoleName": "{role}", "PolicyName": "{name}"}

ROLE_POLICY = ResourceType(
    "aws:iam/rolePolicy:RolePolicy",
    "iam",
    id="{role}:{name}",
    properties={
        "name": Property(replaces=True, autoname=Autoname(limit=128)),
        "role": Property(required=True, replaces=True),
        "policy": Property(kind=JSON, required=True, api="PolicyDocument"),
    },
    create=Call("put_role_policy", _INLINE),
    read=Call("get_role_policy", _INLINE, missing=_GONE),
    facets=(Facet(properties=("policy",), put=Call("put_role_policy", _INLINE), created=True),),
    delete=Call("delete_role_policy", _INLINE, missing=_GONE),
    refused=_NO_PREFIX,
    absent={"namePrefix": "never given"},
)


def _read_policy(ctx: Context) -> dict[str, Any] | None:
    policy = ctx.run(Call("get_policy", {"PolicyArn": "{id}"}, result="Policy", missing=_GONE))
    if policy is None:
        return None
    version = ctx.call("get_policy_version", PolicyArn=ctx.id, VersionId=policy["DefaultVersionId"])
    return {**policy, "PolicyDocument": version["PolicyVersion"]["Document"]}


def _new_version(ctx: Context) -> None:
    """A managed policy keeps five versions; the oldest makes room."""
    versions = list(_pages(ctx, "list_policy_versions", "Versions", PolicyArn=ctx.id))
    if len(versions) >= 5:
        oldest = min((item for item in versions if not item["IsDefaultVersion"]), key=lambda item: item["CreateDate"])
        ctx.call("delete_policy_version", PolicyArn=ctx.id, VersionId=oldest["VersionId"])
    ctx.call("create_policy_version", PolicyArn=ctx.id, PolicyDocument=ctx.inputs["policy"], SetAsDefault=True)


def _delete_policy(ctx: Context) -> None:
    for version in _pages(ctx, "list_policy_versions", "Versions", PolicyArn=ctx.id):
        if not version["IsDefaultVersion"]:
            ctx.call("delete_policy_version", PolicyArn=ctx.id, VersionId=version["VersionId"])
    ctx.run(Call("delete_policy", {"PolicyArn": "{id}"}, missing=_GONE))


def _policy_of_this_name(ctx: Context) -> str | None:
    arn = str(ctx.fill("arn:{partition}:iam::{account}:policy{path}{name}"))
    return arn if ctx.run(Call("get_policy", {"PolicyArn": arn}, missing=_GONE)) else None


POLICY = ResourceType(
    "aws:iam/policy:Policy",
    "iam",
    id="=Policy.Arn",
    properties={
        "name": Property(replaces=True, api="PolicyName", autoname=Autoname(limit=128)),
        "policy": Property(kind=JSON, required=True, api="PolicyDocument"),
        "description": Property(replaces=True),
        "path": Property(default="/", replaces=True),
        "arn": Property(output=True),
        "policyId": Property(output=True),
        **TAGS,
    },
    create=Call("create_policy"),
    read=_read_policy,
    facets=(
        Facet(properties=("policy",), put=_new_version, created=True),
        tag_facet(Call("list_policy_tags", {"PolicyArn": "{id}"}), "tag_policy", "untag_policy", {"PolicyArn": "{id}"}),
    ),
    delete=_delete_policy,
    find=_policy_of_this_name,
    refused={**_NO_PREFIX, "delayAfterPolicyCreationInMs": "the twin's IAM is consistent at once"},
    absent={
        "namePrefix": "never given",
        "delayAfterPolicyCreationInMs": "the twin's IAM is consistent at once",
        "attachmentCount": "it changes with every attachment, and every refresh would report that as drift",
    },
)


def _read_attachment(ctx: Context) -> dict[str, Any] | None:
    role, arn = ctx.value("role"), ctx.value("policyArn")
    attached = _pages(ctx, "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    return {"role": role, "policyArn": arn} if any(item["PolicyArn"] == arn for item in attached) else None


_ATTACHMENT = {"RoleName": "{role}", "PolicyArn": "{policyArn}"}

ROLE_POLICY_ATTACHMENT = ResourceType(
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "iam",
    id="{role}/{policyArn}",
    properties={
        "role": Property(required=True, replaces=True),
        "policyArn": Property(required=True, replaces=True),
    },
    create=Call("attach_role_policy", _ATTACHMENT),
    read=_read_attachment,
    delete=Call("detach_role_policy", _ATTACHMENT, missing=_GONE),
)


def _set_clients(ctx: Context) -> None:
    wanted, there = set(ctx.inputs["clientIdLists"]), set(ctx.old["clientIdLists"])
    for client in sorted(wanted - there):
        ctx.call("add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=ctx.id, ClientID=client)
    for client in sorted(there - wanted):
        ctx.call("remove_client_id_from_open_id_connect_provider", OpenIDConnectProviderArn=ctx.id, ClientID=client)


def _provider_of_this_url(ctx: Context) -> str | None:
    arn = ctx.fill("arn:{partition}:iam::{account}:oidc-provider/") + ctx.inputs["url"].removeprefix("https://")
    return (
        arn
        if ctx.run(Call("get_open_id_connect_provider", {**_OIDC, "OpenIDConnectProviderArn": arn}, missing=_GONE))
        else None
    )


_OIDC = {"OpenIDConnectProviderArn": "{id}"}

OPEN_ID_CONNECT_PROVIDER = ResourceType(
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "iam",
    id="=OpenIDConnectProviderArn",
    properties={
        "url": Property(kind=Alike(lambda url: url.removeprefix("https://")), required=True, replaces=True),
        "clientIdLists": Property(kind=ListOf(STRING, ordered=False), required=True, api="ClientIDList"),
        "thumbprintLists": Property(kind=ListOf(STRING), computed=True, api="ThumbprintList"),
        "arn": Property(output=True, derived="{id}"),
        **TAGS,
    },
    create=Call("create_open_id_connect_provider"),
    read=Call("get_open_id_connect_provider", _OIDC, missing=_GONE),
    facets=(
        Facet(properties=("clientIdLists",), put=_set_clients, created=True),
        Facet(
            properties=("thumbprintLists",), put=Call("update_open_id_connect_provider_thumbprint", _OIDC), created=True
        ),
        tag_facet(
            None,
            "tag_open_id_connect_provider",
            "untag_open_id_connect_provider",
            _OIDC,
        ),
    ),
    delete=Call("delete_open_id_connect_provider", _OIDC, missing=_GONE),
    find=_provider_of_this_url,
)

TYPES = (ROLE, ROLE_POLICY, POLICY, ROLE_POLICY_ATTACHMENT, OPEN_ID_CONNECT_PROVIDER)
