"""Which search domain a request is about, when policies are evaluated.

ministack 1.5.33 looks for a domain's name in the body alone, where CreateDomain and UpgradeDomain have it; the others
have it in the path or the query, or name the domain by its ARN. A policy that names domains refused what AWS allows.

Source: Service authorization reference, "Amazon OpenSearch Service".
"""

import re
from typing import Any
from urllib.parse import unquote

from twin.aws.corrections.read_resources import fields, first

_DOMAIN = re.compile(r"/2021-01-01/opensearch/domain/(?P<name>[^/]+)(/.*)?")
_TAGS = re.compile(r"/2021-01-01/tags(-removal)?/?")


def of(path: str, body: bytes, query: Any, place: str) -> str | None:
    """The ARN that a request is decided on; None for one that the emulator knows, or that is about no domain.

    Args:
        path: of the request.
        body: of the request.
        query: the parameters of the request.
        place: `<region>:<account>`.
    """
    if domain := _DOMAIN.fullmatch(path):
        return arn_of(unquote(domain["name"]), place)
    if _TAGS.fullmatch(path):
        return first(query, "arn") or str(fields(body).get("ARN") or "*")
    name = first(query, "domainName")
    return arn_of(name, place) if name else None


def arn_of(name: str, place: str) -> str:
    """The ARN of a domain."""
    return f"arn:aws:es:{place}:domain/{name}"
