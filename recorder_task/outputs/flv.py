"""FLV: tags appended as they come; at the end its head is written again with duration, file size and key-frame index.

No muxer of FFmpeg takes part: a tag is a few bytes around what the source sent, and nothing is held back.
"""

from collections.abc import Sequence

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from recorder_task.outputs.flv_metadata import AmfValue, KeyFrame, facts_of_index, metadata
from recorder_task.outputs.flv_track import FlvTrack, tag_header
from recorder_task.outputs.output import FileOrder, Written
from recorder_task.pull.flv_tags import FILE_HEADER_BYTES, SIGNATURE, SIZE_BYTES, TAG_HEADER_BYTES
from recorder_task.sample import Sample
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject

SCRIPT_TAG = 18
PIECES_OF_TAG = 3
HAS_VIDEO, HAS_AUDIO = 1, 4


class FlvOutput:
    """One FLV file."""

    def __init__(self, order: FileOrder) -> None:
        self._object = HeadRewritableObject(
            order.bucket,
            order.lane,
            tally=order.tally,
            key=media_key(order.file_id, RecordFormat.FLV),
            content_type="video/x-flv",
            part_bytes=order.part_bytes,
            is_new=order.is_new,
        )
        self._tally = order.tally
        self._starts_ms = round(order.starts_at * 1000)
        self._tracks = {track.index: FlvTrack(track) for track in order.tracks}
        self._key_frames: list[KeyFrame] = []
        self._facts: dict[str, AmfValue] = {"encoder": "Tapedeck"}
        for track in self._tracks.values():
            self._facts |= track.facts
        flags = sum(HAS_VIDEO if each.has_picture else HAS_AUDIO for each in self._tracks.values())
        head = [
            SIGNATURE + bytes([1, flags]) + FILE_HEADER_BYTES.to_bytes(4, "big") + bytes(SIZE_BYTES),
            _first_tag(SCRIPT_TAG, metadata(self._facts)),
            *(_first_tag(track.tag_kind, track.header) for track in self._tracks.values() if track.header),
        ]
        self._object.append(head)

    def write(self, samples: Sequence[Sample]) -> None:
        """Append the samples' tags."""
        tracks, starts_ms = self._tracks, self._starts_ms
        size_bytes, full_bytes = self._object.size_bytes, self._object.full_bytes
        pieces: list[bytes | memoryview] = []
        written = 0
        try:
            for position, sample in enumerate(samples):
                track = tracks[sample.track.index]
                milliseconds = round(sample.at * 1000) - starts_ms
                composition_ms = 0
                if sample.pts != sample.dts:
                    composition_ms = round((sample.pts - sample.dts) * sample.track.seconds_per_tick * 1000)
                if milliseconds < track.earliest_ms:
                    # Where audio and video come seconds apart one of them may be earlier than the file.
                    composition_ms = max(0, composition_ms + milliseconds - track.earliest_ms)
                    milliseconds = track.earliest_ms
                track.earliest_ms = milliseconds + 1
                head = track.head(sample, milliseconds, composition_ms)
                if sample.is_key_frame:
                    self._key_frames.append(KeyFrame(milliseconds / 1000, size_bytes))
                size = len(head) + sample.size
                pieces += (head, sample.payload, size.to_bytes(SIZE_BYTES, "big"))
                size_bytes += size + SIZE_BYTES
                if size_bytes >= full_bytes:
                    self._append(pieces, samples[written : position + 1])
                    pieces, written, full_bytes = [], position + 1, self._object.full_bytes
        finally:
            self._append(pieces, samples[written : written + len(pieces) // PIECES_OF_TAG])

    def _append(self, pieces: Sequence[bytes | memoryview], samples: Sequence[Sample]) -> None:
        self._tally.add(samples)
        self._object.append(pieces)

    def checkpoint(self) -> None:
        """Upload the part in progress."""
        self._object.checkpoint()

    def finish(self) -> Written:
        """Write the head again."""
        head = self._object.head()
        at = FILE_HEADER_BYTES + SIZE_BYTES
        old_tag = _first_tag(SCRIPT_TAG, metadata(self._facts))
        moved_by = len(_first_tag(SCRIPT_TAG, self._final_metadata(moved_by=0))) - len(old_tag)
        tag = _first_tag(SCRIPT_TAG, self._final_metadata(moved_by=moved_by))
        return Written(self._object.finish(head[:at] + tag + head[at + len(old_tag) :]))

    def _final_metadata(self, *, moved_by: int) -> bytes:
        """Every number has one size, so that all lengths are the same whatever `moved_by`, the growth of the head."""
        tally = self._tally
        rates: dict[str, AmfValue] = {}
        video, audio = tally.of_kind("video"), tally.of_kind("audio")
        if video is not None and video.seconds > 0:
            rates |= {"framerate": video.samples / video.seconds, "videodatarate": video.facts.bits_per_second / 1000}
        if audio is not None:
            rates["audiodatarate"] = audio.facts.bits_per_second / 1000
        return metadata(
            {
                "duration": tally.seconds,
                "filesize": float(self._object.size_bytes + moved_by),
                **self._facts,
                **rates,
                **facts_of_index(self._key_frames, moved_by=moved_by),
            }
        )

    def abort(self) -> None:
        """Nothing to free."""


def _first_tag(kind: int, body: bytes) -> bytes:
    """A tag at the beginning of the file's time."""
    size = TAG_HEADER_BYTES + len(body)
    return tag_header(kind, len(body), 0) + body + size.to_bytes(SIZE_BYTES, "big")
