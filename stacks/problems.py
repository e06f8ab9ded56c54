"""What is wrong with a settings file, said so that the reader can correct it without looking anything up.

Each problem has the field's path in the stack file, the value found, what is wrong with it, what is allowed and an
example; the last two come from the field's own description, so they cannot drift from the model.
"""

import difflib
import json
import types
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

Path: TypeAlias = tuple[str | int, ...]

ROOT = "groundwork:settings"
LONGEST_VALUE = 120

_WORDS = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such setting",
    "string_type": "it must be text",
    "bool_type": "it must be true or false, without quotes",
    "int_type": "it must be a whole number, without quotes",
    "model_type": "it must be a mapping of settings",
    "dict_type": "it must be a mapping",
    "tuple_type": "it must be a list",
}


class Absent:
    """Stands for the value of a field that is not in the file, or that is better not shown."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One wrong field."""

    path: Path
    """Where it is, below `groundwork:settings`."""
    what: str
    """What is wrong with it."""
    value: object = Absent
    """What the file says; `Absent` leaves it out."""


@dataclass(frozen=True)
class Place:
    """What the model knows of a path."""

    name: str | None
    """The setting that describes it, or None for a name that the model does not have."""
    field: FieldInfo | None
    siblings: tuple[str, ...]
    """The settings beside it."""


def problems_of(error: ValidationError, written: object) -> list[Problem]:
    """Return what pydantic found in what is `written` in the file, in the words of someone who edits YAML."""
    return [
        Problem(path=_path(details, written), what=_say(details), value=_value(details))
        for details in error.errors(include_url=False)
    ]


def report(problems: Iterable[Problem], model: type[BaseModel], file: str, *, show_values: bool = True) -> str:
    """Write all problems as one text for the terminal; without `show_values` where the settings hold a secret."""
    listed = sorted(problems, key=lambda problem: [str(part) for part in problem.path])
    count = "1 setting is" if len(listed) == 1 else f"{len(listed)} settings are"
    blocks = [f"{file}: {count} wrong, so nothing was started."]
    blocks += ["\n".join(_describe(problem, model, show_values)) for problem in listed]
    return "\n\n".join(blocks)


def spell(path: Path) -> str:
    """Write a path as people do: `groundwork:settings.zones[1]`."""
    return spelled((ROOT, *path))


def spelled(path: Path) -> str:
    """Write a path of any file so: `pack-settings.registries[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def look_up(model: type[BaseModel], path: Path) -> Place:
    """Find the innermost setting on the way to a path, which is the one that describes the value there."""
    annotation: Any = model
    place = Place(None, None, ())
    for part in path:
        models = _models_in(annotation)
        if not models:  # inside a list or a mapping, whose setting describes its items as well
            annotation = _items_of(annotation)
            continue
        fields = {name: field for owner in models for name, field in owner.model_fields.items()}
        siblings = tuple(sorted(fields))
        if (found := fields.get(str(part))) is None:
            return Place(None, None, siblings)
        place, annotation = Place(str(part), found, siblings), found.annotation
    return place


def _describe(problem: Problem, model: type[BaseModel], show_value: bool) -> Iterable[str]:
    place = look_up(model, problem.path)
    yield f"  {spell(problem.path)}"
    if problem.value is not Absent and show_value:
        yield f"    value:   {shorten(problem.value)}"
    yield f"    problem: {problem.what}"
    if place.field is None and place.siblings:
        close = difflib.get_close_matches(str(problem.path[-1]), place.siblings, n=1)
        meant = f" (did you mean {close[0]}?)" if close else ""
        yield f"    allowed: {', '.join(place.siblings)}{meant}"
    if place.field is not None and place.field.description:
        yield f"    allowed: {' '.join(place.field.description.split())}"
    if place.field is not None and place.field.examples:
        yield f"    example: {place.name}: {json.dumps(place.field.examples[0], ensure_ascii=False, default=str)}"


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a value of this type may be: several for a union that `kind` tells apart."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Annotated, Union, types.UnionType):
        return [model for arg in get_args(annotation) for model in _models_in(arg)]
    return []


def _items_of(annotation: Any) -> Any:
    """Return the type of the values in a mapping or tuple, through `Annotated` and `| None`."""
    if get_origin(annotation) is Annotated:
        return _items_of(get_args(annotation)[0])
    inner = [arg for arg in get_args(annotation) if arg not in (Ellipsis, type(None))]
    if get_origin(annotation) in (Union, types.UnionType):
        return _items_of(inner[0])
    return inner[-1] if inner else None


def _path(details: ErrorDetails, written: Any) -> Path:
    """Return the part of pydantic's location that is in the file: it also names validators and members of unions."""
    path: list[str | int] = []
    for part in details["loc"]:
        in_mapping = isinstance(written, dict) and part in written
        if in_mapping or (isinstance(written, list) and isinstance(part, int) and part < len(written)):
            written = written[part]
        elif (details["type"], part) != ("missing", details["loc"][-1]):
            continue
        path.append(part)
    return tuple(path)


def _value(details: ErrorDetails) -> object:
    # A missing field has no value, and an unknown one may be a secret that someone put in the wrong place.
    return Absent if details["type"] in ("missing", "extra_forbidden") else details["input"]


def _say(details: ErrorDetails) -> str:
    kind, value = details["type"], details["input"]
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f"{_WORDS[kind]}: put it in quotes, or YAML reads it as something else and may change it"
    if kind in _WORDS:
        return _WORDS[kind] if value is not None else f"{_WORDS[kind]}, and it is empty"
    if kind == "union_tag_not_found":
        return f"it does not say its {details['ctx']['discriminator']}"
    if kind == "union_tag_invalid":
        return f"its {details['ctx']['discriminator']} is none of {details['ctx']['expected_tags']}"
    if kind == "string_pattern_mismatch":
        return f"it does not match {details['ctx']['pattern']}"
    return (
        details["msg"].removeprefix("Value error, ").replace("Input should", "it should").replace("Input is", "it is")
    )


def shorten(value: object) -> str:
    """Write a value as the file does, and no longer than a line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
