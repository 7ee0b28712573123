"""The head of an FLV, which is all in front of its first frame: as the file begins, and as it ends.

File header, onMetaData, the headers of the codecs. A recorder makes it of its tracks; recovery finds it in a file that
a dead one left, finished or not. At the end onMetaData is written again with duration, file size and key-frame index.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from recorder_task.outputs.flv_metadata import AmfValue, KeyFrame, facts_of_index, metadata
from recorder_task.outputs.flv_track import FlvTrack, tag_header
from recorder_task.outputs.output import Written
from recorder_task.pull.flv_tags import FILE_HEADER_BYTES, SIGNATURE, SIZE_BYTES, Tag
from recorder_task.pull.rtmp.amf0 import decoded
from recorder_task.tally import Tally
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject

CONTENT_TYPE = "video/x-flv"
SCRIPT_TAG = 18
HAS_VIDEO, HAS_AUDIO = 1, 4
FACTS_OF_FRAMES = frozenset(
    {"duration", "filesize", "framerate", "videodatarate", "audiodatarate", *facts_of_index([], moved_by=0)}
)
"""What only the end knows; all else is the tracks'."""


class FlvHead:
    """The head of one file."""

    def __init__(self, flags: int, facts: Mapping[str, AmfValue], codec_headers: bytes) -> None:
        """`flags` and `codec_headers` (whole tags) as they stand in the file, `facts` those of the tracks."""
        self._file_header = SIGNATURE + bytes([1, flags]) + FILE_HEADER_BYTES.to_bytes(4, "big") + bytes(SIZE_BYTES)
        self._facts = facts
        self._codec_headers = codec_headers
        self.beginning = self._with(facts)
        """As the file begins."""

    @classmethod
    def of_tracks(cls, tracks: Sequence[FlvTrack]) -> "FlvHead":
        """That of a file of these tracks."""
        facts: dict[str, AmfValue] = {"encoder": "Tapedeck"}
        for track in tracks:
            facts |= track.facts
        return cls(
            sum(HAS_VIDEO if track.has_picture else HAS_AUDIO for track in tracks),
            facts,
            b"".join(_first_tag(track.tag_kind, track.header) for track in tracks if track.header),
        )

    @classmethod
    def of_tags(cls, flags: int, tags: Iterable[Tag]) -> "FlvHead":
        """That of a file in which these tags are in front of the first frame; raises NotAmf0."""
        facts: dict[str, AmfValue] = {}
        codec_headers = b""
        for tag in tags:
            if tag.kind != SCRIPT_TAG:
                codec_headers += _first_tag(tag.kind, tag.body)
                continue
            for value in decoded(tag.body):
                facts |= cast(Mapping[str, AmfValue], value) if isinstance(value, Mapping) else {}
        tracks_alone = {name: fact for name, fact in facts.items() if name not in FACTS_OF_FRAMES}
        return cls(flags, tracks_alone, codec_headers)

    def finish(self, file: HeadRewritableObject, tally: Tally, key_frames: Sequence[KeyFrame]) -> Written:
        """End a file that begins with this head; positions in `key_frames` are those in it until now."""
        grown = len(self._final(tally, 0, key_frames, moved_by=0)) - len(self.beginning)
        head = self._final(tally, file.size_bytes + grown, key_frames, moved_by=grown)
        return Written(file.finish(head + file.head()[len(self.beginning) :]))

    def _final(self, tally: Tally, size_bytes: int, key_frames: Sequence[KeyFrame], *, moved_by: int) -> bytes:
        """Every number has one size, so that the length is the same whatever `size_bytes` and `moved_by`."""
        rates: dict[str, AmfValue] = {}
        video, audio = tally.of_kind("video"), tally.of_kind("audio")
        if video is not None and video.seconds > 0:
            rates |= {"framerate": video.samples / video.seconds, "videodatarate": video.facts.bits_per_second / 1000}
        if audio is not None:
            rates["audiodatarate"] = audio.facts.bits_per_second / 1000
        return self._with(
            {
                "duration": tally.seconds,
                "filesize": float(size_bytes),
                **self._facts,
                **rates,
                **facts_of_index(key_frames, moved_by=moved_by),
            }
        )

    def _with(self, facts: Mapping[str, AmfValue]) -> bytes:
        return self._file_header + _first_tag(SCRIPT_TAG, metadata(facts)) + self._codec_headers


def _first_tag(kind: int, body: bytes) -> bytes:
    """A tag at the beginning of the file's time."""
    tag = tag_header(kind, len(body), 0) + body
    return tag + len(tag).to_bytes(SIZE_BYTES, "big")
