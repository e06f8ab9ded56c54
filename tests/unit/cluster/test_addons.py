"""Decides which add-ons there are, at which versions, in which order and with which rights."""

import json
from typing import Any

import pytest

from components.cluster.addons import (
    NetworkAddons,
    NetworkAddonsArgs,
    NodeAddons,
    NodeAddonsArgs,
    csi_statements,
)
from components.cluster.versions import ADDON_VERSIONS, KubernetesVersion
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.cluster.support import BOUNDARY

ADDON = "aws:eks/addon:Addon"
PLACE: Any = {
    "account_id": ACCOUNT_ID,
    "region": REGION,
    "environment": "dev",
    "boundary_arn": BOUNDARY,
    "cluster_name": "groundwork-dev",
}


def build(version: KubernetesVersion = "1.36") -> None:
    def program() -> None:
        NetworkAddons("network", NetworkAddonsArgs(**PLACE, version=version))
        NodeAddons("node", NodeAddonsArgs(**PLACE, version=version))

    run_program(program)


def behind(recorder: Recorder, name: str) -> set[str]:
    return {urn.rsplit("::", 1)[-1] for urn in recorder.requests[name].dependencies}


@pytest.mark.parametrize("version", ["1.35", "1.36"])
def test_every_add_on_has_the_version_that_goes_with_the_clusters(
    recorder: Recorder, version: KubernetesVersion
) -> None:
    build(version)
    made = {addon.inputs["addonName"]: addon.inputs["addonVersion"] for addon in recorder.of_type(ADDON)}
    assert made == ADDON_VERSIONS[version]


def test_network_policies_are_enforced(recorder: Recorder) -> None:
    build()
    assert json.loads(recorder.one("network-vpc-cni").inputs["configurationValues"]) == {"enableNetworkPolicy": "true"}


def test_secrets_are_files_that_are_renewed_and_never_secrets_of_the_cluster(recorder: Recorder) -> None:
    build()
    inputs = recorder.one("node-aws-secrets-store-csi-driver-provider").inputs
    assert inputs["namespaceConfig"] == {"namespace": "kube-system"}
    values = json.loads(inputs["configurationValues"])
    driver = values["secrets-store-csi-driver"]
    assert (driver["enableSecretRotation"], driver["syncSecret"]) == (True, {"enabled": False})
    assert {"audience": "pods.eks.amazonaws.com"} in driver["tokenRequests"]
    for of in (driver, values):  # driver and provider are two DaemonSets, and a GPU node needs both
        assert of["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_an_add_on_starts_once_it_can_have_its_role(recorder: Recorder) -> None:
    build()
    assert {"network-eks-pod-identity-agent", "network-cni-association", "network-cni-policy"} <= behind(
        recorder, "network-vpc-cni"
    )
    assert {"node-csi-association", "node-csi-rights", "node-snapshot-controller"} <= behind(
        recorder, "node-aws-ebs-csi-driver"
    )


def test_changes_by_hand_are_put_back(recorder: Recorder) -> None:
    build()
    for addon in recorder.of_type(ADDON):
        assert addon.inputs["resolveConflictsOnCreate"] == "OVERWRITE"
        assert addon.inputs["resolveConflictsOnUpdate"] == "OVERWRITE"


def test_the_csi_driver_changes_what_it_made_itself_and_nothing_else() -> None:
    for statement in csi_statements(ACCOUNT_ID, REGION, "dev"):
        if statement["Sid"] == "FindVolumes":
            assert all(action.startswith("ec2:Describe") for action in statement["Action"])
        else:
            assert "*" not in statement["Resource"]
            assert statement["Condition"]["StringEquals"]
