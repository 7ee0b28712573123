"""An MP4 that a dead recorder left, read by its bytes: it is as it has to be but for its head and, perhaps, its end.

Its fragments lie where they will lie in the finished file too, hidden in one `mdat`. So they are passed on as they
are, and of each nothing is read but its `moof`, which says what samples are behind it.
"""

from collections.abc import Iterator
from io import BytesIO

import av

from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.counting import TrackCount, bare_sample, settle
from recorder_task.jobs.stored_file import PIECE_BYTES
from recorder_task.outputs.mp4 import ROOM, content_type
from recorder_task.outputs.mp4_boxes import boxes
from recorder_task.outputs.mp4_fragments import HEADER_BYTES, OtherForm, TrackRun, track_runs
from recorder_task.outputs.mp4_movie import movie_in
from recorder_task.outputs.mp4_track import Mp4Track
from recorder_task.pull.pyav_track import track_of
from recorder_task.tally import Tally

HEAD = (b"ftyp", b"free", b"moov")


class StoredMp4:
    """A fragmented file; raises OtherForm for one that none of our recorders writes, or that breaks off in its head.

    `began_at` is when its first packet had arrived, unix s. `tracks` know the samples that `runs` has come by.
    """

    def __init__(self, bucket: ReadableBucket, key: str, *, began_at: float) -> None:
        self._bucket = bucket
        self._key = key
        self._began_at = began_at
        self._until = bucket.size(key) or 0
        """Where the last whole sample ends, as far as is known."""
        content = bucket.read(key, 0, PIECE_BYTES) if self._until else b""
        self.beginning = _head(content)
        """All that is in front of the first fragment."""
        self.movie = movie_in(self.beginning)
        with av.open(BytesIO(self.beginning), "r", format="mp4") as container:
            streams = (*container.streams.video[:1], *container.streams.audio[:1])
            found = {stream.id: track_of(stream) for stream in streams}
        self.tracks = {
            track_id: Mp4Track(track, track_id, round(1 / track.time_base), starts_at=0.0)
            for track_id, track in found.items()
        }
        self._counts = {track_id: TrackCount(track) for track_id, track in found.items()}
        self.tally = Tally(bare_sample(next(iter(found.values())), 0))
        """Of what `runs` has given."""
        self.content_type = content_type(found.values())

    def runs(self) -> Iterator[memoryview]:
        """All behind the head, up to the end of the last whole sample, some at a time."""
        at = box_at = len(self.beginning)
        while at < self._until:
            piece = self._bucket.read(self._key, at, PIECE_BYTES)
            box_at = at + self._look(piece, box_at - at, at)
            end = at + len(piece)
            if box_at < end and len(piece) < PIECE_BYTES:  # and no more comes
                self._until = min(self._until, box_at)
            stop = min(box_at, end, self._until)
            if stop <= at < self._until:
                raise OtherForm(f"a fragment's head of more than {PIECE_BYTES} bytes")
            settle(self.tally, self._counts.values(), began_at=self._began_at)
            yield memoryview(piece)[: stop - at]
            at = stop

    def _look(self, piece: bytes, start: int, piece_at: int) -> int:
        """Go through the boxes from `start` on; returns where the first one is that is not there, or not whole."""
        while start + HEADER_BYTES <= len(piece):
            [(kind, _, _, end)] = boxes(piece, start, start + HEADER_BYTES)
            if kind == b"moof":
                if end > len(piece):
                    break
                self._adopt(piece, start, end, piece_at)
            start = end
        return start

    def _adopt(self, piece: bytes, start: int, end: int, piece_at: int) -> None:
        """Take the samples of the `moof` from `start` to `end`, as far as they are whole."""
        moof_at = piece_at + start
        left_bytes, whole_until, is_torn = self._until - moof_at, end - start, False
        for run in track_runs(piece, start, end):
            whole = run.whole_in(left_bytes)
            is_torn = is_torn or len(whole.sizes) < len(run.sizes)
            if run.track_id in self.tracks and whole.sizes:
                whole_until = max(whole_until, run.offset + sum(whole.sizes))
                self.tracks[run.track_id].adopt(whole, moof_at + run.offset)
                _count(self._counts[run.track_id], whole)
        if is_torn:
            self._until = moof_at + whole_until


def _count(count: TrackCount, run: TrackRun) -> None:
    if not count.samples:
        count.begins = run.begins
    count.last, count.last_duration = run.begins + sum(run.durations[:-1]), run.durations[-1]
    count.samples += len(run.sizes)
    count.size_bytes += sum(run.sizes)


def _head(content: bytes) -> bytes:
    """The head of a file that begins so; raises OtherForm."""
    found = list(boxes(content))
    kinds = tuple(kind for kind, *_ in found[:3])
    if kinds != HEAD or found[2][3] > len(content) or content[found[1][1] : found[1][3]] != ROOM:
        raise OtherForm("no head of ours")
    return content[: found[2][3]]
