"""Permission checks that AWS makes and the emulator does not, decided by the emulator's own policy evaluation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ministack.core.iam_evaluator import enforce, find_iam_access_key_account, is_root_access_key
from ministack.core.responses import get_account_id, request_scope, set_request_account_id

from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.wire import AwsError

if TYPE_CHECKING:
    from twin.aws.corrections.engine import Exchange


def account_of(access_key: str) -> str:
    """The account that a credential belongs to: a root key's own, an IAM user's, an assumed role's."""
    owner = find_iam_access_key_account(access_key)
    with request_scope(owner or access_key, ""):
        set_request_account_id(owner or access_key)
        return str(get_account_id())


def is_allowed(emulator: Emulator, access_key: str, action: str, resource: str, **context: str) -> bool:
    """Whether the caller's policies, its boundary and the resource's own policy allow `action` on `resource`.

    `context` holds condition keys in lower case, with `__` for the colon (`kms__viaservice`).
    """
    conditions = {key.replace("__", ":"): value for key, value in context.items()}
    service = action.partition(":")[0]
    with request_scope(emulator.account, emulator.region):
        return enforce(access_key, action, service, emulator.region, resource, conditions) is None


def require(exchange: "Exchange", resource: str) -> None:
    """Refuse a caller who may not do the operation to the resource: for what would be refused for another reason first.

    AWS looks at rights before it looks at anything else, and whoever has none is not told how things are.
    """
    _refuse_unless_allowed(exchange, f"{exchange.operation.service}:{exchange.operation.name}", resource)


def require_action(exchange: "Exchange", action: str, resource: str, **context: str) -> None:
    """Refuse a caller who may not do something else that the operation asks for too."""
    _refuse_unless_allowed(exchange, action, resource, **context)


def require_pass_role(exchange: "Exchange", role_arn: str, service: str) -> None:
    """Refuse a caller who may not hand this role to a service. Source: IAM user guide, iam:PassRole."""
    _refuse_unless_allowed(exchange, "iam:PassRole", role_arn, iam__passedtoservice=service)


def _refuse_unless_allowed(exchange: "Exchange", action: str, resource: str, **context: str) -> None:
    if is_root_access_key(exchange.access_key):
        return
    if not is_allowed(exchange.emulator, exchange.access_key, action, resource, **context):
        message = f"The caller is not authorized to perform: {action} on resource: {resource}"
        raise AwsError("AccessDeniedException", message, 403)


@dataclass(frozen=True)
class KeyUse:
    """The use of a customer managed key by a service on behalf of a caller.

    Source: AWS KMS developer guide, "Condition keys" (kms:ViaService, kms:EncryptionContext).
    """

    emulator: Emulator
    access_key: str
    via: str
    """The service that asks KMS: `s3`, `secretsmanager`."""

    async def require(
        self, action: str, key: str, context: dict[str, str], grant: Mapping[str, str] | None = None
    ) -> None:
        """Refuse unless the key exists, is enabled, and the caller may do `action` with it.

        `key` is an id, an ARN or an alias; `context` is the encryption context; `grant` holds
        further condition keys, in lower case.
        Errors: AwsError as S3 and Secrets Manager pass KMS' own refusals on.
        """
        try:
            metadata = (await self.emulator.call("kms", "DescribeKey", KeyId=key))["KeyMetadata"]
        except AwsError as error:
            if error.says("NotFoundException"):
                raise AwsError("KMS.NotFoundException", f"Invalid keyId '{key}'") from error
            raise
        arn = metadata["Arn"]
        if metadata["KeyState"] == "Disabled":
            raise AwsError("KMS.DisabledException", f"{arn} is disabled.")
        if metadata["KeyState"] != "Enabled":
            raise AwsError("KMS.KMSInvalidStateException", f"{arn} is {_words(metadata['KeyState'])}.")
        if not self.access_key:
            raise AwsError("AccessDenied", "Access Denied", 403)
        if is_root_access_key(self.access_key):
            return
        conditions = {f"kms:encryptioncontext:{name}": value for name, value in context.items()}
        conditions |= {
            "kms__viaservice": f"{self.via}.{self.emulator.region}.amazonaws.com",
            "kms__calleraccount": self.emulator.account,
            **(grant or {}),
        }
        if not is_allowed(self.emulator, self.access_key, action, arn, **conditions):
            raise AwsError("AccessDenied", f"The caller is not authorized to perform: {action} on resource: {arn}", 403)


def _words(state: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", state).lower()
