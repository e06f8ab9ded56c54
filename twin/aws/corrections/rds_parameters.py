"""DB parameter groups: only parameters that PostgreSQL or RDS know, and what of them the server is started with.

ministack 1.5.33 takes any name. RDS' own parameters (`rds.*`) never reach postgresql.conf: `rds.force_ssl` is
pg_hba.conf's matter, `rds.logical_replication` stands for wal_level, the others have nothing to act on here.

Source: Amazon RDS API reference: ModifyDBParameterGroup, DescribeDBParameters; RDS user guide, "Working with
parameters on your RDS for PostgreSQL DB instance".
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.engine import Exchange
from twin.aws.corrections.wire import AwsError
from twin.postgres.provision import Database
from twin.postgres.server import available_libraries, described_parameters

_RDS_PARAMETERS = frozenset({
    "rds.accepted_password_auth_method", "rds.adaptive_autovacuum", "rds.allowed_extensions",
    "rds.custom_dns_resolution", "rds.extensions", "rds.force_admin_logging_level",
    "rds.force_autovacuum_logging_level", "rds.force_ssl", "rds.global_db_rpo", "rds.log_retention_period",
    "rds.logical_replication", "rds.rds_superuser_reserved_connections", "rds.restrict_password_commands",
})  # fmt: skip
_EXTENSION_PARAMETERS = ("auto_explain.", "cron.", "pg_hint_plan.", "pg_stat_statements.", "pgaudit.", "plpgsql.")
_NOT_MODIFIABLE = frozenset({
    "archive_command", "archive_mode", "config_file", "data_checksums", "data_directory", "external_pid_file", "fsync",
    "full_page_writes", "hba_file", "ident_file", "listen_addresses", "port", "restore_command", "ssl", "ssl_ca_file",
    "ssl_cert_file", "ssl_key_file", "unix_socket_directories", "unix_socket_permissions",
})  # fmt: skip
_FORCED_SINCE = 15
"""From this major version on rds.force_ssl is 1 unless the group says 0."""


@dataclass(frozen=True)
class ParameterGroups:
    """The DB parameter groups of families `postgres*`."""

    binaries: Path
    """The PostgreSQL whose parameters count."""

    @functools.cached_property
    def _known(self) -> dict[str, str]:
        return described_parameters(self.binaries)

    @functools.cached_property
    def _libraries(self) -> frozenset[str]:
        return available_libraries(self.binaries)

    async def check(self, exchange: Exchange) -> None:
        """ModifyDBParameterGroup: refuse what RDS refuses."""
        if not await _is_postgres(exchange.emulator, exchange.parameters["DBParameterGroupName"]):
            return
        for parameter in exchange.parameters.get("Parameters", []):
            name = parameter.get("ParameterName", "")
            known = self._known.get(name)
            if known is None and name not in _RDS_PARAMETERS and not name.startswith(_EXTENSION_PARAMETERS):
                raise AwsError("InvalidParameterValue", f"Could not find parameter with name: {name}")
            if name in _NOT_MODIFIABLE or known in ("internal",):
                raise AwsError("InvalidParameterValue", f"The parameter {name} cannot be modified.")
            if known == "postmaster" and parameter.get("ApplyMethod") == "immediate":
                message = f"cannot use immediate apply method for static parameter {name}"
                raise AwsError("InvalidParameterCombination", message)

    async def show_when_applied(self, exchange: Exchange) -> None:
        """DescribeDBParameters: a parameter that needs a restart is `static`."""
        for parameter in exchange.answer.get("Parameters", []):
            if context := self._known.get(parameter["ParameterName"]):
                parameter["ApplyType"] = "static" if context == "postmaster" else "dynamic"

    async def effective(self, emulator: Emulator, group: str) -> tuple[bool, dict[str, str]]:
        """Whether TLS is forced, and PostgreSQL's own parameters, as a group has them."""
        family = group.removeprefix("default.")
        chosen: dict[str, str] = {}
        if not group.startswith("default."):
            found = await emulator.call("rds", "DescribeDBParameterGroups", DBParameterGroupName=group)
            family = found["DBParameterGroups"][0]["DBParameterGroupFamily"]
            shown = await emulator.call("rds", "DescribeDBParameters", DBParameterGroupName=group, Source="user")
            chosen = {p["ParameterName"]: p["ParameterValue"] for p in shown["Parameters"] if "ParameterValue" in p}
        force_tls = chosen.get("rds.force_ssl", "1" if _major(family) >= _FORCED_SINCE else "0") == "1"
        # A formula such as {DBInstanceClassMemory/9531392} counts on memory that the twin does not have.
        own = {n: v for n, v in chosen.items() if n not in _RDS_PARAMETERS and v and "{" not in v}
        if chosen.get("rds.logical_replication") == "1":
            own["wal_level"] = "logical"
        if "shared_preload_libraries" in own:
            asked = [library.strip() for library in own["shared_preload_libraries"].split(",")]
            own["shared_preload_libraries"] = ",".join(lib for lib in asked if lib in self._libraries)
        return force_tls, own

    async def database(self, emulator: Emulator, master: str, name: str | None, group: str) -> Database:
        """What a server with this group is asked to be."""
        force_tls, parameters = await self.effective(emulator, group)
        return Database(master, name, force_tls, parameters)


def _major(family: str) -> int:
    digits = family.removeprefix("postgres")
    return int(digits) if digits.isdigit() else _FORCED_SINCE


async def _is_postgres(emulator: Emulator, group: str) -> bool:
    try:
        found = await emulator.call("rds", "DescribeDBParameterGroups", DBParameterGroupName=group)
    except AwsError as error:
        if error.says("DBParameterGroupNotFound"):  # the emulator says so itself
            return False
        raise
    return str(found["DBParameterGroups"][0]["DBParameterGroupFamily"]).startswith("postgres")
