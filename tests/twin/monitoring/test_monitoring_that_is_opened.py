"""`groundwork open prometheus` as a person runs it: it keeps what it has scraped, and nothing of it goes on."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.support.project import CLONE, Project
from tests.twin.clusters import eventually

OPEN_SECONDS = 300


@contextmanager
def opened(dev: Project, name: str, log: Path) -> Iterator[str]:
    """Open it; its address. It is ended as by Ctrl-C."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [CLONE / ".venv/bin/groundwork", "open", name],
            cwd=dev.root, env=dev.environment(), stdout=said, stderr=said,
        )  # fmt: skip
    try:
        end = time.monotonic() + OPEN_SECONDS
        while "Ctrl-C ends it." not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.5)
        found = re.search(rf"{name.capitalize()} is open in dev: (\S+)", log.read_text())
        assert found, log.read_text()
        yield found[1]
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not [one for one in family if one.is_running()]
    finally:
        process.terminate()
        process.wait(60)


def asked(url: str, path: str, **parameters: str) -> Any:
    return requests.get(f"{url}{path}", params=parameters, timeout=30).json()


def samples(url: str, query: str) -> list[float]:
    """When a series has samples."""
    found = asked(url, "/api/v1/query", query=query)["data"]["result"]
    return [float(at) for one in found for at, _ in one["values"]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_prometheus_scrapes_the_api_server_and_goes_on_with_what_it_had(dev: Project, log: Path) -> None:
    query = 'prometheus_build_info{job="prometheus"}[1h]'
    with opened(dev, "prometheus", log) as url:
        # In earnest it asks every half minute.
        first = eventually(lambda: samples(url, query), "it has scraped itself", 120)[0]
        eventually(
            lambda: asked(url, "/api/v1/query", query='up{job="apiserver"} == 1')["data"]["result"],
            "the API server is scraped",
            120,
        )
    with opened(dev, "prometheus", log.with_name("second")) as url:
        assert first in samples(url, query), "its volume outlives the pod"


def test_alertmanager_says_whom_it_tells(dev: Project, log: Path) -> None:
    with opened(dev, "alertmanager", log) as url:
        configured = asked(url, "/api/v2/status")["config"]["original"]
        assert "groundwork-dev-alarms" in configured
        assert asked(url, "/api/v2/alerts") == []
