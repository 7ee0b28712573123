"""How FFmpeg begins an MPEG-TS of some tracks: with its tables, and with what it puts in front of each first frame.

It knows every form there is of stream types, descriptors, parameter sets, the header of AAC. A tiny frame of each track
passes through it, once for all segments of a file.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

from recorder_task.outputs.annex_b import FORMS, sized, started_units
from recorder_task.outputs.output import Muxer
from recorder_task.outputs.segment_muxer import OPTIONS
from recorder_task.sample import Sample, Track

PACKET_BYTES, HEADER_BYTES = 188, 4
TABLES = 3
"""SDT, PAT and PMT, of a packet each."""
HAS_ADAPTATION, HAS_PAYLOAD, HAS_CLOCK = 0x20, 0x10, 0x10
FLAGS_AT, PES_HEADER_BYTES_AT, PES_HEADER_END = 5, 8, 9
PES_START = b"\x00\x00\x01"
TINY_BODY = b"\xaa" * 8


class StreamBeginning(NamedTuple):
    """A track's."""

    pid: int
    has_clock: bool
    """The PCR is in its packets."""
    front: bytes
    """What stands in front of the first frame of sound."""
    sets: Sequence[bytes]
    """The units that stand in front of a key frame."""


class Beginning(NamedTuple):
    """The packets of the tables, and the streams in the order of the tracks."""

    tables: bytes
    tables_again: bytes
    """PAT and PMT as they stand before later key frames."""
    streams: Sequence[StreamBeginning]


def beginning(tracks: Sequence[Track]) -> Beginning:
    """Of the tracks; raises what FFmpeg raises, ValueError where it leaves one out."""
    file = BytesIO()
    muxer = Muxer(file, "mpegts", tracks, starts_at=0.0, options=OPTIONS)
    try:
        for track in tracks:
            muxer.write(Sample(track, _tiny_frame(track), 0, 0, 0, True, 0.0))
    finally:
        muxer.close()
    content = file.getvalue()
    packets = [content[at : at + PACKET_BYTES] for at in range(0, len(content), PACKET_BYTES)]
    bodies = [_body(packet) for packet in packets]
    tables = [body.startswith(PES_START) for body in bodies].index(True)
    of_streams: dict[int, list[bytes]] = {}
    for packet in packets[tables:]:
        of_streams.setdefault(_pid(packet), []).append(packet)
    # FFmpeg numbers them in the order of the tracks.
    streams = [_stream(track, of_streams[pid]) for track, pid in zip(tracks, sorted(of_streams), strict=True)]
    if tables != TABLES:
        raise ValueError(f"{tables} packets of tables")
    again = b"".join(map(_without_adaptation, packets[1:TABLES]))
    return Beginning(b"".join(packets[:TABLES]), again, streams)


def _without_adaptation(packet: bytes) -> bytes:
    """What it says of a beginning left out; stuffing stands behind a section (2.4.4)."""
    return (packet[: HEADER_BYTES - 1] + bytes([HAS_PAYLOAD]) + _body(packet)).ljust(PACKET_BYTES, b"\xff")


def _tiny_frame(track: Track) -> bytes:
    if track.kind == "audio":
        return TINY_BODY
    return sized(FORMS[track.codec].key_frame_unit + TINY_BODY)


def _stream(track: Track, packets: Sequence[bytes]) -> StreamBeginning:
    first, pes = packets[0], b"".join(map(_body, packets))
    frame = pes[PES_HEADER_END + pes[PES_HEADER_BYTES_AT] :]
    is_sound = track.kind == "audio"
    return StreamBeginning(
        pid=_pid(first),
        has_clock=bool(first[FLAGS_AT] & HAS_CLOCK),
        front=frame.removesuffix(TINY_BODY) if is_sound else b"",
        sets=() if is_sound else started_units(frame)[1:-1],  # between the delimiter and the slice
    )


def _pid(packet: bytes) -> int:
    return int.from_bytes(packet[1:3], "big") & 0x1FFF


def _body(packet: bytes) -> bytes:
    adaptation_bytes = 1 + packet[HEADER_BYTES] if packet[HEADER_BYTES - 1] & HAS_ADAPTATION else 0
    return packet[HEADER_BYTES + adaptation_bytes :]
