"""RDS for PostgreSQL: a real server behind each DB instance, and the fields that ministack 1.5.33 forgets.

The emulator keeps the instance; the fleet keeps the server. Status, endpoint and master secret are the server's, laid
over every answer that shows the instance.

Source: Amazon RDS API reference, the actions named at each correction.
"""

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.rds_fields import full_version, parameter_group, remembered_fields, with_key_arns
from twin.aws.corrections.rds_names import InstanceName
from twin.aws.corrections.rds_parameters import ParameterGroups
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.secretsmanager import create_managed, delete_managed, new_password, put_managed_password
from twin.aws.corrections.wire import AwsError
from twin.postgres.fleet import HOST, Fleet
from twin.postgres.provision import Database
from twin.postgres.server import PostgresError

_KIND, _SNAPSHOT_KIND = "db-instance", "db-snapshot"
_RESERVED_NAMES = ("admin", "rdsadmin")
_LIFE = {"RebootDBInstance": "available", "StopDBInstance": "available", "StartDBInstance": "stopped"}


class DatabaseInstances:
    """The DB instances of engine `postgres`."""

    def __init__(self, fleet: Fleet, groups: ParameterGroups) -> None:
        self._fleet, self._groups = fleet, groups

    def corrections(self) -> tuple[Correction, ...]:
        """All corrections of the service. Showing comes last, so that it shows what the others have done."""
        return (
            Correction("rds", ("CreateDBInstance",), before=self._check_create, after=self._create),
            Correction("rds", ("ModifyDBInstance",), before=self._check_modify, after=self._modify),
            Correction("rds", tuple(_LIFE), before=self._check_state, after=self._change_state),
            Correction("rds", ("DeleteDBInstance",), before=self._check_delete, after=self._delete),
            Correction("rds", ("CreateDBSnapshot",), after=self._snapshot),
            Correction("rds", ("DeleteDBSnapshot",), after=self._delete_snapshot),
            Correction("rds", ("RestoreDBInstanceFromDBSnapshot",), before=self._check_restore, after=self._restore),
            Correction("rds", ("ModifyDBParameterGroup",), before=self._groups.check),
            Correction("rds", ("ModifyDBParameterGroup", "ResetDBParameterGroup"), after=self._reconfigure),
            Correction("rds", ("DescribeDBParameters",), after=self._groups.show_when_applied),
            Correction(
                "rds",
                (
                    "CreateDBInstance",
                    "DeleteDBInstance",
                    "DescribeDBInstances",
                    "ModifyDBInstance",
                    "RestoreDBInstanceFromDBSnapshot",
                    *_LIFE,
                ),
                after=self._show,
            ),
        )

    # --- CreateDBInstance ---

    async def _check_create(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        if asked.get("Engine") != "postgres":
            return
        await full_version(exchange.emulator, asked.get("EngineVersion"))
        if asked.get("MasterUsername") in (None, "", *_RESERVED_NAMES):
            message = f"MasterUsername {asked.get('MasterUsername')} is a reserved word used by the engine"
            raise AwsError("InvalidParameterValue", message)
        managed, password = asked.get("ManageMasterUserPassword", False), asked.get("MasterUserPassword")
        if managed and password:
            message = "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled."
            raise AwsError("InvalidParameterCombination", message)
        if not managed and not 8 <= len(password or "") <= 128:
            message = "The parameter MasterUserPassword is not a valid password: it must have 8 to 128 characters."
            raise AwsError("InvalidParameterValue", message)
        keys = given(asked, "KmsKeyId", "PerformanceInsightsKMSKeyId", "MasterUserSecretKmsKeyId")
        await with_key_arns(exchange.emulator, keys)

    async def _create(self, exchange: Exchange) -> None:
        asked, instance = exchange.parameters, exchange.answer["DBInstance"]
        if asked.get("Engine") != "postgres":
            return
        password = asked.get("MasterUserPassword") or new_password()
        known: Fields = {"master": asked["MasterUsername"], "database": asked.get("DBName"), "shown": {}}
        if asked.get("ManageMasterUserPassword"):
            known["secret"] = await self._new_secret(exchange, instance["DBInstanceArn"], known["master"], password)
        shown = await with_key_arns(exchange.emulator, remembered_fields(asked))
        shown |= await with_key_arns(exchange.emulator, given(instance, "KmsKeyId"))
        shown |= await full_version(exchange.emulator, asked.get("EngineVersion")) | given(asked, "DBName")
        if asked.get("StorageType") == "gp3":
            shown = {"Iops": 3000, "StorageThroughput": 125} | shown
        known["shown"] = shown
        self._keep(exchange, known)
        self._fleet.create(
            self._name(exchange), await self._database(exchange, known, parameter_group(instance)), password
        )

    async def _new_secret(self, exchange: Exchange, arn: str, master: str, password: str) -> Fields:
        key = exchange.parameters.get("MasterUserSecretKmsKeyId")
        found = await with_key_arns(exchange.emulator, {"KmsKeyId": key} if key else {})
        return await create_managed(exchange, arn, master, password, found.get("KmsKeyId"))

    # --- ModifyDBInstance, ModifyDBParameterGroup ---

    async def _check_modify(self, exchange: Exchange) -> None:
        if exchange.parameters.get("NewDBInstanceIdentifier"):
            raise AwsError("InvalidParameterCombination", "The twin does not rename DB instances.")

    async def _modify(self, exchange: Exchange) -> None:
        known = self._known(exchange)
        if known is None:
            return
        asked, arn = exchange.parameters, exchange.answer["DBInstance"]["DBInstanceArn"]
        shown = known["shown"] | await with_key_arns(exchange.emulator, remembered_fields(asked))
        if exports := asked.get("CloudwatchLogsExportConfiguration"):
            before = shown.get("EnabledCloudwatchLogsExports", [])
            kept = [name for name in before if name not in exports.get("DisableLogTypes", [])]
            shown["EnabledCloudwatchLogsExports"] = list(dict.fromkeys([*kept, *exports.get("EnableLogTypes", [])]))
        shown |= await full_version(exchange.emulator, asked.get("EngineVersion"))
        known["shown"] = shown
        await self._modify_password(exchange, known, arn)
        self._keep(exchange, known)

    async def _modify_password(self, exchange: Exchange, known: Fields, arn: str) -> None:
        asked = exchange.parameters
        password = asked.get("MasterUserPassword")
        if asked.get("ManageMasterUserPassword") and "secret" not in known:
            password = new_password()
            known["secret"] = await self._new_secret(exchange, arn, known["master"], password)
        elif asked.get("ManageMasterUserPassword") is False and "secret" in known:
            await delete_managed(exchange, known.pop("secret")["SecretArn"])
        elif asked.get("RotateMasterUserPassword") and "secret" in known:
            password = new_password()
        if password:
            await self._set_password(self._name(exchange), known["master"], password)
            if "secret" in known:
                await put_managed_password(exchange, known["secret"]["SecretArn"], password)

    async def set_password(self, exchange: Exchange, instance_arn: str, password: str) -> None:
        """Make `password` the master user's: what RotateSecret asks for."""
        identifier = instance_arn.rpartition(":")[2]
        known = exchange.shelf(_KIND).get(exchange.scope, identifier)
        if known is None:
            raise AwsError("InvalidRequestException", f"The DB instance {identifier} of the secret does not exist.")
        await self._set_password(self._name(exchange, identifier), known["master"], password)

    async def _set_password(self, name: str, master: str, password: str) -> None:
        try:
            await self._fleet.set_password(name, master, password)
        except PostgresError as error:
            raise AwsError("InvalidDBInstanceState", str(error)) from error

    async def _reconfigure(self, exchange: Exchange) -> None:
        """What PostgreSQL can change while it runs takes effect at once; the rest waits for RebootDBInstance."""
        group = exchange.parameters["DBParameterGroupName"]
        found = await exchange.emulator.call("rds", "DescribeDBInstances")
        for instance in found["DBInstances"]:
            identifier = instance["DBInstanceIdentifier"]
            known = exchange.shelf(_KIND).get(exchange.scope, identifier)
            if known is not None and parameter_group(instance) == group:
                database = await self._database(exchange, known, group)
                self._fleet.reconfigure(self._name(exchange, identifier), database)

    # --- RebootDBInstance, StopDBInstance, StartDBInstance ---

    async def _check_state(self, exchange: Exchange) -> None:
        if self._known(exchange) is None:
            return
        status, expected = self._fleet.status(self._name(exchange)), _LIFE[exchange.operation.name]
        if status != expected:
            identifier = exchange.parameters["DBInstanceIdentifier"]
            message = f"Instance {identifier} is in {status} state but expected it to be one of {expected}."
            raise AwsError("InvalidDBInstanceState", message)

    async def _change_state(self, exchange: Exchange) -> None:
        known = self._known(exchange)
        if known is None:
            return
        name = self._name(exchange)
        if exchange.operation.name == "StopDBInstance":
            self._fleet.stop(name)
        elif exchange.operation.name == "StartDBInstance":
            self._fleet.start(name)
        else:
            group = parameter_group(exchange.answer["DBInstance"])
            self._fleet.reboot(name, await self._database(exchange, known, group))

    # --- DeleteDBInstance, snapshots ---

    async def _check_delete(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        if not asked.get("SkipFinalSnapshot") and not asked.get("FinalDBSnapshotIdentifier"):
            message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            raise AwsError("InvalidParameterCombination", message)

    async def _delete(self, exchange: Exchange) -> None:
        known = self._known(exchange)
        if known is None:
            return
        final = (
            None if exchange.parameters.get("SkipFinalSnapshot") else exchange.parameters["FinalDBSnapshotIdentifier"]
        )
        await self._fleet.delete(self._name(exchange), final and self._name(exchange, final))
        if final:
            exchange.shelf(_SNAPSHOT_KIND).put(exchange.scope, final, given(known, "master", "database"))
        if "secret" in known:
            await delete_managed(exchange, known["secret"]["SecretArn"])
        exchange.shelf(_KIND).forget(exchange.scope, exchange.parameters["DBInstanceIdentifier"])

    async def _snapshot(self, exchange: Exchange) -> None:
        known, snapshot = self._known(exchange), exchange.parameters["DBSnapshotIdentifier"]
        if known is not None:
            await self._fleet.snapshot(self._name(exchange), self._name(exchange, snapshot))
            exchange.shelf(_SNAPSHOT_KIND).put(exchange.scope, snapshot, given(known, "master", "database"))

    async def _delete_snapshot(self, exchange: Exchange) -> None:
        snapshot = exchange.parameters["DBSnapshotIdentifier"]
        self._fleet.delete_snapshot(self._name(exchange, snapshot))
        exchange.shelf(_SNAPSHOT_KIND).forget(exchange.scope, snapshot)

    async def _check_restore(self, exchange: Exchange) -> None:
        if exchange.parameters.get("MasterUserPassword"):
            raise AwsError("InvalidParameterCombination", "A restored instance keeps its master user's password.")

    async def _restore(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        saved = exchange.shelf(_SNAPSHOT_KIND).get(exchange.scope, asked["DBSnapshotIdentifier"])
        if saved is None:
            return
        forgotten = given(
            asked,
            "DBParameterGroupName",
            "VpcSecurityGroupIds",
            "DeletionProtection",
            "CopyTagsToSnapshot",
            "EnableIAMDatabaseAuthentication",
        )
        identifier = asked["DBInstanceIdentifier"]
        modified = await exchange.emulator.call(
            "rds", "ModifyDBInstance", DBInstanceIdentifier=identifier, ApplyImmediately=True, **forgotten
        )
        instance = exchange.answer["DBInstance"] = modified["DBInstance"]
        shown = await with_key_arns(exchange.emulator, remembered_fields(asked))
        known: Fields = {"master": saved["master"], "database": saved.get("database"), "shown": shown}
        password = None
        if asked.get("ManageMasterUserPassword"):
            password = new_password()
            known["secret"] = await self._new_secret(exchange, instance["DBInstanceArn"], known["master"], password)
        self._keep(exchange, known)
        database = await self._database(exchange, known, asked.get("DBParameterGroupName", "default.postgres17"))
        name, snapshot = self._name(exchange), self._name(exchange, asked["DBSnapshotIdentifier"])
        self._fleet.restore(name, database, snapshot, password)

    # --- DescribeDBInstances and every answer that shows an instance ---

    async def _show(self, exchange: Exchange) -> None:
        shown = exchange.answer.get("DBInstances", [exchange.answer.get("DBInstance")])
        for instance in filter(None, shown):
            for name in [name for name, value in instance.items() if value == ""]:
                del instance[name]  # AWS leaves out what is not set
            if not instance.get("PerformanceInsightsEnabled"):
                instance.pop("PerformanceInsightsRetentionPeriod", None)
            identifier = instance["DBInstanceIdentifier"]
            known = exchange.shelf(_KIND).get(exchange.scope, identifier)
            if known is None:
                if instance["Engine"] == "postgres" and exchange.operation.name == "DescribeDBInstances":
                    instance["DBInstanceStatus"] = "failed"  # the twin was killed before the server was begun
                continue
            instance |= known["shown"]
            if not known["database"]:
                instance.pop("DBName", None)
            if "secret" in known:
                instance["MasterUserSecret"] = known["secret"]
            name = self._name(exchange, identifier)
            instance["DBInstanceStatus"] = self._fleet.status(name) or "failed"
            if instance["DBInstanceStatus"] == "creating":
                instance.pop("Endpoint", None)
            elif self._fleet.status(name):
                instance["Endpoint"] = {"Address": HOST, "Port": self._fleet.port(name)}

    # --- what all of them need ---

    def _name(self, exchange: Exchange, identifier: str | None = None) -> str:
        wanted = identifier or exchange.parameters["DBInstanceIdentifier"]
        return str(InstanceName(exchange.emulator.account, exchange.emulator.region, wanted))

    def _known(self, exchange: Exchange) -> Fields | None:
        return exchange.shelf(_KIND).get(exchange.scope, exchange.parameters["DBInstanceIdentifier"])

    def _keep(self, exchange: Exchange, known: Fields) -> None:
        exchange.shelf(_KIND).put(exchange.scope, exchange.parameters["DBInstanceIdentifier"], known)

    async def _database(self, exchange: Exchange, known: Fields, group: str) -> Database:
        return await self._groups.database(exchange.emulator, known["master"], known.get("database"), group)
