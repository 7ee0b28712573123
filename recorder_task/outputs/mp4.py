"""MP4: fragments while it grows, so that it opens wherever it breaks off; at its end one faststart movie without any.

FFmpeg's hybrid muxer ends by hiding the fragments in one `mdat` and writing the `moov` of the whole behind it. That
`moov` never reaches the bucket there: it moves to the front, into part 1, which is uploaded once more.
"""

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject
from recorder_task.outputs.faststart import faststart_head, moov_offset
from recorder_task.outputs.output import FileOrder, Muxer, Written
from recorder_task.sample import Sample

OPTIONS = {
    # An empty `moov` in front: without it the first fragment waits in memory for every track, one that is silent too.
    "movflags": "hybrid_fragmented+empty_moov",
    # Microseconds. Without it nothing is written before the next key frame: a GOP of 30 s would be 30 s at risk.
    "frag_duration": "1000000",
    # A track that begins after the other keeps its distance by an edit list, counted in units of the movie's time
    # scale; the default 1000 would round it down.
    "use_editlist": "1",
    "movie_timescale": "90000",
}


class Mp4Output:
    """One MP4 file."""

    def __init__(self, order: FileOrder) -> None:
        self._object = HeadRewritableObject(
            order.bucket,
            order.lane,
            tally=order.tally,
            key=media_key(order.file_id, RecordFormat.MP4),
            content_type="video/mp4" if any(track.kind == "video" for track in order.tracks) else "audio/mp4",
            part_bytes=order.part_bytes,
            is_new=order.is_new,
        )
        self._muxer = Muxer(self._object, "mp4", order.tracks, starts_at=order.starts_at, options=OPTIONS)

    def write(self, sample: Sample) -> None:
        """Mux a sample; the muxer writes whole fragments, so that what has been written ends with one."""
        self._muxer.write(sample)
        self._object.boundary()

    def checkpoint(self) -> None:
        """Upload the part in progress."""
        self._object.checkpoint()

    def finish(self) -> Written:
        """Write the `moov`, then the head again with it in front."""
        self._muxer.close()
        offset = moov_offset(self._object.head())
        moov = self._object.tail(offset)
        self._object.truncate(offset)
        return Written(self._object.finish(faststart_head(self._object.head(), moov)))

    def abort(self) -> None:
        """Free the muxer."""
        self._muxer.close()
