"""References to container images, read as a registry client reads them.

Source: the distribution project, "reference grammar"; a name without a host is Docker Hub's.
"""

import re
from dataclasses import dataclass
from typing import Final

HOST: Final = r"(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?|[A-Za-z0-9-]+:\d+)"
_PART: Final = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_NAME: Final = rf"(?:(?P<host>{HOST})/)?(?P<repository>{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?"
REFERENCE: Final = _NAME + "(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,128}))?"
"""What a reference is, as a pattern that RE2 reads as well."""
PINNED: Final = _NAME + "@(?P<digest>sha256:[0-9a-f]{64})"
"""What a reference to one image for good is."""
_REFERENCE: Final = re.compile(REFERENCE, re.ASCII)
_PINNED: Final = re.compile(PINNED, re.ASCII)
DOCKER_HUB: Final = "docker.io"


@dataclass(frozen=True)
class Image:
    """The parts of a reference."""

    host: str
    repository: str
    tag: str | None
    digest: str | None

    def is_from(self, registry: str) -> bool:
        """Whether it comes from a registry: a host, or a host and the beginning of a path."""
        return f"{self.host}/{self.repository}".startswith(f"{registry}/")


def is_pinned(reference: str) -> bool:
    """Whether a reference names one image for good."""
    return _PINNED.fullmatch(reference) is not None


def parse(reference: str) -> Image | None:
    """Return the parts of a reference, or None for what is none.

    >>> parse("registry.example.com/team/model:1.2")
    Image(host='registry.example.com', repository='team/model', tag='1.2', digest=None)
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    return Image(match["host"] or DOCKER_HUB, match["repository"], match["tag"], match["digest"])
