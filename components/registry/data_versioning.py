"""The DVC remote: versions of data that Git refers to, under a prefix for each team, with a ready `.dvc/config`.

Owns the store and what it says to DVC; not its key, which is apart from that of other data of its class, nor the roles
of teams, whose grants name the same prefixes.

DVC names an object after the hash of its content and never needs an older version of it, so what Git refers to is
always a current version. None expires, none is moved where it cannot be read at once, and no role has the right to
delete one: `dvc gc --cloud` is refused. Where the engine may not empty the bucket, its policy refuses deletions of
anybody, administrators of the account included. Remotes with `version_aware` or `worktree`, which refer to versions
of S3, are not for this store: nobody may read one by its id.

Units:  ages are whole days.
Source: DVC documentation, "dvc remote modify" (Amazon S3), "Internal directories and files"; S3 user guide, "Using
        Amazon S3 storage classes".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from functools import partial
from typing import Literal

import pulumi
from pydantic import Field

from components.model import Wire
from components.naming import bucket_name
from components.policy_document import ANYONE, Statement, deny
from components.security.workload_identity import ObjectPrefix
from components.storage.bucket_policy import bucket_arn
from components.storage.object_store import ObjectStore, ObjectStoreArgs, ObjectStoreSettings
from components.storage.private_bucket import Lifecycle, Transition
from components.tags import KeyName, KeyPurpose

REMOTE = "groundwork"
"""What the remote is called in every team's `.dvc/config`."""


class ReadableTransition(Transition):
    """When versions move to cheaper storage."""

    storage_class: Literal["INTELLIGENT_TIERING", "STANDARD_IA", "GLACIER_IR"] = Field(examples=["INTELLIGENT_TIERING"])
    """S3's name of the class. Only those that are read at once: what is archived, `dvc pull` cannot read."""


class VersionLifecycle(Lifecycle):
    """What happens to versions of data as they age. None expires."""

    transitions: tuple[ReadableTransition, ...] = Field(
        default=(), examples=[[{"days": 90, "storage_class": "INTELLIGENT_TIERING"}]]
    )
    """Moves to cheaper storage; none by default."""


class DataVersioningSettings(ObjectStoreSettings):
    """What the stack file says about the DVC remote."""

    lifecycle: VersionLifecycle = Field(default=VersionLifecycle(), examples=[{"noncurrent_days": 90}])
    """What happens to versions of data as they age. What Git refers to never expires."""


class DataVersioningArgs(ObjectStoreArgs):
    """What the remote is wired to: the same as a store, and the teams."""

    settings: DataVersioningSettings = DataVersioningSettings()
    """What the stack file says."""
    key_name: KeyName = KeyPurpose.DATA_VERSIONING
    """Which key it is: its own."""
    access_log_bucket_name: Wire
    """Where S3 logs each access."""
    prefixes: Mapping[str, ObjectPrefix]
    """By team: where in the bucket its versions are."""


class DataVersioning(pulumi.ComponentResource):
    """The bucket of the remote, and what each team writes into `.dvc/config`."""

    bucket_name: pulumi.Output[str]
    """Resolves once the bucket's policy stands."""
    configs: Mapping[str, pulumi.Output[str]]
    """By team: the text of `.dvc/config`."""

    def __init__(self, name: str, args: DataVersioningArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:registry:DataVersioning", name, None, opts)
        role = args.role or name
        physical = bucket_name(args.environment, role, args.account_id, args.region)
        kept = () if args.settings.force_destroy else (no_deletion(physical),)
        store = ObjectStore(
            f"{name}-store",
            args.model_copy(update={"role": role, "statements": (*args.statements, *kept)}),
            # The store stood alone, under this name, before there was a component for the remote.
            pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(name=name, parent=pulumi.ROOT_STACK_RESOURCE)]),
        )
        self.bucket_name = store.bucket_name
        self.configs = {
            team: store.bucket_name.apply(partial(dvc_config, region=args.region, prefix=prefix))
            for team, prefix in args.prefixes.items()
        }
        self.register_outputs({"bucket_name": self.bucket_name, "configs": dict(self.configs)})


def no_deletion(bucket_name: str) -> Statement:
    """Deny that anybody deletes a version or hides it under a delete marker. S3's own lifecycle is not asked."""
    return deny(
        "VersionsStay",
        principal=ANYONE,
        actions=["s3:DeleteObject", "s3:DeleteObjectVersion"],
        resources=[f"{bucket_arn(bucket_name)}/*"],
    )


def dvc_config(bucket_name: str, region: str, prefix: str) -> str:
    """Return the `.dvc/config` of a project whose data is under `prefix`, in DVC's own format.

    It asks for no encryption (`sse`): the bucket encrypts with its key, and refuses uploads that choose one. With
    `verify`, DVC recomputes the hash of what it pulls, so that an object which is not what its name says is refused.
    Without `analytics = false`, DVC would tell its makers which commands are used, from every pod and every computer.
    """
    return (
        f"[core]\n    remote = {REMOTE}\n    analytics = false\n"
        f"['remote \"{REMOTE}\"']\n    url = s3://{bucket_name}/{prefix.removesuffix('/')}\n"
        f"    region = {region}\n    verify = true\n"
    )
