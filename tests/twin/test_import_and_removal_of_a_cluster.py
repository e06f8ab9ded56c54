"""The real engine takes over a cluster that it did not make, with its parts and a namespace in it, and removes all."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.cluster_objects import administrator, folders
from tests.support.engine import Engine
from tests.twin.test_the_engine_and_a_cluster import CLUSTER, PARTS, program

INSIDE = """\
from pathlib import Path
from pulumi_kubernetes import Provider as Kubernetes, core

kubernetes = Kubernetes("kubernetes", kubeconfig=Path({kubeconfig!r}).read_text())
core.v1.Namespace(
    "space", metadata={{"name": "team-vision", "labels": {{"team": "vision"}}}},
    opts=ResourceOptions(provider=kubernetes),
)
"""
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-vision", "labels": {"team": "vision"}}}
TAKEN_OVER = ("cluster", "nodes", "tag", "proxy", "entry", "policy", "association")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A twin of its own."""
    made = Engine.make(tmp_path_factory.mktemp("engine") / "project")
    yield made
    made.project.stop()


def inside(engine: Engine) -> str:
    [folder] = folders(engine.project)
    return INSIDE.format(kubeconfig=str(folder / "admin.kubeconfig"))


def forgotten(engine: Engine, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Take resources out of the state, as if the engine had never known them; what the state said of them."""
    exported = json.loads(engine.pulumi("stack", "export").stdout)
    resources = exported["deployment"]["resources"]
    found = {name: one for one in resources for name in names if one["urn"].endswith(f"::{name}")}
    exported["deployment"]["resources"] = [one for one in resources if one not in found.values()]
    file = engine.project.root / "forgotten.json"
    file.write_text(json.dumps(exported))
    engine.pulumi("stack", "import", "--file", str(file))
    return found


def taken_over(engine: Engine, ids: dict[str, tuple[str, str, str]]) -> None:
    """`pulumi import` of (type, id, provider) by logical name."""
    providers = {name: one["urn"] for name, one in engine.state().items() if one["type"].startswith("pulumi:providers")}
    wanted = [
        {"type": kind, "name": name, "id": known, "provider": provider} for name, (kind, known, provider) in ids.items()
    ]
    file = engine.project.root / "import.json"
    file.write_text(json.dumps({"nameTable": providers, "resources": wanted}))
    engine.pulumi("import", "--file", str(file), "--generate-code=false", "--protect=false", "--yes", "--skip-preview")


def test_a_cluster_with_its_parts_and_a_namespace_is_imported_and_its_program_changes_nothing(engine: Engine) -> None:
    engine.up(program())
    known = forgotten(engine, TAKEN_OVER)
    assert set(known) == set(TAKEN_OVER)
    assert not set(TAKEN_OVER) & set(engine.state())
    ids = {name: one["id"] for name, one in known.items()} | {"association": f"engine,{known['association']['id']}"}
    taken_over(engine, {name: (one["type"], ids[name], "aws") for name, one in known.items()})
    engine.no_change()
    after = engine.state()
    for name in TAKEN_OVER:
        assert (after[name]["id"], after[name]["outputs"]) == (known[name]["id"], known[name]["outputs"])

    administrator(engine.project).create(NAMESPACE, manager="kubectl-create")
    everything = program() + inside(engine)
    engine.up(everything.replace("core.v1.Namespace(", "(lambda *_, **__: None)("))  # the provider alone
    taken_over(engine, {"space": ("kubernetes:core/v1:Namespace", "team-vision", "kubernetes")})
    engine.declare(everything)
    engine.no_change()
    assert engine.up(everything.replace('"team": "vision"', '"team": "other"')) == [("update", "space")]
    engine.up(program())
    assert administrator(engine.project).get("v1", "Namespace", "team-vision") is None


def test_the_import_option_takes_over_what_is_there_and_shows_what_differs(engine: Engine) -> None:
    engine.up(program())
    known = forgotten(engine, ("nodes", "tag"))
    importing = program().replace("on_aws(ignore_changes=", f'on_aws(import_="{known["nodes"]["id"]}", ignore_changes=')
    engine.declare(importing.replace('"min_size": 0', '"min_size": 1'))
    steps = json.loads(engine.pulumi("preview", "--json").stdout)["steps"]
    of_nodes = [step["op"] for step in steps if step["urn"].endswith("::nodes")]
    assert of_nodes == ["import", "update"], "what differs is shown as the change that it would be"
    done = engine.up(importing)
    assert done == [("import", "nodes"), ("create", "tag")]
    engine.declare(program())
    engine.no_change()


def test_parts_and_then_the_cluster_are_removed_in_the_order_that_they_need(engine: Engine) -> None:
    engine.up(program())
    done = engine.up(CLUSTER)
    assert sorted(done) == sorted(("delete", name) for name in PARTS)
    assert done.index(("delete", "tag")) < done.index(("delete", "nodes")) < done.index(("delete", "template"))
    assert done.index(("delete", "policy")) < done.index(("delete", "entry"))
    eks = engine.aws.client("eks")
    assert eks.list_nodegroups(clusterName="engine")["nodegroups"] == []
    assert eks.list_addons(clusterName="engine")["addons"] == []
    assert eks.list_pod_identity_associations(clusterName="engine")["associations"] == []
    assert administrator(engine.project).list("v1", "Node") == []
    engine.no_change()

    done = engine.up("")
    assert done.index(("delete", "cluster")) < done.index(("delete", "subnet-a"))
    assert eks.list_clusters()["clusters"] == []
    assert folders(engine.project) == []
