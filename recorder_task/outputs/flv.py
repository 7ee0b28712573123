"""FLV: tags appended as they come; at the end its head is written again with duration, file size and key-frame index.

No muxer of FFmpeg takes part: a tag is a few bytes around what the source sent, and nothing is held back.
"""

from collections.abc import Sequence

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from recorder_task.outputs.flv_head import CONTENT_TYPE, FlvHead
from recorder_task.outputs.flv_metadata import KeyFrame
from recorder_task.outputs.flv_tag_writer import TagWriter
from recorder_task.outputs.flv_track import FlvTrack
from recorder_task.outputs.output import FileOrder, Written
from recorder_task.sample import Sample
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject


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
        tracks = [FlvTrack(track) for track in order.tracks]
        self._tags = TagWriter(round(order.starts_at * 1000), tuple(track.frames for track in tracks))
        self._key_frames: list[tuple[int, int]] = []
        """When (ms), and where in the file."""
        self._head = FlvHead.of_tracks(tracks)
        self._object.append([self._head.beginning])

    def write(self, samples: Sequence[Sample]) -> None:
        """Append the samples' tags."""
        file, rest = self._object, samples
        while rest:
            size_bytes, full_bytes = file.size_bytes, file.full_bytes
            taken = self._tags.write(file.part, rest, size_bytes, full_bytes, self._key_frames)
            self._tally.add(rest[:taken])
            file.boundary()
            rest = rest[taken:]

    def checkpoint(self) -> None:
        """Upload the part in progress."""
        self._object.checkpoint()

    def finish(self) -> Written:
        """Write the head again."""
        key_frames = [KeyFrame(milliseconds / 1000, position) for milliseconds, position in self._key_frames]
        return self._head.finish(self._object, self._tally, key_frames)

    def abort(self) -> None:
        """Nothing to free."""
