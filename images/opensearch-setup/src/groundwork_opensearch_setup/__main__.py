"""The command `groundwork-opensearch-setup`: makes the domain hold what its file says, once."""

import os
import sys
from pathlib import Path

import botocore.session

from groundwork_opensearch_setup.apply import apply
from groundwork_opensearch_setup.errors import SetupError
from groundwork_opensearch_setup.signed import Domain
from groundwork_opensearch_setup.wanted import read

PATIENCE_SECONDS = 600.0


def required(variable: str) -> str:
    """Return an environment variable that the pod's manifest sets."""
    value = os.environ.get(variable)
    if not value:
        raise SetupError(f"the environment variable {variable} is missing: the pod's manifest sets it")
    return value


def main() -> None:
    """Do it; what went wrong is one line, and the exit code is 1."""
    try:
        wanted = read(Path(required("WANTED_FILE")))
        credentials = botocore.session.get_session().get_credentials()
        if credentials is None:
            raise SetupError("there are no AWS credentials: has the service account a role by EKS Pod Identity?")
        address, region = required("OPENSEARCH_ADDRESS"), required("AWS_REGION")
        changed = 0
        for line in apply(Domain(address, region, credentials, PATIENCE_SECONDS), wanted):
            print(line, flush=True)
            changed += 1
    except SetupError as error:
        sys.exit(f"error: {error}")
    print(f"{changed} objects changed")


if __name__ == "__main__":
    main()
