"""What the tracking server takes: what the stack file says of it, and what it is wired to.

Units:  memory is whole GiB; CPU is thousandths of a core.
Errors: pydantic.ValidationError naming the field.
"""

from collections.abc import Mapping
from typing import Annotated, Self

import pulumi
from pydantic import Field, model_validator

from components.cluster.namespace import QuotaSettings
from components.model import ImageByDigest, Model, Wire
from components.registry.tracking_load_balancer import LoadBalancerSettings

WORKER_GIB = 0.4
"""What one process of the server takes, measured."""
QUOTA = QuotaSettings(cpu=32, memory_gib=64, pods=40, storage_gib=1)
"""Of the namespace."""
JOBS_GIB, JOBS_CPU = 1, 1
"""What is left of it for the Jobs."""
EVENTS_MILLICORES, EVENTS_MIB = 50, 256
"""What the sidecar of each pod asks for."""


class TrackingServerSettings(Model):
    """What the stack file says about the tracking server."""

    image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-mlflow@sha256:" + "0" * 64]
    )
    """The image of `images/mlflow` by digest, in the environment's own repository: it has to be there first."""
    min_replicas: Annotated[int, Field(ge=1, le=20)] = Field(default=1, examples=[2])
    """Pods that are always there; production has two or more."""
    max_replicas: Annotated[int, Field(ge=1, le=20)] = Field(default=2, examples=[6])
    """Pods that the autoscaler makes at most."""
    workers: Annotated[int, Field(ge=1, le=16)] = Field(default=2, examples=[4])
    """Processes of the server in a pod; each takes about 0.4 GiB."""
    cpu_request_millicores: Annotated[int, Field(ge=100, le=8000)] = Field(default=250, examples=[500])
    """What a pod asks for; it may use four times as much for a while, two cores at least."""
    memory_gib: Annotated[int, Field(ge=1, le=64)] = Field(default=2, examples=[4])
    """What a pod asks for and uses at most."""
    artifact_buffer_gib: Annotated[int, Field(ge=1, le=200)] = Field(default=10, examples=[20])
    """Room in a pod for artifacts on their way to and from the object store: all those that move at once."""
    load_balancer: LoadBalancerSettings | None = Field(default=None, examples=[None])
    """An internal load balancer with TLS, for callers outside the cluster; absent, there is none.

    It is made by the AWS Load Balancer Controller, which is not part of the platform: the cluster has to have it.
    """

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"min_replicas is {self.min_replicas}, more than max_replicas ({self.max_replicas})")
        if (needed := self.workers * WORKER_GIB) > self.memory_gib:
            raise ValueError(
                f"workers is {self.workers}, which take {needed:.1f} GiB, more than memory_gib ({self.memory_gib})"
            )
        # An update has one pod more for a while.
        pods = self.max_replicas + 1
        for what, asked, held in (
            ("GiB", pods * (self.memory_gib + EVENTS_MIB / 1024), QUOTA.memory_gib - JOBS_GIB),
            ("cores", pods * (self.cpu_request_millicores + EVENTS_MILLICORES) / 1000, QUOTA.cpu - JOBS_CPU),
        ):
            if asked > held:
                raise ValueError(
                    f"max_replicas is {self.max_replicas}: with one more during an update they ask for {asked:g} "
                    f"{what}, and the namespace has {held} for them"
                )
        return self


class Client(Model):
    """A team, as the server knows it."""

    namespace: str
    """The team's namespace, from which its pods call the server."""
    workspace: pulumi.Resource
    """What makes that namespace."""
    training_secret: str
    """The name of the secret with which the team's jobs sign in."""


class TrackingServerArgs(Model):
    """What the tracking server is wired to."""

    settings: TrackingServerSettings
    """What the stack file says."""
    region: str
    """Where all of it is."""
    access_configuration: str
    """Who there is and what each may do, as the Job `access` reads it."""
    clients: Mapping[str, Client]
    """Its clients by team."""
    bucket_name: str
    """The bucket of artifacts; they are under `mlflow/`."""
    database_address: Wire
    """The host name of the database."""
    database_port: Wire | pulumi.Output[int]
    """Its port."""
    master_secret_arn: Wire
    """The secret of the database's master user."""
    server_secret: str
    """The name of the server's secret."""
    queue_url: str
    """Where registry events go."""
    vpc_cidr: str
    """The VPC's IPv4 range, in which the endpoints of AWS services are."""
    database_ranges: tuple[str, ...]
    """The ranges of the subnets that the database is in."""
    egress_ranges: tuple[str, ...] = ()
    """Ranges outside the VPC that its pods may reach on port 443: S3's."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: what the namespace's pods need, their roles, the secrets, the queue and the bucket."""
