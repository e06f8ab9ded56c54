"""The cluster that an environment has on this clone's twin, and what to do where it has none."""

import yaml

from components.naming import cluster_name
from groundwork.errors import GroundworkError
from tools import toolchain
from twin import environment as twin_environment
from twin import lifecycle, places, state
from twin.kubernetes.controllers.loop import RECORD, World, world_of
from twin.places import Places


def find(environment: str) -> tuple[Places, World]:
    """Return the twin and the environment's cluster.

    Raises GroundworkError where the twin does not run or the environment is not up, TwinError for an environment that
    has no settings.
    """
    here = places.find()
    target = twin_environment.target(here.clone, environment)
    held = lifecycle.running(here)
    if held is None and state.load(here.state_file) is None:
        raise GroundworkError(f"The twin does not run. Build {environment} on it first: groundwork up {environment}")
    if held is None:
        raise GroundworkError(
            "Not everything of the twin runs; `groundwork twin status` says what does not. "
            "Start it again, with all that it knew: groundwork twin start"
        )
    folder = here.clusters / f"{target.account_id}-{target.region}-{cluster_name(environment)}"
    if not (folder / RECORD).exists():
        raise GroundworkError(f"{environment} is not up: it has no cluster yet. Build it: groundwork up {environment}")
    variables = twin_environment.environment(here, toolchain.locate(), held, target.account_id, target.region)
    return here, world_of(folder, variables)


def has_setting(here: Places, environment: str, key: str) -> bool:
    """Whether the settings of an environment have this key, with something in it; a dot leads into a part of them."""
    written = yaml.safe_load((here.clone / f"Pulumi.{environment}.yaml").read_text())
    found = written["config"][twin_environment.SETTINGS]
    for step in key.split("."):
        found = (found or {}).get(step)
    return bool(found)
