"""What the tracking server and its jobs may do in AWS beside objects, each by a role of its own.

Source: service authorization reference, Amazon RDS IAM Authentication (`rds-db:connect` names an instance by an id that
RDS chooses, so the database user is what tells); Amazon RDS user guide, "Password management with Amazon RDS and AWS
Secrets Manager" (the tags of a master user's secret).
"""

from collections.abc import Mapping

from components.policy_document import Statement, allow
from components.registry.event_queue import send_events
from components.registry.tracking_network import ACCESS, BOOTSTRAP, MIGRATION, SERVER
from components.security.secret import READ, read_secrets, secret_arn_pattern, write_secrets

WORKLOADS: Mapping[str, str] = {
    SERVER: "tracking-server",
    BOOTSTRAP: "tracking-bootstrap",
    MIGRATION: "tracking-migration",
    ACCESS: "tracking-access",
}
"""By service account the workload, after which its role is called."""
DATABASE_USER = "mlflow"
EVERY_SECRET = "mlflow/*"  # noqa: S105 - the path of secrets
SERVER_SECRET = "mlflow/server"  # noqa: S105 - the path of a secret


def connect(account_id: str, region: str) -> Statement:
    """Return the right to sign in to databases as MLflow's user."""
    user = f"arn:aws:rds-db:{region}:{account_id}:dbuser:*/{DATABASE_USER}"
    return allow("ConnectToDatabase", actions=["rds-db:connect"], resources=[user])


def server_rights(account_id: str, region: str, environment: str) -> tuple[Statement, ...]:
    """Return what the server does: its database, its secret, its events."""
    return (
        connect(account_id, region),
        read_secrets("ReadItsSecret", secret_arn_pattern(account_id, region, environment, SERVER_SECRET)),
        send_events("SendEvents", account_id, region, environment),
    )


def migration_rights(account_id: str, region: str, environment: str) -> tuple[Statement, ...]:
    """Return what the Job of the schema does."""
    del environment
    return (connect(account_id, region),)


def bootstrap_rights(account_id: str, region: str, environment: str, instance: str) -> tuple[Statement, ...]:
    """Return what the Job of database and user does: it signs in as the master user of one instance."""
    secret = secret_arn_pattern(account_id, region, environment, SERVER_SECRET)
    return (
        read_secrets("ReadServerSecret", secret),
        write_secrets("WriteServerSecret", secret),
        allow(
            "ReadMasterSecret",
            actions=READ,
            resources=[f"arn:aws:secretsmanager:{region}:{account_id}:secret:rds!db-*"],
            conditions={
                "StringEquals": {
                    "aws:ResourceTag/aws:rds:primaryDBInstanceArn": f"arn:aws:rds:{region}:{account_id}:db:{instance}"
                }
            },
        ),
    )


def access_rights(account_id: str, region: str, environment: str) -> tuple[Statement, ...]:
    """Return what the Jobs of accounts and passwords do: they read and write the secrets of MLflow, and no other."""
    secrets = secret_arn_pattern(account_id, region, environment, EVERY_SECRET)
    return (read_secrets("ReadSecrets", secrets), write_secrets("WriteSecrets", secrets))
