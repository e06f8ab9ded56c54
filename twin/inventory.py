"""What an account holds, by kind: read from the AWS APIs, so that "nothing is left" can be shown.

Only what a customer can make is listed: a default VPC with its parts, AWS managed keys and policies are not. What EKS
makes for a node group (an Auto Scaling group, instances) is listed too: it costs, and has to go with it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jmespath

from twin.account import Account

GLOBAL_REGION = "us-east-1"

Inventory = dict[str, tuple[str, ...]]
"""Kind (the word of the AWS API) -> sorted ids; kinds without any are left out."""


@dataclass(frozen=True)
class Kind:
    """How the resources of one kind are listed."""

    name: str
    service: str
    operation: str
    items: str
    """Key of the list in the answer."""
    id: str
    """Key of the id in an item."""
    keep: Callable[[dict[str, Any]], bool] = lambda _: True
    """False for what belongs to AWS or to the default VPC."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of the operation."""


def _customers_key_alias(item: dict[str, Any]) -> bool:
    return not item["AliasName"].startswith("alias/aws/")


def _not_linked_to_a_service(item: dict[str, Any]) -> bool:
    return not item["Path"].startswith("/aws-service-role/")


def _not_in_default_vpc(item: dict[str, Any]) -> bool:
    return not item.get("IsDefault") and item.get("GroupName") != "default" and not item.get("DefaultForAz")


def _not_deleted(item: dict[str, Any]) -> bool:
    return item.get("State") not in ("deleted", "deleting")


def _not_ended(item: dict[str, Any]) -> bool:
    return item["State"]["Name"] not in ("shutting-down", "terminated")


def _not_main(item: dict[str, Any]) -> bool:
    return not any(association.get("Main") for association in item.get("Associations", ()))


def _attached_to_other_than_default(default_vpcs: frozenset[str]) -> Callable[[dict[str, Any]], bool]:
    return lambda item: not any(attachment["VpcId"] in default_vpcs for attachment in item.get("Attachments", ()))


KINDS = (
    Kind("bucket", "s3", "list_buckets", "Buckets", "Name"),
    Kind("alias", "kms", "list_aliases", "Aliases", "AliasName", _customers_key_alias),
    Kind("role", "iam", "list_roles", "Roles", "RoleName", _not_linked_to_a_service),
    Kind("oidc-provider", "iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
    Kind("vpc", "ec2", "describe_vpcs", "Vpcs", "VpcId", _not_in_default_vpc),
    Kind("nat-gateway", "ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId", _not_deleted),
    Kind("address", "ec2", "describe_addresses", "Addresses", "AllocationId"),
    Kind("vpc-endpoint", "ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", _not_deleted),
    Kind("flow-log", "ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    Kind("security-group", "ec2", "describe_security_groups", "SecurityGroups", "GroupId", _not_in_default_vpc),
    Kind("launch-template", "ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"),
    Kind("volume", "ec2", "describe_volumes", "Volumes", "VolumeId"),
    Kind("snapshot", "ec2", "describe_snapshots", "Snapshots", "SnapshotId",
         parameters={"OwnerIds": ["self"]}),
    Kind("capacity-reservation", "ec2", "describe_capacity_reservations", "CapacityReservations",
         "CapacityReservationId", lambda item: item["State"] not in ("cancelled", "expired")),
    Kind("auto-scaling-group", "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups",
         "AutoScalingGroupName"),
    Kind("load-balancer", "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    Kind("target-group", "elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    Kind("instance-profile", "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    Kind("repository", "ecr", "describe_repositories", "repositories", "repositoryName"),
    Kind("db-instance", "rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    Kind("db-subnet-group", "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName",
         lambda group: group["DBSubnetGroupName"] != "default"),
    Kind("db-parameter-group", "rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName",
         lambda group: not group["DBParameterGroupName"].startswith("default.")),
    Kind("secret", "secretsmanager", "list_secrets", "SecretList", "Name"),
    Kind("backup-vault", "backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName"),
    Kind("backup-plan", "backup", "list_backup_plans", "BackupPlansList", "BackupPlanName"),
    Kind("trail", "cloudtrail", "describe_trails", "trailList", "Name"),
    Kind("topic", "sns", "list_topics", "Topics", "TopicArn"),
    Kind("subscription", "sns", "list_subscriptions", "Subscriptions", "Endpoint"),
    Kind("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    Kind("log-group", "logs", "describe_log_groups", "logGroups", "logGroupName"),
    Kind("log-policy", "logs", "describe_resource_policies", "resourcePolicies", "policyName"),
    Kind("search-domain", "opensearch", "list_domain_names", "DomainNames", "DomainName"),
)  # fmt: skip


def take(account: Account) -> Inventory:
    """List everything."""
    found = {kind.name: tuple(sorted(_ids(account, kind))) for kind in KINDS}
    default_vpcs = frozenset(
        vpc["VpcId"] for vpc in account.client("ec2").describe_vpcs()["Vpcs"] if vpc.get("IsDefault")
    )
    found |= {
        "subnet": _in_vpcs(account, "describe_subnets", "Subnets", "SubnetId", default_vpcs),
        "route-table": _in_vpcs(
            account, "describe_route_tables", "RouteTables", "RouteTableId", default_vpcs, _not_main
        ),
        "internet-gateway": tuple(
            gateway["InternetGatewayId"]
            for gateway in account.client("ec2").describe_internet_gateways()["InternetGateways"]
            if _attached_to_other_than_default(default_vpcs)(gateway)
        ),
        "instance": tuple(sorted(_instances(account))),
        "key": tuple(sorted(_keys(account))),
        "budget": tuple(sorted(_budgets(account))),
        "queue": tuple(sorted(queue for place in _places(account) for queue in _queues(place))),
        "rule": tuple(sorted(rule for place in _places(account) for rule in _rules(place))),
        "build-project": tuple(sorted(_build_projects(account))),
        "delivery-stream": tuple(sorted(_delivery_streams(account))),
        **_clusters(account),
        "policy": tuple(
            sorted(policy["Arn"] for policy in account.client("iam").list_policies(Scope="Local")["Policies"])
        ),
    }
    return {kind: ids for kind, ids in found.items() if ids}


def _places(account: Account) -> Iterator[Account]:
    """The account at home, and in us-east-1, where IAM has its events, and so what listens to them."""
    yield account
    if account.region != GLOBAL_REGION:
        yield replace(account, region=GLOBAL_REGION)


def _rules(account: Account) -> Iterator[str]:
    for page in account.client("events").get_paginator("list_rules").paginate():
        yield from (rule["Arn"] for rule in page["Rules"])


def _ids(account: Account, kind: Kind) -> Iterator[str]:
    client = account.client(kind.service)
    pages = (
        client.get_paginator(kind.operation).paginate(**kind.parameters)
        if client.can_paginate(kind.operation)
        else [getattr(client, kind.operation)(**kind.parameters)]
    )
    for page in pages:
        yield from (item[kind.id] for item in page.get(kind.items, ()) if kind.keep(item))


def _in_vpcs(
    account: Account, operation: str, items: str, key: str, default_vpcs: frozenset[str],
    keep: Callable[[dict[str, Any]], bool] = lambda _: True,
) -> tuple[str, ...]:  # fmt: skip
    listed = getattr(account.client("ec2"), operation)()[items]
    return tuple(sorted(item[key] for item in listed if item["VpcId"] not in default_vpcs and keep(item)))


def _budgets(account: Account) -> Iterator[str]:
    """No operation of Budgets is about the caller's own account unless it names it."""
    paginator = account.client("budgets").get_paginator("describe_budgets")
    for page in paginator.paginate(AccountId=account.client("sts").get_caller_identity()["Account"]):
        yield from (budget["BudgetName"] for budget in page.get("Budgets", ()))


def _queues(account: Account) -> Iterator[str]:
    """By address; SQS lists no more than that."""
    for page in account.client("sqs").get_paginator("list_queues").paginate():
        yield from page.get("QueueUrls", ())


def _build_projects(account: Account) -> Iterator[str]:
    """By name; CodeBuild lists no more than that."""
    for page in account.client("codebuild").get_paginator("list_projects").paginate():
        yield from page.get("projects", ())


def _delivery_streams(account: Account) -> list[str]:
    """By name; Firehose lists no more than that, and an account has a handful."""
    return list(account.client("firehose").list_delivery_streams(Limit=10000)["DeliveryStreamNames"])


def _instances(account: Account) -> Iterator[str]:
    """Those that have not ended: EC2 shows a terminated instance for another hour."""
    for page in account.client("ec2").get_paginator("describe_instances").paginate():
        for reservation in page["Reservations"]:
            yield from (instance["InstanceId"] for instance in reservation["Instances"] if _not_ended(instance))


_IN_CLUSTERS = {
    "node-group": ("list_nodegroups", "nodegroups"),
    "addon": ("list_addons", "addons"),
    "access-entry": ("list_access_entries", "accessEntries"),
    "pod-identity-association": ("list_pod_identity_associations", "associations[].associationId"),
}
"""Kind -> the operation that lists it for one cluster, and where the ids are in its answer (JMESPath)."""


def _clusters(account: Account) -> Inventory:
    """Clusters, and what belongs to each: `<cluster>/<name>`."""
    eks = account.client("eks")
    clusters = [name for page in eks.get_paginator("list_clusters").paginate() for name in page["clusters"]]
    found = {"cluster": tuple(sorted(clusters))}
    for kind, (operation, place) in _IN_CLUSTERS.items():
        listed = [
            f"{cluster}/{name}"
            for cluster in clusters
            for page in eks.get_paginator(operation).paginate(clusterName=cluster)
            for name in jmespath.search(place, page) or ()
        ]
        found[kind] = tuple(sorted(listed))
    return found


def _keys(account: Account) -> Iterator[str]:
    """Customer managed keys that are not on their way out: a deleted key stays visible for its waiting period."""
    client = account.client("kms")
    for page in client.get_paginator("list_keys").paginate():
        for entry in page["Keys"]:
            key = client.describe_key(KeyId=entry["KeyId"])["KeyMetadata"]
            if key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion":
                yield key["KeyId"]
