"""`groundwork open prometheus` as a person runs it: it keeps what it has scraped, and nothing of it goes on."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.support.project import Project
from tests.support.waiting import eventually
from tests.twin.opened_servers import opened


@contextmanager
def serving(dev: Project, name: str, log: Path) -> Iterator[str]:
    """Open it; its address. It is ended as by Ctrl-C."""
    with opened(dev, log, name) as process:
        found = re.search(rf"{name.capitalize()} is open in dev: (\S+)", log.read_text())
        assert found, log.read_text()
        yield found[1]
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not [one for one in family if one.is_running()]


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
    query, begun = 'prometheus_build_info{job="prometheus"}[1h]', time.time()
    with serving(dev, "prometheus", log) as url:
        # In earnest it asks every half minute. It also has what it has scraped for other tests, which an hour later is
        # no more in the range.
        own = eventually(lambda: [at for at in samples(url, query) if at > begun], "it has scraped itself", 120)[0]
        eventually(
            lambda: asked(url, "/api/v1/query", query='up{job="apiserver"} == 1')["data"]["result"],
            "the API server is scraped",
            120,
        )
    with serving(dev, "prometheus", log.with_name("second")) as url:
        assert own in samples(url, query), "its volume outlives the pod"


def test_alertmanager_says_whom_it_tells(dev: Project, log: Path) -> None:
    with serving(dev, "alertmanager", log) as url:
        configured = asked(url, "/api/v2/status")["config"]["original"]
        assert "groundwork-dev-alarms" in configured
        assert asked(url, "/api/v2/alerts") == []
