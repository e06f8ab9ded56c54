"""The commit of the code: a whole one, the run's own, in the repository, where others get it too."""

import re
from collections.abc import Mapping

from groundwork.lineage.clone import Clone, plain
from groundwork.lineage.link import Link, State
from groundwork.lineage.tags import COMMIT, DIRTY, REPOSITORY

_WHOLE = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def check(tags: Mapping[str, str], clone: Clone | None) -> Link:
    """Look the commit up in a clone, if that is a clone of the repository."""
    commit, repository = tags[COMMIT], tags.get(REPOSITORY, "")
    value = f"{commit} of {plain(repository)}" if repository else commit

    def link(state: State, said: str) -> Link:
        return Link("commit", state, said, value)

    if not _WHOLE.fullmatch(commit):
        return link(State.BROKEN, f"{COMMIT} is no whole commit id: 40 or 64 hexadecimal digits are expected")
    if not repository:
        return Link("commit", State.MISSING, f"no tag {REPOSITORY}: nobody knows where the commit is", commit)
    if tags.get(DIRTY) == "true":
        return link(State.BROKEN, f"{DIRTY} is true: what ran is not what was committed")
    mine = clone_of(tags, clone)
    if mine is None:
        return link(State.UNCHECKED, "no clone of it here: run this in one, or give --repository FOLDER")
    if not mine.has(commit):
        return link(State.BROKEN, f"not in the clone {mine.folder}; if that is behind: git fetch")
    published = mine.published(commit)
    if mine.has_remotes and not published:
        return link(State.BROKEN, f"only in the clone {mine.folder}, on no branch of a remote: git push")
    return link(State.VERIFIED, f"on {', '.join(published[:3])}" if published else f"in {mine.folder}")


def clone_of(tags: Mapping[str, str], clone: Clone | None) -> Clone | None:
    """Return the clone, if it is one of the repository that the tags name."""
    return clone if clone is not None and clone.is_of(tags.get(REPOSITORY, "")) else None
