"""The container image in which the training ran: by digest, and still in the registry."""

import re
from collections.abc import Mapping
from typing import Any

from groundwork.lineage.aws import Aws, NotAnsweredError, found
from groundwork.lineage.link import Link, State
from groundwork.lineage.tags import IMAGE

_BY_DIGEST = re.compile(r"(?P<host>[^/]+)/(?P<name>[^@]+?)(?::[^:@/]+)?@(?P<digest>sha256:[0-9a-f]{64})")
_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")


def check(tags: Mapping[str, str], aws: Aws) -> Link:
    """Look the digest up in ECR."""
    image = tags[IMAGE]

    def link(state: State, said: str, **details: str) -> Link:
        return Link("image", state, said, image, details)

    named = _BY_DIGEST.fullmatch(image)
    if named is None:
        return link(State.BROKEN, f"{IMAGE} is not HOST/NAME@sha256:DIGEST, so that it may be another image tomorrow")
    registry = _ECR.fullmatch(named["host"])
    if registry is None:
        return link(State.UNCHECKED, f"{named['host']} is not ECR, which is all that is asked here")
    try:
        client = aws.client("ecr", registry["region"])
        answer = found(
            lambda: client.describe_images(
                registryId=registry["account"],
                repositoryName=named["name"],
                imageIds=[{"imageDigest": named["digest"]}],
            )
        )
    except NotAnsweredError as error:
        return link(State.UNCHECKED, str(error))
    if not answer or not answer["imageDetails"]:
        return link(State.BROKEN, f"not in the repository {named['name']}: deleted, expired, or never pushed")
    return link(State.VERIFIED, f"in ECR{_pushed(answer['imageDetails'][0])}")


def _pushed(detail: Mapping[str, Any]) -> str:
    when = f", pushed {detail['imagePushedAt']:%Y-%m-%d}" if "imagePushedAt" in detail else ""
    return f"{when}, tagged {', '.join(detail['imageTags'])}" if detail.get("imageTags") else when
