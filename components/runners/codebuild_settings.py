"""What a stack file says about a pool of CodeBuild runners.

Source: AWS CodeBuild user guide, "Build environment compute modes and types" (which type of environment has which
sizes), "Docker images provided by CodeBuild"; AWS CodeBuild API reference, CreateProject (limits).
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from components.model import ImageByDigest, Model
from components.naming import physical_name
from components.retention import FromThreeMonths

EnvironmentType: TypeAlias = Literal["LINUX_CONTAINER", "ARM_CONTAINER", "LINUX_GPU_CONTAINER"]
ComputeType: TypeAlias = Literal[
    "BUILD_GENERAL1_SMALL",
    "BUILD_GENERAL1_MEDIUM",
    "BUILD_GENERAL1_LARGE",
    "BUILD_GENERAL1_XLARGE",
    "BUILD_GENERAL1_2XLARGE",
]
CURATED: Mapping[EnvironmentType, str] = {
    "LINUX_CONTAINER": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
    "ARM_CONTAINER": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
}
"""AWS' own images. They are chosen by name alone; CodeBuild has none for GPUs."""
GPU: EnvironmentType = "LINUX_GPU_CONTAINER"
GPU_SIZES: tuple[ComputeType, ...] = ("BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_LARGE")
ECR = ".dkr.ecr."
PROJECT_NAME_LIMIT = 150
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CONNECTION = rf"^arn:aws:codeconnections:[a-z0-9-]+:[0-9]{{12}}:connection/{_UUID}$"


class CodeBuildSettings(Model):
    """A pool of ephemeral CodeBuild runners in the private subnets: one machine for each job, none while idle."""

    kind: Literal["codebuild"] = Field(default="codebuild", examples=["codebuild"])
    """CodeBuild-hosted runners."""
    provider: Literal["github", "gitlab"] = Field(default="github", examples=["github"])
    """Whose jobs run on it."""
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)+$", max_length=200)] = (
        Field(examples=["octo-org/groundwork"])
    )
    """The one repository whose jobs it takes, by its path: `owner/name`, for GitLab with its groups."""
    connection_arn: Annotated[str, Field(pattern=CONNECTION)] = Field(
        examples=["arn:aws:codeconnections:eu-west-1:123456789012:connection/01234567-89ab-cdef-0123-456789abcdef"]
    )
    """The connection of AWS CodeConnections by which CodeBuild talks to GitHub or GitLab, made and confirmed in the
    console: there is no token here or anywhere else."""
    workflows: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9 _.-]{1,100}$")], ...] = Field(
        default=(), examples=[["deploy", "drift"]]
    )
    """The workflows of GitHub Actions whose jobs it takes, by name; empty, all of them."""
    environment_type: EnvironmentType = Field(default="LINUX_CONTAINER", examples=["LINUX_CONTAINER"])
    """CodeBuild's name of the kind of machine: `LINUX_GPU_CONTAINER` has GPUs and needs an image of yours."""
    compute_type: ComputeType = Field(default="BUILD_GENERAL1_MEDIUM", examples=["BUILD_GENERAL1_MEDIUM"])
    """CodeBuild's name of the size; with GPUs SMALL or LARGE."""
    image: ImageByDigest | None = Field(default=None, examples=[None])
    """The image that jobs run in, of an ECR repository, by digest; absent, CodeBuild's own for the environment type."""
    privileged: bool = Field(default=False, examples=[False])
    """Let jobs build container images with Docker: they are root on their machine then."""
    cache: bool = Field(default=True, examples=[True])
    """Keep the toolchain between jobs. A job that is not trusted could leave something there for the next one: give
    such jobs a pool without."""
    build_timeout_minutes: Annotated[int, Field(ge=5, le=2160)] = Field(default=60, examples=[60])
    """When a job that still runs is stopped."""
    queued_timeout_minutes: Annotated[int, Field(ge=5, le=480)] = Field(default=60, examples=[60])
    """When a job that waits for a machine is given up."""
    concurrent_jobs: Annotated[int, Field(ge=1, le=100)] = Field(default=4, examples=[4])
    """How many jobs run at once; more of them wait."""
    log_retention_days: FromThreeMonths = Field(default=365, examples=[365])
    """How long the logs of jobs are kept; of the values that CloudWatch Logs knows."""

    @model_validator(mode="after")
    def _machine_exists(self) -> Self:
        if self.environment_type == GPU and self.compute_type not in GPU_SIZES:
            raise ValueError(f"compute_type {self.compute_type}: machines with GPUs are {' and '.join(GPU_SIZES)}")
        if self.environment_type == GPU and self.image is None:
            raise ValueError(
                "image: CodeBuild has no image of its own for GPUs; name one of an ECR repository by digest"
            )
        if self.image is not None and ECR not in self.image:
            raise ValueError(f"image: {self.image} is not of an ECR repository, the only place that jobs pull from")
        if self.provider == "gitlab" and self.workflows:
            raise ValueError("workflows: only GitHub Actions has them; a job of GitLab names the pool in its tags")
        return self


def codebuild_project_name(environment: str, name: str) -> str:
    """Return the name of the project of a pool, by its component's name."""
    return physical_name(environment, name, limit=PROJECT_NAME_LIMIT)
