"""What every kind of runner pool is given: where it stands and what it is wired to."""

import pulumi

from components.model import Model, Wire
from components.security.secret import SecretSettings
from components.tags import KeyName


class CacheStore(Model):
    """The store that keeps the caches of pools, each under a prefix of its own."""

    bucket_name: str
    """The bucket, by a name that is known beforehand."""
    key_name: KeyName
    """The store's key."""


class ClusterPlace(Model):
    """The cluster, for kinds whose runners are pods."""

    known_cluster_name: str
    """The EKS cluster's name, known beforehand."""
    cluster_name: Wire
    """The same name, known once the cluster stands."""
    vpc_cidr: str
    """The VPC's IPv4 range, in which the endpoints of AWS services and of the API server are."""
    api_server_address: str
    """Under which pods find the API server: the first address of the range of Services."""
    egress_ranges: tuple[str, ...] = ()
    """Ranges outside the VPC that the pods of every namespace may reach on port 443; none by default."""
    preview_group: str
    """The Kubernetes group of the pipeline's preview role, which sees what the program makes."""
    secrets: SecretSettings
    """How long a deleted secret can be brought back."""
    secrets_key_arn: Wire
    """The customer managed key of secrets."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before a namespace and outlive it."""


class RunnerPlace(Model):
    """Whose pool it is, and what pools are wired to. A kind takes of it what it needs."""

    account_id: str
    """The AWS account, 12 digits."""
    region: str
    """The AWS region, such as eu-west-1."""
    environment: str
    """Part of every physical name."""
    vpc_id: Wire
    """The VPC that jobs run in."""
    subnet_ids: tuple[Wire, ...]
    """Its private subnets."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for the role of jobs."""
    key_arn: Wire
    """The customer managed key of what jobs make: use `objects`."""
    logs_key_arn: Wire
    """The customer managed key of the jobs' logs: use `log-groups`."""
    cache: CacheStore
    """Where caches are kept."""
    cluster: ClusterPlace
    """The cluster."""


class Runners(Model):
    """What a pool gives: how a workflow asks for it."""

    runs_on: str
    """The label or tag that a job names, without the part that tells one run from another."""
    after: tuple[pulumi.Resource, ...] = ()
    """What a job needs to be there."""
