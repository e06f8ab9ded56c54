"""One customer managed KMS key for each data class and purpose in use, each with an alias and a policy of its own.

Owns the keys, their aliases and their policies; not the data they protect. A key's end is the end of everything that it
encrypted, so a deletion takes 30 days and can be called off. A second instance in another region, with `region` set
there, makes the keys of replicas.

Units:  the rotation period is whole days; the deletion window is 30 days, the longest KMS has.
Source: KMS API, CreateKey, EnableKeyRotation (RotationPeriodInDays 90 to 2560).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import pulumi
from pulumi_aws import kms
from pydantic import Field

from components.model import Model
from components.naming import physical_name
from components.policy_document import document
from components.security.key_policy import KeyPlace, KeyUse, key_policy
from components.tags import KEY_NAMES, DataClass, KeyName, KeyPurpose, class_of, classification_tag

DELETION_WINDOW_DAYS = 30
ALIAS_LIMIT = 250

DEFAULT_USES: Mapping[KeyName, tuple[KeyUse, ...]] = {
    DataClass.INTERNAL: (KeyUse.ACCESS_LOGS, KeyUse.LOG_GROUPS, KeyUse.OBJECTS),
    DataClass.CONFIDENTIAL: (
        KeyUse.BACKUPS,
        KeyUse.CLUSTER_SECRETS,
        KeyUse.DATABASES,
        KeyUse.IMAGES,
        KeyUse.LOG_GROUPS,
        KeyUse.OBJECTS,
        KeyUse.QUEUES,
        KeyUse.SECRETS,
        KeyUse.TOPICS,
        KeyUse.VOLUMES,
    ),
    DataClass.REGULATED: (KeyUse.DELIVERY_STREAMS, KeyUse.LOG_GROUPS, KeyUse.OBJECTS, KeyUse.TRAILS),
    KeyPurpose.DATA_VERSIONING: (KeyUse.OBJECTS,),
}


class EncryptionKeysSettings(Model):
    """What the stack file says about keys."""

    uses: dict[KeyName, tuple[KeyUse, ...]] = Field(
        default=dict(DEFAULT_USES), min_length=1, examples=[{"confidential": ["objects", "databases"]}]
    )
    """The data classes and purposes in use, each with what its key encrypts; what is not listed has no key. A search
    domain adds its own use to the key of its class."""
    rotation_period_in_days: Annotated[int, Field(ge=90, le=2560)] = Field(default=365, examples=[365])
    """Age at which KMS replaces the key material; what the old material encrypted stays readable."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the keys."""


class EncryptionKeysArgs(Model):
    """What the keys are wired to."""

    settings: EncryptionKeysSettings = EncryptionKeysSettings()
    """What the stack file says."""
    account_id: str
    """Whose principals may use the keys."""
    region: str
    """Where the keys are, and through whose service endpoints they may be used."""
    environment: str
    """Part of every alias, and of the names of what the keys may encrypt."""
    administrator_role_arns: tuple[str, ...] = ()
    """Existing roles that administer the keys beside those that the account's IAM policies allow to; none by
    default. KMS refuses a policy that names a role which does not exist."""


@dataclass(frozen=True)
class DataKey:
    """A key as other components refer to it."""

    arn: pulumi.Output[str]
    key_id: pulumi.Output[str]
    alias: str
    """Known before the key exists, such as `alias/groundwork-dev-confidential`."""


class EncryptionKeys(pulumi.ComponentResource):
    """The keys of one environment in one region."""

    keys: Mapping[KeyName, DataKey]
    """By name, in the order of the names."""

    def __init__(self, name: str, args: EncryptionKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:security:EncryptionKeys", name, None, opts)
        uses = args.settings.uses
        self.keys = {
            key_name: self._key(name, args, key_name, uses[key_name]) for key_name in KEY_NAMES if key_name in uses
        }
        self.register_outputs({"key_arns": {key_name.value: key.arn for key_name, key in self.keys.items()}})

    def _key(self, name: str, args: EncryptionKeysArgs, key_name: KeyName, uses: tuple[KeyUse, ...]) -> DataKey:
        place = KeyPlace(
            account_id=args.account_id, region=args.region, environment=args.environment, key_name=key_name
        )
        # Stateful: renaming this without an alias replaces the key, and loses all that the old one encrypted.
        key = kms.Key(
            f"{name}-{key_name.value}",
            description=f"Groundwork {args.environment}: {key_name.value} data",
            policy=document(*key_policy(place, uses, args.administrator_role_arns)),
            region=args.region,
            enable_key_rotation=True,
            rotation_period_in_days=args.settings.rotation_period_in_days,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            tags=classification_tag(class_of(key_name)),
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect),
        )
        alias = f"alias/{physical_name(args.environment, key_name.value, limit=ALIAS_LIMIT)}"
        kms.Alias(
            f"{name}-{key_name.value}-alias",
            name=alias,
            target_key_id=key.key_id,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return DataKey(arn=key.arn, key_id=key.key_id, alias=alias)
