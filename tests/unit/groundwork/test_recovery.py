"""Decides what becomes of the pending operations of an interrupted `up`; the twin's tests show the rest."""

import json
import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from groundwork.deployment import Deployment
from groundwork.recovery import Pending, recover, remove_dead_locks, settle

BUCKET = "urn:pulumi:dev::groundwork::groundwork:storage:ObjectStore$aws:s3/bucket:Bucket::artifacts-bucket"
VPC = "urn:pulumi:dev::groundwork::groundwork:network:Network$aws:ec2/vpc:Vpc::network-vpc"


def custom(urn: str, **more: Any) -> dict[str, Any]:
    return {"urn": urn, "custom": True, "type": urn.split("::")[2].split("$")[-1], "inputs": {"bucket": "b"}, **more}


def pending(resource: dict[str, Any], kind: str = "creating") -> dict[str, Any]:
    return {"type": kind, "resource": resource}


def never(pending: Pending) -> str | None:
    return None


def test_a_create_that_was_carried_out_is_taken_into_the_state() -> None:
    asked: list[Pending] = []

    def find(pending: Pending) -> str:
        asked.append(pending)
        return "b"

    mended, adopted, forgotten = settle({"resources": [], "pending_operations": [pending(custom(BUCKET))]}, find)
    assert asked == [Pending(BUCKET, "aws:s3/bucket:Bucket", {"bucket": "b"})]
    assert (adopted, forgotten) == ((BUCKET,), ())
    assert [(held["urn"], held["id"]) for held in mended["resources"]] == [(BUCKET, "b")]
    assert "pending_operations" not in mended


def test_a_state_that_was_left_before_anything_was_made_has_no_resources() -> None:
    mended, adopted, _ = settle({"pending_operations": [pending(custom(BUCKET))]}, lambda _: "b")
    assert adopted == (BUCKET,)
    assert [held["id"] for held in mended["resources"]] == ["b"]
    assert settle({"pending_operations": [pending(custom(BUCKET))]}, never) == ({"resources": []}, (), (BUCKET,))


def test_a_create_that_was_not_carried_out_is_forgotten() -> None:
    mended, adopted, forgotten = settle({"resources": [], "pending_operations": [pending(custom(BUCKET))]}, never)
    assert (adopted, forgotten) == ((), (BUCKET,))
    assert mended == {"resources": []}


def test_a_replacement_that_was_carried_out_leaves_the_old_one_to_be_deleted() -> None:
    old = custom(VPC, id="vpc-old")

    def find(pending: Pending) -> str | None:
        assert pending.known == {"vpc-old"}, "the one that is being replaced bears the same tags and is no answer"
        return "vpc-new"

    mended, adopted, _ = settle({"resources": [old], "pending_operations": [pending(custom(VPC))]}, find)
    assert adopted == (VPC,)
    assert [(held["id"], held.get("delete", False)) for held in mended["resources"]] == [
        ("vpc-old", True),
        ("vpc-new", False),
    ]


def test_who_looks_it_up_is_told_the_settings_of_its_provider() -> None:
    urn = "urn:pulumi:dev::groundwork::pulumi:providers:kubernetes::cluster"
    provider = {"urn": urn, "id": "1", "custom": True, "type": "pulumi:providers:kubernetes", "inputs": {"a": "b"}}
    asked: list[Mapping[str, Any]] = []

    def find(pending: Pending) -> str | None:
        asked.append(pending.provider)
        return None

    created = [pending(custom(BUCKET, provider=f"{urn}::1")), pending(custom(VPC, provider=f"{VPC}::1"))]
    settle({"resources": [provider], "pending_operations": created}, find)
    assert asked == [{"a": "b"}, {}]


@pytest.mark.parametrize("kind", ["updating", "deleting", "reading"])
def test_other_operations_are_repeated_by_the_next_up_from_the_old_state(kind: str) -> None:
    held = custom(BUCKET, id="b")
    mended, adopted, forgotten = settle({"resources": [held], "pending_operations": [pending(held, kind)]}, never)
    assert mended == {"resources": [held]}
    assert (adopted, forgotten) == ((), ())


def test_what_only_the_engine_knows_is_not_looked_for() -> None:
    component = {"urn": "urn:pulumi:dev::groundwork::groundwork:storage:ObjectStore::artifacts",
                 "custom": False, "type": "groundwork:storage:ObjectStore"}  # fmt: skip
    provider = {"urn": "urn:pulumi:dev::groundwork::pulumi:providers:aws::aws",
                "custom": True, "type": "pulumi:providers:aws"}  # fmt: skip

    def find(pending: Pending) -> str:
        raise AssertionError(pending.token)

    mended, adopted, forgotten = settle(
        {"resources": [], "pending_operations": [pending(component), pending(provider)]}, find
    )
    assert (mended, adopted, forgotten) == ({"resources": []}, (), ())


def lock(folder: Path, *, pid: int, hostname: str, age: timedelta) -> Path:
    path = folder / ".pulumi/locks/organization/groundwork/dev/1.json"
    path.parent.mkdir(parents=True)
    taken = datetime.now(UTC) - age
    path.write_text(json.dumps({"pid": pid, "username": "u", "hostname": hostname, "timestamp": taken.isoformat()}))
    return path


def deployment(folder: Path) -> Deployment:
    return Deployment("dev", folder, folder, {"PULUMI_BACKEND_URL": folder.as_uri()})


def test_the_lock_of_a_dead_process_is_removed(tmp_path: Path) -> None:
    path = lock(tmp_path, pid=2**22 + 1, hostname=socket.gethostname(), age=timedelta(0))
    assert remove_dead_locks(deployment(tmp_path)) == 1
    assert not path.exists()


def test_a_younger_process_with_the_same_id_does_not_hold_the_lock(tmp_path: Path) -> None:
    lock(tmp_path, pid=os.getpid(), hostname=socket.gethostname(), age=timedelta(days=365 * 30))
    assert remove_dead_locks(deployment(tmp_path)) == 1


@pytest.mark.parametrize("hostname", [socket.gethostname(), "another-machine"])
def test_a_lock_that_may_be_held_stays(tmp_path: Path, hostname: str) -> None:
    ours = hostname == socket.gethostname()
    path = lock(tmp_path, pid=os.getpid() if ours else 2**22 + 1, hostname=hostname, age=timedelta(0))
    assert remove_dead_locks(deployment(tmp_path)) == 0
    assert path.exists()


class NoEngineError(AssertionError):
    """The engine was asked for the state."""


class WithoutEngine(Deployment):
    @property
    def stack(self) -> Any:
        raise NoEngineError


def left(folder: Path, name: str, state: Mapping[str, Any]) -> Deployment:
    """A deployment whose state is the file `name`, beside the engine's backup of an older one."""
    stacks = folder / ".pulumi" / "stacks" / "groundwork"
    stacks.mkdir(parents=True)
    text = json.dumps({"checkpoint": {"latest": state}})
    (stacks / name).write_text(text)
    (stacks / "dev.json.bak").write_text(json.dumps({"pending_operations": []}))
    (stacks / "prod.json").write_text(json.dumps({"pending_operations": []}))
    return WithoutEngine("dev", folder, folder, {"PULUMI_BACKEND_URL": f"file://{folder}?metadata=skip"})


def test_the_engine_is_not_asked_about_a_state_without_pending_operations(tmp_path: Path) -> None:
    assert not recover(left(tmp_path, "dev.json", {"resources": []}), never, lambda _: None)


@pytest.mark.parametrize("name", ["dev.json", "dev.json.gz"], ids=["pending", "not to be read from outside"])
def test_the_engine_is_asked_about_any_other_state(tmp_path: Path, name: str) -> None:
    deployment = left(tmp_path, name, {"pending_operations": [pending(custom(BUCKET))]})
    with pytest.raises(NoEngineError):
        recover(deployment, never, lambda _: None)
