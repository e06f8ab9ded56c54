"""A project's build specification, read from what the account holds. What the twin does not run is refused by name.

Source: AWS CodeBuild user guide, "Build specification reference for CodeBuild", version 0.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from twin.errors import TwinError

PHASES = ("install", "pre_build", "build", "post_build")
"""In their order."""
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "": ("version", "env", "phases"),
    "env": ("shell", "variables"),
    "phases": PHASES,
    **{f"phases.{phase}": ("commands",) for phase in PHASES},
}
"""By path: what the twin runs there."""
_SHELLS = ("bash", "sh")


@dataclass(frozen=True)
class Specification:
    """What is to be done."""

    shell: str
    variables: Mapping[str, str]
    commands: Mapping[str, tuple[str, ...]]
    """By phase; a phase without commands is not there."""


def read(text: str) -> Specification:
    """Read a specification. Raises TwinError that names what is wrong, or what the twin does not run."""
    try:
        written = yaml.safe_load(text) if text.strip() else None
    except yaml.YAMLError as error:
        raise TwinError(f"The project's build specification is no YAML: {error}") from error
    if not isinstance(written, dict) or str(written.get("version")) != "0.2":
        raise TwinError("The project has no build specification of its own with version: 0.2; the twin runs no other.")
    env, phases = _part(written, "env"), _part(written, "phases")
    _check("", written)
    _check("env", env)
    _check("phases", phases)
    commands = {}
    for phase in PHASES:
        part = _part(phases, phase)
        _check(f"phases.{phase}", part)
        listed = part.get("commands") or []
        if not isinstance(listed, list):
            raise TwinError(f"phases.{phase}.commands of the project's build specification must be a list.")
        if listed:
            commands[phase] = tuple(str(command) for command in listed)
    shell = env.get("shell", "sh")
    if shell not in _SHELLS:
        raise TwinError(f"env.shell of the project's build specification is {shell!r}; the twin has bash and sh.")
    variables = {str(name): str(value) for name, value in _part(env, "variables").items()}
    return Specification(shell, variables, commands)


def _part(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = written.get(name) or {}
    if not isinstance(found, Mapping):
        raise TwinError(f"{name} of the project's build specification must be a mapping.")
    return found


def _check(path: str, part: Mapping[str, Any]) -> None:
    unknown = sorted(str(name) for name in part if name not in _KNOWN[path])
    if unknown:
        where = ", ".join(f"{path}.{name}".lstrip(".") for name in unknown)
        raise TwinError(f"The project's build specification has {where}, which the twin does not run.")
