"""Property values between the engine and a provider.

The engine sends a `google.protobuf.Struct`. Two things in it are no plain JSON: a value not known yet at preview (a
fixed string) and a secret (an object with a signature). Here the first becomes `UNKNOWN`, the second its plain value;
where it stood is remembered, so that it is sent back as a secret.
Source: pulumi/pulumi, sdk/go/common/resource/properties.go and sdk/proto.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct, Value

_UNKNOWN_MARK: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, itself public


class Unknown:
    """A value that only exists once something else has been created."""

    def __repr__(self) -> str:
        return "unknown"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value has no truth: ask `is UNKNOWN` first")

    def __deepcopy__(self, _memo: object) -> "Unknown":
        return self


UNKNOWN: Final = Unknown()


Path = tuple[str, ...]
"""Names of properties from the top down. It ends at a list: what is in one has no place of its own."""


@dataclass(frozen=True)
class Properties:
    """Plain property values, and where they hold a secret."""

    values: dict[str, Any]
    secrets: frozenset[str] = field(default_factory=frozenset)
    """The names of the top-level properties with a secret in them."""
    secret_paths: frozenset[Path] = field(default_factory=frozenset)
    """Where each secret is."""


def decode(struct: Struct) -> Properties:
    """What the engine sent. Whole numbers arrive as floats and become `int`."""
    paths: set[Path] = set()
    values = {name: _plain(value, (name,), paths) for name, value in struct.fields.items()}
    return Properties(values, frozenset(path[0] for path in paths), frozenset(paths))


def _plain(value: Value, path: Path, secrets: set[Path]) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN_MARK else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            inside: set[Path] = set()
            items = [_plain(item, path, inside) for item in value.list_value.values]
            if inside:
                secrets.add(path)
            return items
        case "struct_value":
            fields = value.struct_value.fields
            signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
            if signature == _SECRET:
                secrets.add(path)
                return _plain(fields["value"], path, set())
            if signature:
                raise ValueError(
                    f"a value of kind {signature} (asset, archive or resource reference) is no property here"
                )
            return {name: _plain(item, (*path, name), secrets) for name, item in fields.items()}
        case _:
            return None


def encode(values: Mapping[str, Any], secrets: Iterable[str | Path] = ()) -> Struct:
    """What goes to the engine: absent (`None`) properties left out, those named in `secrets` marked as secret."""
    struct = Struct()
    _fill(struct, values, {(name,) if isinstance(name, str) else name for name in secrets})
    return struct


def _fill(struct: Struct, values: Mapping[str, Any], hidden: Set[Path], here: Path = ()) -> None:
    for name, plain in values.items():
        if plain is None:
            continue
        value, path = struct.fields[name], (*here, name) if hidden else ()
        if hidden and path in hidden and plain is not UNKNOWN:
            value.struct_value.fields[_SIGNATURE].string_value = _SECRET
            _set(value.struct_value.fields["value"], plain, frozenset(), ())
        else:
            _set(value, plain, hidden, path)


def _set(value: Value, plain: Any, hidden: Set[Path], path: Path) -> None:
    match plain:
        case str():
            value.string_value = plain
        case Unknown():
            value.string_value = _UNKNOWN_MARK
        case None:
            value.null_value = 0  # type: ignore[assignment]
        case bool():
            value.bool_value = plain
        case int() | float():
            value.number_value = plain
        case list() | tuple():
            value.list_value.SetInParent()
            for item in plain:
                _set(value.list_value.values.add(), item, frozenset(), ())
        case Mapping():
            value.struct_value.SetInParent()
            _fill(value.struct_value, plain, hidden, path)
        case _:
            raise TypeError(f"{type(plain).__name__} is no property value")
