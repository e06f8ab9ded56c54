"""What the pipeline reads and changes of alarms: topics, CloudWatch alarms, rules of EventBridge.

Left out on purpose: deleting the topic, publishing to it, and putting events on a bus. Who takes a rule or an alarm
away is told of by another one.

Source: service authorization reference, "Amazon SNS", "Amazon CloudWatch", "Amazon EventBridge".
"""

from components.security.permissions import Permission

TOPICS = "arn:aws:sns:{region}:{account}:groundwork-{environment}-*"
ALARMS = "arn:aws:cloudwatch:{region}:{account}:alarm:groundwork-{environment}-*"
RULES = tuple(
    f"arn:aws:events:{region}:{{account}}:rule/groundwork-{{environment}}-*" for region in ("{region}", "us-east-1")
)
"""At home, and where IAM has its events."""

MONITORING_READ: tuple[Permission, ...] = (
    Permission(
        sid="ReadAlarms",
        why="who is told of what, not what was told; a subscription has no ARN of its own in policies",
        actions=(
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListTagsForResource",
            "events:DescribeRule",
            "events:ListTagsForResource",
            "events:ListTargetsByRule",
            "sns:GetSubscriptionAttributes",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
        ),
        resources=("arn:aws:cloudwatch:{region}:{account}:alarm:*", *RULES, TOPICS),
    ),
    Permission(
        sid="ReadUndelivered",
        why="how the queue in us-east-1 is set up, not what could not be delivered",
        actions=("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"),
        resources=("arn:aws:sqs:us-east-1:{account}:groundwork-{environment}-alarms-*",),
    ),
)

MONITORING_WRITE: tuple[Permission, ...] = (
    Permission(
        sid="ConfigureTopics",
        why="the topic is made and changed, not deleted; nothing is published",
        actions=(
            "sns:CreateTopic",
            "sns:SetSubscriptionAttributes",
            "sns:SetTopicAttributes",
            "sns:Subscribe",
            "sns:TagResource",
            "sns:Unsubscribe",
            "sns:UntagResource",
        ),
        resources=(TOPICS,),
    ),
    Permission(
        sid="ConfigureAlarms",
        why="alarms hold nothing, so they are deleted too",
        actions=(
            "cloudwatch:DeleteAlarms",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ),
        resources=(ALARMS,),
    ),
    Permission(
        sid="ConfigureUndelivered",
        why="the queue in us-east-1 of what could not be sent home; the one at home is among the environment's queues",
        actions=("sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"),
        resources=("arn:aws:sqs:us-east-1:{account}:groundwork-{environment}-alarms-*",),
    ),
    Permission(
        sid="ConfigureRules",
        why="rules hold nothing, so they are deleted too",
        actions=(
            "events:DeleteRule",
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "events:UntagResource",
        ),
        resources=RULES,
    ),
)
