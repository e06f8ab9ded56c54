"""How GitHub Actions gets at the account without a stored key: an OIDC provider and two roles.

The preview role is for the daily search for drift, in a GitHub environment of its own, and reads how things are set up;
the deploy role is for runs in one GitHub environment and changes what this program manages. Which branches and people
may use a GitHub environment is decided there, by its protection rules. The subject of pull requests is trusted by none:
whoever can push a branch would read both environments by code that nobody has reviewed. The provider, both
roles and the boundary are applied by an administrator: the deploy role may not touch them.

Source: IAM user guide, "Create a role for OpenID Connect federation"; GitHub docs, "Configuring OpenID Connect in AWS",
"OpenID Connect reference", immutable subject claims.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from typing import Annotated

import pulumi
from pulumi_aws import iam
from pydantic import Field

from components.model import Model
from components.naming import ROLE_NAME_LIMIT, physical_name
from components.policy_document import allow, document, federated_principal
from components.security.deploy_permissions import WRITE
from components.security.permissions import Permission, Scope
from components.security.permissions_boundary import POLICY_NAME_LIMIT, boundary_arn
from components.security.preview_permissions import PREVIEW

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
OWNER, NAME, ID = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}", r"[A-Za-z0-9._-]{1,100}", r"@[0-9]{1,20}"
REPOSITORY = rf"^(?:{OWNER}/{NAME}|{OWNER}{ID}/{NAME}{ID})$"


class GitHubAccessSettings(Model):
    """What the stack file says about the pipeline."""

    repository: Annotated[str, Field(pattern=REPOSITORY)] = Field(
        examples=["octo-org@123456/groundwork@456789", "octo-org/groundwork"]
    )
    """The one repository whose runs are trusted, as the `sub` of its tokens spells it: `OWNER@ID/NAME@ID`, or
    `OWNER/NAME` where it was made before 15 July 2026 and did not opt in to immutable subjects."""
    manage_provider: bool = Field(default=True, examples=[True])
    """Make the OIDC provider. An account has one for each issuer: false where another stack of the account made it."""


class GitHubAccessArgs(Model):
    """What the roles are wired to."""

    settings: GitHubAccessSettings
    """What the stack file says."""
    account_id: str
    """The account that the roles are in."""
    region: str
    """Where the roles may change things; buckets, roles and replica keys are not bound to a region."""
    environment: str
    """Whose resources the roles are for, and the name of the GitHub environment that deploys them."""


class GitHubAccess(pulumi.ComponentResource):
    """The roles `groundwork-<environment>-github-preview` and `…-github-deploy`."""

    provider_arn: pulumi.Output[str]
    preview_role_arn: pulumi.Output[str]
    deploy_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: GitHubAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:security:GitHubAccess", name, None, opts)
        repository = f"repo:{args.settings.repository}"
        known_arn = provider_arn(args.account_id)
        depends_on: list[pulumi.Resource] = []
        self.provider_arn = pulumi.Output.from_input(known_arn)
        if args.settings.manage_provider:
            provider = iam.OpenIdConnectProvider(
                f"{name}-provider",
                url=f"https://{ISSUER}",
                client_id_lists=[AUDIENCE],  # no thumbprints: IAM trusts this issuer by its certificate authority
                opts=pulumi.ResourceOptions(parent=self),
            )
            depends_on.append(provider)
            self.provider_arn = provider.arn
        self.preview_role_arn = self._role(
            name,
            "preview",
            (f"{repository}:environment:{args.environment}-drift",),
            PREVIEW,
            args,
            depends_on,
        )
        self.deploy_role_arn = self._role(
            name, "deploy", (f"{repository}:environment:{args.environment}",), PREVIEW | WRITE, args, depends_on
        )
        self.register_outputs(
            {
                "provider_arn": self.provider_arn,
                "preview_role_arn": self.preview_role_arn,
                "deploy_role_arn": self.deploy_role_arn,
            }
        )

    def _role(
        self,
        name: str,
        role: str,
        subjects: tuple[str, ...],
        permissions: Mapping[str, tuple[Permission, ...]],
        args: GitHubAccessArgs,
        depends_on: list[pulumi.Resource],
    ) -> pulumi.Output[str]:
        """Make one role that trusts these subjects of GitHub's tokens and no others, and its policies."""
        made = iam.Role(
            f"{name}-{role}",
            name=_role_name(args.environment, role),
            description=f"GitHub Actions of {args.settings.repository}: {role} of Groundwork {args.environment}",
            assume_role_policy=trust_policy(args.account_id, subjects),
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )
        scope = Scope(
            account=args.account_id,
            region=args.region,
            environment=args.environment,
            boundary=boundary_arn(args.account_id, args.environment),
        )
        for group, granted in permissions.items():
            policy = iam.Policy(
                f"{name}-{role}-{group}",
                name=physical_name(args.environment, "github", role, group, limit=POLICY_NAME_LIMIT),
                description=f"GitHub Actions, {role} of Groundwork {args.environment}: {group}",
                policy=document(*(permission.statement(scope) for permission in granted)),
                opts=pulumi.ResourceOptions(parent=self),
            )
            iam.RolePolicyAttachment(
                f"{name}-{role}-{group}-attachment",
                role=made.name,
                policy_arn=policy.arn,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return made.arn


def provider_arn(account_id: str) -> str:
    """Return the ARN of the account's provider for GitHub, known before it exists."""
    return f"arn:aws:iam::{account_id}:oidc-provider/{ISSUER}"


def trust_policy(account_id: str, subjects: tuple[str, ...]) -> str:
    """Return a trust policy for subjects, word for word: a wildcard would let in other repositories or branches."""
    return document(
        allow(
            "AssumedByGitHubActions",
            principal=federated_principal(provider_arn(account_id)),
            actions=["sts:AssumeRoleWithWebIdentity"],
            conditions={"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": list(subjects)}},
        )
    )


def github_role_arn(account_id: str, environment: str, role: str) -> str:
    """Return the ARN of a role of the pipeline: `preview` or `deploy`."""
    return f"arn:aws:iam::{account_id}:role/{_role_name(environment, role)}"


def _role_name(environment: str, role: str) -> str:
    return physical_name(environment, "github", role, limit=ROLE_NAME_LIMIT)
