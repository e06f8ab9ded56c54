"""A pool of CodeBuild-hosted runners for the jobs of one repository of GitHub or GitLab.

Makes the project, the webhook that starts a build for each queued job, its log group, its security group and the role
of jobs; not the network, the keys, the cache's bucket and the connection to GitHub or GitLab. A machine is made for a
job and is gone after it; none costs anything while no job runs. Jobs run in private subnets, are no root with Docker
unless asked, and are never retried by themselves: what a job did before it failed nobody knows.

What a job may do with this role is: write its log, read and write the pool's cache, pull the pool's image, use the
connection. It deploys nothing: the role is the same for every job of the pool, whatever branch it is of. A job that
deploys takes the deploy role by its own token (OIDC), which tells repository and environment, from here as from
anywhere. Network interfaces are made with the same role; one that is in use cannot be deleted by it.

Source: AWS CodeBuild user guide, "Self-hosted GitHub Actions runners in AWS CodeBuild", "Self-managed GitLab runners in
AWS CodeBuild", "Use AWS CodeBuild with Amazon Virtual Private Cloud", "Allow CodeBuild to interact with other AWS
services"; Developer tools console user guide, "Connections permissions".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, codebuild, ec2, vpc

from components.model import Wire
from components.policy_document import Statement, allow
from components.runners.build_specification import ARCHIVE, build_specification
from components.runners.codebuild_settings import CURATED, CodeBuildSettings, codebuild_project_name
from components.runners.place import RunnerPlace, Runners
from components.security.workload_identity import BucketGrant, ServiceTrust, WorkloadIdentity, WorkloadIdentityArgs
from components.tags import DataClass, classification_tag, name_tag

SERVICE = "codebuild.amazonaws.com"
HTTPS = 443
WORLD = "0.0.0.0/0"
HOSTS = {"github": "github.com", "gitlab": "gitlab.com"}
RUN_IDS = {
    "github": "${{ github.run_id }}-${{ github.run_attempt }}",
    "gitlab": "$CI_PROJECT_ID-$CI_PIPELINE_IID-$CI_JOB_NAME",
}
"""What a label ends in, so that a machine takes the job that it was made for."""
CACHES = "runner-caches/"
"""Where in the store the caches of all pools are."""


def build(name: str, settings: CodeBuildSettings, place: RunnerPlace, child: pulumi.ResourceOptions) -> Runners:
    """Make a pool; `name` is its component's, of which `child` makes its resources children."""
    project_name = codebuild_project_name(place.environment, name)
    prefix = f"{CACHES}{name}/"
    log_group = cloudwatch.LogGroup(
        f"{name}-log-group",
        name=log_group_name(place.environment, name),
        kms_key_id=place.logs_key_arn,
        retention_in_days=settings.log_retention_days,
        tags=classification_tag(DataClass.INTERNAL),
        opts=child,
    )
    group, way_out = _security_group(name, place, child)
    identity = WorkloadIdentity(
        f"{name}-jobs",
        WorkloadIdentityArgs(
            account_id=place.account_id,
            region=place.region,
            environment=place.environment,
            boundary_arn=place.boundary_arn,
            trust=ServiceTrust(service=SERVICE, source_arn=_project_arn(place, project_name)),
            bucket_grants=(
                (
                    BucketGrant(
                        bucket_name=place.cache.bucket_name,
                        key_name=place.cache.key_name,
                        prefix=prefix,
                        access="write",
                    ),
                )
                if settings.cache
                else ()
            ),
            rights=tuple(job_rights(name, settings, place)),
        ),
        child,
    )
    project = _project(name, settings, place, _Parts(project_name, prefix, log_group.name, group.id, identity), child)
    codebuild.Webhook(
        f"{name}-webhook",
        project_name=project.name,
        build_type="BUILD",
        filter_groups=list(_filter_groups(settings)),
        # What GitHub signs its calls with; nobody here needs it.
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(additional_secret_outputs=["secret"])),
    )
    label = f"codebuild-{project_name}-{RUN_IDS[settings.provider]}"
    return Runners(runs_on=label, after=(project, way_out))


def log_group_name(environment: str, name: str) -> str:
    """Return the name of the log group of a pool's jobs."""
    return f"/aws/codebuild/{codebuild_project_name(environment, name)}"


def job_rights(name: str, settings: CodeBuildSettings, place: RunnerPlace) -> Iterator[Statement]:
    """Yield what jobs of a pool may do beside their cache, and what CodeBuild does with their role to start them."""
    here = f"{place.region}:{place.account_id}"
    ec2_here, tags = f"arn:aws:ec2:{here}", {"aws:ResourceTag/environment": place.environment}
    log_group = f"arn:aws:logs:{here}:log-group:{log_group_name(place.environment, name)}"
    yield allow(
        "WriteLogs", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group, f"{log_group}:*"]
    )
    yield allow(
        "UseConnection",
        actions=["codeconnections:GetConnection", "codeconnections:GetConnectionToken"],
        resources=[settings.connection_arn],
    )
    yield allow(
        "LookAtNetwork",
        actions=[
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
        resources=["*"],
    )
    yield allow(
        "MakeInterfaces",
        actions=["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
        resources=[f"{ec2_here}:network-interface/*"],
    )
    yield allow(
        # The ids are random; the tags say that they are the environment's.
        "MakeInterfacesInOurs",
        actions=["ec2:CreateNetworkInterface"],
        resources=[f"{ec2_here}:security-group/*", f"{ec2_here}:subnet/*"],
        conditions={"StringEquals": tags},
    )
    yield allow(
        "HandInterfacesToCodeBuild",
        actions=["ec2:CreateNetworkInterfacePermission"],
        resources=[f"{ec2_here}:network-interface/*"],
        conditions={"StringEquals": {"ec2:AuthorizedService": SERVICE}},
    )
    if settings.image is not None:
        yield allow(
            "PullImage",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[_repository_arn(settings.image)],
        )
        yield allow("SignInToRegistry", actions=["ecr:GetAuthorizationToken"], resources=["*"])


@dataclass(frozen=True)
class _Parts:
    """What a project is put together of."""

    project_name: str
    prefix: str
    log_group: Wire
    group_id: Wire
    identity: WorkloadIdentity


def _project(
    name: str, settings: CodeBuildSettings, place: RunnerPlace, parts: _Parts, child: pulumi.ResourceOptions
) -> codebuild.Project:
    cache_url = f"s3://{place.cache.bucket_name}/{parts.prefix}{ARCHIVE}" if settings.cache else None
    return codebuild.Project(
        f"{name}-project",
        name=parts.project_name,
        description=f"Runners {name} of {settings.repository}, Groundwork {place.environment}",
        service_role=parts.identity.role_arn,
        encryption_key=place.key_arn,
        artifacts={"type": "NO_ARTIFACTS"},
        auto_retry_limit=0,
        build_timeout=settings.build_timeout_minutes,
        queued_timeout=settings.queued_timeout_minutes,
        concurrent_build_limit=settings.concurrent_jobs,
        cache={"type": "NO_CACHE"},  # the build specification keeps one: see there
        environment={
            "type": settings.environment_type,
            "compute_type": settings.compute_type,
            "image": settings.image or CURATED[settings.environment_type],
            "image_pull_credentials_type": "SERVICE_ROLE" if settings.image else "CODEBUILD",
            "privileged_mode": settings.privileged,
        },
        logs_config={
            "cloudwatch_logs": {"status": "ENABLED", "group_name": parts.log_group},
            "s3_logs": {"status": "DISABLED"},
        },
        source={
            "type": settings.provider.upper(),
            "location": f"https://{HOSTS[settings.provider]}/{settings.repository}.git",
            "auth": {"type": "CODECONNECTIONS", "resource": settings.connection_arn},
            "buildspec": build_specification(cache_url),
            "git_clone_depth": 1,
            "report_build_status": False,  # a job reports for itself
        },
        vpc_config={
            "vpc_id": place.vpc_id,
            "subnets": list(place.subnet_ids),
            "security_group_ids": [parts.group_id],
        },
        tags=classification_tag(DataClass.INTERNAL),
        # CodeBuild tries the role out when the project is made: it must have its rights by then.
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[parts.identity])),
    )


def _security_group(
    name: str, place: RunnerPlace, child: pulumi.ResourceOptions
) -> tuple[ec2.SecurityGroup, vpc.SecurityGroupEgressRule]:
    """Make a group that nobody comes in by, and that leaves by HTTPS alone: to GitHub, registries, AWS, the cluster."""
    group = ec2.SecurityGroup(
        f"{name}-security-group",
        description=f"Jobs of {name}: HTTPS out, nothing in",
        vpc_id=place.vpc_id,
        tags=name_tag(place.environment, f"{name}-security-group") | classification_tag(DataClass.INTERNAL),
        opts=child,
    )
    way_out = vpc.SecurityGroupEgressRule(
        f"{name}-https",
        security_group_id=group.id,
        description="HTTPS to GitHub or GitLab, package registries, AWS and the cluster",
        cidr_ipv4=WORLD,
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        tags=name_tag(place.environment, f"{name}-https"),
        opts=child,
    )
    return group, way_out


def _filter_groups(settings: CodeBuildSettings) -> Iterator[codebuild.WebhookFilterGroupArgsDict]:
    """Yield the groups of filters of which one has to match: a queued job, of a workflow that is named."""
    queued: codebuild.WebhookFilterGroupFilterArgsDict = {"type": "EVENT", "pattern": "WORKFLOW_JOB_QUEUED"}
    if not settings.workflows:
        yield {"filters": [queued]}
    for workflow in settings.workflows:
        yield {"filters": [queued, {"type": "WORKFLOW_NAME", "pattern": f"^{re.escape(workflow)}$"}]}


def _project_arn(place: RunnerPlace, project_name: str) -> str:
    return f"arn:aws:codebuild:{place.region}:{place.account_id}:project/{project_name}"


def _repository_arn(image: str) -> str:
    host, _, rest = image.partition("/")
    account, _, _, region = host.split(".")[:4]
    return f"arn:aws:ecr:{region}:{account}:repository/{rest.partition('@')[0]}"
