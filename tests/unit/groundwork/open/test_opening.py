"""What keeps a server from being opened, said before anything is started."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from components.labels import TEAM
from groundwork.errors import GroundworkError
from groundwork.open import cluster
from groundwork.open.commands import open_command
from groundwork.open.opening import Opening
from groundwork.open.servers import SERVERS
from tests.unit.groundwork.open.cluster import Held, api, thing
from tests.unit.tools.support import Said
from twin.account import Account
from twin.kubernetes.controllers.loop import World
from twin.places import OVERRIDE, Places
from twin.pods import records
from twin.pods.records import LocalPod
from twin.state import ProcessId

TEAMS = [thing("Namespace", f"team-{name}", "", metadata={"labels": {TEAM: name}}) for name in ("vision", "language")]
DEPLOYMENT = thing("Deployment", "tracking-server")


def opening(
    tmp_path: Path, what: str, *objects: dict[str, Any], team: str | None = None, settings: Mapping[str, object] = {}
) -> Opening:
    document = {"config": {"groundwork:settings": dict(settings)}}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document))
    folder = tmp_path / "kubernetes" / "000000000000-eu-west-1-groundwork-dev"
    account = Account.of({"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "0" * 12, "AWS_SECRET_ACCESS_KEY": "s"})
    world = World(account, api(Held(*TEAMS, *objects)), "groundwork-dev", folder)
    return Opening(SERVERS[what], "dev", team, Places(tmp_path, tmp_path / ".twin"), world, Said())


def refused(of: Opening) -> str:
    with pytest.raises(GroundworkError) as error:
        of.check()
    return str(error.value)


def test_what_is_there_can_be_opened(tmp_path: Path) -> None:
    opening(tmp_path, "mlflow", DEPLOYMENT).check()
    opening(tmp_path, "tensorboard", thing("Deployment", "tensorboard", "team-vision"), team="vision").check()


def test_what_is_a_stateful_set_is_found_as_one(tmp_path: Path) -> None:
    opening(tmp_path, "prometheus", thing("StatefulSet", "prometheus", "monitoring")).check()
    said = refused(opening(tmp_path, "alertmanager", thing("Deployment", "alertmanager", "monitoring")))
    assert "Pulumi.dev.yaml has no `monitoring.metrics`" in said
    said = refused(opening(tmp_path, "alertmanager", settings={"monitoring": {"metrics": {"prometheus": {}}}}))
    assert said.endswith("built without Alertmanager, or not to its end: groundwork up dev")


def test_an_unknown_team_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    assert refused(opening(tmp_path, "mlflow", team="sales")) == (
        "There is no team 'sales' in dev: there is language, vision"
    )
    assert refused(opening(tmp_path, "tensorboard")).endswith("give --team, one of language, vision")


def test_settings_without_the_server_are_told_from_an_up_that_is_not_done(tmp_path: Path) -> None:
    assert "Pulumi.dev.yaml has no `tracking_server`" in refused(opening(tmp_path, "mlflow"))
    said = refused(opening(tmp_path, "mlflow", settings={"tracking_server": {"workers": 1}}))
    assert said.endswith("built without MLflow, or not to its end: groundwork up dev")


def test_a_second_one_is_told_where_the_first_is(tmp_path: Path) -> None:
    of = opening(tmp_path, "mlflow", DEPLOYMENT)
    running(of, of.world.folder.name)
    assert refused(of) == (
        f"MLflow is open already, at http://127.9.9.9:5000, by process {os.getpid()}. Use that one, or end it first: "
        f"kill {os.getpid()}"
    )


def test_one_of_another_environment_does_not_count(tmp_path: Path) -> None:
    of = opening(tmp_path, "mlflow", DEPLOYMENT)
    running(of, "000000000000-eu-west-1-groundwork-prod")
    of.check()


def test_without_a_twin_it_says_how_to_build_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, str(tmp_path))
    with pytest.raises(GroundworkError, match=r"The twin does not run\. .*: groundwork up prod"):
        cluster.find("prod")


def test_what_is_no_server_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(GroundworkError, match="'grafana' is nothing that can be opened: there is mlflow, tensorboard"):
        open_command("grafana")


def running(of: Opening, cluster_folder: str) -> None:
    ours = ProcessId.of(psutil.Process())
    pod = LocalPod("mlflow", "p", "Deployment/tracking-server", "127.9.9.9", {}, {"http": 5000}, ours)
    records.save(of.here.pods / cluster_folder / "mlflow" / "p", pod)
