"""Changes behind the platform's back, each in another kind of resource, as a person with too many rights makes them."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from twin.account import Account
from twin.kubernetes.client import Client

MANAGER = "kubectl-edit"


@dataclass(frozen=True)
class World:
    """The account, and the cluster as its administrator sees it."""

    account: Account
    admin: Client


@dataclass(frozen=True)
class Drift:
    """One change, and what a reader has to be told of it."""

    type: str
    name: str
    """The logical name of the resource."""
    told: str
    """Stands in what is printed about it."""
    make: Callable[[World], object]


def _bucket(world: World) -> str:
    return f"groundwork-dev-datasets-{world.account.access_key_id}-{world.account.region}"


def _bucket_lets_the_public_in(world: World) -> None:
    world.account.client("s3").put_public_access_block(
        Bucket=_bucket(world),
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": True,
        },
    )


def _bucket_policy_forgets_tls(world: World) -> None:
    s3 = world.account.client("s3")
    document = json.loads(s3.get_bucket_policy(Bucket=_bucket(world))["Policy"])
    document["Statement"] = document["Statement"][1:]
    s3.put_bucket_policy(Bucket=_bucket(world), Policy=json.dumps(document))


def _key_is_rotated_no_more(world: World) -> None:
    kms = world.account.client("kms")
    (key,) = [a["TargetKeyId"] for a in kms.list_aliases()["Aliases"] if a["AliasName"].endswith("-regulated")]
    kms.disable_key_rotation(KeyId=key)


def _role_may_do_everything(world: World) -> None:
    iam = world.account.client("iam")
    role = "groundwork-dev-network-flow-logs"
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(everything))


def _database_is_open_to_another_range(world: World) -> None:
    ec2 = world.account.client("ec2")
    (rule,) = [
        rule
        for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
        if rule.get("FromPort") == 5432 and not rule["IsEgress"]
    ]
    ec2.revoke_security_group_ingress(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])


def _logs_are_kept_for_a_day(world: World) -> None:
    world.account.client("logs").put_retention_policy(logGroupName="/aws/eks/groundwork-dev/cluster", retentionInDays=1)


def _database_keeps_no_backups(world: World) -> None:
    world.account.client("rds").modify_db_instance(
        DBInstanceIdentifier="groundwork-dev-registry", BackupRetentionPeriod=1, ApplyImmediately=True
    )


def _auditor_lost_the_cluster(world: World) -> None:
    world.account.client("eks").delete_access_entry(
        clusterName="groundwork-dev",
        principalArn=f"arn:aws:iam::{world.account.access_key_id}:role/groundwork-dev-auditor",
    )


def _node_group_may_grow(world: World) -> None:
    eks = world.account.client("eks")
    groups = eks.list_nodegroups(clusterName="groundwork-dev")["nodegroups"]
    (group,) = [name for name in groups if name.startswith("gpu-")]
    eks.update_nodegroup_config(
        clusterName="groundwork-dev", nodegroupName=group, scalingConfig={"minSize": 0, "maxSize": 9, "desiredSize": 0}
    )


def _images_may_be_overwritten(world: World) -> None:
    world.account.client("ecr").put_image_tag_mutability(
        repositoryName="groundwork-dev-serving", imageTagMutability="MUTABLE"
    )


def _messages_are_lost_sooner(world: World) -> None:
    sqs = world.account.client("sqs")
    url = sqs.get_queue_url(QueueName="groundwork-dev-registry-events")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})


def _configuration_is_edited(world: World) -> None:
    place = ("v1", "ConfigMap", "database", "mlflow")
    key = min((world.admin.get(*place) or {})["data"])
    world.admin.patch(*place, {"data": {key: "by hand"}}, manager=MANAGER)


def _scientists_read_secrets(world: World) -> None:
    place = ("rbac.authorization.k8s.io/v1", "Role", "groundwork-data-scientist", "team-vision")
    rules = (world.admin.get(*place) or {})["rules"]
    rules.append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]})
    world.admin.patch(*place, {"rules": rules}, manager=MANAGER)


def _namespace_is_open(world: World) -> None:
    world.admin.delete("networking.k8s.io/v1", "NetworkPolicy", "default-deny", "team-vision")


DRIFTS = (
    Drift(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "datasets-public-access",
        "blockPublicPolicy: true in the state, false in the world",
        _bucket_lets_the_public_in,
    ),
    Drift("aws:s3/bucketPolicy:BucketPolicy", "datasets-policy", "policy.Statement", _bucket_policy_forgets_tls),
    Drift(
        "aws:kms/key:Key",
        "keys-regulated",
        "enableKeyRotation: true in the state, false in the world",
        _key_is_rotated_no_more,
    ),
    Drift("aws:iam/rolePolicy:RolePolicy", "network-flow-logs-rights", "Action", _role_may_do_everything),
    Drift(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "registry-from-cluster",
        "gone",
        _database_is_open_to_another_range,
    ),
    Drift("aws:cloudwatch/logGroup:LogGroup", "cluster-log-group", "retentionInDays: ", _logs_are_kept_for_a_day),
    Drift("aws:rds/instance:Instance", "registry-instance", "backupRetentionPeriod: ", _database_keeps_no_backups),
    Drift("aws:eks/accessEntry:AccessEntry", "people-auditor-entry", "gone", _auditor_lost_the_cluster),
    Drift(
        "aws:eks/nodeGroup:NodeGroup",
        "gpu-node-pool-training-group-nodes",
        "scalingConfig.maxSize: ",
        _node_group_may_grow,
    ),
    Drift(
        "aws:ecr/repository:Repository",
        "images-serving",
        'imageTagMutability: "IMMUTABLE" in the state, "MUTABLE" in the world',
        _images_may_be_overwritten,
    ),
    Drift("aws:sqs/queue:Queue", "registry-events-queue", "messageRetentionSeconds: ", _messages_are_lost_sooner),
    Drift("kubernetes:core/v1:ConfigMap", "tracking-server-config-database", "by hand", _configuration_is_edited),
    Drift(
        "kubernetes:rbac.authorization.k8s.io/v1:Role",
        "team-vision-data-scientist-rules",
        "secrets",
        _scientists_read_secrets,
    ),
    Drift(
        "kubernetes:networking.k8s.io/v1:NetworkPolicy", "team-vision-guarded-default-deny", "gone", _namespace_is_open
    ),
)
"""Ten kinds and some more."""
