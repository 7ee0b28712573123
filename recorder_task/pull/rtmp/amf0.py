"""AMF0, the values of RTMP's commands. Pure.

Source: Adobe Action Message Format, AMF0, sections 2.2 to 2.14.
"""

import struct
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Value: TypeAlias = "float | bool | str | Mapping[str, Value] | list[Value] | None"
OBJECT_END = b"\x00\x00\x09"


class NotAmf0(ValueError):
    """The bytes hold a value nobody here knows, or end within one."""


def encoded(values: Iterable[Value]) -> bytes:
    """Values one after another, as a command carries them."""
    return b"".join(map(_encoded, values))


def _encoded(value: Value) -> bytes:
    match value:
        case None:
            return b"\x05"
        case bool():
            return bytes([1, value])
        case int() | float():
            return b"\x00" + struct.pack(">d", value)
        case str():
            return b"\x02" + _named(value)
        case Mapping():
            return b"\x03" + b"".join(_named(name) + _encoded(each) for name, each in value.items()) + OBJECT_END
        case _:
            return b"\x0a" + struct.pack(">I", len(value)) + encoded(value)


def _named(text: str) -> bytes:
    spelled = text.encode()
    return struct.pack(">H", len(spelled)) + spelled


def decoded(content: bytes) -> list[Value]:
    """The values of a command; raises NotAmf0."""
    values: list[Value] = []
    at = 0
    try:
        while at < len(content):
            value, at = _value(content, at)
            values.append(value)
    except (IndexError, struct.error) as error:
        raise NotAmf0("a value is cut off") from error
    return values


def _value(content: bytes, at: int) -> tuple[Value, int]:
    marker = content[at]
    at += 1
    match marker:
        case 0:
            return struct.unpack_from(">d", content, at)[0], at + 8
        case 1:
            return bool(content[at]), at + 1
        case 2:
            return _text(content, at, 2)
        case 3:
            return _object(content, at)
        case 5 | 6:
            return None, at
        case 8:
            return _object(content, at + 4)
        case 10:
            (count,) = struct.unpack_from(">I", content, at)
            at += 4
            items: list[Value] = []
            for _ in range(count):
                item, at = _value(content, at)
                items.append(item)
            return items, at
        case 11:
            return struct.unpack_from(">d", content, at)[0], at + 10
        case 12:
            return _text(content, at, 4)
        case _:
            raise NotAmf0(f"marker {marker}")


def _text(content: bytes, at: int, size_bytes: int) -> tuple[str, int]:
    begin = at + size_bytes
    end = begin + int.from_bytes(content[at:begin], "big")
    return content[begin:end].decode(errors="replace"), end


def _object(content: bytes, at: int) -> tuple[Value, int]:
    found: dict[str, Value] = {}
    while content[at : at + 3] != OBJECT_END:
        name, at = _text(content, at, 2)
        found[name], at = _value(content, at)
    return found, at + 3
