"""What a stack file says about a scale set of GitHub Actions runners on the cluster's GPU nodes.

Source: GitHub documentation, "Deploying runner scale sets with Actions Runner Controller", "Self-hosted runners
reference" (what a runner talks to; a job runs five days at most).
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from components.cluster.namespace import EgressRange
from components.model import ImageByDigest, Model
from components.naming import physical_name

SCALE_SET_NAME_LIMIT = 45
"""What Actions Runner Controller takes: the names of what it makes begin with it."""

Repository: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}$")]


class ScaleSetSettings(Model):
    """A pool of ephemeral runners on GPU nodes of the cluster: one pod for each job, no node while there is none."""

    kind: Literal["actions-runner-controller"] = Field(
        default="actions-runner-controller", examples=["actions-runner-controller"]
    )
    """A scale set of Actions Runner Controller."""
    repository: Repository = Field(examples=["octo-org/groundwork"])
    """The one repository of GitHub whose jobs it takes: `owner/name`."""
    node_pool: str = Field(examples=["training"])
    """The pool of `gpu_node_pools` that jobs run on."""
    image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-actions-runner@sha256:" + "0" * 64]
    )
    """What jobs run in, by digest: a copy of ghcr.io/actions/actions-runner, or an image made of it."""
    controller_image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-runner-controller@sha256:" + "0" * 64]
    )
    """A copy of ghcr.io/actions/gha-runner-scale-set-controller 0.14.2, by digest: another minor version deletes the
    scale set instead of serving it."""
    credentials_image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-runner-credentials@sha256:" + "0" * 64]
    )
    """The image of `images/runner-credentials`, by digest: it brings the GitHub App's key to the controller."""
    max_runners: Annotated[int, Field(ge=1, le=100)] = Field(default=2, examples=[2])
    """How many jobs run at once; more of them wait at GitHub. While there are none, there are no runners."""
    gpus: Annotated[int, Field(ge=1, le=8)] = Field(default=1, examples=[1])
    """GPUs of a job, as the pool shares them out."""
    cpu: Annotated[int, Field(ge=1, le=190)] = Field(default=3, examples=[3])
    """Whole cores of a job: fewer than the machine has, since the node itself needs some."""
    memory_gib: Annotated[int, Field(ge=2, le=2000)] = Field(default=12, examples=[12])
    """GiB of memory of a job, less than the machine has."""
    work_gib: Annotated[int, Field(ge=5, le=5000)] = Field(default=50, examples=[50])
    """GiB on the node's disk for the runner, the sources and all that a job writes; gone with the job."""
    job_timeout_minutes: Annotated[int, Field(ge=5, le=7200)] = Field(default=360, examples=[360])
    """When a job that still runs is stopped. The time that its node takes to come does not count."""
    egress_ranges: Annotated[tuple[EgressRange, ...], Field(min_length=1)] = Field(
        examples=[["140.82.112.0/20", "192.30.252.0/22", "185.199.108.0/22"]]
    )
    """Public IPv4 ranges that runners and their controller reach on port 443 beside those of `namespaces`, /12 at
    most: GitHub's, and those of the package registries that jobs use."""

    @property
    def images_of_pods(self) -> Mapping[str, str]:
        """The images that run in the cluster, by the setting that names each: admission has to let them in."""
        return {name: getattr(self, name) for name in ("image", "controller_image", "credentials_image")}


def scale_set_name(environment: str, name: str) -> str:
    """Return the name of a scale set, which a job's `runs-on` says, by its component's name."""
    return physical_name(environment, name, limit=SCALE_SET_NAME_LIMIT)
