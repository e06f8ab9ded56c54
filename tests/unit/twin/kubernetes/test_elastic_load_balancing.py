"""Decides where a Service's load balancer goes, and which Services have one."""

from typing import Any

import pytest

from twin.kubernetes.controllers.elastic_load_balancing import NoSubnetError, is_ours, subnets, tags

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
ELB, INTERNAL = "kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"


def service(spec: dict[str, Any] | None = None, **annotations: str) -> dict[str, Any]:
    given = {PREFIX + name.replace("_", "-"): value for name, value in annotations.items()}
    metadata = {"name": "web", "namespace": "team", "uid": "u1", "annotations": given}
    return {"metadata": metadata, "spec": {"type": "LoadBalancer"} | (spec or {})}


def subnet(name: str, zone: str, *keys: str) -> dict[str, Any]:
    return {"SubnetId": name, "AvailabilityZone": zone, "Tags": [{"Key": key, "Value": "1"} for key in keys]}


VPC = [
    subnet("public-a", "a", ELB),
    subnet("aaa-public-a", "a"),
    subnet("public-b", "b", ELB),
    subnet("private-a", "a", INTERNAL),
    subnet("aaa-isolated-a", "a"),
    subnet("other", "c", INTERNAL, "kubernetes.io/cluster/other"),
]
PUBLIC = frozenset({"public-a", "aaa-public-a", "public-b"})


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        pytest.param(service(), ["public-a", "public-b"], id="faces the internet"),
        pytest.param(service(internal="true"), ["private-a", "public-b"], id="internal"),
        pytest.param(service(internal="false"), ["public-a", "public-b"], id="not internal"),
        pytest.param(service(subnets="public-b"), ["public-b"], id="chosen by an annotation"),
    ],
)
def test_one_subnet_for_each_zone_and_those_with_the_tag_first(asked: dict[str, Any], chosen: list[str]) -> None:
    assert subnets(asked, "groundwork-dev", VPC, PUBLIC) == chosen


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        pytest.param(service(), [subnet("private-a", "a", ELB)], id="no route to the internet"),
        pytest.param(service(internal="true"), [VPC[-1]], id="of another cluster"),
        pytest.param(service(subnets="none"), VPC, id="chosen, but not there"),
    ],
)
def test_without_a_subnet_there_is_no_load_balancer(asked: dict[str, Any], there: list[dict[str, Any]]) -> None:
    with pytest.raises(NoSubnetError, match="could not find any suitable subnets for creating the ELB"):
        subnets(asked, "groundwork-dev", there, PUBLIC)


@pytest.mark.parametrize(
    ("asked", "ours"),
    [
        (service(), True),
        (service(type="nlb"), True),
        (service(type="external"), False),
        (service({"loadBalancerClass": "service.k8s.aws/nlb"}), False),
        (service({"type": "ClusterIP"}), False),
    ],
)
def test_services_of_another_controller_are_left_alone(asked: dict[str, Any], ours: bool) -> None:
    assert is_ours(asked) is ours


def test_tags_say_whose_it_is_and_what_an_annotation_adds() -> None:
    found = {
        each["Key"]: each["Value"] for each in tags(service(additional_resource_tags="a=b, c=d"), "groundwork-dev")
    }
    assert found == {
        "kubernetes.io/service-name": "team/web",
        "kubernetes.io/cluster/groundwork-dev": "owned",
        "a": "b",
        "c": "d",
    }
