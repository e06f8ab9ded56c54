"""Decides who gets an entry and which policy; what it then may do is tried on the twin."""

import pulumi
from pulumi_aws import eks, iam

from components.cluster.access import ClusterAccess, ClusterAccessArgs, Principal, key_of
from tests.support.recorder import Recorder, run_program
from tests.unit.cluster.support import ADMINISTRATOR


def build() -> ClusterAccess:
    principals = {
        "admin": Principal(arn=ADMINISTRATOR, policy="AmazonEKSClusterAdminPolicy"),
        "preview": Principal(arn="arn:preview", groups=("groundwork:preview",)),
    }
    args = ClusterAccessArgs(cluster_name=pulumi.Output.from_input("groundwork-dev"), principals=principals)
    return ClusterAccess("cluster-access", args)


def test_each_principal_has_an_entry_with_its_groups_or_its_policy_for_the_whole_cluster(recorder: Recorder) -> None:
    run_program(build)
    entry = recorder.one("cluster-access-preview").inputs
    assert (entry["principalArn"], entry["kubernetesGroups"]) == ("arn:preview", ["groundwork:preview"])
    (admin,) = (made.inputs for made in recorder.of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation"))
    assert admin["principalArn"] == ADMINISTRATOR
    assert admin["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert admin["accessScope"] == {"type": "cluster"}


def test_whoever_works_inside_waits_for_the_entries(recorder: Recorder) -> None:
    run_program(lambda: eks.Addon("inside", cluster_name=build().cluster_name, addon_name="coredns"))
    behind = {urn.rsplit("::", 1)[-1] for urn in recorder.requests["inside"].dependencies}
    assert behind >= {"cluster-access-admin-policy", "cluster-access-preview"}


def test_a_principal_is_named_by_what_it_is() -> None:
    assert key_of("arn:aws:iam::111122223333:root") == "root"
    assert key_of("arn:aws:iam::111122223333:role/people/admin") == "role-people-admin"


def test_an_entry_waits_for_what_makes_its_principal(recorder: Recorder) -> None:
    def program() -> None:
        role = iam.Role("pipeline", assume_role_policy="{}")
        deploy = Principal(arn=ADMINISTRATOR, policy="AmazonEKSClusterAdminPolicy", after=(role,))
        ClusterAccess("late", ClusterAccessArgs(cluster_name="groundwork-dev", principals={"deploy": deploy}))

    run_program(program)
    assert any(urn.endswith("::pipeline") for urn in recorder.requests["late-deploy"].dependencies)
    assert any(urn.endswith("::late-deploy") for urn in recorder.requests["late-deploy-policy"].dependencies)
