"""The body of an FLV file's onMetaData tag, with the index of its key frames. Pure.

Source: Adobe Flash Video File Format Specification 10.1, annex E.5, and AMF 0; the index is what players agreed on.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

AMF_STRING_NAME = b"\x02\x00\x0aonMetaData"
AMF_NUMBER, AMF_BOOLEAN, AMF_STRING, AMF_OBJECT, AMF_ECMA_ARRAY, AMF_STRICT_ARRAY = 0, 1, 2, 3, 8, 10
AMF_OBJECT_END = b"\x00\x00\x09"

AmfValue: TypeAlias = "float | bool | str | Sequence[float] | Mapping[str, AmfValue]"


class KeyFrame(NamedTuple):
    """A key frame's time in the file and the position of its tag."""

    seconds: float
    position: int


def facts_of_index(key_frames: Sequence[KeyFrame], *, moved_by: int) -> Mapping[str, AmfValue]:
    """What says where the key frames are; every position moves by so many bytes."""
    return {
        "hasKeyframes": bool(key_frames),
        "lastkeyframetimestamp": key_frames[-1].seconds if key_frames else 0.0,
        "canSeekToEnd": False,
        "keyframes": {
            "times": [each.seconds for each in key_frames],
            "filepositions": [float(each.position + moved_by) for each in key_frames],
        },
    }


def metadata(facts: Mapping[str, AmfValue]) -> bytes:
    """The body that tells these facts."""
    return AMF_STRING_NAME + bytes([AMF_ECMA_ARRAY]) + len(facts).to_bytes(4, "big") + _pairs(facts) + AMF_OBJECT_END


def _pairs(facts: Mapping[str, AmfValue]) -> bytes:
    return b"".join(_text(name) + _amf(value) for name, value in facts.items())


def _text(text: str) -> bytes:
    return len(text.encode()).to_bytes(2, "big") + text.encode()


def _amf(value: AmfValue) -> bytes:
    match value:
        case bool():
            return bytes([AMF_BOOLEAN, value])
        case int() | float():
            return bytes([AMF_NUMBER]) + struct.pack(">d", value)
        case str():
            return bytes([AMF_STRING]) + _text(value)
        case Mapping():
            return bytes([AMF_OBJECT]) + _pairs(value) + AMF_OBJECT_END
        case _:
            numbers = b"".join(_amf(each) for each in value)
            return bytes([AMF_STRICT_ARRAY]) + len(value).to_bytes(4, "big") + numbers
