"""Types that AWS does not charge for, each with the reason. A type that is neither here nor charged is not known."""

from typing import Final

_SETTING = "a setting of something that is counted where it stands"
_IAM = "IAM is free"
_NETWORK = "the parts of a VPC are free; what moves through them is counted at gateways and endpoints"
_NODES = "it is counted with the nodes that it makes"
_ACCESS = "EKS does not charge for who gets in"

FREE: Final = {
    "aws:autoscaling/tag:Tag": _NODES,
    "aws:backup/plan:Plan": "backups are counted where they lie, at the vault",
    "aws:backup/selection:Selection": "backups are counted where they lie, at the vault",
    "aws:budgets/budget:Budget": "a budget without actions is free",
    "aws:cloudwatch/eventRule:EventRule": "rules on events of AWS are free",
    "aws:cloudwatch/eventTarget:EventTarget": "a target is free; an event for another region costs a millionth dollar",
    "aws:cloudwatch/logStream:LogStream": _SETTING,
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": "what it hands on is counted at the delivery stream",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": _SETTING,
    "aws:codebuild/webhook:Webhook": "builds are counted at the project",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _NETWORK,
    "aws:ec2/flowLog:FlowLog": "its records are counted where they lie, at the log group",
    "aws:ec2/internetGateway:InternetGateway": _NETWORK,
    "aws:ec2/launchTemplate:LaunchTemplate": _NODES,
    "aws:ec2/route:Route": _NETWORK,
    "aws:ec2/routeTable:RouteTable": _NETWORK,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _NETWORK,
    "aws:ec2/securityGroup:SecurityGroup": _NETWORK,
    "aws:ec2/subnet:Subnet": _NETWORK,
    "aws:ec2/vpc:Vpc": _NETWORK,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _SETTING,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _SETTING,
    "aws:eks/accessEntry:AccessEntry": _ACCESS,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _ACCESS,
    "aws:eks/addon:Addon": "AWS' own add-ons are free; what they run is on nodes that are counted",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _ACCESS,
    "aws:kms/alias:Alias": "an alias is free; its key is counted",
    "aws:rds/parameterGroup:ParameterGroup": _SETTING,
    "aws:rds/subnetGroup:SubnetGroup": _SETTING,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _SETTING,
    "aws:s3/bucketLogging:BucketLogging": "the log's objects are counted where they lie, at the bucket",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _SETTING,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _SETTING,
    "aws:s3/bucketPolicy:BucketPolicy": _SETTING,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _SETTING,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _SETTING,
    "aws:s3/bucketVersioning:BucketVersioning": "old versions are counted with the bucket",
    "aws:secretsmanager/secretPolicy:SecretPolicy": _SETTING,
    "aws:sns/topic:Topic": "a topic is free, and so are more messages and e-mails than alarms make in a month",
    "aws:sns/topicSubscription:TopicSubscription": _SETTING,
    "aws:sqs/queuePolicy:QueuePolicy": _SETTING,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _SETTING,
    "aws:sqs/redrivePolicy:RedrivePolicy": _SETTING,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _NETWORK,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _NETWORK,
}
"""By type."""
FREE_PREFIXES: Final = {
    "aws:iam/": _IAM,
    "kubernetes:": "what runs in the cluster is paid with its nodes",
    "pulumi:": "the engine's own",
}
"""By the beginning of a type."""


def why_free(token: str) -> str | None:
    """Return why AWS does not charge for a type; None where it may."""
    return FREE.get(token) or next((why for start, why in FREE_PREFIXES.items() if token.startswith(start)), None)
