"""One persona of one team, or of the platform, as AWS and the cluster know it: a role, and a group with rights.

Owns the IAM role and its rights, the access entry that makes the role a member of a Kubernetes group, and what that
group may do. People take the role; whoever they are is decided by the patterns of their own principals' ARNs, which are
of the same account: federation, or another account, ends in a role here first.

Source: EKS user guide, "Grant IAM users access to Kubernetes with EKS access entries"; IAM user guide, global condition
        key aws:PrincipalArn (for a session it is the ARN of the role).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import pulumi
from pulumi_aws import eks, iam
from pydantic import AfterValidator, Field

from components.cluster.group_rights import GroupRights, give
from components.model import Model, Wire
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import Statement, account_principal, allow, document
from components.security.permissions import Scope
from components.security.permissions_boundary import boundary_arn
from components.security.secret import read_secrets, secret_arn_pattern
from components.security.workload_identity import BucketGrant, object_statements
from components.tags import KeyName, key_access_tags
from components.teams.personas import PLATFORM_PERSONAS, TEAM_PERSONAS, Grant, Persona, group

PrincipalPattern: TypeAlias = Annotated[
    str,
    Field(pattern=r"^arn:aws:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9+=,.@_/*-]*[A-Za-z0-9][A-Za-z0-9+=,.@_/*-]*)$"),
]
"""The ARN of a role or a user, or of root; `*` in it stands for anything, but it is never all of the name."""


def _somebody(people: tuple[str, ...]) -> tuple[str, ...]:
    if not people:
        raise ValueError("nobody is named: name somebody, or leave the persona out")
    return people


# Not `min_length`: where a pattern is wrong, that would call the list empty too.
Principals: TypeAlias = Annotated[tuple[PrincipalPattern, ...], AfterValidator(_somebody)]


class BucketOf(Model):
    """A store, as a grant needs it."""

    bucket_name: Wire
    """The bucket's name."""
    key_name: KeyName
    """The store's key."""


class PersonaAccessArgs(Model):
    """Who it is for and what it is wired to."""

    account_id: str
    """The account of the role, and of whoever takes it."""
    region: str
    """Where the cluster is."""
    environment: str
    """Part of the role's name."""
    boundary_arn: Wire
    """The permissions boundary of the environment."""
    cluster_name: Wire
    """The EKS cluster, known once it stands."""
    persona: str
    """A name of `TEAM_PERSONAS`, or of `PLATFORM_PERSONAS` where there is no team."""
    team: str | None = None
    """The team; absent, the persona is the platform's."""
    namespace: str | None = None
    """The team's namespace; absent, the rights are for the whole cluster."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before the rights in the cluster: the namespace with its guard rails."""
    people: Principals
    """Who may take the role: patterns of the ARNs of principals of the account."""
    stores: Mapping[str, BucketOf]
    """The stores by name."""


class PersonaAccess(pulumi.ComponentResource):
    """The role `groundwork-<environment>-<team>-<persona>` and what its group may do in the cluster."""

    role_arn: pulumi.Output[str]
    """Known once the role, its rights and its access entry stand."""

    def __init__(self, name: str, args: PersonaAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:teams:PersonaAccess", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        persona = persona_of(args)
        grants = bucket_grants(persona.grants, args.team, args.stores)
        role = iam.Role(
            f"{name}-role",
            name=role_name(args.environment, args.persona, args.team),
            description=f"{args.persona} of {args.team or 'the platform'}, Groundwork {args.environment}",
            assume_role_policy=document(taken_by(args.account_id, args.people)),
            permissions_boundary=args.boundary_arn,
            tags=key_access_tags((grant.key_name, grant.access) for grant in grants),
            opts=child,
        )
        policies = [
            iam.RolePolicy(
                f"{name}-rights", role=role.name, policy=document(*rights_statements(args, persona)), opts=child
            )
        ]
        if grants:
            buckets = pulumi.Output.all(*(grant.bucket_name for grant in grants))
            policies.append(
                iam.RolePolicy(
                    f"{name}-objects",
                    role=role.name,
                    policy=buckets.apply(lambda names: document(*object_statements(grants, names))),
                    opts=child,
                )
            )
        entry = eks.AccessEntry(
            f"{name}-entry",
            cluster_name=args.cluster_name,
            principal_arn=role.arn,
            kubernetes_groups=[group(args.persona, args.team)],
            type="STANDARD",
            opts=child,
        )
        rights = GroupRights(
            group=group(args.persona, args.team),
            role=f"groundwork-{args.persona}",
            rules=persona.rules,
            component="team" if args.team else "platform",
        )
        give(name, rights, parent=self, namespace=args.namespace, after=args.after)
        ready = pulumi.Output.all(role.arn, entry.access_entry_arn, *(policy.id for policy in policies))
        self.role_arn = ready.apply(lambda values: str(values[0]))
        self.register_outputs({"role_arn": self.role_arn})


def persona_of(args: PersonaAccessArgs) -> Persona:
    """Return the persona that the args name. Raises `ValueError` where there is none of that name."""
    personas = (TEAM_PERSONAS if args.team else PLATFORM_PERSONAS).items()
    found = [persona for name, persona in personas if name == args.persona]
    if not found:
        raise ValueError(
            f"there is no persona {args.persona!r} here; there are {', '.join(name for name, _ in personas)}"
        )
    return found[0]


def rights_statements(args: PersonaAccessArgs, persona: Persona) -> tuple[Statement, ...]:
    """Return what a persona may do in AWS beside objects: its permissions, and reading its own secrets."""
    rights = tuple(permission.statement(scope_of(args)) for permission in persona.permissions)
    return (*rights, *secret_rights(persona.secrets, args.account_id, args.region, args.environment, args.team))


def secret_rights(
    paths: tuple[str, ...], account_id: str, region: str, environment: str, team: str | None
) -> tuple[Statement, ...]:
    """Return the right to read the secrets at these paths, for one team; none where there are none."""
    arns = [secret_arn_pattern(account_id, region, environment, path.format(team=team)) for path in paths]
    return (read_secrets("ReadSecrets", *arns),) if arns else ()


def role_name(environment: str, persona: str, team: str | None = None) -> str:
    """Return the name of a persona's role."""
    return physical_name(environment, *((team, persona) if team else (persona,)), limit=ROLE_NAME_LIMIT)


def role_arn(account_id: str, environment: str, persona: str, team: str | None = None) -> str:
    """Return the ARN of a persona's role, known before it exists."""
    return f"arn:aws:iam::{account_id}:role/{role_name(environment, persona, team)}"


def taken_by(account_id: str, people: tuple[str, ...]) -> Statement:
    """Return who may take a role: principals of the account whose own policies let them, and whom a pattern names."""
    return allow(
        "TakenByPeople",
        principal=account_principal(account_id),
        actions=["sts:AssumeRole"],
        conditions={"ArnLike": {"aws:PrincipalArn": list(people)}},
    )


def bucket_grants(
    grants: tuple[Grant, ...], team: str | None, stores: Mapping[str, BucketOf]
) -> tuple[BucketGrant, ...]:
    """Return the grants with their buckets, for one team."""
    return tuple(
        BucketGrant(
            bucket_name=stores[grant.store].bucket_name,
            key_name=stores[grant.store].key_name,
            prefix=grant.prefix.format(team=team),
            access=grant.access,
        )
        for grant in grants
    )


def scope_of(args: PersonaAccessArgs) -> Scope:
    """Return what fills the templates of permissions."""
    return Scope(
        account=args.account_id,
        region=args.region,
        environment=args.environment,
        boundary=boundary_arn(args.account_id, args.environment),
    )
