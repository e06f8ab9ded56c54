"""The layer of who may do what: a role for each workload, and the two roles of the pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.security.github_access import GitHubAccess, GitHubAccessArgs
from components.security.workload_identity import BucketGrant, WorkloadIdentity, WorkloadIdentityArgs
from stacks.foundation import Foundation
from stacks.settings import StackSettings, WorkloadSettings
from stacks.store_names import store_bucket_name
from stacks.store_roles import STORE_KEYS


@dataclass(frozen=True)
class Access:
    """The identities, workloads by the name that the settings give them."""

    workloads: Mapping[str, WorkloadIdentity]
    github: GitHubAccess


def build_access(settings: StackSettings, foundation: Foundation) -> Access:
    """Make the roles. What they may reach is named, not wired: their policies are then known at the first preview."""
    workloads = {name: _identity(name, workload, settings, foundation) for name, workload in settings.workloads.items()}
    github = GitHubAccess(
        "github",
        GitHubAccessArgs(
            settings=settings.github,
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
        ),
        foundation.opts,
    )
    return Access(workloads, github)


def _identity(
    name: str, workload: WorkloadSettings, settings: StackSettings, foundation: Foundation
) -> WorkloadIdentity:
    return WorkloadIdentity(
        f"workload-{name}",
        WorkloadIdentityArgs(
            account_id=settings.account_id,
            region=settings.region,
            environment=settings.environment,
            boundary_arn=foundation.boundary.arn,
            trust=workload.trust,
            bucket_grants=tuple(
                BucketGrant(
                    bucket_name=store_bucket_name(settings, grant.store),
                    key_name=STORE_KEYS[grant.store],
                    prefix=grant.prefix,
                    access=grant.access,
                )
                for grant in workload.grants
            ),
        ),
        foundation.opts,
    )
