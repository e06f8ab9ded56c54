"""What every kind of runner pool is given: where it stands and what it is wired to."""

import pulumi

from components.model import Model, Wire
from components.tags import KeyName


class CacheStore(Model):
    """The store that keeps the caches of pools, each under a prefix of its own."""

    bucket_name: str
    """The bucket, by a name that is known beforehand."""
    key_name: KeyName
    """The store's key."""


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


class Runners(Model):
    """What a pool gives: how a workflow asks for it."""

    runs_on: str
    """The label or tag that a job names, without the part that tells one run from another."""
    after: tuple[pulumi.Resource, ...] = ()
    """What a job needs to be there."""
