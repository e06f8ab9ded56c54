"""Parameters that the emulator accepts and forgets: kept at a create or a modify, shown where AWS shows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.wire import Parameters

Fields = dict[str, Any]


@dataclass(frozen=True)
class Remembered:
    """Which fields of which thing are remembered. Places are JMESPath expressions over the API's own names."""

    service: str
    kind: str
    """Name of the shelf."""
    id_field: str
    """The field that identifies the thing wherever it is shown, such as `VpcEndpointId`."""
    create: str
    """The operation that makes one."""
    created_ids: str
    """Where the ids are in its answer."""
    fields: Callable[[Parameters], Fields]
    """The fields to show, under the names of the answer, from the parameters of the create."""
    shown: Mapping[str, str]
    """Operation -> where its answer shows things of this kind."""
    modify: Mapping[str, tuple[str, Callable[[Fields, Parameters], Fields]]] = field(default_factory=dict)
    """Operation -> (where the id is among its parameters, the fields as changed by its parameters)."""
    delete: Mapping[str, str] = field(default_factory=dict)
    """Operation -> where the ids are among its parameters."""

    def corrections(self) -> tuple[Correction, ...]:
        """The corrections that do it. Forgetting comes last: a delete may still show what it deletes."""
        return (
            Correction(self.service, (self.create,), after=self._keep),
            Correction(self.service, tuple(self.modify), after=self._change),
            Correction(self.service, tuple(self.shown), after=self._show),
            Correction(self.service, tuple(self.delete), after=self._forget),
        )

    async def _keep(self, exchange: Exchange) -> None:
        for thing_id in found_at(self.created_ids, exchange.answer):
            exchange.shelf(self.kind).put(exchange.scope, thing_id, self.fields(exchange.parameters))

    async def _change(self, exchange: Exchange) -> None:
        place, changed = self.modify[exchange.operation.name]
        shelf = exchange.shelf(self.kind)
        for thing_id in found_at(place, exchange.parameters):
            known = shelf.get(exchange.scope, thing_id) or {}
            shelf.put(exchange.scope, thing_id, changed(known, exchange.parameters))

    async def _show(self, exchange: Exchange) -> None:
        for thing in found_at(self.shown[exchange.operation.name], exchange.answer):
            thing.update(exchange.shelf(self.kind).get(exchange.scope, thing.get(self.id_field, "")) or {})

    async def _forget(self, exchange: Exchange) -> None:
        for thing_id in found_at(self.delete[exchange.operation.name], exchange.parameters):
            exchange.shelf(self.kind).forget(exchange.scope, thing_id)


def found_at(place: str, message: Parameters) -> list[Any]:
    """What a JMESPath expression finds in a message, as a list: empty when there is nothing."""
    found = jmespath.search(place, message)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def given(parameters: Parameters, *names: str, **renamed: str) -> Fields:
    """Those of the named parameters that were given; `renamed` maps a parameter to the name that answers use."""
    wanted = {name: name for name in names} | renamed
    return {shown: parameters[name] for name, shown in wanted.items() if parameters.get(name) is not None}
