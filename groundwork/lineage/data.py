"""The revision of the data: what the commit's own pointer says, and in the DVC remote."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from groundwork.lineage.aws import Aws, NotAnsweredError
from groundwork.lineage.clone import Clone
from groundwork.lineage.commit import clone_of
from groundwork.lineage.link import Link, State
from groundwork.lineage.remote import Revision
from groundwork.lineage.tags import COMMIT, DATA

SHOWN = 3
"""Files of a directory that are named when they are not there."""


def check(path: str, tags: Mapping[str, str], clone: Clone | None, aws: Aws) -> Link:
    """Compare with the pointer in the commit, if there is a clone, and look every object up in the remote."""
    address = tags[DATA + path]

    def link(state: State, said: str) -> Link:
        return Link("data", state, said, f"{path} {address}")

    revision = Revision.of(address)
    if revision is None:
        return link(State.BROKEN, "is no address in a DVC remote: what `dvc.api.get_url` says is expected")
    mine, commit = clone_of(tags, clone), tags.get(COMMIT, "")
    pointed = _pointed(mine, commit, path) if mine is not None and mine.has(commit) else None
    if mine is not None and mine.has(commit) and pointed is None:
        return link(State.BROKEN, f"the commit has neither {path}.dvc nor a dvc.lock with it")
    if pointed is not None and pointed.get("md5") != revision.name:
        return link(State.BROKEN, f"the commit's own data is {pointed.get('md5')}: the model was trained on other data")
    try:
        absent, held = revision.absent(aws)
    except NotAnsweredError as error:
        return link(State.UNCHECKED, str(error))
    if absent:
        more = f" and {len(absent) - SHOWN} more" if len(absent) > SHOWN else ""
        return link(State.BROKEN, f"not in the remote: {', '.join(absent[:SHOWN])}{more}; where it still is: dvc push")
    expected = (pointed or {}).get("size", held)
    if held != expected:
        return link(State.BROKEN, f"the remote holds {held:,} bytes of it, the commit says {expected:,}")
    return link(State.VERIFIED, f"{held:,} bytes in the remote{', as the commit says' if pointed else ''}")


def _pointed(clone: Clone, commit: str, path: str) -> Mapping[str, Any] | None:
    """What the commit says of a data file: `path`, `md5` and `size`, in its own `.dvc` file or in a `dvc.lock`."""
    for file, outs in _pointers(clone, commit, path):
        for out in outs:
            if posixpath.normpath(posixpath.join(posixpath.dirname(file), out.get("path", ""))) == path:
                return dict(out)
    return None


def _pointers(clone: Clone, commit: str, path: str) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    if text := clone.text(commit, f"{path}.dvc"):
        yield f"{path}.dvc", yaml.safe_load(text).get("outs", [])
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        file = posixpath.join(folder, "dvc.lock")
        if text := clone.text(commit, file):
            for stage in yaml.safe_load(text).get("stages", {}).values():
                yield file, stage.get("outs", [])
