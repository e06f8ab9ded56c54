"""Create, read, update and delete, for every resource type alike."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any

import jmespath

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import empty, read_answer
from twin.providers.aws.schema import Call
from twin.providers.aws.tags import split_tags


class PartialFailureError(ProviderError):
    """The resource exists, but a later step failed: it must be recorded, so that the next `up` finishes it."""

    def __init__(self, resource_id: str, state: dict[str, Any], reason: str) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.state = state


def create(ctx: Context) -> dict[str, Any]:
    """Create the resource, then its facets, and wait until it can be used; sets `ctx.id`.

    Returns:
        The outputs.

    Raises:
        ProviderError: nothing was created.
        PartialFailureError: the resource was created, a later step failed.
    """
    resource = ctx.type
    ctx.id = _create_base(ctx)
    try:
        _wait_ready(ctx)
        for facet in resource.facets:
            if (
                facet.put is not None
                and not facet.created
                and any(_unlike_initial(ctx, name) for name in facet.properties)
            ):
                ctx.run(facet.put, facet.properties)
        _wait_ready(ctx)
        state = read(ctx)
        if state is None:
            raise ProviderError(f"{resource.token} {ctx.id} is not there right after it was created")
    except ProviderError as error:
        raise PartialFailureError(ctx.id, _known(ctx), str(error)) from error
    return state


def _unlike_initial(ctx: Context, name: str) -> bool:
    wanted = ctx.inputs.get(name)
    prop = ctx.type.properties[name]
    return wanted is not None and not prop.kind.same(wanted, prop.initial)


def _create_base(ctx: Context) -> str:
    resource = ctx.type
    if not isinstance(resource.create, Call):
        return str(resource.create(ctx))
    separate = {name for facet in resource.facets if not facet.created for name in facet.properties}
    carried = [name for name, prop in resource.input_properties().items() if prop.sent and name not in separate]
    call = resource.create
    answer = ctx.clients.call_creating(
        call.service or resource.service, call.operation, ctx.request(call, carried), ctx.region, lambda: find(ctx)
    )
    if not resource.id.startswith("="):
        return str(ctx.fill(resource.id))
    return str(jmespath.search(resource.id[1:], answer) if answer is not None else find(ctx))


def read(ctx: Context) -> dict[str, Any] | None:
    """The outputs as AWS has them now, or `None` if there is no such resource."""
    resource = ctx.type
    answer = ctx.run(resource.read)
    if answer is None or (resource.states and _status(ctx, answer) in resource.states.gone):
        return None
    ctx.state = {**resource.parse_id(ctx.id), **read_answer(ctx.own_properties(), answer)}
    for facet in resource.facets:
        ctx.state.update(ctx.read_facet(facet))
    for name, prop in resource.properties.items():
        if prop.derived:
            ctx.state[name] = ctx.fill(prop.derived)
        elif not prop.returned and not prop.output:
            ctx.state[name] = _first(ctx.inputs.get(name), ctx.old.get(name), prop.default)
        elif ctx.state.get(name) is None:
            ctx.state[name] = _first(prop.initial, prop.default)
    if resource.tagged:
        split_tags(ctx)
    _keep_wording(ctx)
    return ctx.state


def _keep_wording(ctx: Context) -> None:
    """Where AWS says the same in other words (a policy's layout, the order of a set), stay with the program's."""
    for name, prop in ctx.type.properties.items():
        wording = _first(ctx.inputs.get(name), ctx.old.get(name))
        if name in ctx.state:
            ctx.state[name] = prop.kind.worded(ctx.state[name], wording)


def update(ctx: Context, ignored: Iterable[str] = ()) -> dict[str, Any]:
    """Bring the facets that differ to what is wanted.

    What is wanted is compared with what is actually there, so that an update also finishes a creation that failed
    half-way. What is ignored stays as it is there: the engine gives its last known value, which somebody else may have
    changed since, as an autoscaler does with a desired size.

    Raises:
        PartialFailureError: a step failed; says what is there now.
    """
    resource = ctx.type
    before = dict(ctx.old)
    actual = read(ctx)
    if actual is None:
        raise ProviderError(f"{resource.token} {ctx.id} no longer exists; run `pulumi refresh`")
    for path in ignored:
        _leave(ctx.inputs, actual, path)
    try:
        for facet in resource.facets:
            changed = [name for name in facet.properties if _changed(ctx, name, before, actual)]
            if facet.put is None or not changed:
                continue
            ctx.old = {**before, **actual}
            wanted = any(not empty(ctx.inputs.get(name)) for name in facet.properties)
            if facet.delete is not None and not wanted:
                ctx.run(facet.delete)
            else:
                ctx.run(facet.put, facet.properties)
            _wait_ready(ctx)
        state = read(ctx)
        if state is None:
            raise ProviderError(f"{resource.token} {ctx.id} is not there after its update")
    except ProviderError as error:
        raise PartialFailureError(ctx.id, _known(ctx), str(error)) from error
    return state


def _leave(inputs: dict[str, Any], actual: dict[str, Any], path: str) -> None:
    """Let an input (a path as `ignoreChanges` has it, `scalingConfig.desiredSize`) want what is there."""
    *way, last = [int(word) if word.isdigit() else word for word in re.findall(r'[^.\[\]"]+', path)]
    wanted: Any = inputs
    there: Any = actual
    for word in way:
        wanted, there = _inside(wanted, word), _inside(there, word)
    value = _inside(there, last)
    if value is None or wanted is None:
        return
    wanted[last] = value
    if path == "tags":
        inputs["tagsAll"] = actual["tagsAll"]


def _inside(value: Any, word: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(word))
    if isinstance(value, list) and isinstance(word, int) and word < len(value):
        return value[word]
    return None


def _changed(ctx: Context, name: str, before: dict[str, Any], actual: dict[str, Any]) -> bool:
    prop = ctx.type.properties[name]
    wanted = ctx.inputs.get(name)
    if wanted is None and prop.computed:
        return False
    there = actual.get(name) if prop.returned else before.get(name)
    return not prop.kind.same(there, wanted)


def delete(ctx: Context) -> None:
    """Delete the resource and wait until it is gone; one that is not there is no error."""
    resource = ctx.type
    if resource.delete is None:
        return
    ctx.state = dict(ctx.old)
    ctx.run(resource.delete)
    states = resource.states
    if states is None:
        return

    def gone(answer: Any) -> bool:
        status = _status(ctx, answer) if answer is not None else None
        if status in states.stuck:
            raise ProviderError(f"{ctx.type.token} {ctx.id} could not be deleted: it is {status}")
        return answer is None or status in states.gone

    _poll(ctx, "to be deleted", gone)


def find(ctx: Context) -> str | None:
    """The id of the resource that these inputs would create, if it exists."""
    resource = ctx.type
    if resource.find is not None:
        return resource.find(ctx)
    if resource.id.startswith("="):
        return None
    kept, ctx.id = ctx.id, ctx.fill(resource.id)
    try:
        return ctx.id if ctx.run(resource.read) is not None else None
    finally:
        ctx.id = kept


def _wait_ready(ctx: Context) -> None:
    states = ctx.type.states
    if states is None:
        return

    def ready(answer: Any) -> bool:
        status = _status(ctx, answer) if answer is not None else None
        if status in states.failed:
            raise ProviderError(
                f"{ctx.type.token} {ctx.id} went into state {status}, expected {' or '.join(states.ready)}"
            )
        return status in states.ready

    _poll(ctx, f"to become {' or '.join(states.ready)}", ready)


def _poll(ctx: Context, what: str, done: Any) -> None:
    """Read again and again, first often, then every five seconds, until done or the operation's time is over."""
    pause = 0.05
    while True:
        answer = ctx.run(ctx.type.read)
        if done(answer):
            return
        if time.monotonic() > ctx.deadline:
            status = _status(ctx, answer) if answer is not None else "absent"
            raise ProviderError(f"{ctx.type.token} {ctx.id} is {status}; waited {ctx.seconds:.0f} s for it {what}")
        ctx.clients.pause(pause)
        pause = min(pause * 1.5, 5)


def _status(ctx: Context, answer: Any) -> Any:
    return jmespath.search(ctx.type.states.path, answer) if ctx.type.states else None


def _known(ctx: Context) -> dict[str, Any]:
    """What there is after a failure: as AWS tells it, or as far as it was read before."""
    try:
        return read(ctx) or dict(ctx.inputs)
    except ProviderError:  # the failure itself is reported; this is only about how much is known
        return {**ctx.inputs, **ctx.state}


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
