"""Decides what of a twin runs that only stands still to be looked at."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from twin import still
from twin.kubernetes.cluster_files import AwsEndpoint
from twin.kubernetes.cluster_record import ClusterRecord
from twin.kubernetes.control_plane import ControlPlane
from twin.kubernetes.programs import PROGRAMS, Installed
from twin.places import Places
from twin.postgres.configuration import Tls
from twin.postgres.fleet import Fleet
from twin.services import cluster_programs


def record(name: str) -> ClusterRecord:
    return ClusterRecord.new(
        name=name, account="111122223333", region="eu-west-1", service_cidr="10.100.0.0/16", issuer="https://issuer"
    )


def test_a_twin_that_moves_has_every_program(tmp_path: Path) -> None:
    assert still.load(tmp_path) is None
    assert still.programs(tmp_path, record("one")) == tuple(PROGRAMS)


def test_of_a_cluster_that_is_looked_at_what_answers_runs_and_of_another_nothing(tmp_path: Path) -> None:
    still.save(tmp_path, ["one"])
    assert still.programs(tmp_path, record("one")) == ("etcd", "kube-apiserver")
    assert still.programs(tmp_path, record("other")) == ()


def test_nobody_waits_for_what_does_not_run(tmp_path: Path) -> None:
    places = Places(clone=tmp_path, root=tmp_path)
    for name in ("one", "other"):
        record(name).save(places.clusters / record(name).folder_name)
    still.save(tmp_path, ["one"])
    assert {(program.cluster[-3:], program.name) for program in cluster_programs(places)} == {
        ("one", "etcd"),
        ("one", "kube-apiserver"),
    }


def test_a_cluster_without_programs_starts_none(tmp_path: Path) -> None:
    made = record("other")
    plane = ControlPlane(tmp_path, Installed(tmp_path / "none"), AwsEndpoint("", tmp_path), {}, programs=())
    assert plane.start(made) == made
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("asleep", [True, False])
def test_a_database_that_ran_sleeps(tmp_path: Path, asleep: bool) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    database = {"master": "master", "name": "registry", "force_tls": True}
    (folder / "instance.json").write_text(json.dumps({"database": database, "port": 1, "should_run": True}))
    authentication: Any = None

    def started() -> Tls:
        raise OSError("it is about to start, and has no certificate")

    fleet = Fleet(tmp_path, tmp_path, started, authentication, asleep=asleep)
    asyncio.run(fleet.open())
    assert fleet.status("registry") == ("stopped" if asleep else "failed")
