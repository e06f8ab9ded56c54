"""Decides which pods take the role and what it may do at most."""

import json

from components.cluster.pod_role import PodRole, PodRoleArgs
from components.policy_document import allow
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.cluster.support import BOUNDARY, CLUSTER_ARN


def build() -> PodRole:
    args = PodRoleArgs(
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn=BOUNDARY,
        cluster_name="groundwork-dev",
        namespace="kube-system",
        service_account="driver",
        statements=(allow("Find", actions=["ec2:DescribeVolumes"], resources=["*"]),),
        policy_arns={"policy": "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"},
    )
    return run_program(lambda: PodRole("csi", args))


def test_pods_of_the_service_account_in_this_cluster_take_the_role_and_no_others(recorder: Recorder) -> None:
    build()
    role = recorder.one("csi-role").inputs
    assert (role["name"], role["permissionsBoundary"]) == ("groundwork-dev-csi", BOUNDARY)
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": ["pods.eks.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": ACCOUNT_ID,
            "aws:RequestTag/kubernetes-namespace": "kube-system",
            "aws:RequestTag/kubernetes-service-account": "driver",
        },
        "ArnEquals": {"aws:SourceArn": CLUSTER_ARN},
    }
    association = recorder.one("csi-association").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("kube-system", "driver")


def test_it_has_the_statements_and_the_policies_that_were_given(recorder: Recorder) -> None:
    build()
    (statement,) = json.loads(recorder.one("csi-rights").inputs["policy"])["Statement"]
    assert statement["Action"] == ["ec2:DescribeVolumes"]
    assert recorder.one("csi-policy").inputs["policyArn"].endswith("/AmazonEKS_CNI_Policy")
