"""How the report of a change is put together; the engine, the twin and the base are stood in for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from groundwork.policy import sarif
from groundwork.preview import base, reporting
from groundwork.preview.base import Base, Built, Commit
from groundwork.preview.plan import Plan, read
from tests.support.project import CLONE
from tests.unit.groundwork.policy.saved import KEY
from tests.unit.groundwork.preview.digests import digest, step
from twin import lifecycle
from twin.places import Places

WRITTEN = "components/security/encryption_keys.py"


def planned_in(project: Path) -> Plan:
    """A plan of a key that nobody rotates, as an engine tells it that worked in this folder."""
    up = "/".join([".."] * (len(project.parts) - 1))
    made = step("create", KEY, "key", None, {"enableKeyRotation": False})
    made["newState"]["sourcePosition"] = f"project:///{up}{CLONE.as_posix()}/{WRITTEN}#7"
    return read("dev", digest(made), "")


def test_findings_against_a_base_are_in_the_clone_although_the_engine_works_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = Base(tmp_path / "previews" / "0123")
    (built.twin / "project").mkdir(parents=True)
    (built.kept).mkdir()
    (built.kept / "built.json").write_text(json.dumps({"dev": vars(Built((), ()))}))

    @contextmanager
    def restored(*_: Any) -> Iterator[Base]:
        yield built

    monkeypatch.setattr(base, "restored", restored)
    monkeypatch.setattr(lifecycle, "stop", lambda *_: None)
    monkeypatch.setattr(reporting, "_plans", lambda *_: {"dev": planned_in(built.twin / "project")})
    here = Places(CLONE, tmp_path.joinpath(*"abcdefgh", "twin"))  # deeper: from there the position is somewhere else
    found, _, _ = reporting._against(here, Commit("main", "a" * 40, "b" * 40), ["dev"], confirmed=False)
    evidence = found["dev"].evidence
    assert evidence is not None
    assert {answer["position"] for answer in evidence["answers"] if answer["urn"]} == {f"{WRITTEN}#7"}
    log = sarif.combined([evidence])
    places_of = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in log["runs"][0]["results"]
        if result["ruleId"] == "ENC-07"
    }
    assert places_of == {WRITTEN}
