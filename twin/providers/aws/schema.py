"""The vocabulary in which a resource type is written down: properties, API calls, facets, states.

A table says what AWS and the official provider do; `twin.providers.aws.lifecycle` does it. Strings in call parameters
are templates over what is known of the resource: `"{id}"`, `"{bucket}"`, `"arn:{partition}:s3:::{bucket}"`. A template
that is one name keeps the value's own type, and leaves the parameter out when there is no such value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import STRING, Kind, MapOf

if TYPE_CHECKING:
    from twin.providers.aws.context import Context


@dataclass(frozen=True, kw_only=True)
class Autoname:
    """A physical name made from the logical one as the official provider does: name, hyphen, seven hex digits."""

    limit: int
    """The longest name that the service takes."""
    lower: bool = False
    """Capitals are not allowed."""
    prefix: str = ""
    """What the service wants every name to begin with (`alias/`)."""


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property of a resource, or of a block in it."""

    kind: Kind = STRING
    required: bool = False
    replaces: bool = False
    """A change needs a new resource (Terraform's ForceNew)."""
    default: Any = None
    """What the official provider fills in when the program says nothing."""
    initial: Any = None
    """What AWS sets by itself when the resource is created; a facet that wants just that needs no call then."""
    computed: bool = False
    """AWS decides when the program says nothing, and then it is no difference (Terraform's Optional and Computed)."""
    output: bool = False
    """No input: only AWS says it."""
    sent: bool = True
    """Goes into the create call or its facet's; `False` for what only the provider knows (`forceDestroy`)."""
    returned: bool = True
    """Comes back in an answer; `False` keeps what the program said (passwords, `forceDestroy`)."""
    secret: bool = False
    autoname: Autoname | None = None
    api: str = ""
    """The API's name, where it is not the same word whatever its case."""
    read: str = ""
    """JMESPath in the answer, where it is found in another place than it is sent."""
    derived: str | Callable[[Context], Any] = ""
    """An output that no answer holds: a template, or a function."""


@dataclass(frozen=True)
class Call:
    """One API operation."""

    operation: str
    """The name of the client's method."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Parameters: templates, plain values, or functions of the context. `None` leaves the parameter out."""
    into: str = ""
    """The parameter (dotted path) that takes the properties, when they are not parameters themselves."""
    result: str = ""
    """JMESPath of what matters in the answer."""
    missing: tuple[str, ...] = ()
    """Error codes that mean: there is none."""
    service: str = ""
    """Another service than the resource type's."""


Action = Call | Callable[["Context"], Any]
"""A call, or a function for what a table cannot say. A function that reads answers `None` for: there is none."""


@dataclass(frozen=True, kw_only=True)
class Facet:
    """Properties that have calls of their own."""

    properties: tuple[str, ...]
    put: Action | None = None
    """Writes all of them; without one they never change (each forces a new resource)."""
    get: Action | None = None
    """Reads them; without one they are in the resource's own answer."""
    delete: Action | None = None
    """Used instead of `put` once none of them is set."""
    created: bool = False
    """The create call carries them too, so that `put` is for updates alone."""


@dataclass(frozen=True)
class States:
    """Where the answer to `read` tells how far a resource is."""

    path: str
    """JMESPath in the answer."""
    ready: tuple[str, ...]
    failed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    """As good as deleted."""
    stuck: tuple[str, ...] = ()
    """A delete that AWS has given up."""


@dataclass(frozen=True, eq=False)
class ResourceType:
    """A resource type of the official provider, and how to serve it."""

    token: str
    service: str
    """The boto3 client."""
    _: KW_ONLY
    properties: Mapping[str, Property]
    id: str
    """A template over the properties (`"{role}:{name}"`), which also says how to take an imported id apart; or, with a
    leading `=`, the JMESPath of the id in the answer to `create`."""
    create: Action
    read: Action
    delete: Action | None
    """`None`: there is nothing to take away (the official provider forgets it)."""
    facets: tuple[Facet, ...] = ()
    find: Callable[[Context], str | None] | None = None
    """Looks an interrupted create up by its natural key. Without one the id template is filled in and read."""
    states: States | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    """Inputs of the SDK that are not modelled, with the reason (dotted path for nested ones)."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Outputs of the SDK that are not produced, with the reason."""
    recomputed: Mapping[str, Callable[[Mapping[str, Any], set[str]], bool]] = field(default_factory=dict)
    """Outputs that an update gives a new value: by name, whether it does, told from the inputs and the names of those
    that change (Terraform's ComputedIf). A preview shows them as unknown, so that it shows what depends on them too."""
    delete_before_replace: bool = False
    create_minutes: float = 20
    delete_minutes: float = 20

    @property
    def module(self) -> str:
        """`s3` of `aws:s3/bucket:Bucket`: the file in `twin/providers/aws/types` that the table is in."""
        return self.token.split(":")[1].split("/")[0]

    @property
    def tagged(self) -> bool:
        """Whether it takes part in the provider's default tags."""
        return "tagsAll" in self.properties

    def input_properties(self) -> dict[str, Property]:
        """What a program may set."""
        return {name: prop for name, prop in self.properties.items() if not prop.output}

    def parse_id(self, resource_id: str) -> dict[str, str]:
        """The properties that an id made by a template tells.

        Raises:
            ProviderError: the id has another shape; says which one is expected.
        """
        if self.id.startswith("="):
            return {}
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(self.id))
        found = re.fullmatch(pattern, resource_id)
        if not found:
            raise ProviderError(f"id {resource_id!r} of {self.token} does not have the form {self.id}")
        return found.groupdict()


REGION = Property(computed=True, replaces=True, sent=False, derived="{region}")
"""Each regional resource's own `region`; a change makes a new resource there."""

TAGS = {
    "tags": Property(kind=MapOf(), sent=False, returned=False),
    "tagsAll": Property(kind=MapOf(), computed=True, api="Tags"),
}
"""What the program says, and that plus the provider's default tags: what is sent and read."""


def references(template: Any) -> set[str]:
    """The names in a parameter's templates."""
    if isinstance(template, str):
        return set(re.findall(r"\{(\w+)\}", template))
    if isinstance(template, Mapping):
        return set().union(*(references(value) for value in template.values()), set())
    if isinstance(template, list | tuple):
        return set().union(*(references(value) for value in template), set())
    return set()
