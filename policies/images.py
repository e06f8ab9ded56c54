"""References to container images, read as a registry client reads them.

Source: the distribution project, "reference grammar"; a name without a host is Docker Hub's.
"""

import re
from dataclasses import dataclass
from typing import Final

_HOST: Final = r"(?:localhost(?::\d+)?|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?|[A-Za-z0-9-]+:\d+)"
_PART: Final = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_REFERENCE: Final = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<repository>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,128}))?",
    re.ASCII,
)
DIGEST: Final = "sha256:[0-9a-f]{64}"
"""What a digest is, as a pattern."""
DOCKER_HUB: Final = "docker.io"


@dataclass(frozen=True)
class Image:
    """The parts of a reference."""

    host: str
    repository: str
    tag: str | None
    digest: str | None

    def is_pinned(self) -> bool:
        """Whether it names one image for good."""
        return self.digest is not None and re.fullmatch(DIGEST, self.digest) is not None

    def is_from(self, registry: str) -> bool:
        """Whether it comes from a registry: a host, or a host and the beginning of a path."""
        return f"{self.host}/{self.repository}".startswith(f"{registry}/")


def parse(reference: str) -> Image | None:
    """Return the parts of a reference, or None for what is none.

    >>> parse("registry.example.com/team/model:1.2")
    Image(host='registry.example.com', repository='team/model', tag='1.2', digest=None)
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    return Image(match["host"] or DOCKER_HUB, match["repository"], match["tag"], match["digest"])
