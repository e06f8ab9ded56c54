"""What the engine works with on the twin: its home with the provider plugins, the project folder, its own `pulumi`."""

import importlib.util
import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.toolchain import Toolchain
from twin import pulumi_command
from twin.errors import TwinError
from twin.places import CODE, Places

PLUGINS = {"aws": "pulumi_aws", "kubernetes": "pulumi_kubernetes"}
"""The providers that are answered here, module `twin.providers.<name>`, and the package of each one's SDK."""
LINKED = ("Pulumi.yaml", ".venv", "stacks", "policies")
"""What the project folder shares with the clone. The settings files are copies: see twin/pulumi_command.py."""


def prepare(places: Places, tools: Toolchain) -> None:
    """Make the engine's folders of the twin, or bring them up to date. Takes milliseconds."""
    for folder in (places.pulumi_home, places.pulumi_state, places.project, places.bin):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in PLUGINS:
        _install_provider(name, places, tools)
    for name in LINKED:
        if (places.clone / name).exists():
            _link(places.project / name, places.clone / name)
    pulumi_command.refresh(places.clone, places.project)
    command = (tools.python, "-I", "-S", pulumi_command.__file__, places.clone, places.project, tools.pulumi)
    _write_script(places.bin / "pulumi", command, {})


def ensure_stack(places: Places, environment: str, variables: Mapping[str, str]) -> None:
    """Make the stack of an environment unless it is there, so that a plain `pulumi preview -s dev` finds it.

    Raises TwinError with the engine's own words when it fails.
    """
    if any((places.pulumi_state / ".pulumi" / "stacks").glob(f"*/{environment}.json*")):
        return
    made = subprocess.run(
        (places.bin / "pulumi", "stack", "init", environment, "--non-interactive"),
        cwd=places.clone,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        raise TwinError(f"The stack {environment} cannot be made: {made.stderr.strip() or made.stdout.strip()}")


def provider_version(name: str) -> str:
    """The version of a provider that its installed SDK asks the engine for. Raises TwinError without the SDK."""
    package = PLUGINS[name]
    found = importlib.util.find_spec(package)  # finds it and does not import it, which takes seconds
    if found is None or found.origin is None:
        raise TwinError(f"{package} is not installed in the Python of this command. Run: make install")
    version: str = json.loads((Path(found.origin).parent / "pulumi-plugin.json").read_text())["version"]
    return version


def _install_provider(name: str, places: Places, tools: Toolchain) -> None:
    folder = places.pulumi_home / "plugins" / f"resource-{name}-v{provider_version(name)}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The engine starts it in the program's folder, which holds paths of assets: it must stay there. -P keeps that
    # folder from being searched for modules, and PYTHONPATH finds ours.
    command = (tools.python, "-P", "-m", f"twin.providers.{name}")
    _write_script(folder / f"pulumi-resource-{name}", command, {"PYTHONPATH": str(CODE)})


def _write_script(path: Path, command: Sequence[str | Path], variables: Mapping[str, str]) -> None:
    exports = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    text = f'#!/bin/sh\n{"".join(exports)}exec {shlex.join(map(str, command))} "$@"\n'
    # Replaced, never written over: an engine may be running it just now.
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text)
    draft.chmod(0o700)
    draft.replace(path)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)
