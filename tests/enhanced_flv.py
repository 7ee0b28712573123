"""A strict reader of FLV with FourCC, written from the enhanced RTMP specification (v2) and sharing no line with ours.

What it reads it hands on in forms that any decoder knows: Annex B, an OBU stream, ADTS, Ogg.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SEQUENCE_START, CODED_FRAMES, SEQUENCE_END, CODED_FRAMES_X = range(4)
MULTICHANNEL_CONFIG = 4
"""Of audio alone: which channel is which speaker."""
START_CODE = b"\x00\x00\x00\x01"
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


class Frame(NamedTuple):
    """One coded frame; times in milliseconds."""

    dts: int
    pts: int
    is_key: bool
    payload: bytes


@dataclass
class Track:
    """One track of a file."""

    codec: str
    header: bytes = b""
    frames: list[Frame] = field(default_factory=list)


def read(content: bytes) -> dict[str, Track]:
    """The tracks of a file, "video" and "audio"; raises ValueError for what the specification does not allow."""
    if content[:4] != b"FLV\x01" or content[5:13] != b"\x00\x00\x00\x09\x00\x00\x00\x00":
        raise ValueError("no FLV header")
    tracks: dict[str, Track] = {}
    for kind, milliseconds, body in _tags(content):
        if kind == 9:
            _video(tracks, milliseconds, body)
        elif kind == 8:
            _audio(tracks, milliseconds, body)
        elif kind != 18:
            raise ValueError(f"tag type {kind}")
    announced = {name for name, bit in (("video", 1), ("audio", 4)) if content[4] & bit}
    if announced != tracks.keys() or content[4] & ~5:
        raise ValueError(f"the header announces {announced}, the file holds {set(tracks)}")
    for track in tracks.values():
        if sorted(track.frames, key=lambda frame: frame.dts) != track.frames:
            raise ValueError("timestamps go back")
    return tracks


def _tags(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 13
    while at < len(content):
        kind, size, low, high, stream_id = struct.unpack(">B3s3sB3s", content[at : at + 11])
        end = at + 11 + int.from_bytes(size, "big")
        (before,) = struct.unpack(">I", content[end : end + 4])
        if stream_id != bytes(3) or before != end - at:
            raise ValueError(f"the tag at {at} is not one")
        yield kind, high << 24 | int.from_bytes(low, "big"), content[at + 11 : end]
        at = end + 4


def _track(tracks: dict[str, Track], name: str, codec: str) -> Track:
    track = tracks.setdefault(name, Track(codec))
    if track.codec != codec:
        raise ValueError(f"{track.codec} becomes {codec}")
    return track


def _video(tracks: dict[str, Track], dts: int, body: bytes) -> None:
    frame_type = body[0] >> 4 & 7
    if body[0] >> 7:
        packet_type, codec, rest = body[0] & 15, body[1:5].decode("ascii"), body[5:]
    elif body[0] & 15 == 7:
        packet_type, codec, rest = {0: SEQUENCE_START, 1: CODED_FRAMES, 2: SEQUENCE_END}[body[1]], "avc1", body[2:]
    else:
        raise ValueError(f"codec id {body[0] & 15}")
    track = _track(tracks, "video", codec)
    if packet_type == SEQUENCE_START:
        track.header = rest if body[0] >> 7 else rest[3:]
    elif packet_type in (CODED_FRAMES, CODED_FRAMES_X):
        offset = 0
        if packet_type == CODED_FRAMES and codec in ("avc1", "hvc1", "vvc1"):
            offset, rest = struct.unpack(">i", rest[:3] + b"\x00")[0] >> 8, rest[3:]
        if not track.header or (not track.frames and frame_type != 1):
            raise ValueError("a frame that cannot be decoded")
        track.frames.append(Frame(dts, dts + offset, frame_type == 1, rest))
    elif packet_type != SEQUENCE_END:
        raise ValueError(f"video packet type {packet_type}")


def _audio(tracks: dict[str, Track], dts: int, body: bytes) -> None:
    sound_format = body[0] >> 4
    if sound_format == 9:
        packet_type, codec, rest = body[0] & 15, body[1:5].decode("ascii"), body[5:]
    elif sound_format in (2, 10):
        codec, rest = ("mp4a", body[2:]) if sound_format == 10 else (".mp3", body[1:])
        packet_type = body[1] if sound_format == 10 else CODED_FRAMES
    else:
        raise ValueError(f"sound format {sound_format}")
    track = _track(tracks, "audio", codec)
    if packet_type == SEQUENCE_START:
        track.header = rest
    elif packet_type == CODED_FRAMES:
        if not track.header and codec != ".mp3":
            raise ValueError("a frame that cannot be decoded")
        track.frames.append(Frame(dts, dts, True, rest))
    elif packet_type not in (SEQUENCE_END, MULTICHANNEL_CONFIG):
        raise ValueError(f"audio packet type {packet_type}")


def elementary(track: Track) -> tuple[str, bytes]:
    """A track as a stream of its own: FFmpeg's name of the form, and the bytes."""
    form, write = {
        "avc1": ("h264", _annex_b_of_avc),
        "hvc1": ("hevc", _annex_b_of_hevc),
        "av01": ("obu", _obus),
        "mp4a": ("aac", _adts),
        ".mp3": ("mp3", lambda each: b"".join(frame.payload for frame in each.frames)),
        "Opus": ("ogg", _ogg),
    }[track.codec]
    return form, write(track)


def _units(payload: bytes, size_bytes: int) -> Iterator[bytes]:
    at = 0
    while at < len(payload):
        end = at + size_bytes + int.from_bytes(payload[at : at + size_bytes], "big")
        if end > len(payload):
            raise ValueError("a NAL unit is cut off")
        yield payload[at + size_bytes : end]
        at = end


def _annex_b(track: Track, parameter_sets: Sequence[bytes], size_bytes: int) -> bytes:
    units = [*parameter_sets, *(unit for frame in track.frames for unit in _units(frame.payload, size_bytes))]
    return b"".join(START_CODE + unit for unit in units)


def _annex_b_of_avc(track: Track) -> bytes:
    """ISO/IEC 14496-15, 5.3.3.1: AVCDecoderConfigurationRecord."""
    header, at, sets = track.header, 6, []
    for count in (header[5] & 31, None):
        if count is None:
            count, at = header[at], at + 1
        for _ in range(count):
            end = at + 2 + int.from_bytes(header[at : at + 2], "big")
            sets.append(header[at + 2 : end])
            at = end
    return _annex_b(track, sets, (header[4] & 3) + 1)


def _annex_b_of_hevc(track: Track) -> bytes:
    """ISO/IEC 14496-15, 8.3.3.1: HEVCDecoderConfigurationRecord."""
    header, at, sets = track.header, 23, []
    for _ in range(header[22]):
        (count,) = struct.unpack(">H", header[at + 1 : at + 3])
        at += 3
        for _ in range(count):
            end = at + 2 + int.from_bytes(header[at : at + 2], "big")
            sets.append(header[at + 2 : end])
            at = end
    return _annex_b(track, sets, (header[21] & 3) + 1)


def _obus(track: Track) -> bytes:
    """AV1 codec ISO media file format binding, 2.3.3: the configuration's OBUs; then temporal units."""
    delimiter = b"\x12\x00"
    units = [frame.payload.removeprefix(delimiter) for frame in track.frames]
    return delimiter + track.header[4:] + b"".join(delimiter * bool(index) + unit for index, unit in enumerate(units))


def _adts(track: Track) -> bytes:
    """ISO/IEC 14496-3, 1.A.2.2.1, made of an AudioSpecificConfig."""
    config = int.from_bytes(track.header[:2], "big")
    profile, rate, channels = (config >> 11) - 1, config >> 7 & 15, config >> 3 & 15
    if not (0 <= profile < 4 and rate < len(AAC_RATES)):
        raise ValueError("an AudioSpecificConfig that ADTS cannot say")
    frames = []
    for frame in track.frames:
        size = len(frame.payload) + 7
        bits = 0xFFF1 << 40 | profile << 38 | rate << 34 | channels << 30 | size << 13 | 0x7FF << 2
        frames.append(bits.to_bytes(7, "big") + frame.payload)
    return b"".join(frames)


def _ogg(track: Track) -> bytes:
    """RFC 3533 and RFC 7845: a page for each packet."""
    comment = b"OpusTags" + struct.pack("<II", 0, 0)
    packets = [track.header, comment, *(frame.payload for frame in track.frames)]
    return b"".join(_page(packet, number, len(packets)) for number, packet in enumerate(packets))


def _page(packet: bytes, number: int, count: int) -> bytes:
    flags = 2 if number == 0 else 4 if number == count - 1 else 0
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = struct.pack("<4sBBqII", b"OggS", 0, flags, max(0, number - 1) * 960, 7, number)
    rest = bytes([len(lacing)]) + lacing + packet
    return head + struct.pack("<I", _checksum(head + bytes(4) + rest)) + rest


def _checksum(content: bytes) -> int:
    remainder = 0
    for byte in content:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = (remainder << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if remainder >> 31 else remainder << 1
    return remainder
