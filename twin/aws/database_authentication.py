"""Whether IAM lets somebody into a DB instance: the token, who has signed it, and the right `rds-db:connect`.

What the emulator holds at the moment of the connection counts: the instance's IAMDatabaseAuthenticationEnabled, the
credentials, the policies.

Source: Amazon RDS user guide, "IAM database authentication for MariaDB, MySQL, and PostgreSQL", "Creating and using an
IAM policy for IAM database access".
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from ministack.core import iam_evaluator

from twin.aws.corrections.authorisation import is_allowed
from twin.aws.corrections.emulator import Application, Emulator
from twin.aws.corrections.rds_names import InstanceName
from twin.aws.corrections.wire import AwsError, Parameters
from twin.aws.identities import resolve
from twin.postgres.fleet import HOST
from twin.postgres.tokens import identify
from twin.presigned import TokenError

_ACTION = "rds-db:connect"


@dataclass(frozen=True)
class DatabaseAuthentication:
    """IAM database authentication of every DB instance; an instance is known by the name of its server's folder."""

    application: Application
    """The emulator."""

    async def is_enabled(self, name: str) -> bool:
        """Whether the instance takes tokens."""
        return bool((await self._instance(InstanceName.of(name))).get("IAMDatabaseAuthenticationEnabled"))

    async def refusal(self, name: str, port: int, user: str, token: str) -> str | None:
        """Why this token does not let `user` into the instance at its endpoint's port; None when it does.

        To be called in a task of its own: the emulator keeps who calls, and how, in context variables.
        """
        instance = InstanceName.of(name)
        try:
            signer = identify(token, user, f"{HOST}:{port}", instance.region, datetime.now(UTC), resolve)
        except TokenError as error:
            return f"the token is not accepted: {error}"
        shown = await self._instance(instance)
        if not shown.get("IAMDatabaseAuthenticationEnabled"):
            return "IAM database authentication is not enabled"
        resource = f"arn:aws:rds-db:{instance.region}:{instance.account}:dbuser:{shown['DbiResourceId']}/{user}"
        denied = f"{signer.arn} is not authorized to perform: {_ACTION} on resource: {resource}"
        if signer.arn.split(":")[4] != instance.account:
            return denied  # nothing in this account can give a right to a principal of another one
        iam_evaluator.pin_request_origin("127.0.0.1", secure_transport=True)
        allowed = is_allowed(self._emulator(instance), signer.access_key_id, _ACTION, resource)
        return None if allowed else denied

    async def _instance(self, name: InstanceName) -> Parameters:
        """What the emulator knows of the instance: nothing, when it is none of its."""
        try:
            found = await self._emulator(name).call("rds", "DescribeDBInstances", DBInstanceIdentifier=name.identifier)
        except AwsError as error:
            if error.says("DBInstanceNotFound", "DBInstanceNotFoundFault"):
                return {}
            raise
        instance: Parameters = found["DBInstances"][0]
        return instance

    def _emulator(self, name: InstanceName) -> Emulator:
        return Emulator(self.application, name.account, name.region)
