"""ECR: private repositories and what removes old images from them."""

from dataclasses import dataclass
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, JSON, Block, ListOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet

_REPOSITORY = {"repositoryName": "{id}"}
_GONE = ("RepositoryNotFoundException",)
_ARN = {"resourceArn": "{arn}"}


@dataclass(frozen=True)
class AtMostOne(ListOf):
    """A list in the SDK, of one element at most, where the API has that element alone."""

    def to_api(self, value: Any, shape: Any) -> Any:
        """The element."""
        return self.item.to_api(value[0], shape) if value else None

    def from_api(self, value: Any) -> Any:
        """A list of it."""
        return None if value is None else [self.item.from_api(value)]


def _scan(ctx: Context) -> None:
    wanted = (ctx.inputs.get("imageScanningConfiguration") or {}).get("scanOnPush", False)
    ctx.call(
        "put_image_scanning_configuration",
        repositoryName=ctx.id,
        imageScanningConfiguration={"scanOnPush": wanted},
    )


REPOSITORY = ResourceType(
    "aws:ecr/repository:Repository",
    "ecr",
    id="{name}",
    properties={
        "arn": Property(output=True, api="repositoryArn"),
        "encryptionConfigurations": Property(
            kind=AtMostOne(
                Block(
                    {
                        "encryptionType": Property(default="AES256", replaces=True),
                        "kmsKey": Property(computed=True, replaces=True),
                    }
                )
            ),
            computed=True,
            replaces=True,
            api="encryptionConfiguration",
        ),
        "forceDelete": Property(kind=BOOLEAN, sent=False, returned=False),
        "imageScanningConfiguration": Property(
            kind=Block({"scanOnPush": Property(kind=BOOLEAN, required=True)}), computed=True
        ),
        "imageTagMutability": Property(default="MUTABLE"),
        "imageTagMutabilityExclusionFilters": Property(
            kind=ListOf(Block({"filter": Property(required=True), "filterType": Property(required=True)}))
        ),
        "name": Property(replaces=True, autoname=Autoname(limit=256, lower=True), api="repositoryName"),
        "registryId": Property(output=True),
        "repositoryUrl": Property(output=True, api="repositoryUri"),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_repository"),
    read=Call("describe_repositories", {"repositoryNames": ["{id}"]}, result="repositories[0]", missing=_GONE),
    facets=(
        Facet(
            properties=("imageTagMutability", "imageTagMutabilityExclusionFilters"),
            put=Call("put_image_tag_mutability", _REPOSITORY),
            created=True,
        ),
        Facet(properties=("imageScanningConfiguration",), put=_scan, created=True),
        tag_facet(
            Call("list_tags_for_resource", _ARN), "tag_resource", "untag_resource", _ARN, tags="tags", keys="tagKeys"
        ),
    ),
    delete=Call("delete_repository", {**_REPOSITORY, "force": "{forceDelete}"}, missing=_GONE),
)

LIFECYCLE_POLICY = ResourceType(
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "ecr",
    id="{repository}",
    properties={
        "policy": Property(kind=JSON, required=True, replaces=True, api="lifecyclePolicyText"),
        "registryId": Property(output=True),
        "repository": Property(required=True, replaces=True, api="repositoryName"),
        "region": REGION,
    },
    create=Call("put_lifecycle_policy"),
    read=Call("get_lifecycle_policy", _REPOSITORY, missing=(*_GONE, "LifecyclePolicyNotFoundException")),
    delete=Call("delete_lifecycle_policy", _REPOSITORY, missing=(*_GONE, "LifecyclePolicyNotFoundException")),
    # A repository has one: deleting the old one after writing the new one would leave none.
    delete_before_replace=True,
)

TYPES = (REPOSITORY, LIFECYCLE_POLICY)
