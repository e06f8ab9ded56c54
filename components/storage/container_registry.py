"""Private ECR repositories for the platform's images.

Owns the repositories and their lifecycle; not the KMS key. A tag names one image for ever, every push is scanned, and
images are encrypted with the wired key: none of it is an option.

Units:  ages are whole days.
Source: ECR API, CreateRepository, PutLifecyclePolicy.
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import json
from collections.abc import Mapping
from typing import Annotated

import pulumi
from pulumi_aws import ecr
from pydantic import Field, field_validator

from components.model import Model, Wire
from components.naming import physical_name
from components.tags import DataClass, classification_tag

REPOSITORY_NAME_LIMIT = 256

RepositoryName = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$", min_length=2, max_length=100)]
"""The last part of a repository's name: small letters, digits, and single `.`, `_` or `-` between them."""


class ContainerRegistrySettings(Model):
    """What the stack file says about images."""

    repositories: tuple[RepositoryName, ...] = Field(min_length=1, examples=[["mlflow", "training"]])
    """One repository for each kind of image."""
    untagged_days: Annotated[int, Field(ge=1, le=365)] = Field(default=14, examples=[14])
    """Age at which an image without a tag is removed."""
    keep_images: Annotated[int, Field(ge=1, le=10000)] = Field(default=100, examples=[100])
    """How many images a repository keeps; the oldest beyond that are removed."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the repositories."""
    force_delete: bool = Field(default=False, examples=[False])
    """Deleting a repository deletes its images, rather than failing while there are any."""

    @field_validator("repositories")
    @classmethod
    def _named_once(cls, repositories: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({name for name in repositories if repositories.count(name) > 1}):
            raise ValueError(f"a repository is named once, but {', '.join(twice)} is repeated")
        return repositories


class ContainerRegistryArgs(Model):
    """What the repositories are wired to."""

    settings: ContainerRegistrySettings
    """What the stack file says."""
    environment: str
    """Part of every repository's name."""
    key_arn: Wire
    """The customer managed key that encrypts images."""
    data_class: DataClass = DataClass.CONFIDENTIAL
    """How sensitive the images are: tags the repositories."""


class ContainerRegistry(pulumi.ComponentResource):
    """The repositories `groundwork-<environment>-<repository>` of one environment."""

    repository_urls: Mapping[str, pulumi.Output[str]]
    """What images are pushed to and pulled from, by repository as the settings name it."""
    repository_arns: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ContainerRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:storage:ContainerRegistry", name, None, opts)
        repositories = {
            repository: self._repository(name, args, repository) for repository in args.settings.repositories
        }
        self.repository_urls = {key: made.repository_url for key, made in repositories.items()}
        self.repository_arns = {key: made.arn for key, made in repositories.items()}
        self.register_outputs({"repository_urls": self.repository_urls, "repository_arns": self.repository_arns})

    def _repository(self, name: str, args: ContainerRegistryArgs, repository: str) -> ecr.Repository:
        # Stateful: renaming this without an alias replaces the repository and loses the images in it.
        made = ecr.Repository(
            f"{name}-{repository}",
            name=repository_name(args.environment, repository),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key_arn}],
            force_delete=args.settings.force_delete,
            tags=classification_tag(args.data_class),
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protect),
        )
        ecr.LifecyclePolicy(
            f"{name}-{repository}-lifecycle",
            repository=made.name,
            policy=lifecycle_policy(args.settings),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made


def repository_name(environment: str, repository: str) -> str:
    """Return the whole name of a repository, of its name in the settings."""
    return physical_name(environment, repository, limit=REPOSITORY_NAME_LIMIT)


def lifecycle_policy(settings: ContainerRegistrySettings) -> str:
    """Return ECR's lifecycle policy text; rules apply in the order of their priority, the one for `any` last."""
    rules = [
        {
            "rulePriority": 1,
            "description": "Images that lost their tag, or never had one",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": settings.untagged_days,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "description": "The oldest images",
            "selection": {
                "tagStatus": "any",
                "countType": "imageCountMoreThan",
                "countNumber": settings.keep_images,
            },
            "action": {"type": "expire"},
        },
    ]
    return json.dumps({"rules": rules}, sort_keys=True, separators=(",", ":"))
