"""Values of the tracking server's secrets as its own Jobs make them, so that it can still be opened afterwards."""

import base64
import json
import secrets
from typing import Any

from botocore.exceptions import ClientError
from groundwork_mlflow.access import credentials

SERVER = "mlflow/server"


def held_or_made(client: Any, name: str, path: str) -> str:
    """The value of a secret; where it has none yet, the first one, put by whoever `client` is.

    `path` is the secret's name without the environment, as `mlflow/server` or `mlflow/vision/training`.
    """
    try:
        return str(client.get_secret_value(SecretId=name)["SecretString"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    made = of_the_server() if path == SERVER else credentials(path.removeprefix("mlflow/").replace("/", "-"))
    client.put_secret_value(SecretId=name, SecretString=json.dumps(made))
    return json.dumps(made)


def of_the_server() -> dict[str, str]:
    """What the Job `bootstrap` makes; its module needs a driver of PostgreSQL, which the image alone has."""
    random = ("admin_password", "flask_secret_key", "webhook_secret")
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()  # a Fernet key
    return {"admin_username": "groundwork-admin", "webhook_encryption_key": key} | {
        one: secrets.token_urlsafe(32) for one in random
    }
