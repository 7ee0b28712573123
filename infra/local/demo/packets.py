"""Packets made comparable: the same picture or sound has the same print in FLV, MP4, MPEG-TS and ADTS.

What containers may differ in is taken away: H.264 comes as length-prefixed units (FLV, MP4) or behind start codes
(TS), where access unit delimiters and parameter sets are put between; AAC comes bare or with an ADTS header.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

import av
from av.packet import Packet
from av.stream import Stream

_START_CODE = re.compile(rb"\x00\x00\x01")
_UNITS_OF_THE_CONTAINER = frozenset({7, 8, 9})
"""H.264 unit types: sequence and picture parameter set, access unit delimiter."""


@dataclass(frozen=True)
class PacketPrint:
    """What must not change about a packet between publisher and file; times in milliseconds."""

    kind: str
    """video or audio."""
    digest: str
    dts: float
    pts: float
    is_key_frame: bool


def print_of(packet: "Packet[Stream]") -> PacketPrint:
    """The print of one demuxed packet; raises ValueError where it carries no time."""
    if packet.dts is None or packet.pts is None:
        raise ValueError(f"a packet of the {packet.stream.type} track has no timestamp")
    to_milliseconds = float(packet.time_base * 1000)
    return PacketPrint(
        kind=packet.stream.type,
        digest=blake2b(_bare(packet), digest_size=8).hexdigest(),
        dts=packet.dts * to_milliseconds,
        pts=packet.pts * to_milliseconds,
        is_key_frame=packet.is_keyframe,
    )


def read_prints(source: str | io.BytesIO, *, timeout_seconds: float = 30.0) -> list[PacketPrint]:
    """The prints of every packet of a file, given by URL or content; raises FFmpegError where it does not open."""
    with av.open(source, "r", timeout=timeout_seconds) as container:
        return [print_of(packet) for packet in container.demux() if packet.size]


def _bare(packet: "Packet[Stream]") -> bytes:
    content, codec = bytes(packet), packet.stream.codec_context
    match codec.name:
        case "h264":
            configuration = codec.extradata or b""
            is_length_prefixed = configuration[:1] == b"\x01"
            units = (
                _prefixed_units(content, (configuration[4] & 3) + 1) if is_length_prefixed else _marked_units(content)
            )
            kept = (unit for unit in units if unit[0] & 31 not in _UNITS_OF_THE_CONTAINER)
            return b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept)
        case "aac" if not codec.extradata and content[:1] == b"\xff" and content[1] & 0xF0 == 0xF0:
            is_without_checksum = content[1] & 1
            return content[7 if is_without_checksum else 9 :]
        case _:
            return content


def _prefixed_units(content: bytes, prefix_bytes: int) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        length = int.from_bytes(content[at : at + prefix_bytes], "big")
        at += prefix_bytes
        if length:
            yield content[at : at + length]
        at += length


def _marked_units(content: bytes) -> Iterator[bytes]:
    edges = [match.start() for match in _START_CODE.finditer(content)]
    for start, end in zip(edges, [*edges[1:], len(content)], strict=True):
        # The zeros before a start code belong to it: a unit never ends in one.
        if unit := content[start + 3 : end].rstrip(b"\x00"):
            yield unit
