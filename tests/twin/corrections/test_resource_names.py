"""Policies that name node groups, add-ons and tagged Auto Scaling groups decide as on AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow
from tests.twin.corrections.test_eks_node_groups import CLUSTER, asked, cluster, eks, node_role, subnet_ids

__all__ = ["asked", "cluster", "eks", "node_role", "subnet_ids"]

EKS = f"arn:aws:eks:{REGION}:{ACCOUNT}"
GROUPS = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/*"
SCALE = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")


@pytest.fixture(scope="module")
def ec2(twin: Twin) -> Any:
    return twin.client("ec2")


@pytest.fixture(scope="module")
def group(twin: Twin, eks: Any, asked: dict[str, Any]) -> dict[str, Any]:
    eks.create_nodegroup(nodegroupName="training", **asked)
    made = eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName="training")["nodegroup"]
    name = made["resources"]["autoScalingGroups"][0]["name"]
    found = twin.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return dict(found["AutoScalingGroups"][0])


def denied(call: Any, **parameters: Any) -> bool:
    try:
        call(**parameters)
    except ClientError as error:
        return "AccessDenied" in error.response["Error"]["Code"]
    return False


def test_a_policy_may_name_a_node_group(twin: Twin, group: dict[str, Any]) -> None:
    about = {"clusterName": CLUSTER, "nodegroupName": "training"}
    mine = twin.role("reader", allow(f"{EKS}:nodegroup/{CLUSTER}/training/*", "eks:*"))
    named = twin.client("eks", mine)
    assert not denied(named.describe_nodegroup, **about)
    assert not denied(named.update_nodegroup_config, **about, labels={"addOrUpdateLabels": {"a": "1"}})
    assert denied(named.describe_nodegroup, **about | {"nodegroupName": "others"})
    assert denied(named.update_nodegroup_version, **about | {"nodegroupName": "others"})
    assert denied(named.describe_cluster, name=CLUSTER)
    of_cluster = twin.client("eks", twin.role("other", allow(f"{EKS}:cluster/{CLUSTER}", "eks:*")))
    assert denied(of_cluster.describe_nodegroup, **about)
    assert not denied(of_cluster.list_nodegroups, clusterName=CLUSTER)


def test_a_policy_may_name_an_addon_and_an_access_entry(twin: Twin, cluster: str) -> None:
    entry = f"{EKS}:access-entry/{cluster}/role/{ACCOUNT}/auditor/*"
    mine = twin.role("narrow", allow([f"{EKS}:addon/{cluster}/vpc-cni/*", entry], "eks:*"))
    named = twin.client("eks", mine)
    assert not denied(named.describe_addon, clusterName=cluster, addonName="vpc-cni")
    assert denied(named.delete_addon, clusterName=cluster, addonName="coredns")
    principal = f"arn:aws:iam::{ACCOUNT}:role/auditor"
    assert not denied(named.list_associated_access_policies, clusterName=cluster, principalArn=principal)
    assert denied(named.describe_access_entry, clusterName=cluster, principalArn=f"{principal}s")


def test_the_autoscalers_role_reaches_groups_with_the_tags_of_its_cluster_alone(
    twin: Twin, group: dict[str, Any], ec2: Any, subnet_ids: list[str]
) -> None:
    condition = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{CLUSTER}": "owned"}}
    scaler = twin.client("autoscaling", twin.role("scaler", allow(GROUPS, *SCALE) | {"Condition": condition}))
    name = group["AutoScalingGroupName"]
    assert not denied(scaler.set_desired_capacity, AutoScalingGroupName=name, DesiredCapacity=3)
    taken = {"InstanceId": group["Instances"][0]["InstanceId"], "ShouldDecrementDesiredCapacity": True}
    assert not denied(scaler.terminate_instance_in_auto_scaling_group, **taken)

    root = twin.client("autoscaling")
    ec2.create_launch_template(LaunchTemplateName="others", LaunchTemplateData={"InstanceType": "t4g.large"})
    root.create_auto_scaling_group(
        AutoScalingGroupName="others",
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=1,
        VPCZoneIdentifier=subnet_ids[0],
        LaunchTemplate={"LaunchTemplateName": "others", "Version": "1"},
    )
    [other] = root.describe_auto_scaling_groups(AutoScalingGroupNames=["others"])["AutoScalingGroups"]
    assert denied(scaler.set_desired_capacity, AutoScalingGroupName="others", DesiredCapacity=2)
    taken = {"InstanceId": other["Instances"][0]["InstanceId"], "ShouldDecrementDesiredCapacity": True}
    assert denied(scaler.terminate_instance_in_auto_scaling_group, **taken)
    tag = {"ResourceId": "others", "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    root.create_or_update_tags(Tags=[tag | {"Key": f"k8s.io/cluster-autoscaler/{CLUSTER}", "Value": "owned"}])
    assert not denied(scaler.terminate_instance_in_auto_scaling_group, **taken)


def test_policies_that_name_resources_let_read_those_and_no_others(twin: Twin) -> None:
    at = f"{REGION}:{ACCOUNT}"
    reads = {
        "ecr": (f"arn:aws:ecr:{at}:repository/mine", "ecr:DescribeRepositories", "ecr:ListTagsForResource"),
        "rds": (f"arn:aws:rds:{at}:pg:mine", "rds:DescribeDBParameterGroups", "rds:ListTagsForResource"),
        "logs": (f"arn:aws:logs:{at}:log-group:*", "logs:DescribeLogGroups"),
        "iam": (f"arn:aws:iam::{ACCOUNT}:oidc-provider/mine", "iam:GetOpenIDConnectProvider"),
        "cloudtrail": (f"arn:aws:cloudtrail:{at}:trail/mine", "cloudtrail:ListTags"),
    }
    reader = twin.role("only-looks", *(allow(arn, *actions) for arn, *actions in reads.values()))
    ecr, rds, logs, iam, cloudtrail = (twin.client(service, reader) for service in reads)

    def providers(name: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{name}"

    for name, refused in (("mine", False), ("others", True)):
        assert denied(ecr.describe_repositories, repositoryNames=[name]) is refused
        assert denied(ecr.list_tags_for_resource, resourceArn=f"arn:aws:ecr:{at}:repository/{name}") is refused
        assert denied(rds.describe_db_parameter_groups, DBParameterGroupName=name) is refused
        assert denied(rds.list_tags_for_resource, ResourceName=f"arn:aws:rds:{at}:pg:{name}") is refused
        assert denied(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=providers(name)) is refused
        assert denied(cloudtrail.list_tags, ResourceIdList=[f"arn:aws:cloudtrail:{at}:trail/{name}"]) is refused
    assert not denied(logs.describe_log_groups, logGroupNamePrefix="/aws/mine")
    assert denied(ecr.describe_repositories), "all repositories are more than one"
    assert denied(rds.describe_db_instances), "another kind"


def test_budgets_are_seen_and_changed_by_two_rights_that_may_name_them(twin: Twin) -> None:
    root = twin.client("budgets")
    budget = {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "1", "Unit": "USD"}}
    for name in ("mine", "others"):
        root.create_budget(AccountId=ACCOUNT, Budget=budget | {"BudgetName": name})
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/mine"
    viewer = twin.client("budgets", twin.role("viewer", allow(arn, "budgets:ViewBudget")))
    assert not denied(viewer.describe_budget, AccountId=ACCOUNT, BudgetName="mine")
    assert denied(viewer.describe_budget, AccountId=ACCOUNT, BudgetName="others")
    assert denied(viewer.delete_budget, AccountId=ACCOUNT, BudgetName="mine")
    assert denied(viewer.list_tags_for_resource, ResourceARN=arn)
    changer = twin.client("budgets", twin.role("changer", allow(arn, "budgets:ModifyBudget", "budgets:TagResource")))
    assert denied(changer.update_budget, AccountId=ACCOUNT, NewBudget=budget | {"BudgetName": "others"})
    assert not denied(changer.update_budget, AccountId=ACCOUNT, NewBudget=budget | {"BudgetName": "mine"})
    assert not denied(changer.tag_resource, ResourceARN=arn, ResourceTags=[{"Key": "a", "Value": "b"}])
    assert not denied(changer.delete_budget, AccountId=ACCOUNT, BudgetName="mine")


def test_a_policy_may_name_backup_vaults_and_plans(twin: Twin) -> None:
    root = twin.client("backup")
    for name in ("mine", "others"):
        root.create_backup_vault(BackupVaultName=name)
    rule = {"RuleName": "daily", "TargetBackupVaultName": "mine", "ScheduleExpression": "cron(0 2 * * ? *)"}
    asked = {"BackupPlan": {"BackupPlanName": "daily", "Rules": [rule]}}
    mine, others = (root.create_backup_plan(**asked) for _ in range(2))
    selection = {"SelectionName": "all", "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/backup", "Resources": ["*"]}
    about = {"BackupPlanId": mine["BackupPlanId"]}
    selected = about | {"SelectionId": root.create_backup_selection(**about, BackupSelection=selection)["SelectionId"]}
    at = f"arn:aws:backup:{REGION}:{ACCOUNT}"
    reads = ("backup:DescribeBackupVault", "backup:GetBackupPlan", "backup:GetBackupSelection", "backup:ListTags")
    reader = twin.client("backup", twin.role("sees", allow([f"{at}:backup-vault:mine", mine["BackupPlanArn"]], *reads)))
    assert not denied(reader.describe_backup_vault, BackupVaultName="mine")
    assert not denied(reader.get_backup_plan, **about)
    assert not denied(reader.get_backup_selection, **selected)
    assert not denied(reader.list_tags, ResourceArn=mine["BackupPlanArn"])
    assert not denied(reader.list_tags, ResourceArn=f"{at}:backup-vault:mine")
    assert denied(reader.describe_backup_vault, BackupVaultName="others")
    assert denied(reader.get_backup_plan, BackupPlanId=others["BackupPlanId"])
    assert denied(reader.list_tags, ResourceArn=others["BackupPlanArn"])
    assert denied(reader.list_backup_plans), "all plans are more than one"
    assert denied(reader.delete_backup_plan, **about), "another right"

    maker = twin.client("backup", twin.role("makes", allow(f"{at}:backup-plan:*", "backup:CreateBackupPlan")))
    assert not denied(maker.create_backup_plan, **asked)
    assert denied(reader.create_backup_plan, **asked)
