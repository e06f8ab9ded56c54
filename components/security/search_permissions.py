"""What the pipeline reads and changes of the search domain of logs.

Left out on purpose: deleting the domain, every request to the domain itself, and the policy by which OpenSearch Service
writes the domain's own logs. CloudWatch Logs limits that right to no resource, and with it anybody's policy on log
groups could be replaced. So it takes an administrator to turn a search domain on.

Source: service authorization reference, "Amazon OpenSearch Service", "Amazon CloudWatch Logs"; OpenSearch
Service developer guide, "Using service-linked roles to create VPC domains".
"""

from components.security.permissions import Permission

DOMAINS = "arn:aws:es:{region}:{account}:domain/groundwork-{environment}-*"
LINKED = "opensearchservice.amazonaws.com"

SEARCH_READ: tuple[Permission, ...] = (
    Permission(
        sid="ReadSearchDomains",
        why="how domains are set up, not what is in them",
        actions=(
            "es:DescribeDomain",
            "es:DescribeDomainChangeProgress",
            "es:DescribeDomainConfig",
            "es:GetCompatibleVersions",
            "es:GetUpgradeStatus",
            "es:ListTags",
        ),
        resources=(DOMAINS,),
    ),
    Permission(
        sid="ReadLogPolicies",
        why="which services may write into log groups; it knows no resource",
        actions=("logs:DescribeResourcePolicies",),
        resources=("*",),
    ),
)

SEARCH_WRITE: tuple[Permission, ...] = (
    Permission(
        sid="ConfigureSearchDomains",
        why="domains are made and changed, not deleted",
        actions=(
            "es:AddTags",
            "es:CreateDomain",
            "es:RemoveTags",
            "es:UpdateDomainConfig",
            "es:UpgradeDomain",
        ),
        resources=(DOMAINS,),
    ),
    Permission(
        sid="MakeSearchLinkedRole",
        why="OpenSearch Service makes its own role with the account's first domain in a VPC",
        actions=("iam:CreateServiceLinkedRole",),
        resources=(
            f"arn:aws:iam::{{account}}:role/aws-service-role/{LINKED}/AWSServiceRoleForAmazonOpenSearchService",
        ),
        conditions={"StringEquals": {"iam:AWSServiceName": LINKED}},
    ),
)
