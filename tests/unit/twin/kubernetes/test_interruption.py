"""Which node a person may interrupt, and what is said of the others."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.twin.kubernetes.objects import group, nodes
from twin.environment import Target
from twin.errors import TwinError
from twin.kubernetes import interruption
from twin.kubernetes.client import Client
from twin.kubernetes.drain import NOTICE
from twin.places import Places

DEV = Target("000000000000", "eu-west-1")
SPOT, BOUGHT = "ip-10-0-0-10.eu-west-1.compute.internal", "ip-10-0-0-11.eu-west-1.compute.internal"


class _Cluster:
    def __init__(self) -> None:
        spot = group("i-1", "i-2", capacity_type="SPOT")
        self.nodes: list[dict[str, Any]] = nodes(spot)
        self.nodes[1]["metadata"]["labels"]["eks.amazonaws.com/capacityType"] = "ON_DEMAND"

    def list(self, api_version: str, kind: str) -> list[dict[str, Any]]:
        return self.nodes

    def patch(self, api_version: str, kind: str, name: str, namespace: None, body: dict[str, Any]) -> None:
        node = next(one for one in self.nodes if one["metadata"]["name"] == name)
        node["metadata"]["annotations"] |= body["metadata"]["annotations"]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> _Cluster:
    made = _Cluster()
    monkeypatch.setattr(Client, "of", lambda *_, **__: made)
    return made


@pytest.fixture
def places(tmp_path: Path) -> Places:
    folder = tmp_path / "kubernetes" / "000000000000-eu-west-1-groundwork-dev"
    folder.mkdir(parents=True)
    (folder / "cluster.json").write_text(json.dumps({}))
    return Places(clone=tmp_path, root=tmp_path)


@pytest.mark.parametrize("wanted", [None, SPOT, "i-1"])
def test_a_spot_node_gets_its_notice(cluster: _Cluster, places: Places, wanted: str | None) -> None:
    assert interruption.interrupt(places, DEV, wanted) == SPOT
    assert [NOTICE in node["metadata"]["annotations"] for node in cluster.nodes] == [True, False]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [(BOUGHT, "no spot node: its capacity type is ON_DEMAND"), ("i-9", "There is no node i-9")],
)
def test_any_other_node_is_refused(cluster: _Cluster, places: Places, wanted: str, said: str) -> None:
    with pytest.raises(TwinError, match=said):
        interruption.interrupt(places, DEV, wanted)
    assert not any(NOTICE in node["metadata"]["annotations"] for node in cluster.nodes)


def test_a_node_gets_one_notice(cluster: _Cluster, places: Places) -> None:
    interruption.interrupt(places, DEV, SPOT)
    with pytest.raises(TwinError, match="has its notice already"):
        interruption.interrupt(places, DEV, SPOT)
    with pytest.raises(TwinError, match="no spot node to interrupt"):
        interruption.interrupt(places, DEV, None)


def test_the_other_environment_has_no_cluster(cluster: _Cluster, places: Places) -> None:
    with pytest.raises(TwinError, match="No cluster of account 000000000001"):
        interruption.interrupt(places, Target("000000000001", "eu-west-1"), None)
