"""Twins are started, killed and stopped for real; what is left is read from the operating system."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.unit.twin.conftest import Clone
from twin import lifecycle, processes, state
from twin.errors import TwinError
from twin.pods import records
from twin.services import databases
from twin.state import ProcessId, TwinState


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def kill(held: TwinState) -> None:
    """As a crash does: without a chance to write anything."""
    process = psutil.Process(held.processes["aws"].pid)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)


def pid_is(held: TwinState) -> int:
    return held.processes["aws"].pid


def test_a_second_start_leaves_the_running_twin_alone(running: tuple[Clone, TwinState]) -> None:
    clone, first = running
    assert clone.start() == first
    (aws,) = lifecycle.status(clone.places)
    assert (aws.name, aws.state, aws.pid, aws.health) == ("aws", "running", pid_is(first), "")
    assert lifecycle.running(clone.places) == first


def test_two_starts_at_once_make_one_twin(clone: Clone) -> None:
    found: list[TwinState] = []
    threads = [threading.Thread(target=lambda: found.append(clone.start())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = found
    assert first == second
    assert clone.said == ["Another command starts or stops this twin; waiting for it."]


def test_it_listens_on_loopback_only(running: tuple[Clone, TwinState]) -> None:
    _, held = running
    heard = [link for link in psutil.Process(pid_is(held)).net_connections() if link.status == psutil.CONN_LISTEN]
    assert {(link.laddr.ip, link.laddr.port) for link in heard} == {
        ("127.0.0.1", held.https_port),
        ("127.0.0.1", held.http_port),
    }


def test_files_are_for_their_owner_only(running: tuple[Clone, TwinState]) -> None:
    clone, held = running
    clone.account(held).client("s3").create_bucket(
        Bucket="modes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    root = clone.places.root
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    for secret in (clone.places.state_file, *clone.places.certificates.glob("*.key"), clone.places.logs / "aws.log"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600, secret
    assert len(list(clone.places.certificates.glob("*.key"))) >= 2


def test_no_secret_is_on_a_command_line_or_in_a_log(running: tuple[Clone, TwinState]) -> None:
    clone, held = running
    told = " ".join(psutil.Process(pid_is(held)).cmdline()) + (clone.places.logs / "aws.log").read_text() + repr(held)
    assert held.root_secret not in told
    assert held.passphrase not in told


def test_stop_leaves_no_process_no_port_and_no_file(clone: Clone) -> None:
    held = clone.start()
    assert listening(held.https_port)
    assert listening(held.http_port)
    assert clone.stop()
    assert not psutil.pid_exists(pid_is(held))
    assert not listening(held.https_port)
    assert not listening(held.http_port)
    assert not clone.places.root.exists()
    assert sorted(path.name for path in clone.places.clone.iterdir()) == [
        "Pulumi.dev.yaml",
        "Pulumi.yaml",
        "pyproject.toml",
        "stacks",
    ]
    assert not clone.stop(), "there is nothing to stop any more"
    assert not clone.places.root.exists(), "looking for a twin must not make its folder"


def test_stop_ends_the_containers_of_pods_too(clone: Clone) -> None:
    """Also those of a pod whose runner is gone; one whose runner lives is shown until then."""
    clone.start()
    container = subprocess.Popen(["sleep", "600"], start_new_session=True)  # noqa: S607 - any will do
    started = ProcessId.of(psutil.Process(container.pid))
    runner = ProcessId.of(psutil.Process())
    pod = records.LocalPod("shop", "counter-1", "Deployment/counter", "127.30.1.1", {}, {}, runner, {"main": started})
    records.save(clone.places.pods / "cluster" / "shop" / "counter-1", pod)
    assert ("pods/shop/counter-1", "127.30.1.1") in [(one.name, one.address) for one in lifecycle.status(clone.places)]
    assert clone.stop()
    container.wait(timeout=60)
    assert not clone.places.root.exists()


def test_stop_that_keeps_the_state_brings_the_same_twin_back(clone: Clone) -> None:
    held = clone.start()
    clone.account(held).client("kms").create_key(Description="kept")
    clone.stop(keep_state=True)
    assert not listening(held.https_port)
    assert [one.state for one in lifecycle.status(clone.places)] == ["stopped"]
    again = clone.start()
    assert replace(again, processes={}) == replace(held, processes={})
    assert len(clone.account(again).client("kms").list_keys()["Keys"]) == 1
    assert clone.said == [], "an orderly stop is no crash"


def test_after_a_crash_start_says_so_and_brings_it_back(clone: Clone) -> None:
    held = clone.start()
    kill(held)
    (aws,) = lifecycle.status(clone.places)
    assert (aws.state, aws.pid, aws.health) == ("stopped", None, "it has ended unexpectedly")
    again = clone.start()
    assert pid_is(again) != pid_is(held)
    assert listening(held.https_port)
    assert "aws has ended unexpectedly" in clone.said[0]


def test_a_pid_that_is_another_process_by_now_is_never_signalled(clone: Clone) -> None:
    held = clone.start()
    kill(held)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        reused = ProcessId(stranger.pid, held.processes["aws"].started - 100)
        state.save(clone.places.state_file, held.with_process("aws", reused))
        again = clone.start()
        assert stranger.poll() is None
        assert pid_is(again) != stranger.pid
        state.save(clone.places.state_file, again.with_process("aws", reused))
        processes.stop(again.processes["aws"])
        clone.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_server_that_hangs_is_replaced(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    held = clone.start()
    psutil.Process(pid_is(held)).suspend()
    monkeypatch.setattr("twin.services.ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("twin.processes.STOP_SECONDS", 0.5)
    (aws,) = lifecycle.status(clone.places)
    assert aws.state == "unhealthy"
    assert "no answer at" in aws.health
    again = clone.start()
    assert pid_is(again) != pid_is(held)
    assert not psutil.pid_exists(pid_is(held))
    assert "runs but does not answer" in clone.said[0]


@pytest.mark.parametrize("which", ["https_port", "http_port"])
def test_a_port_that_another_program_has_taken_is_replaced_and_told(clone: Clone, which: str) -> None:
    held = clone.start()
    clone.stop(keep_state=True)
    with socket.create_server(("127.0.0.1", getattr(held, which))):
        again = clone.start()
    assert getattr(again, which) != getattr(held, which)
    assert clone.said == [
        f"Another program has taken port {getattr(held, which)}; the endpoint is now {again.endpoint}. "
        'Open shells need it too: eval "$(groundwork twin env)"'
    ]


def test_two_clones_have_twins_side_by_side_that_know_nothing_of_each_other(make_clone: Callable[[], Clone]) -> None:
    one, other = make_clone(), make_clone()
    first, second = one.start(), other.start()
    one.account(first).client("iam").create_role(RoleName="mine", AssumeRolePolicyDocument='{"Statement": []}')
    assert not other.account(second).client("iam").list_roles()["Roles"]
    one.stop()
    assert lifecycle.running(other.places) == second


def test_restart_gives_the_service_a_new_process_and_keeps_what_it_knows(clone: Clone) -> None:
    held = clone.start()
    clone.account(held).client("kms").create_key(Description="kept")
    again = lifecycle.restart(clone.places, clone.tools, "aws", clone.said.append)
    assert pid_is(again) != pid_is(held)
    assert len(clone.account(again).client("kms").list_keys()["Keys"]) == 1
    assert clone.said == [], "a restart is no crash"
    with pytest.raises(TwinError, match="There is no service 'gcp'; there is aws"):
        lifecycle.restart(clone.places, clone.tools, "gcp", clone.said.append)


def test_a_service_that_does_not_come_up_is_reported_with_the_end_of_its_log(clone: Clone) -> None:
    tools = replace(clone.tools, python=Path(shutil.which("false") or "/bin/false"))
    with pytest.raises(TwinError, match=r"aws ended while it started\. The end of .*aws\.log"):
        lifecycle.start(clone.places, tools, clone.said.append)
    assert clone.start().processes, "the next start is not troubled by the last one"
    assert clone.said == []


def test_a_start_that_was_interrupted_at_once_is_no_obstacle(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("twin.project.prepare", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            clone.start()
    assert [one.state for one in lifecycle.status(clone.places)] == ["stopped"]
    clone.start()
    assert clone.said == []


def test_a_folder_with_other_files_is_not_taken_for_a_twin(clone: Clone) -> None:
    clone.places.root.mkdir()
    precious = clone.places.root / "thesis.txt"
    precious.write_text("years")
    for attempt in (clone.start, clone.stop):
        with pytest.raises(TwinError, match="has files and is no twin's folder"):
            attempt()
    assert precious.read_text() == "years"
    shutil.rmtree(clone.places.root)


def test_a_database_that_outlived_the_server_is_found_and_ended(clone: Clone) -> None:
    held = clone.start()
    kill(held)
    folder = clone.places.databases / "registry"
    folder.mkdir(parents=True)
    # Works in its data directory and writes its pid there, as a postmaster does.
    # SIGINT is set, since a child of a shell's background job begins with SIGINT ignored.
    program = "import signal, time; signal.signal(2, signal.default_int_handler); print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as orphan:
        assert orphan.stdout is not None
        assert orphan.stdout.readline(), "it handles signals by now"
        (folder / "postmaster.pid").write_text(f"{orphan.pid}\n{folder}\n1\n5432\n")
        assert [(one.name, one.port) for one in databases(clone.places)] == [("registry", 5432)]
        (folder / "instance.json").write_text('{"port": 5433}')
        assert [one.port for one in databases(clone.places)] == [5433], "clients go to the front, not to the server"
        clone.stop()
        assert b"KeyboardInterrupt" in orphan.communicate(timeout=60)[1], "PostgreSQL's fast shutdown is SIGINT"


def test_a_data_directory_whose_pid_is_another_process_by_now_has_no_database(clone: Clone) -> None:
    folder = clone.places.databases / "registry"
    folder.mkdir(parents=True)
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n1\n5432\n")
    assert list(databases(clone.places)) == []
    shutil.rmtree(clone.places.root)


def test_logs_are_those_of_services_and_of_databases_and_end_with_the_twin(running: tuple[Clone, TwinState]) -> None:
    clone, _ = running
    log = clone.places.databases / "registry" / "server.log"
    log.parent.mkdir(parents=True)
    log.write_text("one\n")
    lines = lifecycle.logs(clone.places, "postgres/registry", follow=True)
    assert next(lines) == "one"
    with log.open("a") as more:
        more.write("two\n")
    assert next(lines) == "two"
    shutil.rmtree(log.parent)
    assert list(lines) == [], "what is followed ends when it is removed"
    assert any("services available" in line for line in lifecycle.logs(clone.places, "aws", follow=False))
    with pytest.raises(TwinError, match="There is no log of 'etcd': the twin has aws"):
        lifecycle.logs(clone.places, "etcd", follow=False)
