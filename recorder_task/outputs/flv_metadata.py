"""The index of an FLV file and its onMetaData tag. Pure.

Source: Adobe Flash Video File Format Specification 10.1, annex E; enhanced RTMP v2 for video tags with a FourCC.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

HEADER_BYTES = 13  # the file header and the size of the tag before the first
TAG_HEADER_BYTES = 11
SCRIPT_TAG, VIDEO_TAG = 18, 9
AMF_STRING_NAME = b"\x02\x00\x0aonMetaData"
AMF_ECMA_ARRAY, AMF_OBJECT_END = 8, b"\x00\x00\x09"
KEY_FRAME = 1
CODED_FRAMES = {False: frozenset({1}), True: frozenset({1, 3})}
"""Packet types that hold frames: AVC's NALU; with a FourCC CodedFrames and CodedFramesX."""

AmfValue: TypeAlias = "float | bool | Sequence[float] | Mapping[str, AmfValue]"


@dataclass(frozen=True)
class KeyFrame:
    """A key frame's time in the file and the position of its tag."""

    seconds: float
    position: int


class FlvIndex:
    """Finds key frames in the bytes of a file as they pass, whatever their pieces."""

    def __init__(self) -> None:
        self.key_frames: list[KeyFrame] = []
        self._pending = b""
        self._pending_position = 0
        self._next_tag = HEADER_BYTES

    def feed(self, data: bytes) -> None:
        """The next bytes of the file."""
        content = self._pending + bytes(data) if self._pending else bytes(data)
        base = self._pending_position
        at = self._next_tag - base
        while at + TAG_HEADER_BYTES + 2 <= len(content):
            if content[at] == VIDEO_TAG and _is_key_frame(content[at + TAG_HEADER_BYTES], content[at + 12]):
                milliseconds = int.from_bytes(content[at + 4 : at + 7], "big") | content[at + 7] << 24
                self.key_frames.append(KeyFrame(milliseconds / 1000, base + at))
            at += int.from_bytes(content[at + 1 : at + 4], "big") + TAG_HEADER_BYTES + 4
        self._next_tag = base + at
        kept = min(at, len(content))
        self._pending = content[kept:]
        self._pending_position = base + kept


def _is_key_frame(first: int, second: int) -> bool:
    is_extended = bool(first & 0x80)
    packet_type = first & 0x0F if is_extended else second
    return (first >> 4) & 0x07 == KEY_FRAME and packet_type in CODED_FRAMES[is_extended]


def head_with_metadata(
    head: bytes, *, duration_seconds: float, size_bytes: int, key_frames: Sequence[KeyFrame]
) -> bytes:
    """`head`, a file's beginning as FFmpeg wrote it, with our facts in its onMetaData; positions are moved accordingly.

    `size_bytes` and the positions are those of the file with the old head. Raises ValueError for another beginning.
    """
    body_bytes = int.from_bytes(head[HEADER_BYTES + 1 : HEADER_BYTES + 4], "big")
    body_at = HEADER_BYTES + TAG_HEADER_BYTES
    body = head[body_at : body_at + body_bytes]
    if head[HEADER_BYTES] != SCRIPT_TAG or not body.startswith(AMF_STRING_NAME) or not body.endswith(AMF_OBJECT_END):
        raise ValueError("the file does not begin with onMetaData")
    written = _metadata_body(body, duration_seconds, size_bytes, key_frames, moved_by=0)
    moved_by = len(written) - body_bytes  # every number has one size: the same with any value
    written = _metadata_body(body, duration_seconds, size_bytes + moved_by, key_frames, moved_by=moved_by)
    tag = bytes([SCRIPT_TAG]) + len(written).to_bytes(3, "big") + head[HEADER_BYTES + 4 : body_at] + written
    return head[:HEADER_BYTES] + tag + len(tag).to_bytes(4, "big") + head[body_at + body_bytes + 4 :]


def _metadata_body(
    body: bytes, duration_seconds: float, size_bytes: int, key_frames: Sequence[KeyFrame], *, moved_by: int
) -> bytes:
    at = len(AMF_STRING_NAME)
    count = int.from_bytes(body[at + 1 : at + 5], "big")
    facts: dict[str, AmfValue] = {
        "duration": duration_seconds,
        "filesize": size_bytes,
        "hasKeyframes": bool(key_frames),
        "lastkeyframetimestamp": key_frames[-1].seconds if key_frames else 0.0,
        "canSeekToEnd": False,
        "keyframes": {
            "times": [each.seconds for each in key_frames],
            "filepositions": [each.position + moved_by for each in key_frames],
        },
    }
    array = bytes([AMF_ECMA_ARRAY]) + (count + len(facts)).to_bytes(4, "big")
    return body[:at] + array + body[at + 5 : -len(AMF_OBJECT_END)] + _pairs(facts) + AMF_OBJECT_END


def _pairs(facts: Mapping[str, AmfValue]) -> bytes:
    return b"".join(len(name).to_bytes(2, "big") + name.encode() + _amf(value) for name, value in facts.items())


def _amf(value: AmfValue) -> bytes:
    match value:
        case bool():
            return bytes([1, value])
        case int() | float():
            return b"\x00" + struct.pack(">d", value)
        case Mapping():
            return b"\x03" + _pairs(value) + AMF_OBJECT_END
        case _:
            return b"\x0a" + len(value).to_bytes(4, "big") + b"".join(_amf(each) for each in value)
