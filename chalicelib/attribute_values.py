"""DynamoDB's typed attribute values, encode beside decode. Pure: used by the functions and by the recorder."""

from collections.abc import Mapping
from typing import Any, TypeAlias

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
    match kind:
        case "NULL":
            return None
        case "BOOL" | "S":
            return value
        case "N":
            return float(value) if any(mark in value for mark in ".eE") else int(value)
        case "M":
            return decode_item(value)
        case "L":
            return [decode(each) for each in value]
        case _:
            raise TypeError(f"no value for the attribute type {kind}")


def encode_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Every attribute of `item` encoded."""
    return {name: encode(value) for name, value in item.items()}


def decode_item(typed: Mapping[str, Any]) -> Item:
    """Every attribute of a typed item decoded."""
    return {name: decode(value) for name, value in typed.items()}
