"""dev goes from Kubernetes 1.35 to 1.36: control plane, network add-ons, nodes, add-ons on nodes, one after the other.

Why in that order: docs/decisions.md. That a version cannot be skipped is in test_upgrades_of_a_cluster.py.
"""

import json
from pathlib import Path
from typing import Any

from components.cluster.versions import ADDON_VERSIONS
from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.support.waiting import eventually
from tests.support.world import assert_state_and_world_agree

STEPS = (
    {"cluster-eks"},
    {"network-addons-kube-proxy", "network-addons-vpc-cni"},
    {"node-pool-system-group-nodes", "gpu-node-pool-training-group-nodes"},
    {"node-addons-coredns", "node-addons-metrics-server"},
    {"cluster-autoscaler-deployment"},
)
"""What is updated, by the logical names; everything of one step is done before anything of the next begins."""
CLUSTER = "groundwork-dev"


def version(wanted: str) -> Any:
    def edit(settings: dict[str, Any]) -> None:
        settings["cluster"]["version"] = wanted

    return edit


def events_of(log: Path) -> list[tuple[str, str]]:
    """`begun` and `done` of each update, in the order of the engine's event log."""
    kinds, found = {"resourcePreEvent": "begun", "resOutputsEvent": "done"}, []
    for line in log.read_text().splitlines():
        for kind, event in json.loads(line).items():
            if kind in kinds and event["metadata"]["op"] == "update":
                found.append((kinds[kind], event["metadata"]["urn"].rpartition("::")[2]))
    return found


def test_the_preview_shows_the_order_of_an_upgrade_and_the_up_keeps_to_it(changed: Project) -> None:
    eks, api = changed.account().client("eks"), administrator(changed)
    assert kubelets(api.list("v1", "Node")) == {"v1.35"}

    changed.change(version("1.36"))
    previewed = json.loads(changed.pulumi("preview", "--json", "--non-interactive", "-s", "dev").stdout)["steps"]
    updated = [step["urn"].rpartition("::")[2] for step in previewed if step["op"] == "update"]
    shown = [name for name in updated if name != CLUSTER]  # the stack's own outputs
    ranks = [rank(name) for name in shown]
    assert set(shown) == set().union(*STEPS)
    assert ranks == sorted(ranks)
    assert {step["op"] for step in previewed} == {"same", "update"}

    log = changed.root / "events.json"
    variables = changed.twin_variables() | {"PULUMI_DEBUG_COMMANDS": "true"}
    changed.run(
        "pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "-s", "dev", "--event-log", str(log),
        variables=variables,
    )  # fmt: skip
    events = [(kind, name) for kind, name in events_of(log) if name != CLUSTER]
    for begun, done in zip(STEPS[1:], STEPS, strict=False):
        first = min(events.index(("begun", name)) for name in begun)
        assert first > max(events.index(("done", name)) for name in done), events

    assert eks.describe_cluster(name=CLUSTER)["cluster"]["version"] == "1.36"
    assert kubelets(api.list("v1", "Node")) == {"v1.36"}
    assert {name: addon["addonVersion"] for name, addon in addons(eks).items()} == ADDON_VERSIONS["1.36"]
    # One is DEGRADED while a node comes or goes, as the autoscaler may let it: until its pods are there, or elsewhere.
    eventually(lambda: {addon["status"] for addon in addons(eks).values()} == {"ACTIVE"}, "add-ons are ACTIVE", 120)
    changed.pulumi("preview", "--expect-no-changes", "--non-interactive", "-s", "dev")
    assert_state_and_world_agree(changed)

    changed.change(version("1.35"))
    refused = changed.pulumi("preview", "--non-interactive", "-s", "dev", check=False)
    assert refused.returncode != 0
    assert "groundwork-dev has 1.36, and a cluster never goes back" in refused.stdout + refused.stderr
    changed.change(version("1.36"))


def rank(name: str) -> int:
    return next(i for i, names in enumerate(STEPS) if name in names)


def addons(eks: Any) -> dict[str, dict[str, Any]]:
    """The add-ons of the cluster by their names."""
    names = eks.list_addons(clusterName=CLUSTER)["addons"]
    return {name: eks.describe_addon(clusterName=CLUSTER, addonName=name)["addon"] for name in names}


def kubelets(nodes: list[dict[str, Any]]) -> set[str]:
    """The minor versions that nodes report."""
    return {node["status"]["nodeInfo"]["kubeletVersion"].rpartition(".")[0] for node in nodes}
