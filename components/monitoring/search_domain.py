"""A search domain for the logs of pods, with dashboards: OpenSearch in the VPC.

Owns the domain and what belongs to it alone: its security group, the groups of its own logs, and by what right it
writes them. Encryption, TLS, zones and fine-grained access are not options. Nobody has a password there: the
internal user database is off, and who asks is an IAM role. The domain's master is the role of the Job that makes roles
and life cycles in it; see `SearchSetup`.

Units:  GiB, days, hours in UTC.
Source: OpenSearch Service developer guide, "Fine-grained access control", "Launching your domains within a VPC",
"Encryption of data at rest", "Monitoring audit logs", "Configuring a multi-AZ domain", "Off-peak windows"; AWS Pricing
Calculator, "OpenSearch Service" (what gp3 storage has without a surcharge).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import pulumi
from pulumi_aws import cloudwatch, ec2, opensearch, vpc
from pydantic import Field, model_validator

from components.model import Model, Wire
from components.monitoring.search_settings import MASTERS, ZONES, SearchSettings
from components.naming import physical_name
from components.policy_document import Statement, allow, aws_principal, document, service_principal
from components.sdk_inputs import untyped
from components.server_security_group import server_security_group
from components.tags import DataClass, classification_tag, name_tag

ENGINE: Final = "OpenSearch_2.19"
PORT: Final = 443
TLS_POLICY: Final = "Policy-Min-TLS-1-2-PFS-2023-10"
DOMAIN_NAME_LIMIT: Final = 28
POLICY_NAME_LIMIT: Final = 128
LOG_TYPES: Final[Mapping[str, str]] = {
    "AUDIT_LOGS": "audit",
    "ES_APPLICATION_LOGS": "application",
    "INDEX_SLOW_LOGS": "slow-indexing",
    "SEARCH_SLOW_LOGS": "slow-searches",
}
"""What a domain says of itself, and how its log group ends."""
IOPS, THROUGHPUT_MIB = 3000, 250
"""What a gp3 volume of up to 1,000 GiB has without a surcharge here; for less than 250 MiB/s AWS refuses one of 200."""


class SearchDomainArgs(Model):
    """What the domain is wired to."""

    settings: SearchSettings
    """What the stack file says."""
    account_id: str
    """The account of the domain."""
    region: str
    """Where it is."""
    environment: str
    """Part of its name."""
    vpc_id: Wire
    """Where the security group is."""
    subnet_ids: tuple[Wire, ...] = Field(min_length=2, max_length=ZONES)
    """Isolated subnets, one a zone."""
    key_arn: Wire
    """The customer managed key of what can be searched: uses `search-domains`."""
    logs_key_arn: Wire
    """The customer managed key of its own logs: use `log-groups`. They quote what was asked."""
    client_security_group_ids: Mapping[str, Wire]
    """The security groups that may connect, by the role of the client."""
    master_role_arn: str
    """The role of the Job that sets the domain up; it must be there before."""
    reader_role_arns: tuple[str, ...] = ()
    """The roles of people; they must be there before. What each reads, the domain's own roles say."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the roles. AWS refuses a policy that names one that is not."""

    @model_validator(mode="after")
    def _as_many_nodes_in_each_zone(self) -> Self:
        count, zones = self.settings.instance_count, len(self.subnet_ids)
        if count % zones:
            raise ValueError(
                f"monitoring.logs.opensearch.instance_count is {count}, and there are {zones} zones: it must be a "
                f"multiple of that, such as {2 * zones}"
            )
        return self


class SearchDomain(pulumi.ComponentResource):
    """The domain `groundwork-<environment>-logs`."""

    address: pulumi.Output[str]
    """`https://host`, known once the domain answers."""
    host: pulumi.Output[str]
    dashboards_url: pulumi.Output[str]
    security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: SearchDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:SearchDomain", name, None, opts)
        group = self._security_group(name, args)
        log_groups = {kind: self._log_group(name, args, end) for kind, end in LOG_TYPES.items()}
        written = cloudwatch.LogResourcePolicy(
            f"{name}-log-policy",
            policy_name=physical_name(args.environment, name, limit=POLICY_NAME_LIMIT),
            policy_document=document(log_rights(args.account_id, args.region, args.environment)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(log_groups.values())),
        )
        # Stateful: renaming this without an alias replaces the domain and loses what can be searched in it.
        domain = opensearch.Domain(
            f"{name}-domain",
            **untyped(domain_inputs(args)),
            vpc_options={"subnet_ids": [*args.subnet_ids], "security_group_ids": [group.id]},
            log_publishing_options=[
                {"log_type": kind, "cloudwatch_log_group_arn": made.arn} for kind, made in log_groups.items()
            ],
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect, depends_on=[written, *args.after]),
        )
        self.host = domain.endpoint
        self.address = domain.endpoint.apply(lambda host: f"https://{host}")
        self.dashboards_url = domain.endpoint.apply(lambda host: f"https://{host}/_dashboards")
        self.security_group_id = group.id
        self.register_outputs(
            {
                "address": self.address,
                "dashboards_url": self.dashboards_url,
                "security_group_id": self.security_group_id,
            }
        )

    def _security_group(self, name: str, args: SearchDomainArgs) -> ec2.SecurityGroup:
        """Make the domain's group: named clients come in, and people from networks of their own."""
        group = server_security_group(
            name,
            owner=self,
            environment=args.environment,
            vpc_id=args.vpc_id,
            title=f"Search domain {name}",
            protocol="HTTPS",
            port=PORT,
            clients=args.client_security_group_ids,
        )
        for cidr in args.settings.source_ranges:
            key = str(cidr).translate({ord(mark): "-" for mark in "./"})
            vpc.SecurityGroupIngressRule(
                f"{name}-from-{key}",
                security_group_id=group.id,
                cidr_ipv4=str(cidr),
                ip_protocol="tcp",
                from_port=PORT,
                to_port=PORT,
                description=f"HTTPS from people at {cidr}",
                tags=name_tag(args.environment, f"{name}-from-{key}"),
                opts=pulumi.ResourceOptions(parent=self),
            )
        return group

    def _log_group(self, name: str, args: SearchDomainArgs, end: str) -> cloudwatch.LogGroup:
        return cloudwatch.LogGroup(
            f"{name}-log-{end}",
            name=f"{log_group_prefix(args.environment)}/{end}",
            kms_key_id=args.logs_key_arn,
            retention_in_days=args.settings.audit_retention_in_days,
            tags=classification_tag(DataClass.CONFIDENTIAL),
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect),
        )


def domain_name(environment: str) -> str:
    """Return the domain's name, known before it exists."""
    return physical_name(environment, "logs", limit=DOMAIN_NAME_LIMIT)


def domain_arn(account_id: str, region: str, environment: str) -> str:
    """Return the domain's ARN, known before it exists."""
    return f"arn:aws:es:{region}:{account_id}:domain/{domain_name(environment)}"


def log_group_prefix(environment: str) -> str:
    """Return how the groups of the domain's own logs begin."""
    return f"/aws/OpenSearchService/domains/{domain_name(environment)}"


def log_rights(account_id: str, region: str, environment: str) -> Statement:
    """Let the service write the logs of this one domain into its groups."""
    groups = f"arn:aws:logs:{region}:{account_id}:log-group:{log_group_prefix(environment)}/*"
    return allow(
        "WriteDomainLogs",
        principal=service_principal("es.amazonaws.com"),
        actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:PutLogEventsBatch"],
        resources=[groups, f"{groups}:log-stream:*"],
        conditions={
            "StringEquals": {"aws:SourceAccount": account_id},
            "ArnLike": {"aws:SourceArn": domain_arn(account_id, region, environment)},
        },
    )


def write_rights(arn: str) -> Statement:
    """Return what the role that writes logs may ask the domain for: to take a batch."""
    return allow("WriteLines", actions=["es:ESHttpPost"], resources=[f"{arn}/_bulk"])


def setup_rights(arn: str) -> Statement:
    """Return what the role that sets the domain up may ask it for; as its master it may do everything inside."""
    methods = ["es:ESHttpDelete", "es:ESHttpGet", "es:ESHttpPost", "es:ESHttpPut"]
    return allow("SetUp", actions=methods, resources=[f"{arn}/*"])


def access_policy(args: SearchDomainArgs) -> str | None:
    """Return which people may ask the domain for anything; what they find, it decides itself.

    Programs are not in it: their roles have the right themselves, which is enough within one account, and so the role
    of what writes need not be there before the domain.
    """
    if not args.reader_role_arns:
        return None
    arn = domain_arn(args.account_id, args.region, args.environment)
    readers = aws_principal(*args.reader_role_arns)
    return document(
        allow(
            "Search",
            principal=readers,
            actions=["es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost"],
            resources=[f"{arn}/*"],
        ),
        allow(
            "KeepDashboards",
            principal=readers,
            actions=["es:ESHttpDelete", "es:ESHttpPut"],
            resources=[f"{arn}/_dashboards/*"],
        ),
    )


def domain_inputs(args: SearchDomainArgs) -> dict[str, Any]:
    """Return what the domain is but for where it is and what it tells."""
    settings = args.settings
    return {
        "domain_name": domain_name(args.environment),
        "engine_version": ENGINE,
        "cluster_config": {
            "instance_type": settings.instance_type,
            "instance_count": settings.instance_count,
            "zone_awareness_enabled": True,
            "zone_awareness_config": {"availability_zone_count": len(args.subnet_ids)},
            **_masters(settings),
        },
        "ebs_options": {
            "ebs_enabled": True,
            "volume_type": "gp3",
            "volume_size": settings.volume_gib,
            "iops": IOPS,
            "throughput": THROUGHPUT_MIB,
        },
        "encrypt_at_rest": {"enabled": True, "kms_key_id": args.key_arn},
        "node_to_node_encryption": {"enabled": True},
        "domain_endpoint_options": {"enforce_https": True, "tls_security_policy": TLS_POLICY},
        "advanced_security_options": {
            "enabled": True,
            "anonymous_auth_enabled": False,
            "internal_user_database_enabled": False,
            "master_user_options": {"master_user_arn": args.master_role_arn},
        },
        # Fluent Bit names the index of each line in the batch; which it may write, the domain's own roles say.
        "advanced_options": {
            "rest.action.multi.allow_explicit_index": "true",
            "override_main_response_version": "false",
        },
        "access_policies": access_policy(args),
        "software_update_options": {"auto_software_update_enabled": True},
        "off_peak_window_options": {
            "enabled": True,
            "off_peak_window": {"window_start_time": {"hours": settings.off_peak_hour, "minutes": 0}},
        },
        "tags": classification_tag(DataClass.CONFIDENTIAL),
    }


def _masters(settings: SearchSettings) -> dict[str, Any]:
    if settings.master_instance_type is None:
        return {"dedicated_master_enabled": False}
    return {
        "dedicated_master_enabled": True,
        "dedicated_master_type": settings.master_instance_type,
        "dedicated_master_count": MASTERS,
    }
