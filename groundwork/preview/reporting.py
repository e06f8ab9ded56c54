"""The report of a change from the plan to the four files in a folder, with an exit code for a pipeline."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typer

from groundwork import reading
from groundwork.console import console
from groundwork.deployment import Deployment
from groundwork.errors import GroundworkError
from groundwork.policy import sarif
from groundwork.policy.sources import BLINDED
from groundwork.preview import base as bases
from groundwork.preview import early, html, markdown, report
from groundwork.preview.base import Base, Commit
from groundwork.preview.drawing import Drawing, draw
from groundwork.preview.plan import Plan, plan
from groundwork.preview.settings import config, config_before, judges
from groundwork.preview.surroundings import shed
from groundwork.target import on_aws, on_twin
from tools.errors import ToolchainError
from twin import lifecycle, places, state
from twin.errors import TwinError
from twin.places import OVERRIDE, Places

SHORTEST: Final = 8
"""Characters: what is shorter would be found in every other word."""


def against_base(environments: Sequence[str], ref: str, output: Path, *, confirmed: bool) -> None:
    """Report what the clone changes against a commit, whose environments are brought up on a twin of their own."""
    here = places.find()
    base = bases.commit(here.clone, ref)
    output.mkdir(parents=True, exist_ok=True)
    shed()  # from here on the program of the change runs
    about = {"kind": "base", "ref": ref, "commit": base.sha}
    names = _known(environments)
    changed = bases.changed_files(here.clone, base)
    refused = early.refused(here.clone, names, changed)
    found = {name: report.failed(name, why) for name, why in refused.items()}
    planned: Mapping[str, Plan | str] = {}
    secrets: list[str] = []
    if rest := [name for name in names if name not in refused]:
        compared, planned, secrets = _against(here, base, rest, confirmed)
        found |= compared
    _write(output, about, here, changed, {name: found[name] for name in names}, planned, secrets)


def _against(
    here: Places, base: Commit, names: Sequence[str], confirmed: bool
) -> tuple[Mapping[str, report.Judged], Mapping[str, Plan | str], list[str]]:
    """Return what is found of environments, their plans, and the secrets that the program could read."""
    try:
        with bases.restored(here.clone, base, names, _say) as built, _twin_of(built):
            held = state.load(built.twin / "twin.json")
            secrets = [held.root_secret, held.passphrase] if held else []
            planned = _plans(names, lambda name: on_twin(name, console))
            protected = {name: frozenset(built.environments[name].protected) for name in names}
            engine = Places(here.clone, built.twin)  # it worked there: positions in the program are relative to that
            return _judged(engine, planned, protected, built.files, confirmed), planned, secrets
    except GroundworkError as error:
        return {name: report.failed(name, str(error).splitlines()) for name in names}, {}, []


def against_aws(environments: Sequence[str], output: Path, *, confirmed: bool) -> None:
    """Report what the clone changes against the real stacks, with whatever credentials this shell has."""
    here = places.find()
    output.mkdir(parents=True, exist_ok=True)
    names = _known(environments)
    planned = _plans(names, on_aws)
    secrets = [value for name, value in os.environ.items() if name.endswith(("KEY", "TOKEN", "PASSPHRASE"))]
    found = _judged(here, planned, {name: frozenset() for name in names}, None, confirmed)
    _write(output, {"kind": "aws", "ref": "aws", "commit": ""}, here, (), found, planned, secrets)


def _known(environments: Sequence[str]) -> list[str]:
    known = reading.environments()
    if unknown := [name for name in environments if name not in known]:
        raise GroundworkError(f"{', '.join(unknown)}: no such environment ({', '.join(known)})")
    return list(dict.fromkeys(environments)) or known


@contextmanager
def _twin_of(built: Base) -> Iterator[None]:
    """Let this process's twin be the base's, and end it."""
    os.environ[OVERRIDE] = str(built.twin)
    try:
        yield
    finally:
        lifecycle.stop(places.find(), _say)
        del os.environ[OVERRIDE]


def _plans(names: Sequence[str], deployment: Any) -> dict[str, Plan | str]:
    """Plan all environments, two at a time; an environment that cannot be opened is why."""
    opened: dict[str, Deployment | str] = {}
    for name in names:
        try:
            opened[name] = deployment(name)
        except (GroundworkError, ToolchainError, TwinError) as error:
            opened[name] = str(error)
    _say(f"Planning {' and '.join(names)} …")
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda one: one if isinstance(one, str) else plan(one), opened.values())
        return dict(zip(opened, found, strict=True))


def _judged(
    here: Places,
    planned: Mapping[str, Plan | str],
    protected: Mapping[str, frozenset[str]],
    files_before: Path | None,
    confirmed: bool,
) -> dict[str, report.Judged]:
    now, found = datetime.now(UTC), {}
    for name, one in planned.items():
        if isinstance(one, str):
            found[name] = report.failed(name, one.splitlines())
            continue
        try:
            after = config(name, here.clone)
        except GroundworkError as error:
            found[name] = report.failed(name, str(error).splitlines())
            continue
        before = config_before(name, files_before) if files_before else after
        found[name] = report.environment(one, protected[name], after, before, now, here, confirmed=confirmed)
    return found


def _write(
    output: Path,
    about: Mapping[str, str],
    here: Places,
    changed: Sequence[str],
    found: Mapping[str, report.Judged],
    planned: Mapping[str, Plan | str],
    secrets: Sequence[str],
) -> None:
    """Write the four files, tell the verdict, end with its code."""
    now = datetime.now(UTC)
    # Before anything is cut or escaped, after which a secret would not be found.
    document = without(report.build(found.values(), about, _head(here.clone), judges(changed), now), secrets)
    drawings: dict[str, Drawing] = {name: draw(one) for name, one in planned.items() if isinstance(one, Plan)}
    log = sarif.combined([one.evidence for one in found.values() if one.evidence])
    written = {
        "comment.md": markdown.comment(document),
        "report.html": html.page(document, drawings),
        "report.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "policies.sarif": json.dumps(log, indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in written.items():
        (output / name).write_text(without(text, secrets), encoding="utf-8")
    for one in document["environments"]:
        console.print(f"{one['name']}: {report.told(one)}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"{output}: {', '.join(written)}", highlight=False, markup=False, soft_wrap=True)
    if document["code"]:
        raise typer.Exit(document["code"])


def without(value: Any, secrets: Sequence[str]) -> Any:
    """Return a text, or whatever holds texts, without what a program may have read in its environment."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, BLINDED) if len(secret) >= SHORTEST else value
        return value
    if isinstance(value, Mapping):
        return {without(key, secrets): without(entry, secrets) for key, entry in value.items()}
    return [without(entry, secrets) for entry in value] if isinstance(value, list | tuple) else value


def _head(clone: Path) -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout.strip() or "the files that are here"


def _say(line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)
