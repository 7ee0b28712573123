"""How the tags of one track look in our FLV files: what stands before its header and before each frame. Pure.

H.264, AAC and MP3 in the form every player knows, all else by FourCC. Source: Adobe Flash Video File Format
Specification 10.1, annex E.4; enhanced RTMP v2.
"""

import struct
from collections.abc import Mapping
from typing import NamedTuple

from recorder_task.outputs.flv_metadata import AmfValue
from recorder_task.pull.flv_messages import FOURCC_AUDIO, FOURCC_VIDEO, LEGACY_AUDIO, LEGACY_VIDEO, WITH_COMPOSITION
from recorder_task.pull.flv_tags import AUDIO_TAG, VIDEO_TAG
from recorder_task.sample import Track

VIDEO_FOURCCS: Mapping[str, bytes] = {codec: fourcc for fourcc, codec in FOURCC_VIDEO.items()}
AUDIO_FOURCCS: Mapping[str, bytes] = {codec: fourcc for fourcc, codec in FOURCC_AUDIO.items()}
H264, AAC, MP3, MP3_OF_8_KHZ, EXTENDED_AUDIO = 7, 10, 2, 14, 9
HEADER, FRAMES, FRAMES_WITHOUT_COMPOSITION = 0, 1, 3
EXTENDED = 0x80
KEY_FRAME, INTER_FRAME = 1, 2
TAG_HEADER = struct.Struct(">II3x")
"""Kind and size of the body; three bytes of the time and the one above them."""
MP3_RATES: Mapping[int, int] = {8000: 0, 11025: 1, 12000: 1, 22050: 2, 24000: 2, 16000: 2}
"""What the two bits say; 3 for all that is faster. Players believe the frames themselves."""

Prefixes = tuple[bytes, bytes, bytes, bytes]
"""What stands before the source's bytes: of a key frame, of any other; then of those that are shown later than they are
due, whose prefix is followed by three bytes that say how much. Empty where a codec has no such form."""
MOVED = 2
"""So far behind the prefix of a frame stands that of one which is shown later."""


class FrameForm(NamedTuple):
    """How the frames of one track become tags."""

    track: Track
    tag_kind: int
    seconds_per_tick: float
    prefixes: Prefixes


def tag_header(kind: int, body_bytes: int, milliseconds: int) -> bytes:
    """What every tag begins with."""
    return TAG_HEADER.pack(kind << 24 | body_bytes, (milliseconds & 0xFFFFFF) << 8 | milliseconds >> 24)


class FlvTrack:
    """One track: the `tag_kind` of its tags, `facts` for onMetaData, the body of its `header` tag, if it needs one.

    `frames` is the form of all the other tags.
    """

    def __init__(self, track: Track) -> None:
        self.has_picture = track.kind == "video"
        self.tag_kind = VIDEO_TAG if self.has_picture else AUDIO_TAG
        extradata = track.template.codec_context.extradata or b""
        self.header = b""
        self.facts: Mapping[str, AmfValue]
        if self.has_picture:
            codec_id, start, prefixes = _picture(track)
            self.header = start + extradata
            self.frames = FrameForm(track, self.tag_kind, track.seconds_per_tick, prefixes)
            self.facts = {"width": track.width, "height": track.height, "videocodecid": codec_id}
            return
        codec_id, start, constant = _sound(track)
        self.header = start + extradata if start else b""
        self.frames = FrameForm(track, self.tag_kind, track.seconds_per_tick, (constant, constant, b"", b""))
        self.facts = {
            "audiocodecid": codec_id,
            "audiosamplerate": track.sample_rate,
            "audiosamplesize": 16,
            "stereo": track.channels > 1,
        }


def _picture(track: Track) -> tuple[int, bytes, Prefixes]:
    """The codec's number, the beginning of its header's body, and what every frame begins with."""
    if track.codec == LEGACY_VIDEO[H264]:
        key, inter = (bytes([kind << 4 | H264, FRAMES]) for kind in (KEY_FRAME, INTER_FRAME))
        return H264, bytes([KEY_FRAME << 4 | H264, HEADER, 0, 0, 0]), (key + bytes(3), inter + bytes(3), key, inter)
    fourcc = VIDEO_FOURCCS[track.codec]
    start = bytes([EXTENDED | KEY_FRAME << 4 | HEADER]) + fourcc

    def begins(kind: int, form: int) -> bytes:
        return bytes([EXTENDED | kind << 4 | form]) + fourcc

    key, inter = begins(KEY_FRAME, FRAMES), begins(INTER_FRAME, FRAMES)
    codec_id = int.from_bytes(fourcc, "big")
    if fourcc not in WITH_COMPOSITION:
        return codec_id, start, (key, inter, b"", b"")
    at_once = begins(KEY_FRAME, FRAMES_WITHOUT_COMPOSITION), begins(INTER_FRAME, FRAMES_WITHOUT_COMPOSITION)
    return codec_id, start, (*at_once, key, inter)


def _sound(track: Track) -> tuple[int, bytes, bytes]:
    """The codec's number, the beginning of its header's body, if it has one, and that of every frame's."""
    if track.codec == LEGACY_AUDIO[AAC]:
        return AAC, bytes([AAC << 4 | 0x0F, HEADER]), bytes([AAC << 4 | 0x0F, FRAMES])
    if track.codec == LEGACY_AUDIO[MP3]:
        codec_id = MP3_OF_8_KHZ if track.sample_rate == 8000 else MP3
        rate, is_stereo = MP3_RATES.get(track.sample_rate, 3), track.channels > 1
        return codec_id, b"", bytes([codec_id << 4 | rate << 2 | 0x02 | is_stereo])
    fourcc = AUDIO_FOURCCS[track.codec]
    codec_id = int.from_bytes(fourcc, "big")
    return codec_id, bytes([EXTENDED_AUDIO << 4 | HEADER]) + fourcc, bytes([EXTENDED_AUDIO << 4 | FRAMES]) + fourcc
