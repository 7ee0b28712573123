"""What is compared: the packets of a file, read by PyAV, their payload brought to one form over all containers."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from io import BytesIO
from typing import Any, NamedTuple

import av

PARAMETER_SETS_AND_DELIMITERS: Mapping[str, Callable[[bytes], bool]] = {
    "h264": lambda unit: unit[0] & 0x1F in (7, 8, 9),
    "hevc": lambda unit: unit[0] >> 1 & 0x3F in (32, 33, 34, 35, 39),
    "vvc": lambda unit: unit[1] >> 3 in (14, 15, 16, 20),
}
"""NAL units that MPEG-TS carries in the stream, and FLV and MP4 beside it (x265 puts its SEI there too)."""
ADTS_HEADER_BYTES = 7
AV1_TEMPORAL_DELIMITER = b"\x12\x00"
"""MP4 leaves it out."""


class Packet(NamedTuple):
    """One packet; times in milliseconds as the file has them."""

    kind: str
    digest: str
    dts_ms: int
    pts_ms: int
    is_key_frame: bool
    size: int


class Content(NamedTuple):
    """What identifies a packet in any container and at any start."""

    digest: str
    composition_ms: int


def packets_of(content: bytes, container_format: str | None = None) -> Iterator[Packet]:
    """The packets of a file's bytes, in its order."""
    with av.open(BytesIO(content), "r", format=container_format) as container:
        streams = [stream for stream in container.streams if stream.type in ("video", "audio")]
        for packet in container.demux(streams):
            if not packet.size:
                continue
            pts = packet.pts if packet.pts is not None else 0
            dts = packet.dts if packet.dts is not None else pts
            payload = _payload(bytes(packet), packet.stream.codec_context.name, container.format.name)
            yield Packet(
                packet.stream.type,
                hashlib.sha256(payload).hexdigest()[:16],
                _milliseconds(dts, packet.time_base),
                _milliseconds(pts, packet.time_base),
                packet.is_keyframe and packet.stream.type == "video",
                packet.size,
            )


def contents(packets: Iterable[Packet], kind: str) -> list[Content]:
    """The packets of one kind, by what must be the same everywhere."""
    return [Content(packet.digest, packet.pts_ms - packet.dts_ms) for packet in packets if packet.kind == kind]


def _milliseconds(ticks: int, time_base: Any) -> int:
    return round(ticks * Fraction(time_base) * 1000)


def _payload(payload: bytes, codec: str, container_format: str) -> bytes:
    is_beside = PARAMETER_SETS_AND_DELIMITERS.get(codec)
    if is_beside is not None:
        units = _annex_b_units(payload) if container_format == "mpegts" else _sized_units(payload)
        return b"\x00".join(unit for unit in units if not is_beside(unit))
    if codec in ("av1", "libdav1d"):
        return payload.removeprefix(AV1_TEMPORAL_DELIMITER)
    if codec == "aac" and payload[:1] == b"\xff" and payload[1] & 0xF6 == 0xF0:
        return payload[ADTS_HEADER_BYTES:]
    return payload


def _sized_units(payload: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 4], "big")
        yield payload[at + 4 : at + 4 + size]
        at += 4 + size


def _annex_b_units(payload: bytes) -> Iterator[bytes]:
    for unit in payload.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01"):
        if unit:
            yield unit
