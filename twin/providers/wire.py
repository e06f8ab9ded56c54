"""Property values between the engine and a provider.

The engine sends a `google.protobuf.Struct`. Two things in it are no plain JSON: a value not known yet at preview (a
fixed string) and a secret (an object with a signature). Here the first becomes `UNKNOWN`, the second its plain value;
the name of the top-level property that held it is remembered, so that it is sent back as a secret.
Source: pulumi/pulumi, sdk/go/common/resource/properties.go and sdk/proto.
"""

from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True)
class Properties:
    """Plain property values, and the names of the top-level ones that hold a secret."""

    values: dict[str, Any]
    secrets: frozenset[str] = field(default_factory=frozenset)


def decode(struct: Struct) -> Properties:
    """What the engine sent. Whole numbers arrive as floats and become `int`."""
    values: dict[str, Any] = {}
    secrets: set[str] = set()
    for name, value in struct.fields.items():
        found: list[bool] = []
        values[name] = _plain(value, found)
        if found:
            secrets.add(name)
    return Properties(values, frozenset(secrets))


def _plain(value: Value, secrets: list[bool]) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN_MARK else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_plain(item, secrets) for item in value.list_value.values]
        case "struct_value":
            fields = value.struct_value.fields
            signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
            if signature == _SECRET:
                secrets.append(True)
                return _plain(fields["value"], secrets)
            if signature:
                raise ValueError(
                    f"a value of kind {signature} (asset, archive or resource reference) is no AWS property"
                )
            return {name: _plain(item, secrets) for name, item in fields.items()}
        case _:
            return None


def encode(values: Mapping[str, Any], secrets: Iterable[str] = ()) -> Struct:
    """What goes to the engine: absent (`None`) properties left out, those named in `secrets` marked as secret."""
    struct = Struct()
    hidden = set(secrets)
    for name, value in values.items():
        if value is None:
            continue
        if name in hidden and value is not UNKNOWN:
            value = {_SIGNATURE: _SECRET, "value": value}
        struct.fields[name].CopyFrom(_value(value))
    return struct


def _value(plain: Any) -> Value:
    value = Value()
    match plain:
        case Unknown():
            value.string_value = _UNKNOWN_MARK
        case None:
            value.null_value = 0  # type: ignore[assignment]
        case bool():
            value.bool_value = plain
        case int() | float():
            value.number_value = plain
        case str():
            value.string_value = plain
        case list() | tuple():
            value.list_value.values.extend(_value(item) for item in plain)
        case Mapping():
            value.struct_value.SetInParent()
            for name, item in plain.items():
                if item is not None:
                    value.struct_value.fields[name].CopyFrom(_value(item))
        case _:
            raise TypeError(f"{type(plain).__name__} is no property value")
    return value
