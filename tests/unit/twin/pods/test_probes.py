"""Probes against real servers and programs, and the counting of their results."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.support import served
from twin.pods import probes
from twin.pods.probes import Probe, Target


def target(folder: Path, **ports: int) -> Target:
    return Target("127.0.0.1", ports, folder, {"PATH": "/usr/bin:/bin", "NAME": "x"}, lambda text: text)


def test_http_is_good_from_200_to_399(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with served(tmp_path) as url:
        of = target(tmp_path, http=int(url.rpartition(":")[2]))
        assert probes.problem({"httpGet": {"path": "/", "port": "http"}}, of, 30) is None
        assert probes.problem({"httpGet": {"path": "/folder", "port": "http"}}, of, 30) is None  # 301
        assert "statuscode: 404" in str(probes.problem({"httpGet": {"path": "/none", "port": "http"}}, of, 30))
    assert "GET http://127.0.0.1" in str(probes.problem({"httpGet": {"path": "/", "port": "http"}}, of, 30))


def test_tcp_is_good_when_somebody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert probes.problem({"tcpSocket": {"port": port}}, target(tmp_path), 30) is None
    assert f"dial tcp 127.0.0.1:{port}" in str(probes.problem({"tcpSocket": {"port": port}}, target(tmp_path), 30))


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        (["sh", "-c", 'test "$NAME" = x'], None),
        (["sh", "-c", "exit 4"], "exit code 4"),
        (["sleep", "60"], "has not ended after 0.2 s"),
        (["no-such-program"], "No such file"),
    ],
)
def test_a_program_is_good_when_it_ends_with_0_in_time(tmp_path: Path, command: list[str], wrong: str | None) -> None:
    found = probes.problem({"exec": {"command": command}}, target(tmp_path), 0.2 if command[0] == "sleep" else 60)
    assert (found is None) if wrong is None else (found is not None and wrong in found)


def test_thresholds_count_results_in_a_row(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    spec: Mapping[str, Any] = {
        "exec": {"command": ["test", "-e", str(ready)]},
        "periodSeconds": 0,
        "timeoutSeconds": 60,
        "successThreshold": 2,
        "failureThreshold": 3,
    }
    probe, seen = Probe(spec, target(tmp_path), good_at_first=False), []
    for there in (True, True, False, False, True, False, False, False):
        ready.touch() if there else ready.unlink(missing_ok=True)
        probe.step()
        seen.append((probe.good, probe.failed))
    waits, good, bad = (False, False), (True, False), (False, True)
    assert seen == [waits, good, good, good, good, good, good, bad]


def test_nothing_is_probed_before_its_time(tmp_path: Path) -> None:
    probe = Probe({"exec": {"command": ["true"]}, "initialDelaySeconds": 600}, target(tmp_path), good_at_first=False)
    probe.step()
    assert (probe.good, probe.failed) == (False, False)
