"""EKS: waiting for updates, and what somebody else has changed meanwhile, told by stubbed answers."""

from typing import Any

import grpc
import pytest

from tests.contracts.providers.aws.driver import Driver, Resource, partial_failure
from tests.unit.providers.aws.conftest import Aws

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
NAMED = {"clusterName": "c", "nodegroupName": "n"}
ARN = "arn:aws:eks:eu-west-1:111122223333:nodegroup/c/n/1"
INPUTS: dict[str, Any] = {
    "clusterName": "c",
    "nodeGroupName": "n",
    "nodeRoleArn": "arn:aws:iam::111122223333:role/nodes",
    "subnetIds": ["subnet-1"],
    "scalingConfig": {"minSize": 0, "maxSize": 9, "desiredSize": 1},
    "labels": {"pool": "one"},
}


def shown(desired: int = 1, status: str = "ACTIVE", **changed: Any) -> dict[str, Any]:
    """What DescribeNodegroup answers."""
    sizes = {"minSize": 0, "maxSize": 9, "desiredSize": desired}
    told = {
        "nodegroupName": "n", "clusterName": "c", "nodegroupArn": ARN, "status": status, "labels": {"pool": "one"},
        "nodeRole": INPUTS["nodeRoleArn"], "subnets": ["subnet-1"], "scalingConfig": sizes,
        "tags": {"environment": "dev", "owner": "mlops"},
    }  # fmt: skip
    return {"nodegroup": told | changed}


def node_group(driver: Driver) -> Resource:
    """A node group as the engine's state has it."""
    made = Resource(NODE_GROUP, "n", "c:n")
    made.inputs = driver.check(made, INPUTS)
    made.outputs = {**made.inputs, "arn": ARN, "status": "ACTIVE"}
    return made


def test_an_ignored_desired_size_stays_as_the_autoscaler_has_left_it(aws: Aws, driver: Driver) -> None:
    group, wanted = node_group(driver), {**INPUTS, "labels": {"pool": "two"}}
    update = {"update": {"id": "u", "status": "Successful"}}
    aws.answers("eks", "describe_nodegroup", shown(desired=5), **NAMED)
    # The labels alone: sizes are not sent, although the program's last known desired size is another one.
    aws.answers("eks", "update_nodegroup_config", update, **NAMED, labels={"addOrUpdateLabels": {"pool": "two"}})
    for _ in range(2):
        aws.answers("eks", "describe_nodegroup", shown(desired=5, labels={"pool": "two"}), **NAMED)
    driver.update(group, wanted, ["scalingConfig.desiredSize"])
    assert group.outputs["scalingConfig"]["desiredSize"] == 5
    aws.nothing_is_left()


def test_a_desired_size_that_is_not_ignored_is_set_back(aws: Aws, driver: Driver) -> None:
    group = node_group(driver)
    sizes = {"minSize": 0, "maxSize": 9, "desiredSize": 1}
    aws.answers("eks", "describe_nodegroup", shown(desired=5), **NAMED)
    update = {"update": {"id": "u", "status": "Successful"}}
    aws.answers("eks", "update_nodegroup_config", update, **NAMED, scalingConfig=sizes)
    for _ in range(2):
        aws.answers("eks", "describe_nodegroup", shown(), **NAMED)
    driver.update(group, INPUTS)
    aws.nothing_is_left()


def test_an_update_that_eks_gives_up_is_told_with_its_reasons(aws: Aws, driver: Driver) -> None:
    group = node_group(driver)
    aws.answers("eks", "describe_nodegroup", shown(version="1.35"), **NAMED)
    begun = {"update": {"id": "u", "status": "InProgress"}}
    aws.answers("eks", "update_nodegroup_version", begun, **NAMED, version="1.36", force=False)
    named = {"name": "c", "nodegroupName": "n", "updateId": "u"}
    aws.answers("eks", "describe_update", begun, **named)
    errors = [{"errorCode": "PodEvictionFailure", "errorMessage": "Reached max retries", "resourceIds": ["node-1"]}]
    aws.answers("eks", "describe_update", {"update": {"id": "u", "status": "Failed", "errors": errors}}, **named)
    aws.answers("eks", "describe_nodegroup", shown(version="1.35"), **NAMED)
    with pytest.raises(grpc.RpcError) as raised:
        driver.update(group, {**INPUTS, "version": "1.36"})
    failure = partial_failure(raised.value)
    assert failure is not None
    assert "ended as Failed: PodEvictionFailure: Reached max retries" in failure.reasons[0]
    aws.nothing_is_left()


def test_a_delete_that_eks_gives_up_is_an_error_at_once(aws: Aws, driver: Driver) -> None:
    aws.answers("eks", "delete_nodegroup", {}, **NAMED)
    aws.answers("eks", "describe_nodegroup", shown(status="DELETING"), **NAMED)
    aws.answers("eks", "describe_nodegroup", shown(status="DELETE_FAILED"), **NAMED)
    with pytest.raises(grpc.RpcError, match="could not be deleted: it is DELETE_FAILED"):
        driver.delete(node_group(driver))
    aws.nothing_is_left()


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"instanceTypes": ["g5.xlarge"]}, True),
        ({"launchTemplate": {"id": "lt-2", "version": "1"}}, True),
        ({"launchTemplate": {"id": "lt-1", "version": "2"}}, False),
        ({"launchTemplate": None}, True),
        ({"labels": {}, "version": "1.36"}, False),
    ],
    ids=str,
)
def test_what_replaces_a_node_group(driver: Driver, change: dict[str, Any], replaces: bool) -> None:
    group = Resource(NODE_GROUP, "n", "c:n")
    inputs = {**INPUTS, "instanceTypes": ["t4g.large"], "launchTemplate": {"id": "lt-1", "version": "1"}}
    group.inputs = driver.check(group, inputs)
    group.outputs = {**group.inputs, "launchTemplate": {"id": "lt-1", "name": "t", "version": "1"}, "version": "1.35"}
    wanted = {name: value for name, value in {**inputs, **change}.items() if value is not None}
    found = driver.diff(group, wanted)
    assert found.paths
    assert bool(found.replaces) is replaces
    assert found.delete_before_replace is replaces, "the name is free only once the old one is gone"
