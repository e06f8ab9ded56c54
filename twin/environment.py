"""The environment variables that make a process talk to the twin. Nothing else decides where a program builds."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.toolchain import Toolchain
from twin.errors import TwinError
from twin.places import Places
from twin.state import TwinState

REMOVED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
"""Variables of a person's own AWS account, which would take part beside the twin's: unset them."""
SETTINGS = "groundwork:settings"
STATE_OPTIONS = "?metadata=skip"
"""No `.attrs` file beside each file of the state: unlike the files themselves the engine does not write it atomically,
and a `kill -9` in between leaves a state that cannot be read ("failed to load checkpoint: EOF")."""


@dataclass(frozen=True)
class Target:
    """The account and region of one environment, as its settings file says."""

    account_id: str
    region: str


def target(clone: Path, environment: str) -> Target:
    """Read `account_id` and `region` of Pulumi.<environment>.yaml. Raises TwinError that names what is wrong there.

    The program's own validation of the whole file is in `stacks/settings.py`; these two are needed before it runs.
    """
    file = clone / f"Pulumi.{environment}.yaml"
    known = sorted(path.name.split(".")[1] for path in clone.glob("Pulumi.*.yaml"))
    if environment not in known:
        raise TwinError(f"There is no environment {environment!r}: {clone} has {', '.join(known) or 'none'}.")
    try:
        written = yaml.safe_load(file.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TwinError(f"{file} is no valid YAML: {error}") from error
    try:
        settings = written["config"][SETTINGS]
        found = Target(settings["account_id"], settings["region"])
    except (KeyError, TypeError) as error:
        raise TwinError(f"{file} must hold config, in it {SETTINGS}, in that account_id and region.") from error
    if not (isinstance(found.account_id, str) and re.fullmatch(r"\d{12}", found.account_id)):
        raise TwinError(
            f"{file}: {SETTINGS}.account_id is {found.account_id!r}; 12 digits in quotes are expected: '111122223333'."
        )
    if not (isinstance(found.region, str) and re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", found.region)):
        raise TwinError(f"{file}: {SETTINGS}.region is {found.region!r}; a region is allowed, as eu-west-1.")
    return found


def environment(
    places: Places, tools: Toolchain, state: TwinState, account_id: str, region: str, path: str | None = None
) -> dict[str, str]:
    """The variables for one account of the twin, its root user calling. `path`: PATH so far; None: this process's."""
    ours = [str(places.bin), str(tools.engine_bin)]
    # Last, so that a person's own kubectl and aws come before ours, and their python stays what it is.
    fallback = [str(tools.kubernetes_bin), str(tools.python.parent)]
    found = (path or os.environ.get("PATH", os.defpath)).split(os.pathsep)
    others = [folder for folder in found if folder not in (*ours, *fallback)]
    authority = str(places.certificates / "ca.pem")
    return {
        "AWS_ENDPOINT_URL": state.endpoint,
        "AWS_CA_BUNDLE": authority,
        "AWS_ACCESS_KEY_ID": account_id,  # the emulator takes 12 digits for the root user of that account
        "AWS_SECRET_ACCESS_KEY": state.root_secret,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # A person's profiles, endpoints and credentials stay out. Not os.devnull: DVC asks for a file or for none.
        "AWS_CONFIG_FILE": str(places.aws_config),
        "AWS_SHARED_CREDENTIALS_FILE": str(places.aws_credentials),
        "PGSSLROOTCERT": authority,
        "KUBECONFIG": str(places.kubeconfig),
        "PULUMI_HOME": str(places.pulumi_home),
        "PULUMI_BACKEND_URL": places.pulumi_state.as_uri() + STATE_OPTIONS,
        "PULUMI_CONFIG_PASSPHRASE": state.passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "GROUNDWORK_PYTHON": str(tools.python),  # for the language host, when the twin is outside of the clone
        "GROUNDWORK_ALLOW_PLACEHOLDERS": "true",
        "PATH": os.pathsep.join((*ours, *others, *fallback)),
    }
