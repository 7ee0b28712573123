"""An MP4 that a dead recorder left, which is fragmented: its samples are read of its bytes, without FFmpeg's demuxer.

That one reads the whole file twice, for it looks for all fragments first, and copies each sample three times. It reads
the empty `moov`, of which it knows the tracks; and a file that is not fragmented any more (`StoredFile`).
"""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import accumulate
from operator import attrgetter
from types import TracebackType
from typing import Any

import av

from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.mp4_fragments import HEADER_BYTES, NO_KEY_FRAME, OtherForm, is_fragmented, runs_of
from recorder_task.jobs.stored_file import PIECE_BYTES, StoredFile
from recorder_task.outputs.mp4_boxes import boxes
from recorder_task.pull.pyav_track import track_of
from recorder_task.sample import Sample, Track

WHEN = attrgetter("at")


def stored_mp4(bucket: ReadableBucket, key: str, *, began_at: float) -> "StoredMp4 | StoredFile":
    """The file under a key, to be opened by `with`; `began_at` is when its first packet had arrived, unix s."""
    size_bytes = bucket.size(key) or 0
    beginning = bucket.read(key, 0, PIECE_BYTES) if size_bytes else b""
    with suppress(OtherForm):
        if is_fragmented(beginning):
            return StoredMp4(bucket, key, size_bytes, beginning, began_at=began_at)
    return StoredFile(bucket, key, began_at=began_at)


class StoredMp4:
    """A fragmented file, used as StoredFile is."""

    def __init__(self, bucket: ReadableBucket, key: str, size_bytes: int, beginning: bytes, *, began_at: float) -> None:
        self._bucket = bucket
        self._key = key
        self._beginning = beginning
        self._began_at = began_at
        self._size_bytes = size_bytes
        self._tracks: dict[int, Track] = {}
        """By the ids that they have in the file."""
        self._container: Any = None
        self._first_at: float | None = None

    def __enter__(self) -> "StoredMp4":
        # No fragment: of the samples FFmpeg would guess bit rates, which the file's recorder had not written.
        moov_end = next(end for kind, *_, end in boxes(self._beginning) if kind == b"moov")
        self._container = av.open(BytesIO(self._beginning[:moov_end]), "r", format="mp4")
        streams = self._container.streams
        self._tracks = {each.id: track_of(each) for each in (*streams.video[:1], *streams.audio[:1])}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    @property
    def tracks(self) -> list[Track]:
        """Of the file."""
        return list(self._tracks.values())

    def runs(self) -> Iterator[list[Sample]]:
        """Every sample that reads, in the order of dts over all tracks, a fragment's at a time."""
        at, wanted_bytes = 0, PIECE_BYTES
        while at < self._size_bytes:
            piece = self._bucket.read(self._key, at, wanted_bytes)
            is_last = len(piece) < wanted_bytes
            whole_until = box_end = 0
            moof: tuple[int, int] | None = None
            for kind, start, _, box_end in boxes(piece):
                if kind != b"mdat":
                    moof = (start, box_end) if kind == b"moof" and box_end <= len(piece) else None
                elif moof is not None and (is_last or box_end <= len(piece)):
                    yield self._samples(piece, *moof)
                    whole_until = box_end
            if is_last:
                return
            at += whole_until
            # The `mdat` behind the last `moof` says how long it is only in its own header.
            wanted_bytes = max(PIECE_BYTES, box_end - whole_until + HEADER_BYTES)

    def _samples(self, piece: bytes, start: int, end: int) -> list[Sample]:
        """Those of the `moof` from `start` to `end`, as far as they are whole."""
        view, samples = memoryview(piece), list[Sample]()
        for run in runs_of(piece, start, end):
            track = self._tracks.get(run.track_id)
            if track is None:
                continue
            is_video, per_tick = track.kind == "video", track.seconds_per_tick
            if self._first_at is None:
                self._first_at = run.begins * per_tick
            began_at = self._began_at - self._first_at
            places = list(accumulate(run.sizes, initial=start + run.offset))
            ends = places[1 : max(1, bisect_right(places, len(piece)))]
            times = accumulate(run.durations, initial=run.begins)
            samples += [
                Sample(
                    track,
                    view[place:end],
                    dts,
                    dts + composition,
                    duration,
                    is_video and not flags & NO_KEY_FRAME,
                    began_at + dts * per_tick,
                )
                for end, place, dts, duration, flags, composition in zip(
                    ends, places, times, run.durations, run.flags, run.compositions, strict=False
                )
            ]
        samples.sort(key=WHEN)
        return samples
