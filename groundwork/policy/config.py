"""The policy pack's levels and settings of an environment: `policies/environments/<env>.json`."""

from pathlib import Path
from typing import Final

from groundwork.errors import GroundworkError
from policies.config.pack_config import PackConfig, PackConfigError, load
from policies.rules import RULES

FOLDER: Final = Path("policies") / "environments"
"""Below the folder of Pulumi.yaml."""


def path_of(environment: str, project: Path) -> Path:
    """Return where the config of an environment is. `project` is the folder of Pulumi.yaml."""
    return project / FOLDER / f"{environment}.json"


def of(path: Path) -> PackConfig:
    """Return the config in a file. Raises GroundworkError with a line for each thing that is wrong with it."""
    try:
        return load(path, frozenset(rule.id for rule in RULES))
    except PackConfigError as error:
        raise GroundworkError(str(error)) from None
