"""FLV: tags appended as they come; at the end its head is written again with duration, file size and key-frame index.

No muxer of FFmpeg takes part: a tag is a few bytes around what the source sent, and nothing is held back.
"""

import struct

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from recorder_task.outputs.flv_head import CONTENT_TYPE, FlvHead
from recorder_task.outputs.flv_metadata import KeyFrame
from recorder_task.outputs.flv_track import FlvTrack
from recorder_task.outputs.output import FileOrder, Written
from recorder_task.pull.flv_tags import SIZE_BYTES, TAG_HEADER_BYTES
from recorder_task.sample import Sample
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject

TAG_HEADER = struct.Struct(">II3x")
"""Kind and size of the body; three bytes of the time and the one above them."""


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
        self._object.append(self._head.beginning)

    def write(self, sample: Sample) -> None:
        """Append a sample's tag."""
        track = self._tracks[sample.track.index]
        milliseconds = round(sample.at * 1000) - self._starts_ms
        presented_ms = milliseconds
        if sample.pts != sample.dts:
            presented_ms += round((sample.pts - sample.dts) * sample.track.seconds_per_tick * 1000)
        if milliseconds < track.earliest_ms:
            # Where audio and video come seconds apart one of them may be earlier than the file.
            milliseconds = track.earliest_ms
            presented_ms = max(presented_ms, milliseconds)
        track.earliest_ms = milliseconds + 1
        prefix = track.prefix(sample, presented_ms - milliseconds)
        if sample.is_key_frame:
            self._key_frames.append(KeyFrame(milliseconds / 1000, self._object.size_bytes))
        size = len(prefix) + sample.size
        self._object.append(
            TAG_HEADER.pack(track.tag_kind << 24 | size, (milliseconds & 0xFFFFFF) << 8 | milliseconds >> 24) + prefix,
            sample.payload,
            (TAG_HEADER_BYTES + size).to_bytes(SIZE_BYTES, "big"),
        )

    def checkpoint(self) -> None:
        """Upload the part in progress."""
        self._object.checkpoint()

    def finish(self) -> Written:
        """Write the head again."""
        return self._head.finish(self._object, self._tally, self._key_frames)

    def abort(self) -> None:
        """Nothing to free."""
