"""Which properties differ, which need a new object, what others have changed."""

from typing import Any

import pytest

from twin.kubernetes.client import ApiError
from twin.providers.kubernetes import diff, replacing
from twin.providers.kubernetes.objects import parse
from twin.providers.kubernetes.refresh import imported, refreshed
from twin.providers.wire import UNKNOWN


def test_each_difference_has_its_path() -> None:
    old = {"a": 1, "list": [{"x": 1}, {"x": 2}], "gone": {}, "metadata": {"annotations": {"a.b/c": "1"}}}
    new = {"a": 1, "list": [{"x": 1}, {"x": UNKNOWN}, {"x": 3}], "metadata": {"annotations": {"a.b/c": "2"}}, "new": ""}
    assert dict(diff.differences(old, new)) == {
        "list[1].x": "UPDATE",
        "list[2]": "ADD",
        "gone": "DELETE",
        'metadata.annotations["a.b/c"]': "UPDATE",
        "new": "ADD",
    }


@pytest.mark.parametrize(
    ("pattern", "ignored"),
    [
        ("spec", True),
        ("spec.containers[*].image", True),
        ("spec.containers[1]", False),
        ("spec.containers[0].image.tag", False),
        ("specs", False),
    ],
)
def test_ignored_changes_are_a_path_or_what_is_above_it(pattern: str, ignored: bool) -> None:
    assert diff.ignored("spec.containers[0].image", [pattern]) is ignored


@pytest.mark.parametrize(
    ("token", "path", "listed"),
    [
        ("kubernetes:core/v1:ConfigMap", "metadata.name", True),
        ("kubernetes:core/v1:ConfigMap", "data.a", True),
        ("kubernetes:core/v1:ConfigMapPatch", "data.a", False),
        ("kubernetes:core/v1:Secret", "stringData", True),
        ("kubernetes:core/v1:Service", "spec.clusterIP", True),
        ("kubernetes:core/v1:Service", "spec.clusterIPs[0]", False),
        ("kubernetes:apps/v1:Deployment", "spec.selector.matchLabels.app", True),
        ("kubernetes:apps/v1:Deployment", "spec.template.spec.containers[0].image", False),
        ("kubernetes:core/v1:Pod", "spec.containers[3].image", True),
        ("kubernetes:batch/v1:Job", "spec.template.spec.containers[0].image", True),
        ("kubernetes:storage.k8s.io/v1:StorageClass", "parameters.type", True),
    ],
)
def test_the_list_of_the_official_provider(token: str, path: str, listed: bool) -> None:
    assert replacing.is_listed(path, replacing.listed(parse(token), {})) is listed


def test_config_maps_and_secrets_that_may_change() -> None:
    for token, field in (("kubernetes:core/v1:ConfigMap", "data.a"), ("kubernetes:core/v1:Secret", "data.a")):
        kind, mutable = parse(token), {"mutable_config_maps": True, "mutable_secrets": True}
        assert not replacing.is_listed(field, replacing.listed(kind, {}, **mutable))
        assert replacing.is_listed(field, replacing.listed(kind, {"immutable": True}, **mutable))


def test_what_the_api_server_calls_immutable() -> None:
    cause = {"field": "spec.selector", "message": "Invalid value: {}: field is immutable"}
    error = ApiError(422, "Invalid", "spec.selector: field is immutable", details={"causes": [cause]})
    assert replacing.refused_as_immutable(error)
    changed = {"spec.selector.matchLabels.a": "UPDATE", "spec.replicas": "UPDATE"}
    assert replacing.immutable_paths(error, changed) == ["spec.selector.matchLabels.a"]
    assert not replacing.refused_as_immutable(ApiError(403, "Forbidden", "is immutable"))


def live(**more: Any) -> dict[str, Any]:
    owned = {"manager": "m", "operation": "Apply", "fieldsV1": {"f:data": {}}}
    return {"metadata": {"name": "a", "resourceVersion": "1", "managedFields": [owned]}, "data": {}, **more}


def test_a_change_counts_when_the_object_or_its_owner_changes() -> None:
    assert not diff.effective(live(), {**live(), "status": {"seen": 1}}, "m")
    assert diff.effective(live(), live(data={"a": "1"}), "m")
    less = live()
    less["metadata"]["managedFields"][0]["fieldsV1"] = {}
    assert diff.effective(live(), less, "m")  # a field is given up
    assert not diff.effective(less, live(), "another")  # who owns nothing


def test_a_refresh_takes_over_what_others_changed_and_keeps_the_wording_of_the_rest() -> None:
    inputs = {"spec": {"cpu": "1000m", "size": 3, "gone": 1, "items": [{"cpu": "2000m"}]}}
    before = {"spec": {"cpu": "1", "size": 3, "gone": 1, "items": [{"cpu": "2", "added": 1}], "default": 0}}
    now = {"spec": {"cpu": "1", "size": 7, "items": [{"cpu": "2", "added": 1}], "default": 5}}
    assert refreshed(inputs, before, now) == {"spec": {"cpu": "1000m", "size": 7, "items": [{"cpu": "2000m"}]}}


def test_a_refresh_sees_what_became_of_string_data() -> None:
    inputs = {"stringData": {"same": "a", "changed": "b", "gone": "c"}}
    before = {"data": {"same": "YQ==", "changed": "Yg==", "gone": "Yw=="}}
    now = {"data": {"same": "YQ==", "changed": "eA=="}}
    assert refreshed(inputs, before, now) == {"stringData": {"same": "a", "changed": "x"}}


def test_an_import_takes_all_but_what_the_cluster_writes() -> None:
    metadata = {"name": "a", "uid": "x", "annotations": {"deployment.kubernetes.io/revision": "1"}}
    assert imported({"kind": "A", "metadata": metadata, "spec": {}, "status": {}}) == {
        "kind": "A",
        "metadata": {"name": "a"},
        "spec": {},
    }
