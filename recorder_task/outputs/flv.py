"""FLV: appended as it comes; at the end its head is written again with duration, file size and key-frame index."""

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from recorder_task.head_rewritable_object import HeadRewritableObject
from recorder_task.outputs.flv_metadata import FlvIndex, head_with_metadata
from recorder_task.outputs.output import FLUSH_EACH_PACKET, FileOrder, Muxer, Written
from recorder_task.sample import Sample

OPTIONS = {
    **FLUSH_EACH_PACKET,
    "flvflags": "no_duration_filesize",  # ours come at the end, with the index
}


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
        )
        self._index = FlvIndex()
        self._starts_at = self._ends_at = order.starts_at
        self._muxer = Muxer(
            _Indexed(self._object, self._index), "flv", order.tracks, starts_at=order.starts_at, options=OPTIONS
        )

    def write(self, sample: Sample) -> None:
        """Mux a sample."""
        self._muxer.write(sample)
        self._ends_at = max(self._ends_at, sample.at + sample.duration * sample.track.seconds_per_tick)
        self._object.boundary()

    def checkpoint(self) -> None:
        """Upload the part in progress."""
        self._object.checkpoint()

    def finish(self) -> Written:
        """Write the trailer, then the head again."""
        self._muxer.close()
        head = head_with_metadata(
            self._object.head(),
            duration_seconds=self._ends_at - self._starts_at,
            size_bytes=self._object.size_bytes,
            key_frames=self._index.key_frames,
        )
        return Written(self._object.finish(head))

    def abort(self) -> None:
        """Free the muxer."""
        self._muxer.close()


class _Indexed:
    """A file object that shows the index what passes."""

    def __init__(self, target: HeadRewritableObject, index: FlvIndex) -> None:
        self._target = target
        self._index = index

    def write(self, data: bytes) -> int:
        """Append."""
        self._index.feed(data)
        return self._target.write(data)
