"""One resource while an operation is under way: what is wanted, what is known, and the calls on it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jmespath

from twin.providers.aws.errors import CallError, ProviderError
from twin.providers.aws.kinds import member_of, read_answer
from twin.providers.aws.schema import Action, Call, Facet, Property, ResourceType, references

if TYPE_CHECKING:
    from twin.providers.aws.clients import Clients


@dataclass(frozen=True)
class Account:
    """Who the credentials belong to, and what the provider was configured with."""

    id: str
    partition: str = "aws"
    region: str = ""
    default_tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Context:
    """What functions in a table get to work with."""

    type: ResourceType
    clients: Clients
    account: Account
    inputs: dict[str, Any]
    """What the program wants (checked inputs)."""
    id: str = ""
    old: dict[str, Any] = field(default_factory=dict)
    """What was there before this operation: the last known outputs, or in an update the actual ones."""
    state: dict[str, Any] = field(default_factory=dict)
    """What this operation has read so far."""
    known: frozenset[str] = frozenset()
    """Ids that are no answer to `find`: resources that the engine's state has, like the one that is being replaced."""
    seconds: float = 1200
    """How long the whole operation may take."""
    deadline: float = 0

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    @cached_property
    def region(self) -> str:
        """Where the resource lives: its own `region`, else the provider's."""
        found: str = self.inputs.get("region") or self.old.get("region") or self.account.region
        return found

    def value(self, name: str) -> Any:
        """What is known under this name: part of the account, of the id, wanted, read or known before."""
        match name:
            case "id":
                return self.id or None
            case "region":
                return self.region
            case "account":
                return self.account.id
            case "partition":
                return self.account.partition
        for source in (self.inputs, self.state, self.old):
            if source.get(name) is not None:
                return source[name]
        return self.type.parse_id(self.id).get(name) if self.id else None

    def fill(self, template: Any) -> Any:
        """A call's parameter, with what is known put into its templates."""
        if callable(template):
            return template(self)
        if isinstance(template, Mapping):
            filled = {key: self.fill(value) for key, value in template.items()}
            return {key: value for key, value in filled.items() if value is not None}
        if isinstance(template, list | tuple):
            return [self.fill(item) for item in template]
        if not isinstance(template, str) or "{" not in template:
            return template
        if alone := re.fullmatch(r"\{(\w+)\}", template):
            return self.value(alone.group(1))
        values = {name: self.value(name) for name in references(template)}
        if missing := [name for name, value in values.items() if value is None]:
            raise ProviderError(f"{self.type.token}: {template!r} needs {', '.join(missing)}, which is not known")
        return template.format_map(values)

    def check_time(self, what: str) -> None:
        """For functions that wait.

        Raises:
            ProviderError: the operation's time is over.
        """
        if time.monotonic() > self.deadline:
            raise ProviderError(f"{self.type.token} {self.id}: waited {self.seconds:.0f} s for {what}")

    def call(self, operation: str, /, **params: Any) -> dict[str, Any]:
        """Call an operation of the resource's service in the resource's region; for functions in a table."""
        return self.clients.call(self.type.service, operation, params, self.region)

    def request(self, call: Call, names: Iterable[str]) -> dict[str, Any]:
        """The parameters of a call that carries these properties, under the names that the API gives them."""
        params: dict[str, Any] = self.fill(dict(call.params))
        used = references(call.params)
        names = [name for name in names if name not in used and self.inputs.get(name) is not None]
        if not names and not call.into:
            return params
        target, shape = self._target(call, params)
        for name in names:
            prop = self.type.properties[name]
            found = member_of(shape, prop.api or name)
            if found is None:
                raise ProviderError(f"{self.type.token}: {call.operation} has no parameter for {name}; fix the table")
            target[found[0]] = prop.kind.to_api(self.inputs[name], found[1])
        return params

    def _target(self, call: Call, params: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        client = self.clients.client(call.service or self.type.service, self.region)
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[call.operation]).input_shape
        target = params
        for part in call.into.split(".") if call.into else ():
            name, shape = member_of(shape, part) or (part, None)
            target = target.setdefault(name, {})
        return target, shape

    def run(self, action: Action, names: Iterable[str] = ()) -> Any:
        """Do an action. `None` is the answer when AWS says by one of the call's `missing` codes that there is none."""
        if not isinstance(action, Call):
            return action(self)
        service = action.service or self.type.service
        try:
            answer = self.clients.call(service, action.operation, self.request(action, names), self.region)
        except CallError as error:
            if error.code in action.missing:
                return None
            raise
        return jmespath.search(action.result, answer) if action.result else answer

    def read_facet(self, facet: Facet) -> dict[str, Any]:
        """The facet's properties as AWS has them."""
        if facet.get is None:
            return {}
        answer = self.run(facet.get)
        if answer is None:
            return {}
        return read_answer({name: self.type.properties[name] for name in facet.properties}, answer)

    def own_properties(self) -> dict[str, Property]:
        """Those that the resource's own answer may hold."""
        separate = {name for facet in self.type.facets if facet.get for name in facet.properties}
        return {name: prop for name, prop in self.type.properties.items() if name not in separate and prop.returned}
