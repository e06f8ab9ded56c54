"""From a version of a model back to what it was made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from groundwork.errors import GroundworkError
from groundwork.lineage import artifacts, commit, data, image, run
from groundwork.lineage.aws import Aws
from groundwork.lineage.clone import Clone
from groundwork.lineage.link import Chain, Link, State
from groundwork.lineage.tags import COMMIT, DATA, IMAGE, data_files, values
from groundwork.lineage.tracking import Tracking, UnavailableError

SCHEME = "models:/"


@dataclass(frozen=True)
class Wanted:
    """A version as MLflow's own addresses name it."""

    model: str
    version: str = ""
    alias: str = ""

    @classmethod
    def of(cls, text: str) -> "Wanted":
        """`MODEL/VERSION` or `MODEL@ALIAS`, with or without `models:/`. Raises GroundworkError."""
        name = text.removeprefix(SCHEME)
        model, at, alias = name.rpartition("@")
        if at and model and alias and "/" not in alias:
            return cls(model, alias=alias)
        model, slash, version = name.rpartition("/")
        if slash and model and version.isdecimal():
            return cls(model, version)
        raise GroundworkError(f"{text}: MODEL/VERSION or MODEL@ALIAS is expected, such as wine/3 or wine@candidate")


def follow(wanted: Wanted, tracking: Tracking, environment: str, repository: Path, aws: Aws) -> Chain:
    """Look every link of the version up. Raises GroundworkError when there is no such version."""
    version = _version(wanted, tracking)
    tags, clone = values(version.get("tags")), Clone.at(repository)
    run_link, its_run = run.check(tracking, version.get("run_id", ""))
    files = sorted({*data_files(tags), *data_files(its_run)}) or ["FILE"]
    links = [
        run_link,
        _tagged("commit", COMMIT, tags, its_run, partial(commit.check, tags, clone)),
        *(_tagged("data", DATA + file, tags, its_run, partial(data.check, file, tags, clone, aws)) for file in files),
        _tagged("image", IMAGE, tags, its_run, partial(image.check, tags, aws)),
        artifacts.check(tracking, version, environment, aws),
    ]
    aliases = tuple(version.get("aliases", ()))
    return Chain(version["name"], version["version"], tracking.workspace, aliases, tuple(links))


def _tagged(name: str, tag: str, tags: Mapping[str, str], of_run: Mapping[str, str], check: Callable[[], Link]) -> Link:
    """Check what a tag says, unless the version has none, or the run says something else."""
    value, of_its_run = tags.get(tag), of_run.get(tag)
    if not value:
        hint = f"; the run says {of_its_run}" if of_its_run else ""
        return Link(name, State.MISSING, f"no tag {tag}{hint}")
    if of_its_run not in (None, value):
        return Link(name, State.BROKEN, f"the run says {of_its_run}", value)
    return check()


def _version(wanted: Wanted, tracking: Tracking) -> dict[str, Any]:
    try:
        if wanted.alias:
            found = tracking.get("registered-models/alias", name=wanted.model, alias=wanted.alias)
        else:
            found = tracking.get("model-versions/get", name=wanted.model, version=wanted.version)
    except UnavailableError as error:
        what = f"@{wanted.alias}" if wanted.alias else f"/{wanted.version}"
        raise GroundworkError(
            f"{wanted.model}{what} is not in workspace {tracking.workspace} of {tracking.address}, or not shown to "
            f"{tracking.user}: {error}"
        ) from None
    return dict(found["model_version"])
