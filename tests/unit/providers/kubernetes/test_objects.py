"""Type tokens, ids, field managers, fields that the SDK names otherwise."""

import pytest

from twin.providers.kubernetes import objects
from twin.providers.kubernetes.errors import ProviderError
from twin.providers.wire import UNKNOWN


@pytest.mark.parametrize(
    ("token", "api_version", "kind", "patch", "built_in"),
    [
        ("kubernetes:core/v1:ConfigMap", "v1", "ConfigMap", False, True),
        ("kubernetes:apps/v1:DeploymentPatch", "apps/v1", "Deployment", True, True),
        ("kubernetes:rbac.authorization.k8s.io/v1:Role", "rbac.authorization.k8s.io/v1", "Role", False, True),
        ("kubernetes:example.com/v1:Widget", "example.com/v1", "Widget", False, False),
        ("kubernetes:example.com/v1:WishList", "example.com/v1", "WishList", False, False),
    ],
)
def test_a_token_says_what_it_stands_for(token: str, api_version: str, kind: str, patch: bool, built_in: bool) -> None:
    found = objects.parse(token)
    assert (found.api_version, found.kind, found.patch, found.built_in) == (api_version, kind, patch, built_in)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("kubernetes:core/v1:ConfigMapList", "cannot be created directly"),
        ("kubernetes:helm.sh/v3:Chart", "nothing renders charts"),
        ("kubernetes:yaml:ConfigFile", "is no type of Kubernetes"),
        ("aws:s3/bucket:Bucket", "is no type of Kubernetes"),
    ],
)
def test_what_is_no_object_is_refused_by_name(token: str, words: str) -> None:
    with pytest.raises(ProviderError, match=words) as refused:
        objects.parse(token)
    assert token in str(refused.value)


def test_an_id_is_taken_apart_as_it_was_made() -> None:
    for metadata in ({"name": "a", "namespace": "b"}, {"name": "a"}):
        found = objects.split_id(objects.id_of({"metadata": metadata}))
        assert found == (metadata.get("namespace"), "a")


def test_a_resource_has_a_manager_of_its_own_that_never_changes() -> None:
    first = objects.manager("urn:a", {})
    assert first == objects.manager("urn:a", {}) == "pulumi-kubernetes-558181ea"
    assert first != objects.manager("urn:b", {})
    given = {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "mine"}}}
    assert objects.manager("urn:a", given) == "mine"


def test_what_the_sdk_names_otherwise_is_named_as_the_api_does_and_back() -> None:
    schema = {"spec": {"x_kubernetes_list_map_keys": ["a"], "x_kubernetes_int_or_string": True, "none": None}}
    manifest = objects.to_manifest({**schema, "__defaults": []})
    assert manifest == {"spec": {"x-kubernetes-list-map-keys": ["a"], "x-kubernetes-int-or-string": True}}
    del schema["spec"]["none"]
    assert objects.to_properties(manifest) == schema


def test_an_unknown_value_is_seen_wherever_it_is() -> None:
    assert objects.has_unknown({"a": [{"b": UNKNOWN}]})
    assert not objects.has_unknown({"a": [{"b": None}]})
