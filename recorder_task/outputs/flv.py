"""FLV: tags appended as they come; at the end its head is written again with duration, file size and key-frame index.

No muxer of FFmpeg takes part: a tag is a few bytes around what the source sent, and nothing is held back.
"""

from collections.abc import Sequence

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from recorder_task.outputs.flv_head import CONTENT_TYPE, FlvHead
from recorder_task.outputs.flv_metadata import KeyFrame
from recorder_task.outputs.flv_track import FlvTrack
from recorder_task.outputs.output import FileOrder, Written
from recorder_task.pull.flv_tags import SIZE_BYTES
from recorder_task.sample import Sample
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject

PIECES_OF_TAG = 3


class FlvOutput:
    """One FLV file."""

    def __init__(self, order: FileOrder) -> None:
        self._object = HeadRewritableObject(
            order.bucket,
            order.lane,
            tally=order.tally,
            key=media_key(order.file_id, RecordFormat.FLV),
            content_type=CONTENT_TYPE,
            part_bytes=order.part_bytes,
            is_new=order.is_new,
        )
        self._tally = order.tally
        self._starts_ms = round(order.starts_at * 1000)
        self._tracks = {track.index: FlvTrack(track) for track in order.tracks}
        self._key_frames: list[KeyFrame] = []
        self._head = FlvHead.of_tracks(list(self._tracks.values()))
        self._object.append([self._head.beginning])

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
                    tags, pieces = pieces, []
                    begin, written = written, position + 1
                    self._append(tags, samples[begin:written])
                    full_bytes = self._object.full_bytes
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
        return self._head.finish(self._object, self._tally, self._key_frames)

    def abort(self) -> None:
        """Nothing to free."""
