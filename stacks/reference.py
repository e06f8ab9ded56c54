"""The table of all settings in docs/settings.md, written from the models: `python -m stacks.reference`."""

import json
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stacks.settings import StackSettings

FILE = Path(__file__).parent.parent / "docs" / "settings.md"
MARK = "<!-- settings -->\n"


def table() -> str:
    """Return a Markdown table of every setting with its default and what it means."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    rows += [f"| `{path}` | {default} | {meaning} |" for path, default, meaning in _walk(StackSettings, "", {})]
    return "\n".join(rows) + "\n"


def rendered(document: str) -> str:
    """Return the document with the table in place of what followed the mark."""
    return document.split(MARK)[0] + MARK + table()


def _walk(model: type[BaseModel], prefix: str, known: dict[type[BaseModel], str]) -> Iterable[tuple[str, str, str]]:
    """Yield path, default and meaning of each setting; a model that was there before is referred to, not repeated."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        models = list(_models_in(field.annotation))
        repeated = [f"As `{known[inner]}`." for inner, _ in models if inner in known]
        yield path, _default(field), " ".join([_meaning(field), *repeated])
        for inner, below in models:
            if inner not in known:
                known[inner] = path
                yield from _walk(inner, f"{path}{below}.", known)


def _models_in(annotation: Any, below: str = "") -> Iterable[tuple[type[BaseModel], str]]:
    """Yield the models in a type, each with how a path goes on to it: `[]` into a list, `.<name>` into a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, below
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _models_in(member, below)
    elif origin is Annotated:
        yield from _models_in(get_args(annotation)[0], below)
    elif origin is tuple:
        yield from _models_in(get_args(annotation)[0], f"{below}[]")
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _models_in(get_args(annotation)[1], f"{below}.<name>")


def _default(field: FieldInfo) -> str:
    if field.is_required() or _tells_apart(field):
        return "required"
    if isinstance(field.default, BaseModel):
        return "as below"
    return f"`{json.dumps(field.default, default=str)}`"


def _meaning(field: FieldInfo) -> str:
    if _tells_apart(field):
        return f"`{field.default}`: what follows is of this kind."
    return " ".join((field.description or "").split()).replace("|", "\\|")


def _tells_apart(field: FieldInfo) -> bool:
    """Return whether it is the `kind` by which the members of a union are told apart: it has one value alone."""
    return get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1


if __name__ == "__main__":
    FILE.write_text(rendered(FILE.read_text(encoding="utf-8")), encoding="utf-8")
