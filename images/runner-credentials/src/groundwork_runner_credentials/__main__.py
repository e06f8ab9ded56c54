"""The command `groundwork-runner-credentials`: brings what is mounted from Secrets Manager to a Secret, once."""

import sys
from pathlib import Path

from groundwork_runner_credentials.secret import CredentialsError, from_account, keep, read, required


def main() -> None:
    """Do it; what went wrong is one line, and the exit code is 1."""
    try:
        values = read(Path(required("CREDENTIALS_DIRECTORY")))
        account, name = Path(required("ACCOUNT_DIRECTORY")), required("SECRET_NAME")
        # Kubelet's own variables, of every pod.
        server = f"https://{required('KUBERNETES_SERVICE_HOST')}:{required('KUBERNETES_SERVICE_PORT')}"
        api = from_account(server, account)
        namespace = (account / "namespace").read_text(encoding="utf-8").strip()
        done = keep(api, namespace, name, values)
    except CredentialsError as error:
        sys.exit(f"error: {error}")
    print(f"Secret {namespace}/{name}: {done}")


if __name__ == "__main__":
    main()
