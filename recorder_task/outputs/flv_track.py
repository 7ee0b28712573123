"""How the tags of one track look in our FLV files: what stands before its header and before each frame. Pure.

H.264, AAC and MP3 in the form every player knows, all else by FourCC. Source: Adobe Flash Video File Format
Specification 10.1, annex E.4; enhanced RTMP v2.
"""

import struct
from collections.abc import Callable, Mapping

from recorder_task.outputs.flv_metadata import AmfValue
from recorder_task.pull.flv_messages import FOURCC_AUDIO, FOURCC_VIDEO, LEGACY_AUDIO, LEGACY_VIDEO, WITH_COMPOSITION
from recorder_task.pull.flv_tags import AUDIO_TAG, VIDEO_TAG
from recorder_task.sample import Sample, Track

VIDEO_FOURCCS: Mapping[str, bytes] = {codec: fourcc for fourcc, codec in FOURCC_VIDEO.items()}
AUDIO_FOURCCS: Mapping[str, bytes] = {codec: fourcc for fourcc, codec in FOURCC_AUDIO.items()}
H264, AAC, MP3, MP3_OF_8_KHZ, EXTENDED_AUDIO = 7, 10, 2, 14, 9
HEADER, FRAMES, FRAMES_WITHOUT_COMPOSITION = 0, 1, 3
EXTENDED = 0x80
KEY_FRAME, INTER_FRAME = 1, 2
H264_KEY_FRAME, H264_INTER_FRAME = (each << 36 | H264 << 32 | FRAMES << 24 for each in (KEY_FRAME, INTER_FRAME))
H264_PREFIX_BYTES = 5
TAG_HEADER = struct.Struct(">II3x")
"""Kind and size of the body; three bytes of the time and the one above them."""
H264_HEAD = struct.Struct(">IIQ")
"""The same, and the body's beginning."""
MP3_RATES: Mapping[int, int] = {8000: 0, 11025: 1, 12000: 1, 22050: 2, 24000: 2, 16000: 2}
"""What the two bits say; 3 for all that is faster. Players believe the frames themselves."""

Head = Callable[[Sample, int, int], bytes]
"""A frame's tag up to what the source sent: of a sample, its time and its composition offset in milliseconds."""


def tag_header(kind: int, body_bytes: int, milliseconds: int) -> bytes:
    """What every tag begins with."""
    return TAG_HEADER.pack(kind << 24 | body_bytes, (milliseconds & 0xFFFFFF) << 8 | milliseconds >> 24)


class FlvTrack:
    """One track: the `tag_kind` of its tags, `facts` for onMetaData, the body of its `header` tag, if it needs one."""

    def __init__(self, track: Track) -> None:
        self.earliest_ms = 0
        """When its next frame may be: times rise."""
        self.has_picture = track.kind == "video"
        self.tag_kind = VIDEO_TAG if self.has_picture else AUDIO_TAG
        extradata = track.template.codec_context.extradata or b""
        self.header = b""
        self.head: Head
        self.facts: Mapping[str, AmfValue]
        if self.has_picture:
            codec_id, start, self.head = _picture(track)
            self.header = start + extradata
            self.facts = {"width": track.width, "height": track.height, "videocodecid": codec_id}
            return
        codec_id, start, constant = _sound(track)
        self.header = start + extradata if start else b""
        self.head = _sound_head(constant)
        self.facts = {
            "audiocodecid": codec_id,
            "audiosamplerate": track.sample_rate,
            "audiosamplesize": 16,
            "stereo": track.channels > 1,
        }


def _picture(track: Track) -> tuple[int, bytes, Head]:
    """The codec's number, the beginning of its header's body, and what gives a frame's head."""
    if track.codec == LEGACY_VIDEO[H264]:
        return H264, bytes([KEY_FRAME << 4 | H264, HEADER, 0, 0, 0]), _h264_head
    fourcc = VIDEO_FOURCCS[track.codec]
    head = _fourcc_head(fourcc, has_composition=fourcc in WITH_COMPOSITION)
    return int.from_bytes(fourcc, "big"), bytes([EXTENDED | KEY_FRAME << 4 | HEADER]) + fourcc, head


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


def _h264_head(sample: Sample, milliseconds: int, composition_ms: int) -> bytes:
    return H264_HEAD.pack(
        VIDEO_TAG << 24 | H264_PREFIX_BYTES + sample.size,
        (milliseconds & 0xFFFFFF) << 8 | milliseconds >> 24,
        (H264_KEY_FRAME if sample.is_key_frame else H264_INTER_FRAME) | composition_ms,
    )


def _sound_head(prefix: bytes) -> Head:
    begin = AUDIO_TAG << 24 | len(prefix)

    def head(sample: Sample, milliseconds: int, composition_ms: int) -> bytes:
        return TAG_HEADER.pack(begin + sample.size, (milliseconds & 0xFFFFFF) << 8 | milliseconds >> 24) + prefix

    return head


def _fourcc_head(fourcc: bytes, *, has_composition: bool) -> Head:
    def head(sample: Sample, milliseconds: int, composition_ms: int) -> bytes:
        first = EXTENDED | (KEY_FRAME if sample.is_key_frame else INTER_FRAME) << 4
        if not has_composition:
            prefix = bytes([first | FRAMES]) + fourcc
        elif not composition_ms:
            prefix = bytes([first | FRAMES_WITHOUT_COMPOSITION]) + fourcc
        else:
            prefix = bytes([first | FRAMES]) + fourcc + composition_ms.to_bytes(3, "big")
        return tag_header(VIDEO_TAG, len(prefix) + sample.size, milliseconds) + prefix

    return head
