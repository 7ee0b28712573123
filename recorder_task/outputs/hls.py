"""HLS: MPEG-TS segments cut on key frames beside an EVENT playlist that grows, and names only what is in the bucket.

Each segment has a muxer of its own, which makes it complete in itself and ends it exactly at the cut; timestamps run
on through the file, and the discontinuity indicator in a segment's first packets tells a reader of the joined bytes
that continuity counters begin anew.
"""

from chalicelib.recording.naming import media_key, segment_key, segment_name
from chalicelib.recording.orders import RecordFormat
from recorder_task.cutter import Cutter
from recorder_task.outputs.output import FileOrder, Muxer, Written
from recorder_task.outputs.playlist import Segment, playlist
from recorder_task.sample import Sample

SEGMENT_TYPE, PLAYLIST_TYPE = "video/mp2t", "application/vnd.apple.mpegurl"
OPTIONS = {
    "mpegts_flags": "+initial_discontinuity",
    # FFmpeg's command line sets this; with the library's 0 every audio frame becomes a PES packet of its own, which
    # doubles the size of an audio-only stream.
    "max_delay": "700000",
    # Seconds. Tables stand at the beginning of a segment, where a player needs them, and nowhere else.
    "pat_period": "86400",
    "sdt_period": "86400",
}


class _Memory:
    """A file object that keeps what is written."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes) -> int:
        """Append."""
        self.content += data
        return len(data)


class HlsOutput:
    """One playlist and its segments."""

    def __init__(self, order: FileOrder) -> None:
        self._order = order
        has_video = any(track.kind == "video" for track in order.tracks)
        self._cutter = Cutter(order.segment_seconds, has_video=has_video)
        self._segments: list[Segment] = []
        self._segment_bytes = 0
        self._began_at = self._ends_at = order.starts_at
        self._memory = _Memory()
        self._muxer = self._new_muxer()

    def write(self, sample: Sample) -> None:
        """Mux a sample, into a new segment where one begins."""
        if self._cutter.step(sample.at, is_key_frame=sample.is_key_frame):
            self._end_segment(sample.at)
            self._upload_playlist(is_finished=False)
            self._began_at = self._ends_at = sample.at
            self._memory = _Memory()
            self._muxer = self._new_muxer()
        self._muxer.write(sample)
        end = sample.at + sample.duration * sample.track.seconds_per_tick
        self._ends_at = max(self._ends_at, end)

    def checkpoint(self) -> None:
        """Nothing to do: a segment goes to the bucket when it ends."""

    def finish(self) -> Written:
        """End the last segment and the playlist."""
        self._end_segment(self._ends_at)
        playlist_bytes = self._upload_playlist(is_finished=True)
        return Written(self._segment_bytes + playlist_bytes, playlist_bytes)

    def abort(self) -> None:
        """Free the muxer; what was uploaded plays, and nothing commits it."""
        self._muxer.close()

    def _new_muxer(self) -> Muxer:
        order = self._order
        return Muxer(self._memory, "mpegts", order.tracks, starts_at=order.starts_at, options=OPTIONS)

    def _end_segment(self, at: float) -> None:
        self._muxer.close()
        number = len(self._segments)
        self._segments.append(Segment(name=segment_name(number), duration_seconds=at - self._began_at))
        self._segment_bytes += len(self._memory.content)
        self._put(segment_key(self._order.file_id, number), self._memory.content, SEGMENT_TYPE)

    def _upload_playlist(self, *, is_finished: bool) -> int:
        text = playlist(self._segments, target_seconds=self._order.segment_seconds, is_finished=is_finished)
        self._put(media_key(self._order.file_id, RecordFormat.HLS), text, PLAYLIST_TYPE)
        return len(text)

    def _put(self, key: str, content: bytes | bytearray, content_type: str) -> None:
        bucket = self._order.bucket
        self._order.lane.submit(lambda: bucket.put(key, content, content_type=content_type), len(content))
