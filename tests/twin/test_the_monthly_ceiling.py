"""What an environment costs, and where its ceiling stops it: from the engine's own plan, and from what is up."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from groundwork.cost import prices
from groundwork.cost.estimate import estimate
from groundwork.cost.use import IDLE
from groundwork.policy import sources
from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.support.saved import export
from tests.support.waiting import eventually
from tests.support.world import held
from twin.account import Account
from twin.kubernetes.autoscaling.scale_down import is_over, moves, put_elsewhere
from twin.kubernetes.autoscaling.state import place_of
from twin.kubernetes.client import Client
from twin.kubernetes.nodes import Node
from twin.kubernetes.scheduling import Pod


def stays(pod: Pod, node: Node) -> bool:
    """Whether it is on the node, and goes with it."""
    return bool(pod["spec"].get("nodeName") == node["metadata"]["name"] and not moves(pod))


def at_rest(api: Client) -> tuple[Sequence[Node], Sequence[Pod]] | None:
    """The nodes of the platform and all pods that are not over; None while a pod comes or goes, or a node takes none.

    The autoscaler may be at work just now: it takes a node away that an earlier test or the Jobs of an `up` wanted.
    """
    nodes = api.list("v1", "Node", None, "groundwork.io/node-pool=system")
    pods = [pod for pod in api.list("v1", "Pod") if not is_over(pod)]
    stay = all(pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"] for pod in pods)
    open_to_all = not any(node["spec"].get("taints") for node in nodes)
    return (nodes, pods) if stay and open_to_all else None


def priced(environment: str) -> Decimal:
    """What the program's registrations cost idle, without the engine."""
    return estimate(sources.read(json.dumps(export(environment)), "it").resources, prices.load(), IDLE).usd


def document(project: Project, *arguments: str) -> Any:
    """What `groundwork cost` prints for programs, on a standard output that holds nothing else."""
    return json.loads(project.groundwork("cost", *arguments, "--json").stdout)


def test_a_plan_above_the_ceiling_ends_preview_and_up_with_a_code_of_its_own_and_makes_nothing(
    project: Project,
) -> None:
    cost = priced("dev")
    just_below = int(cost)
    project.change(lambda settings: settings["budget"].update(monthly_usd=just_below))
    for command in ("preview", "up"):
        stopped = project.groundwork(command, "dev", check=False)
        said = stopped.stdout + stopped.stderr
        assert stopped.returncode == 4, said
        assert f"dev: {cost} USD a month idle; its ceiling is {just_below}." in stopped.stdout
        assert f"dev is above its monthly ceiling: {cost} USD idle, the ceiling is {just_below}" in stopped.stdout
        assert "budget.monthly_usd in Pulumi.dev.yaml" in stopped.stdout
        assert "Traceback" not in said
    assert held(project) == {}

    project.change(lambda settings: settings["budget"].update(monthly_usd=just_below + 1))
    fine = project.groundwork("preview", "dev")
    assert f"dev: {cost} USD a month idle; its ceiling is {just_below + 1}." in fine.stdout
    assert "above" not in fine.stdout

    # Before anything exists, and so before an id is known, every charge is priced as it is afterwards.
    found = document(project, "dev", "--idle")
    assert (Decimal(str(found["idle"]["usd"])), found["idle"]["complete"]) == (cost, True)
    assert found["ceiling_usd"] == just_below + 1

    # A machine that the price table does not have is no machine for nothing.
    project.change(lambda settings: settings["node_pools"]["system"].update(instance_types=["t4g.2xlarge"]))
    unsure = project.groundwork("preview", "dev").stdout
    first = unsure.index("Whether dev keeps to its monthly ceiling cannot be said: at least ")
    assert "not known: node-pool-system-group-nodes (ec2.instance.t4g.2xlarge)" in unsure
    assert first < unsure.index(f" USD a month idle; its ceiling is {just_below + 1}, and whether that holds cannot")


def test_what_is_up_costs_what_the_plan_said_and_a_change_costs_its_difference(dev: Project) -> None:
    same = document(dev, "dev", "--against", "running")["use"]
    assert same["usd"] == 0
    assert same["components"] == []
    assert Decimal(str(same["before"]["usd"])) == Decimal(str(same["after"]["usd"])) > priced("dev")

    settings = (dev.root / "Pulumi.dev.yaml").read_text()
    try:
        dev.change(lambda changed: changed["database"].update(allocated_storage_gib=40))
        said = dev.groundwork("preview", "dev").stdout
        # 20 GB more of gp3 in one zone at 0.127 dollars
        assert f"dev: {priced('dev') + Decimal('2.54')} USD a month idle (+2.54 to what is there)" in said
        changed = document(dev, "dev", "--against", "running", "--idle")["idle"]
        assert changed["components"] == [{"name": "registry", "before": 15.35, "after": 17.89, "usd": 2.54}]
        assert [one["name"] for one in changed["charges"]] == ["registry-instance: RDS gp3 storage, one zone"]
    finally:
        (dev.root / "Pulumi.dev.yaml").write_text(settings)


def test_aws_tells_people_at_50_80_and_100_per_cent_of_the_ceiling_and_when_the_forecast_is_above(
    dev: Project, account: Account
) -> None:
    settings = dev.settings()
    wanted, of = settings["budget"], {"AccountId": settings["account_id"]}
    budgets = account.client("budgets")
    (budget,) = budgets.describe_budgets(**of)["Budgets"]
    assert (budget["BudgetType"], budget["TimeUnit"], budget["BudgetLimit"]["Unit"]) == ("COST", "MONTHLY", "USD")
    assert Decimal(budget["BudgetLimit"]["Amount"]) == wanted["monthly_usd"]
    of |= {"BudgetName": budget["BudgetName"]}
    alarms = budgets.describe_notifications_for_budget(**of)["Notifications"]
    assert {(one["NotificationType"], one["Threshold"]) for one in alarms} == {
        ("ACTUAL", 50),
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    }
    for alarm in alarms:
        assert (alarm["ComparisonOperator"], alarm["ThresholdType"]) == ("GREATER_THAN", "PERCENTAGE")
        key = {name: alarm[name] for name in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")}
        told = budgets.describe_subscribers_for_notification(**of, Notification=key)["Subscribers"]
        by_mail = [one["Address"] for one in told if one["SubscriptionType"] == "EMAIL"]
        by_topic = [one["Address"] for one in told if one["SubscriptionType"] == "SNS"]
        assert by_mail == wanted["emails"]
        assert [arn.rpartition(":")[2] for arn in by_topic] == ["groundwork-dev-alarms"]


def test_the_nodes_that_are_counted_are_enough_for_what_the_platform_runs(dev: Project) -> None:
    """An idle environment whose pods need another node would cost more than is said.

    By what the autoscaler goes by: while the Jobs of an `up` run, and ten minutes longer, there may be a node more.
    """
    api = administrator(dev)
    nodes, pods = eventually(lambda: at_rest(api), "every pod runs, and every node of the platform takes pods", 180)
    counted = nodes[: dev.settings()["node_pools"]["system"]["min_size"]]
    assert counted
    places = [place_of(node, [pod for pod in pods if stays(pod, node)]) for node in counted]
    assert put_elsewhere([pod for pod in pods if moves(pod)], places) is not None
