"""Settings of the ACC rules."""

from dataclasses import dataclass
from typing import Final

from policies.config.reading import sets_of_texts, setting, text, texts

ESCALATIONS: Final[tuple[tuple[str, ...], ...]] = (
    # One action is enough: it changes what a principal may do.
    ("iam:AddUserToGroup",),
    ("iam:AttachGroupPolicy",),
    ("iam:AttachRolePolicy",),
    ("iam:AttachUserPolicy",),
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:CreatePolicyVersion",),
    ("iam:DeleteRolePermissionsBoundary",),
    ("iam:DeleteUserPermissionsBoundary",),
    ("iam:PutGroupPolicy",),
    ("iam:PutRolePermissionsBoundary",),
    ("iam:PutRolePolicy",),
    ("iam:PutUserPermissionsBoundary",),
    ("iam:PutUserPolicy",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:UpdateAssumeRolePolicy",),
    ("iam:UpdateLoginProfile",),
    # Code that already runs with another role's rights is replaced.
    ("codebuild:StartBuildBatch",),
    ("ec2-instance-connect:SendSSHPublicKey",),
    ("lambda:UpdateFunctionCode",),
    ("lambda:UpdateFunctionConfiguration",),
    ("sagemaker:CreatePresignedDomainUrl",),
    ("sagemaker:CreatePresignedNotebookInstanceUrl",),
    ("ssm:SendCommand",),
    ("ssm:StartSession",),
    # A role is passed to something new that runs code.
    ("iam:PassRole", "bedrock-agentcore:CreateCodeInterpreter"),
    ("iam:PassRole", "cloudformation:CreateStack"),
    ("iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"),
    ("iam:PassRole", "datapipeline:CreatePipeline"),
    ("iam:PassRole", "ec2:RunInstances"),
    ("iam:PassRole", "ecs:RunTask"),
    ("iam:PassRole", "eks:CreatePodIdentityAssociation"),
    ("iam:PassRole", "glue:CreateDevEndpoint"),
    ("iam:PassRole", "glue:CreateJob"),
    ("iam:PassRole", "lambda:CreateFunction"),
    ("iam:PassRole", "sagemaker:CreateNotebookInstance"),
    ("iam:PassRole", "sagemaker:CreatePipeline"),
    ("iam:PassRole", "sagemaker:CreateProcessingJob"),
    ("iam:PassRole", "sagemaker:CreateTrainingJob"),
    ("iam:PassRole", "states:CreateStateMachine"),
)
"""Actions that together, on every resource, let their holder take the rights of another principal. Sources: Rhino
Security Labs, "AWS IAM privilege escalation"; Bishop Fox, "IAM Vulnerable"; the service authorization reference."""

READ_ONLY: Final[tuple[str, ...]] = (
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "ecr:GetAuthorizationToken",
    "kms:GenerateRandom",
    "secretsmanager:GetRandomPassword",
    "sts:GetCallerIdentity",
    "tag:GetResources",
    "tag:GetTagKeys",
    "tag:GetTagValues",
)
"""Reads beside List* and Describe* that accept no resource but *. Source: the service authorization reference."""


@dataclass(frozen=True)
class AccessSettings:
    """What the ACC rules take from the config."""

    escalation_sets: tuple[tuple[str, ...], ...] = setting(ESCALATIONS, sets_of_texts("IAM actions"))
    """ACC-02: sets of IAM actions."""
    read_only_actions: tuple[str, ...] = setting(READ_ONLY, texts("IAM actions such as ecr:GetAuthorizationToken"))
    """ACC-03: actions beside List* and Describe* that may be allowed on every resource; `*` and `?` count."""
    exempt_services: tuple[str, ...] = setting(
        ("cloudtrail.amazonaws.com", "ec2.amazonaws.com", "s3.amazonaws.com"),
        texts("service principals such as ec2.amazonaws.com"),
    )
    """ACC-05: service principals that AWS documents no aws:SourceAccount or aws:SourceArn for when they assume a role:
    CloudTrail for its log group, EC2 for instance profiles, S3 for replication."""
    trusted_accounts: tuple[str, ...] = setting((), texts("account ids such as 111122223333"))
    """ACC-12: accounts that a bucket policy may let in, the bucket's own included."""
    external_rotation_tag: str = setting("external-rotation", text("the key of a tag"))
    """ACC-20: tag of a secret that something outside AWS rotates; any value but `false` counts."""
    cluster_admins: tuple[str, ...] = setting((), texts("ARNs of IAM principals, globs"))
    """ACC-21: who may administer a whole EKS cluster."""
