"""What the body of an FLV audio or video tag says: a codec's header, or a frame. Pure.

Source: Adobe Flash Video File Format Specification 10.1, annex E.4; enhanced RTMP v2 for bodies with a FourCC.
"""

from collections.abc import Mapping
from typing import NamedTuple

LEGACY_VIDEO: Mapping[int, str] = {
    2: "flv1",
    3: "flashsv",
    4: "vp6f",
    5: "vp6a",
    6: "flashsv2",
    7: "h264",
    12: "hevc",  # of no specification: what Chinese encoders and CDNs agreed on before enhanced RTMP
}
LEGACY_AUDIO: Mapping[int, str] = {
    0: "pcm",
    1: "adpcm_swf",
    2: "mp3",
    3: "pcm",
    4: "nellymoser",
    5: "nellymoser",
    6: "nellymoser",
    7: "pcm_alaw",
    8: "pcm_mulaw",
    10: "aac",
    11: "speex",
    14: "mp3",
}
FOURCC_VIDEO: Mapping[bytes, str] = {
    b"avc1": "h264",
    b"hvc1": "hevc",
    b"vvc1": "vvc",
    b"av01": "av1",
    b"vp08": "vp8",
    b"vp09": "vp9",
}
FOURCC_AUDIO: Mapping[bytes, str] = {
    b"mp4a": "aac",
    b".mp3": "mp3",
    b"Opus": "opus",
    b"fLaC": "flac",
    b"ac-3": "ac3",
    b"ec-3": "eac3",
}
WITH_HEADER = frozenset({"h264", "hevc", "vvc", "av1", "vp9", "aac", "opus", "flac"})
"""Codecs whose frames mean nothing before their header has come."""
WITH_COMPOSITION = frozenset({b"avc1", b"hvc1", b"vvc1"})
LEGACY_H264, LEGACY_HEVC, LEGACY_AAC, EXTENDED_AUDIO = 7, 12, 10, 9
WITH_AVC_LAYOUT = frozenset({LEGACY_H264, LEGACY_HEVC})
"""Behind the first byte: header or frame, three bytes of composition time, the payload."""
KEY_FRAME, COMMAND_FRAME = 1, 5
HEADER, FRAMES, FRAMES_WITHOUT_COMPOSITION, MODIFIER = 0, 1, 3, 7


class Message(NamedTuple):
    """A codec's header, or one frame."""

    codec: str
    """FFmpeg's name, or what the source calls it where nobody here knows it."""
    is_header: bool
    payload: bytes | memoryview
    """Of a frame a view: a picture is not copied to be read."""
    composition_ms: int = 0
    is_key_frame: bool = False


def video_message(body: bytes) -> Message | None:
    """What a video tag says; None for what is neither header nor frame, and for what is cut off."""
    if len(body) < 2:
        return None
    first = body[0]
    frame_kind = first >> 4 & 0x07
    if first & 0x80:
        return _extended_video(body, frame_kind)
    if frame_kind == COMMAND_FRAME:
        return None
    codec_id = first & 0x0F
    codec = LEGACY_VIDEO.get(codec_id) or f"video codec {codec_id}"
    is_key_frame = frame_kind == KEY_FRAME
    if codec_id not in WITH_AVC_LAYOUT:
        return Message(codec, False, memoryview(body)[1:], 0, is_key_frame)
    if len(body) < 6 or body[1] not in (HEADER, FRAMES):
        return None
    if body[1] == HEADER:
        return Message(codec, True, body[5:])
    return Message(codec, False, memoryview(body)[5:], _signed_24(body[2:5]), is_key_frame)


def _extended_video(body: bytes, frame_kind: int) -> Message | None:
    packet_kind, at = _without_modifiers(body, 1)
    fourcc = body[at : at + 4]
    at += 4
    if frame_kind == COMMAND_FRAME or len(body) <= at:
        return None
    codec = FOURCC_VIDEO.get(fourcc, fourcc.decode("latin-1"))
    if packet_kind == HEADER:
        return Message(codec, True, body[at:])
    composition_ms = 0
    if packet_kind == FRAMES and fourcc in WITH_COMPOSITION:
        composition_ms = _signed_24(body[at : at + 3])
        at += 3
    elif packet_kind not in (FRAMES, FRAMES_WITHOUT_COMPOSITION):
        return None
    if len(body) <= at:
        return None
    return Message(codec, False, memoryview(body)[at:], composition_ms, frame_kind == KEY_FRAME)


def has_plain_picture(body: bytes) -> bool:
    """Whether a video frame's first two bytes say all but its composition time: H.264's in their old form do."""
    return body[0] & 0x8F == LEGACY_H264


def has_plain_sound(body: bytes) -> bool:
    """Whether an audio frame's first two bytes say all: AAC's in their old form do."""
    return body[0] >> 4 == LEGACY_AAC


def in_ffmpegs_words(body: bytes) -> bytes:
    """A video tag's body as FFmpeg reads it: it knows H.265 by its FourCC alone."""
    if body[0] & 0x8F != LEGACY_HEVC:
        return body
    payload = body[5:] if body[1] == HEADER else body[2:]
    return bytes([0x80 | body[0] & 0x70 | body[1]]) + b"hvc1" + payload


def audio_message(body: bytes) -> Message | None:
    """What an audio tag says; None for what is neither header nor frame, and for what is cut off."""
    if len(body) < 2:
        return None
    codec_id = body[0] >> 4
    if codec_id == EXTENDED_AUDIO:
        packet_kind, at = _without_modifiers(body, 1)
        fourcc, payload = body[at : at + 4], memoryview(body)[at + 4 :]
        if packet_kind not in (HEADER, FRAMES) or not payload:
            return None
        return Message(FOURCC_AUDIO.get(fourcc, fourcc.decode("latin-1")), packet_kind == HEADER, payload)
    codec = LEGACY_AUDIO.get(codec_id) or f"audio codec {codec_id}"
    if codec_id != LEGACY_AAC:
        return Message(codec, False, memoryview(body)[1:])
    return Message(codec, body[1] == HEADER, memoryview(body)[2:]) if len(body) > 2 else None


def _without_modifiers(body: bytes, at: int) -> tuple[int, int]:
    """The packet's kind and where its FourCC stands, behind what modifies it."""
    packet_kind = body[0] & 0x0F
    while packet_kind == MODIFIER and at + 3 < len(body):
        size = body[at] + 1
        at += 1
        if size == 256:
            size = int.from_bytes(body[at : at + 2], "big") + 1
            at += 2
        at += size
        packet_kind = body[at] & 0x0F if at < len(body) else MODIFIER
        at += 1
    return packet_kind, at


def _signed_24(three: bytes) -> int:
    return int.from_bytes(three, "big", signed=True)
