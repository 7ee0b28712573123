"""DynamoDB's typed attribute values, encode beside decode. Pure: used by the functions and by the recorder."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeAlias

from chalicelib.keys import Key

Item: TypeAlias = dict[str, Any]
"""One row: str, int, float, bool, None, and lists and dicts of these."""


def encode(value: Any) -> dict[str, Any]:
    """`value` as DynamoDB's typed JSON; raises TypeError for a type that has none here."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": repr(value)}
        case dict():
            return {"M": encode_item(value)}
        case list() | tuple():
            return {"L": [encode(each) for each in value]}
        case _:
            raise TypeError(f"no attribute value for {type(value).__name__}")


def decode(typed: Mapping[str, Any]) -> Any:
    """The value of DynamoDB's typed JSON; a number without point or exponent is an int."""
    ((kind, value),) = typed.items()
    return _DECODERS[kind](value)


def encode_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Every attribute of `item` encoded."""
    return {name: encode(value) for name, value in item.items()}


def encode_key(key: Key) -> dict[str, Any]:
    """The two attributes of a key encoded."""
    return {"PK": encode(key.pk), "SK": encode(key.sk)}


def decode_item(typed: Mapping[str, Any]) -> Item:
    """Every attribute of a typed item decoded."""
    return {name: _DECODERS[kind](value) for name, each in typed.items() for kind, value in each.items()}


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdecimal() else float(text)


class _Decoders(dict[str, Callable[[Any], Any]]):
    """How the value of each type is read; raises TypeError for one that is not used here."""

    def __missing__(self, kind: str) -> NoReturn:
        raise TypeError(f"no value for the attribute type {kind}")


_DECODERS = _Decoders(
    NULL=lambda _: None, BOOL=bool, S=str, N=_number, M=decode_item, L=lambda values: [decode(each) for each in values]
)
