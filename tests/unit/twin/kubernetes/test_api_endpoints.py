"""Where the cluster says that its API server is."""

from types import SimpleNamespace
from typing import Any, cast

from twin.kubernetes.controllers.api_endpoints import ApiEndpoints
from twin.kubernetes.controllers.loop import World

SUBNETS = {"subnet-a": "10.20.16.0/20", "subnet-b": "10.20.32.0/20", "subnet-c": "10.20.48.0/20"}


class Held:
    """An API server that keeps what is applied."""

    def __init__(self) -> None:
        self.applied: list[dict[str, Any]] = []

    def get(self, api_version: str, kind: str, name: str, namespace: str) -> dict[str, Any] | None:
        return next((one for one in self.applied if one["metadata"]["name"] == name), None)

    def apply(self, manifest: dict[str, Any], *, manager: str) -> None:
        assert manager == "eks"
        self.applied.append(manifest)


class Aws:
    """The account of a cluster in three subnets."""

    def client(self, service: str) -> Any:
        if service == "eks":
            config = {"resourcesVpcConfig": {"subnetIds": [*reversed(SUBNETS)]}}
            return SimpleNamespace(describe_cluster=lambda name: {"cluster": config})
        return SimpleNamespace(
            describe_subnets=lambda **asked: {"Subnets": [{"CidrBlock": SUBNETS[i]} for i in asked["SubnetIds"]]}
        )


def test_two_addresses_of_its_subnets_are_written_down_once() -> None:
    api = Held()
    world = cast(World, SimpleNamespace(api=api, aws=Aws(), cluster="groundwork-dev"))
    for _ in range(2):
        ApiEndpoints().reconcile(world)
    (written,) = api.applied
    assert [one["addresses"] for one in written["endpoints"]] == [["10.20.31.254"], ["10.20.47.254"]]
    assert written["metadata"]["labels"] == {"kubernetes.io/service-name": "kubernetes"}
    assert [(port["name"], port["port"]) for port in written["ports"]] == [("https", 443)]
