"""A real Prometheus with the platform's rules, and stand-ins for the exporters that it scrapes, all on loopback."""

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import requests
import yaml

from components.monitoring.rules import rule_files
from tests.support.loopback import serving
from tests.support.monitoring import programs
from tools.monitoring.programs import PROMETHEUS
from twin import loopback_ports

WORLD: dict[str, list[tuple[str, float, float]]] = yaml.safe_load((Path(__file__).parent / "world.yaml").read_text())
DOWN = "model-server"
"""A job that does not answer."""
START_SECONDS = 60


@contextmanager
def exporters() -> Iterator[str]:
    """Serve what each job exposes under `/<job>`, a step further at each scrape; gives host and port."""
    scrapes: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            job = self.path.strip("/")
            if job == DOWN:
                self.send_error(503)
                return
            scrapes[job] += 1
            lines = [f"{series} {value + step * scrapes[job]}" for series, value, step in WORLD[job]]
            text = ("\n".join(lines) + "\n").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(Handler) as place:
        yield place


@contextmanager
def prometheus(folder: Path, exposed: str) -> Iterator[str]:
    """Run Prometheus with the platform's rules until the block ends; gives its address."""
    rules = folder / "rules"
    rules.mkdir()
    for name, text in rule_files("https://runbooks.example.org", 90).items():
        (rules / name).write_text(text)
    (port,) = loopback_ports.free(1)
    own = {"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    others = [_job(job, exposed) for job in [*(job for job, series in WORLD.items() if series), DOWN]]
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules / "*.yaml")],
        "scrape_configs": [own, *others],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    command = [
        str(programs(PROMETHEUS) / "prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = folder / "prometheus.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        _until_ready(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def _job(job: str, exposed: str) -> dict[str, Any]:
    # As the platform's own jobs: exporters that speak of other objects keep their labels.
    labels = {"node": "a", "team": "platform", "namespace": "kube-system", "pod": f"{job}-x"}
    return {
        "job_name": job,
        "metrics_path": f"/{job}",
        "honor_labels": True,
        "static_configs": [{"targets": [exposed], "labels": labels}],
    }


def _until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(2 * START_SECONDS):
        assert process.poll() is None, log.read_text()
        try:
            if requests.get(f"{address}/-/ready", timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        time.sleep(0.5)
    raise AssertionError(log.read_text())
