"""Decides what the cluster asks for; what EKS makes of it is tried on the twin."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.cluster.cluster import ClusterSettings, kubeconfig
from tests.support.recorder import ACCOUNT_ID, Recorder
from tests.unit.cluster.support import ADMINISTRATOR, BOUNDARY, CLUSTER_ARN, KEY, LOGS_KEY, build_cluster


def asked(recorder: Recorder) -> dict[str, Any]:
    return recorder.one("cluster-eks").inputs


def test_secrets_are_encrypted_with_the_key_that_was_wired_in(recorder: Recorder) -> None:
    build_cluster()
    assert asked(recorder)["encryptionConfig"] == {"resources": ["secrets"], "provider": {"keyArn": KEY}}


def test_all_five_logs_go_to_a_group_that_is_there_first_with_its_own_key(recorder: Recorder) -> None:
    build_cluster(log_retention_in_days=400)
    group = recorder.one("cluster-log-group").inputs
    assert group["name"] == "/aws/eks/groundwork-dev/cluster"
    assert (group["kmsKeyId"], group["retentionInDays"]) == (LOGS_KEY, 400)
    assert set(asked(recorder)["enabledClusterLogTypes"]) == {
        "api", "audit", "authenticator", "controllerManager", "scheduler"
    }  # fmt: skip
    assert any(urn.endswith("cluster-log-group") for urn in recorder.requests["cluster-eks"].dependencies)


def test_the_endpoint_is_private_unless_ranges_are_named(recorder: Recorder) -> None:
    build_cluster()
    vpc = asked(recorder)["vpcConfig"]
    assert vpc["endpointPrivateAccess"] is True
    assert vpc["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in vpc
    assert vpc["subnetIds"] == ["subnet-a", "subnet-b"]


def test_named_ranges_and_no_others_reach_a_public_endpoint(recorder: Recorder) -> None:
    build_cluster(public_access_cidrs=["198.51.100.0/24", "2001:db8::/32"])
    vpc = asked(recorder)["vpcConfig"]
    assert vpc["endpointPublicAccess"] is True
    assert vpc["endpointPrivateAccess"] is True
    assert vpc["publicAccessCidrs"] == ["198.51.100.0/24", "2001:db8::/32"]


@pytest.mark.parametrize("world", ["0.0.0.0/0", "::/0"])
def test_the_endpoint_is_never_open_to_the_world(world: str) -> None:
    with pytest.raises(ValidationError, match="never open to the world: name the ranges"):
        ClusterSettings.model_validate({"administrators": [ADMINISTRATOR], "public_access_cidrs": [world]})


def test_the_vpc_reaches_the_endpoint_over_https_and_nothing_goes_out(recorder: Recorder) -> None:
    build_cluster()
    assert recorder.one("cluster-security-group").inputs["egress"] == []
    (rule,) = recorder.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert (rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("10.20.0.0/16", 443, 443)
    assert asked(recorder)["vpcConfig"]["securityGroupIds"] == ["cluster-security-group-id"]


def test_nobody_is_administrator_by_having_made_it_and_entries_alone_let_people_in(recorder: Recorder) -> None:
    build_cluster()
    assert asked(recorder)["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }


def test_eks_takes_the_role_for_this_cluster_alone_and_under_the_boundary(recorder: Recorder) -> None:
    build_cluster()
    role = recorder.one("cluster-role").inputs
    (statement,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": ["eks.amazonaws.com"]}
    assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == ACCOUNT_ID
    assert statement["Condition"]["ArnLike"]["aws:SourceArn"] == CLUSTER_ARN
    assert role["permissionsBoundary"] == BOUNDARY
    assert any(urn.endswith("cluster-rights") for urn in recorder.requests["cluster-eks"].dependencies)


def test_the_add_ons_are_left_to_resources_of_their_own(recorder: Recorder) -> None:
    build_cluster()
    assert asked(recorder)["bootstrapSelfManagedAddons"] is False


@pytest.mark.parametrize("protect", [True, False])
def test_protection_holds_at_the_engine_and_at_eks(recorder: Recorder, protect: bool) -> None:
    build_cluster(protect=protect)
    assert asked(recorder)["deletionProtection"] is protect
    assert recorder.requests["cluster-eks"].protect is protect


def test_every_update_is_checked_before_it_is_made(recorder: Recorder) -> None:
    build_cluster()
    assert list(recorder.requests["cluster-eks"].hooks.before_update) == ["cluster-version-check"]


def test_a_kubeconfig_is_the_same_text_every_time() -> None:
    first = kubeconfig("c", "https://c", "Q0E=", region="eu-west-1")
    assert first == kubeconfig("c", "https://c", "Q0E=", region="eu-west-1")
    assert " " not in first


@pytest.mark.parametrize("arn", ["arn:aws:sts::111122223333:assumed-role/admin/jane", "admin", "arn:aws:iam::1:role/a"])
def test_an_administrator_is_a_role_or_a_user(arn: str) -> None:
    with pytest.raises(ValidationError, match="string_pattern_mismatch"):
        ClusterSettings.model_validate({"administrators": [arn]})


@pytest.mark.parametrize("cidr", ["172.20.0.0/25", "10.0.0.0/8", "100.64.0.0/16"])
def test_services_have_a_private_range_that_fits(cidr: str) -> None:
    with pytest.raises(ValidationError, match="service_cidr"):
        ClusterSettings.model_validate({"administrators": [ADMINISTRATOR], "service_cidr": cidr})
