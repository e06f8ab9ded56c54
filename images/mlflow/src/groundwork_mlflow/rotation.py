"""Gives every user that the platform made, and MLflow's administrator, a new password.

Of a user the secret comes first and MLflow second, so that what a crash leaves is what `access` mends: MLflow gets the
password that is in the secret. Nobody could mend anything without the administrator, so both of its passwords are in
the secret until MLflow has the new one, and a run that finds two goes on from there.

The other values of the server's secret stay: they open nothing. The webhooks' secret signs what never leaves a pod,
forms of the web page are protected by the second, and MLflow could not read its stored secrets without the third.

Source: AWS Secrets Manager user guide, "Rotation by Lambda function" (the steps of a rotation); MLflow documentation,
"Basic HTTP Authentication" (update-password).
"""

from pathlib import Path

from groundwork_mlflow import access_configuration, secret_values
from groundwork_mlflow.access import NEXT_PASSWORD, UPDATE_PASSWORD, administrator, credentials
from groundwork_mlflow.errors import PodError, required
from groundwork_mlflow.mlflow_api import Mlflow, MlflowError


def run() -> None:
    """Rotate all of them, the administrator first."""
    configuration = access_configuration.read(Path(required("ACCESS_CONFIGURATION")))
    try:
        mlflow = rotate_administrator(required("MLFLOW_TRACKING_URI"), required("MLFLOW_SERVER_SECRET_ID"))
        print("the administrator has a new password")
        for name, user in configuration.users.items():
            fresh = credentials(name)
            secret_values.replace(user.secret, fresh)
            mlflow.send("PATCH", UPDATE_PASSWORD, username=name, password=fresh["password"])
            print(f"user {name} has a new password")
    except MlflowError as error:
        raise PodError(f"MLflow refused: {error}") from None


def rotate_administrator(uri: str, secret_id: str) -> Mlflow:
    """Change the administrator's password; return a connection that has signed in with the new one."""
    server = secret_values.stored(secret_id)
    username, old = server["admin_username"], server["admin_password"]
    if NEXT_PASSWORD not in server:
        server[NEXT_PASSWORD] = secret_values.password()
        secret_values.replace(secret_id, server)
    new = server.pop(NEXT_PASSWORD)
    signed_in = administrator(uri, server | {NEXT_PASSWORD: new})
    if not signed_in.knows(username, new):
        signed_in.send("PATCH", UPDATE_PASSWORD, username=username, password=new, current_password=old)
    secret_values.replace(secret_id, server | {"admin_password": new})
    return Mlflow(uri, username, new)
