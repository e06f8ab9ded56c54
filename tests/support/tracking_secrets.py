"""Values of the tracking server's secrets as its own Jobs make them, so that it can still be opened afterwards."""

import json
from typing import Any

from botocore.exceptions import ClientError
from groundwork_mlflow.access import credentials
from groundwork_mlflow.bootstrap import server_secret

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
    made = server_secret() if path == SERVER else credentials(path.removeprefix("mlflow/").replace("/", "-"))
    client.put_secret_value(SecretId=name, SecretString=json.dumps(made))
    return json.dumps(made)
