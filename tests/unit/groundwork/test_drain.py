"""Decides what a drain deletes in a cluster, what it waits for and what it says; the controllers are the test's."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from groundwork.drain import LIMIT_SECONDS, drain
from groundwork.errors import GroundworkError
from tests.support.kubernetes_api import FakeApi, serving

HELD = ["held"]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as fake:
        yield fake


def put(api: FakeApi, path: str, **thing: Any) -> None:
    namespace = path.split("/namespaces/")[1].split("/")[0] if "/namespaces/" in path else None
    metadata = {"name": path.rpartition("/")[2], "uid": path, **({"namespace": namespace} if namespace else {})}
    api.objects[path] = {"metadata": metadata | thing.pop("metadata", {}), **thing}


def service(api: FakeApi, name: str, kind: str = "LoadBalancer") -> str:
    path = f"/api/v1/namespaces/team/services/{name}"
    put(api, path, spec={"type": kind}, metadata={"finalizers": HELD})
    return path


def claim(api: FakeApi, name: str, namespace: str = "team") -> str:
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}"
    put(api, path, spec={}, metadata={"finalizers": HELD})
    return path


def volume(api: FakeApi, name: str, policy: str) -> str:
    path = f"/api/v1/persistentvolumes/{name}"
    spec = {
        "claimRef": {"namespace": "team", "name": "data"},
        "csi": {"volumeHandle": f"vol-{name}"},
        "persistentVolumeReclaimPolicy": policy,
    }
    put(api, path, spec=spec)
    return path


def pod(api: FakeApi, name: str, held: str, owner: tuple[str, str] | None = None) -> None:
    spec = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": held}}]}
    owners = [{"apiVersion": "apps/v1", "kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    put(api, f"/api/v1/namespaces/team/pods/{name}", spec=spec, metadata={"ownerReferences": owners})


def run(api: FakeApi, *, controllers: bool = True, gone_with_claims: tuple[str, ...] = ()) -> Any:
    """A drain in a world whose controllers finish each deletion while it pauses."""
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds
        if controllers:
            for path, thing in list(api.objects.items()):
                if "deletionTimestamp" in thing["metadata"]:
                    del api.objects[path]
            if not any("persistentvolumeclaims" in path for path in api.objects):
                for path in gone_with_claims:
                    api.objects.pop(path, None)

    return drain(json.dumps(api.kubeconfig(token="t")), {}, pause, lambda: now[0])


def test_an_empty_cluster_needs_no_word(api: FakeApi) -> None:
    service(api, "inside", "ClusterIP")
    claim(api, "of-the-system", "kube-system")
    done = run(api)
    assert done.describe() == ""
    assert len(api.objects) == 2


def test_load_balancers_and_claims_go_and_are_waited_for(api: FakeApi) -> None:
    web, data = service(api, "web"), claim(api, "data")
    gone = volume(api, "pv", "Delete")
    done = run(api, gone_with_claims=(gone,))
    assert not {web, data, gone} & api.objects.keys()
    assert done.describe() == (
        "Deleted inside the cluster before it goes: 1 load balancers (team/web), 1 volume claims (team/data)."
    )


def test_the_workload_at_the_top_goes_so_that_it_makes_no_new_pods(api: FakeApi) -> None:
    claim(api, "data")
    put(api, "/apis/apps/v1/namespaces/team/statefulsets/db", apiVersion="apps/v1", kind="StatefulSet")
    pod(api, "db-0", "data", ("StatefulSet", "db"))
    pod(api, "orphan", "data", ("Deployment", "gone-already"))
    pod(api, "of-a-kind-that-nobody-serves", "data", ("Database", "x"))
    pod(api, "bystander", "other")
    done = run(api)
    assert done.workloads == {"team/db", "team/db-0", "team/orphan", "team/of-a-kind-that-nobody-serves"}
    assert [path.rpartition("/")[2] for path in api.objects] == ["bystander"]


def test_a_volume_that_is_to_be_kept_is_kept_and_named(api: FakeApi) -> None:
    kept = volume(api, "pv", "Retain")
    assert run(api).describe() == "Kept, as their class says: vol-pv."
    assert kept in api.objects


def test_what_does_not_go_is_named_with_what_the_cluster_says_of_it(api: FakeApi) -> None:
    web = service(api, "web")
    claim(api, "data")
    put(
        api,
        "/api/v1/namespaces/team/events/e",
        type="Warning",
        message="DependencyViolation",
        involvedObject={"uid": web},
    )
    with pytest.raises(GroundworkError) as stuck:
        run(api, controllers=False)
    assert f"After {LIMIT_SECONDS:.0f} s" in str(stuck.value)
    assert "Service team/web: DependencyViolation" in str(stuck.value)
    assert "PersistentVolumeClaim team/data: held by held" in str(stuck.value)
