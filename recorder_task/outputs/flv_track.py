"""How the tags of one track look in our FLV files: what stands before its header and before each frame. Pure.

H.264, AAC and MP3 in the form every player knows, all else by FourCC. Source: Adobe Flash Video File Format
Specification 10.1, annex E.4; enhanced RTMP v2.
"""

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
MP3_RATES: Mapping[int, int] = {8000: 0, 11025: 1, 12000: 1, 22050: 2, 24000: 2, 16000: 2}
"""What the two bits say; 3 for all that is faster. Players believe the frames themselves."""

Prefix = Callable[[Sample, int], bytes]
"""Of a frame, with its composition offset in milliseconds."""


class FlvTrack:
    """One track: the `tag_kind` of its tags, `facts` for onMetaData, the body of its `header` tag, if it needs one."""

    def __init__(self, track: Track) -> None:
        self.earliest_ms = 0
        """When its next frame may be: times rise."""
        self.has_picture = track.kind == "video"
        self.tag_kind = VIDEO_TAG if self.has_picture else AUDIO_TAG
        extradata = track.template.codec_context.extradata or b""
        self.header = b""
        self.prefix: Prefix
        self.facts: Mapping[str, AmfValue]
        if self.has_picture:
            codec_id, start, self.prefix = _picture(track)
            self.header = start + extradata
            self.facts = {"width": track.width, "height": track.height, "videocodecid": codec_id}
            return
        codec_id, start, constant = _sound(track)
        self.header = start + extradata if start else b""
        self.prefix = lambda sample, composition_ms: constant
        self.facts = {
            "audiocodecid": codec_id,
            "audiosamplerate": track.sample_rate,
            "audiosamplesize": 16,
            "stereo": track.channels > 1,
        }


def _picture(track: Track) -> tuple[int, bytes, Prefix]:
    """The codec's number, the beginning of its header's body, and what gives that of a frame's."""
    if track.codec == LEGACY_VIDEO[H264]:
        return H264, bytes([KEY_FRAME << 4 | H264, HEADER, 0, 0, 0]), _h264_prefix
    fourcc = VIDEO_FOURCCS[track.codec]
    prefix = _fourcc_prefix(fourcc, has_composition=fourcc in WITH_COMPOSITION)
    return int.from_bytes(fourcc, "big"), bytes([EXTENDED | KEY_FRAME << 4 | HEADER]) + fourcc, prefix


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


def _h264_prefix(sample: Sample, composition_ms: int) -> bytes:
    first = H264_KEY_FRAME if sample.is_key_frame else H264_INTER_FRAME
    return (first | composition_ms).to_bytes(5, "big")


def _fourcc_prefix(fourcc: bytes, *, has_composition: bool) -> Prefix:
    def prefix(sample: Sample, composition_ms: int) -> bytes:
        first = EXTENDED | (KEY_FRAME if sample.is_key_frame else INTER_FRAME) << 4
        if not has_composition:
            return bytes([first | FRAMES]) + fourcc
        if not composition_ms:
            return bytes([first | FRAMES_WITHOUT_COMPOSITION]) + fourcc
        return bytes([first | FRAMES]) + fourcc + composition_ms.to_bytes(3, "big")

    return prefix
