"""What RDS types share: tags."""

from twin.providers.aws.kinds import MapOf
from twin.providers.aws.schema import TAGS, Call, Facet, Property
from twin.providers.aws.tags import tag_facet

TAGGED = {
    "tags": TAGS["tags"],
    "tagsAll": Property(kind=MapOf(), computed=True, api="Tags", read="TagList"),
}
"""As `TAGS`, under the name that RDS answers."""

NO_PREFIX = {"namePrefix": "give the name itself, or none and get one made from the logical name"}


def rds_tags(get: Call | None = None) -> Facet:
    """Tags of anything in RDS, which are reached by its ARN."""
    return tag_facet(get, "add_tags_to_resource", "remove_tags_from_resource", {"ResourceName": "{arn}"})
