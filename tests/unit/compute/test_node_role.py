"""Decides who takes the role of nodes and what it is given."""

import json

from components.compute.node_role import NodeRole, NodeRoleArgs
from tests.support.recorder import Recorder, run_program


def test_machines_take_it_under_the_boundary_with_the_rights_of_a_node_alone(recorder: Recorder) -> None:
    run_program(lambda: NodeRole("node", NodeRoleArgs(environment="dev", boundary_arn="boundary")))
    role = recorder.one("node-role").inputs
    assert role["permissionsBoundary"] == "boundary"
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": ["ec2.amazonaws.com"]}
    attached = {
        made.inputs["policyArn"].rsplit("/", 1)[-1]
        for made in recorder.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    }
    assert attached == {"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"}, "the CNI has its own role"
