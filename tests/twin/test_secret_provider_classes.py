"""A SecretProviderClass under the real engine, on a real API server that has the kinds of the add-on."""

from collections.abc import Iterator

import pytest

from tests.twin.test_the_kubernetes_provider import Stage, stage  # noqa: F401  # fixtures
from twin.kubernetes.controllers.addon_manifests import manifests

API_VERSION = "secrets-store.csi.x-k8s.io/v1"
PROGRAM = """
apiextensions.CustomResource(
    "secrets", api_version="secrets-store.csi.x-k8s.io/v1", kind="SecretProviderClass", opts=on(),
    metadata={{"name": "database", "namespace": "default"}},
    spec={{"provider": "aws", "parameters": {{"usePodIdentity": "true", "objects": "[]"}}{more}}},
)
"""


@pytest.fixture
def with_kinds(stage: Stage) -> Iterator[Stage]:  # noqa: F811
    """The kinds that the add-on brings; in the end nothing is left."""
    addon = {"addonName": "aws-secrets-store-csi-driver-provider", "clusterName": "test"}
    kinds = [one for one in manifests(addon, "eu-west-1", "10.96.0.10") if one["kind"] == "CustomResourceDefinition"]
    for kind in kinds:
        stage.api.apply(kind, manager="eks")
    yield stage
    stage.engine.up("")
    for kind in kinds:
        stage.api.delete(kind["apiVersion"], kind["kind"], kind["metadata"]["name"])


def test_it_is_made_once_and_a_misspelt_field_is_refused(with_kinds: Stage) -> None:
    engine = with_kinds.engine
    assert ("create", "secrets") in engine.up(PROGRAM.format(more=""))
    made = with_kinds.api.get(API_VERSION, "SecretProviderClass", "database", "default")
    assert made is not None
    assert made["spec"] == {"provider": "aws", "parameters": {"usePodIdentity": "true", "objects": "[]"}}
    assert engine.up(PROGRAM.format(more="")) == []
    engine.declare(PROGRAM.format(more=', "provder": "x"'))
    refused = engine.pulumi("preview", check=False)
    assert refused.returncode != 0
    assert "provder" in refused.stdout
