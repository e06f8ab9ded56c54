"""Lines belong to components, regions and services; sums are to the cent; comparisons name what differs."""

from decimal import Decimal

from components.cluster.storage_classes import STORAGE_CLASS
from groundwork.cost import prices
from groundwork.cost.ceiling import ceiling, is_above, is_undecided
from groundwork.cost.compare import Comparison
from groundwork.cost.estimate import PROGRAM, Estimate, estimate
from groundwork.cost.use import IDLE, Use
from groundwork.policy.sources import Saved
from policies.values import SENTINELS
from tests.unit.groundwork.cost.stacks import component, made, stack, urn

KEY, NAT, BUDGET = "aws:kms/key:Key", "aws:ec2/natGateway:NatGateway", "aws:budgets/budget:Budget"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
NETWORK, ROUTES = "groundwork:network:Network", "groundwork:network:Routes"


def priced(*resources: Saved, region: str = "eu-west-1", use: Use = IDLE) -> Estimate:
    return estimate(stack(*resources, region=region), prices.load(), use)


def test_a_charge_belongs_to_the_outermost_component_around_its_resource() -> None:
    found = priced(
        component(NETWORK, "network"),
        component(ROUTES, "network-routes", urn(NETWORK, "network")),
        made(NAT, "nat", parent=urn(ROUTES, "network-routes")),
        made(KEY, "key"),
    )
    assert list(found.by_component().items()) == [("network", Decimal("35.040")), (PROGRAM, Decimal("1.00"))]


def claims(size: object, storage_class: str = STORAGE_CLASS) -> dict[str, object]:
    spec = {"storageClassName": storage_class, "resources": {"requests": {"storage": size}}}
    return {"spec": {"replicas": 2, "volumeClaimTemplates": [{"spec": spec}]}}


def test_each_replica_of_a_stateful_set_has_its_volume_of_the_platforms_class() -> None:
    cluster = made("aws:eks/cluster:Cluster", "cluster", {"version": "1.36"})
    found = priced(cluster, made(STATEFUL_SET, "servers", claims("10Gi"))).by_service()["ebs"]
    assert found == Decimal("1.760")  # 2 x 10 x 0.088
    for unknown in (claims("10Gi", "someones"), claims("10G"), claims(next(iter(SENTINELS)))):
        (line,) = priced(made(STATEFUL_SET, "servers", unknown)).unknown
        assert "depend on the storage class" in line.unknown


def test_a_resource_costs_what_it_costs_where_it_is() -> None:
    here, there = priced(made(NAT, "nat")), priced(made(NAT, "nat"), region="eu-central-1")
    moved = priced(made(NAT, "nat", {"region": "eu-central-1"}))
    assert here.usd == Decimal("35.04")  # 730 x 0.048
    assert there.usd == moved.usd == Decimal("37.96")  # 730 x 0.052


def test_sums_are_rounded_once_at_their_end() -> None:
    # 0.004 dollars four times are 0.016: each rounded by itself they would be nothing
    keys = [made("aws:sqs/queue:Queue", f"queue-{one}") for one in "abcd"]
    found = priced(*keys, use=Use.model_validate({"queue_requests": 10_000}))
    assert [line.usd for line in found.lines] == [Decimal("0.0040000")] * 4
    assert found.usd == Decimal("0.02")


def test_components_and_what_only_groups_cost_nothing() -> None:
    assert priced(component(NETWORK, "network")).lines == ()


def test_a_comparison_says_what_differs_biggest_first_and_nothing_else() -> None:
    before = priced(made(KEY, "a"), made(KEY, "same"), made("other:a:Thing", "old"))
    after = priced(
        made(KEY, "same"), made(NAT, "nat"), made(KEY, "b"), made("other:a:Thing", "old"), made("other:a:Thing", "new")
    )
    found = Comparison(before, after)
    assert (found.usd, found.before.usd, found.after.usd) == (Decimal("35.04"), Decimal("2.00"), Decimal("37.04"))
    assert [(one.name, one.usd) for one in found.lines()] == [
        ("nat: NAT gateway", Decimal("35.040")),
        ("a: KMS customer managed key", Decimal("-1.00")),
        ("b: KMS customer managed key", Decimal("1.00")),
    ]
    assert [(one.name, one.usd) for one in found.components()] == [(PROGRAM, Decimal("35.040"))]
    assert [line.name for line in found.newly_unknown()] == ["new"]
    assert [line.name for line in found.still_unknown()] == ["old"]


def test_an_amount_that_is_not_known_is_no_difference_to_nothing() -> None:
    """What cost 35 dollars and now costs nobody knows what has not become cheaper by 35."""
    endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
    known = made(endpoint, "sqs", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]})
    unknown = made(endpoint, "sqs", {"vpcEndpointType": "Interface", "subnetIds": next(iter(SENTINELS))})
    for pair in ((known, unknown), (unknown, known)):
        found = Comparison(*(priced(one) for one in pair))
        assert {found.before.usd, found.after.usd} == {Decimal("16.06"), Decimal("0.00")}
        assert found.lines() == ()
    assert [line.name for line in Comparison(priced(known), priced(unknown)).newly_unknown()] == ["sqs"]


def budget(limit: object, **more: object) -> Saved:
    inputs = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitUnit": "USD", "limitAmount": limit}
    return made(BUDGET, f"budget-{limit}", inputs | more)


def test_the_ceiling_is_the_lowest_monthly_budget_of_cost_in_dollars() -> None:
    assert ceiling([budget("500"), budget("200"), made(KEY, "key")]) == 200
    others = budget("1", timeUnit="DAILY"), budget("2", limitUnit="EUR"), budget("3", budgetType="USAGE")
    assert ceiling([*others, budget("400")]) == 400
    assert ceiling(others) is None
    assert ceiling([budget(next(iter(SENTINELS)))]) is None


def test_an_environment_may_cost_its_ceiling_and_not_a_cent_more() -> None:
    found = priced(*(made(KEY, f"key-{one}") for one in "abc"))
    assert found.usd == 3
    assert not is_above(found, Decimal(3))
    assert is_above(found, Decimal("2.99"))
    assert not is_above(found, None)


def test_whether_a_ceiling_holds_is_undecided_where_something_has_no_known_price() -> None:
    known, more = priced(made(KEY, "key")), priced(made(KEY, "key"), made("other:a:Thing", "thing"))
    assert is_undecided(more, Decimal(1))
    assert not is_undecided(more, Decimal("0.99")), "it is above it by what is known"
    assert not is_undecided(known, Decimal(1))
    assert not is_undecided(more, None)
