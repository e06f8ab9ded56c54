"""The configurations that the program makes, judged by Prometheus' and Alertmanager's own programs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.monitoring import amtool, promtool
from tests.support.program import recorded
from tests.support.recorder import Recorder
from tests.support.stack_files import ENVIRONMENTS
from tests.unit.monitoring.metrics import build
from tests.unit.monitoring.test_alertmanager import EVERYBODY
from tests.unit.monitoring.test_prometheus import REMOTE_WRITE

EVERYTHING: dict[str, Any] = {
    "prometheus": {"remote_write": REMOTE_WRITE},
    "alertmanager": {"receivers": EVERYBODY, "heartbeat": {"kind": "webhook"}},
}


def unpacked(recorder: Recorder, folder: Path) -> Path:
    """Write the ConfigMaps as the pods see them, secrets and tokens empty; return the folder."""
    for role, name in (("config", "config"), ("rules", "rules")):
        place = folder / "prometheus" / name
        place.mkdir(parents=True)
        for file, text in recorder.one(f"metrics-prometheus-{role}").inputs["data"].items():
            (place / file).write_text(text)
    for file in ("token", "ca.crt"):
        (folder / "prometheus" / "config" / file).touch()
    (folder / "alertmanager").mkdir()
    for file, text in recorder.one("metrics-alertmanager-config").inputs["data"].items():
        (folder / "alertmanager" / file).write_text(text)
    return folder


def test_of_each_environment_they_are_taken(tmp_path: Path) -> None:
    for environment in ENVIRONMENTS:
        folder = unpacked(recorded(environment), tmp_path / environment)
        done = promtool("check", "config", folder / "prometheus" / "config" / "prometheus.yml")
        assert done.returncode == 0, done.stdout
        assert "0 rule files found" not in done.stdout
        done = amtool("check-config", folder / "alertmanager" / "alertmanager.yml")
        assert done.returncode == 0, done.stdout


def test_with_every_kind_of_receiver_and_another_store_they_are_taken(recorder: Recorder, tmp_path: Path) -> None:
    build(EVERYTHING)
    folder = unpacked(recorder, tmp_path)
    done = promtool("check", "config", folder / "prometheus" / "config" / "prometheus.yml")
    assert done.returncode == 0, done.stdout
    done = amtool("check-config", folder / "alertmanager" / "alertmanager.yml")
    assert done.returncode == 0, done.stdout
    assert "7 receivers" in done.stdout


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (("severity=critical", "team=vision", "alertname=GpuHot"), "alarms,pager,vision"),
        (("severity=info", "team=language", "alertname=GpuHot"), "nobody"),
        (("severity=info", "team=platform", "alertname=Watchdog"), "heartbeat"),
    ],
)
def test_alertmanager_itself_sends_an_alert_to_whoever_wants_it(
    recorder: Recorder, tmp_path: Path, labels: tuple[str, ...], receivers: str
) -> None:
    build(EVERYTHING)
    file = unpacked(recorder, tmp_path) / "alertmanager" / "alertmanager.yml"
    done = amtool("config", "routes", "test", f"--config.file={file}", *labels)
    assert done.stdout.strip() == receivers


def test_a_configuration_with_a_mistake_is_found(tmp_path: Path) -> None:
    """Else the tests above would say nothing."""
    folder = unpacked(recorded("dev"), tmp_path)
    file = folder / "prometheus" / "config" / "prometheus.yml"
    text = yaml.safe_load(file.read_text())
    text["scrape_configs"][0]["relabel_configs"][0]["action"] = "keeep"
    file.write_text(yaml.safe_dump(text))
    assert promtool("check", "config", file).returncode
    file = folder / "alertmanager" / "alertmanager.yml"
    file.write_text(file.read_text().replace("receiver: nobody", "receiver: somebody"))
    assert amtool("check-config", file).returncode
