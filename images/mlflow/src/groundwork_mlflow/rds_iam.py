"""Signs in to RDS for PostgreSQL with the process' own AWS identity instead of a password.

A database URL asks for it with `?plugin=rds_iam`. A token is made for every new connection, without a call to AWS; it
opens connections for 15 minutes and those stay open, so that nothing has to be renewed.

Source: SQLAlchemy documentation, "Generating dynamic authentication tokens", `CreateEnginePlugin`; Amazon RDS user
guide, "Connecting to your DB instance using IAM authentication".
"""

from functools import cache
from typing import Any

import boto3
from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import CreateEnginePlugin

PLUGIN = "rds_iam"


class RdsIam(CreateEnginePlugin):
    """The plugin `rds_iam`: the password of each connection is a token for its host, port and user."""

    def update_url(self, url: URL) -> URL:
        """Keep the plugin in the engine's URL: MLflow makes further engines of `engine.url` when it migrates."""
        return url.update_query_dict({"plugin": PLUGIN})

    def engine_created(self, engine: Engine) -> None:
        """Have every connection of the engine sign in with a token."""
        event.listen(engine, "do_connect", _sign_in)


def _sign_in(_dialect: Any, _record: Any, _args: list[Any], parameters: dict[str, Any]) -> None:
    parameters.pop("plugin", None)  # the driver would take it for an option of its own
    parameters["password"] = _client().generate_db_auth_token(
        DBHostname=parameters["host"], Port=int(parameters.get("port", 5432)), DBUsername=parameters["user"]
    )


@cache
def _client() -> Any:
    """One client a process: making one takes longer than a token."""
    return boto3.client("rds")
