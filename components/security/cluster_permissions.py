"""What the pipeline changes of the cluster in AWS: the control plane, add-ons, node pools, who gets in.

What is inside the cluster is changed through Kubernetes, as the cluster's administrator that its access entry makes
the deploy role. Deleting the cluster takes an administrator of the account: everything that runs in it would go.

Source: service authorization reference, "Amazon Elastic Kubernetes Service", "Amazon EC2 Auto Scaling", "Amazon EC2";
EKS user guide, "Service-linked role permissions", "Customize managed nodes with launch templates" (EKS tries to launch
a machine with the caller's rights); EKS API, CreatePodIdentityAssociation.
"""

from components.security.permissions import Permission

EKS = "arn:aws:eks:{region}:{account}"
EC2 = "arn:aws:ec2:{region}:{account}"
OURS = {"StringEquals": {"aws:ResourceTag/managed-by": "groundwork", "aws:ResourceTag/environment": "{environment}"}}
CLUSTER = f"{EKS}:cluster/groundwork-{{environment}}"

CLUSTER_WRITE: tuple[Permission, ...] = (
    Permission(
        sid="ChangeCluster",
        why="the cluster can be made, changed and upgraded, not deleted",
        actions=(
            "eks:CreateCluster",
            "eks:TagResource",
            "eks:UntagResource",
            "eks:UpdateClusterConfig",
            "eks:UpdateClusterVersion",
        ),
        resources=(CLUSTER,),
    ),
    Permission(
        sid="ChangeParts",
        why="add-ons, node pools and which pods take which role; a replaced part is a new one, so they are deleted too",
        actions=(
            "eks:CreateAddon",
            "eks:CreateNodegroup",
            "eks:CreatePodIdentityAssociation",
            "eks:DeleteAddon",
            "eks:DeleteNodegroup",
            "eks:DeletePodIdentityAssociation",
            "eks:TagResource",
            "eks:UntagResource",
            "eks:UpdateAddon",
            "eks:UpdateNodegroupConfig",
            "eks:UpdateNodegroupVersion",
            "eks:UpdatePodIdentityAssociation",
        ),
        resources=(
            CLUSTER,
            f"{EKS}:addon/groundwork-{{environment}}/*",
            f"{EKS}:nodegroup/groundwork-{{environment}}/*",
            f"{EKS}:podidentityassociation/groundwork-{{environment}}/*",
        ),
    ),
    Permission(
        sid="ChangeEntries",
        why="who gets in is in the settings, and reviewed there",
        actions=(
            "eks:CreateAccessEntry",
            "eks:DeleteAccessEntry",
            "eks:DisassociateAccessPolicy",
            "eks:TagResource",
            "eks:UntagResource",
            "eks:UpdateAccessEntry",
        ),
        resources=(CLUSTER, f"{EKS}:access-entry/groundwork-{{environment}}/*"),
    ),
    Permission(
        sid="GiveAccess",
        why="the one access policy that the program gives, and no other",
        actions=("eks:AssociateAccessPolicy",),
        resources=(CLUSTER, f"{EKS}:access-entry/groundwork-{{environment}}/*"),
        conditions={
            "ArnEquals": {"eks:policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"},
        },
    ),
    Permission(
        sid="MakeTemplates",
        why="a new template has no tags to go by yet",
        actions=("ec2:CreateLaunchTemplate",),
        resources=(f"{EC2}:launch-template/*",),
    ),
    Permission(
        sid="TagNewTemplates",
        why="tags are given with the call that makes a template",
        actions=("ec2:CreateTags",),
        resources=(f"{EC2}:launch-template/*",),
        conditions={"StringEquals": {"ec2:CreateAction": "CreateLaunchTemplate"}},
    ),
    Permission(
        sid="ChangeTemplates",
        why="what bears the environment's tags",
        actions=(
            "ec2:CreateLaunchTemplateVersion",
            "ec2:CreateTags",
            "ec2:DeleteLaunchTemplate",
            "ec2:DeleteTags",
            "ec2:ModifyLaunchTemplate",
        ),
        resources=(f"{EC2}:launch-template/*",),
        conditions=OURS,
    ),
    Permission(
        sid="TryTemplates",
        why="EKS tries whether its caller could launch a machine of the template, and tag it",
        actions=("ec2:CreateTags", "ec2:RunInstances"),
        resources=(
            f"{EC2}:capacity-reservation/*",
            f"{EC2}:instance/*",
            f"{EC2}:network-interface/*",
            f"{EC2}:security-group/*",
            f"{EC2}:subnet/*",
            f"{EC2}:volume/*",
            "arn:aws:ec2:{region}::image/*",
            "arn:aws:ec2:{region}::snapshot/*",
        ),
        conditions={"ArnLike": {"ec2:LaunchTemplate": f"{EC2}:launch-template/*"}},
    ),
    Permission(
        sid="UseTemplates",
        why="the environment's templates alone are launched from",
        actions=("ec2:RunInstances",),
        resources=(f"{EC2}:launch-template/*",),
        conditions=OURS,
    ),
    Permission(
        sid="TagGroups",
        why="EKS names the Auto Scaling groups of node pools; by their tags the autoscaler finds them",
        actions=("autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags"),
        resources=("arn:aws:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/eks-*",),
    ),
    Permission(
        sid="PassNodeRole",
        why="the role of nodes goes to machines, no other does",
        actions=("iam:PassRole",),
        resources=("arn:aws:iam::{account}:role/groundwork-{environment}-node",),
        conditions={"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "eks.amazonaws.com"]}},
    ),
    Permission(
        sid="MakeClusterLinkedRoles",
        why="EKS, its node groups, Auto Scaling and spot make their own roles with the account's first cluster",
        actions=("iam:CreateServiceLinkedRole",),
        resources=("arn:aws:iam::{account}:role/aws-service-role/*",),
        conditions={
            "StringEquals": {
                "iam:AWSServiceName": [
                    "autoscaling.amazonaws.com",
                    "eks-nodegroup.amazonaws.com",
                    "eks.amazonaws.com",
                    "spot.amazonaws.com",
                ]
            }
        },
    ),
    Permission(
        sid="SeeNodeGroupRole",
        why="EKS looks with its caller's rights whether the node groups' own role is there",
        actions=("iam:GetRole",),
        resources=("arn:aws:iam::{account}:role/aws-service-role/eks-nodegroup.amazonaws.com/*",),
    ),
    Permission(
        sid="ConfigureClusterLogs",
        why="EKS prescribes the name of the log group",
        actions=(
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ),
        resources=("arn:aws:logs:{region}:{account}:log-group:/aws/eks/groundwork-{environment}/cluster*",),
    ),
)

CLUSTER_READ: tuple[Permission, ...] = (
    Permission(
        sid="ReadCluster",
        why="how the cluster and its parts are set up, not what is inside",
        actions=(
            "eks:DescribeAccessEntry",
            "eks:DescribeAddon",
            "eks:DescribeCluster",
            "eks:DescribeNodegroup",
            "eks:DescribePodIdentityAssociation",
            "eks:DescribeUpdate",
            "eks:ListAccessEntries",
            "eks:ListAddons",
            "eks:ListAssociatedAccessPolicies",
            "eks:ListNodegroups",
            "eks:ListPodIdentityAssociations",
            "eks:ListTagsForResource",
            "eks:ListUpdates",
        ),
        resources=(
            CLUSTER,
            f"{EKS}:access-entry/groundwork-{{environment}}/*",
            f"{EKS}:addon/groundwork-{{environment}}/*",
            f"{EKS}:nodegroup/groundwork-{{environment}}/*",
            f"{EKS}:podidentityassociation/groundwork-{{environment}}/*",
        ),
    ),
    Permission(
        sid="ReadNodePools",
        why="these know no resource",
        actions=(
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeTags",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribeLaunchTemplateVersions",
            "eks:DescribeAddonVersions",
        ),
        resources=("*",),
    ),
)
