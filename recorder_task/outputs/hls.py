"""HLS: MPEG-TS segments cut on key frames beside an EVENT playlist that grows, and names only what is in the bucket.

Each segment is complete in itself and ends exactly at the cut; timestamps run on through the file, and the
discontinuity indicator in a segment's first packets tells a reader of the joined bytes that continuity counters begin
anew.
"""

import secrets
from collections.abc import Sequence

from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.playlist import rounded, target_duration
from recorder_task.outputs.growing_playlist import GrowingPlaylist, Piece
from recorder_task.outputs.output import FileOrder, Written
from recorder_task.outputs.segment_writer import SegmentWriter, segment_writer
from recorder_task.sample import Sample, Track
from recorder_task.timing.cutter import Cutter
from recorder_task.uploads.buffers import Buffers

SEGMENT_ROOM_BYTES = 4 * 2**20
HOLE_SECONDS = 1.0
"""Nothing for longer than this, in any track: players would stop there, were it not a discontinuity."""


class HlsOutput:
    """One playlist and its segments, or the last part of them where it goes on with another recorder's file."""

    def __init__(self, order: FileOrder) -> None:
        self._order = order
        self._tracks = order.tracks
        self._target_seconds = target_duration(order.segment_seconds)
        self._cutter = self._new_cutter()
        self._began_at = order.starts_at
        self._clock_offset = order.tally.first.arrived_at - order.starts_at
        self._is_discontinuous = False
        self._segment_bytes = 0
        self._buffers = Buffers(SEGMENT_ROOM_BYTES)
        self._buffer = self._buffers.take()
        self._writer = self._new_writer()
        self._writer.begin(self._buffer, order.starts_at)
        self._playlist = GrowingPlaylist(
            order.bucket,
            order.continuation,
            order.entry,
            writer=secrets.token_hex(3),
            target_seconds=self._target_seconds,
            on_file=order.on_file,
        )

    def write(self, samples: Sequence[Sample]) -> None:
        """Mux samples, each into a new segment where one begins."""
        if self._buffers.given_back:
            self._buffers.settle(self._buffer)
        counted = 0
        while counted < len(samples):
            sample = samples[counted]
            if self._cutter.step(sample.at, is_key_frame=sample.is_key_frame) or self._is_behind_hole(sample):
                self._cut(sample)
            try:
                self._writer.write(samples, counted, self._cutter.quiet_until)
            finally:
                taken = self._writer.taken
                self._order.tally.add(samples[counted : counted + taken])
                counted += taken

    def change_tracks(self, tracks: Sequence[Track], first: Sample) -> None:
        """From `first` on the file holds these tracks: a new segment, behind a discontinuity."""
        self._end_segment(self._last_seconds())
        self._tracks = tracks
        self._cutter = self._new_cutter()
        self._writer = self._new_writer()
        self._is_discontinuous = True
        self._begin_segment(first.at)

    def checkpoint(self) -> None:
        """Nothing to do: a segment goes to the bucket when it ends."""

    def finish(self) -> Written:
        """End the last segment and the playlist; the facts of the file are known once the lane has come there."""
        self._end_segment(self._last_seconds(), is_last=True)
        return Written(0, whole_file=self._whole_file)

    def wait(self, *, paused_at: float, deadline: float) -> None:
        """End the last segment and leave the file to whoever returns before `deadline` (unix s)."""
        self._end_segment(self._last_seconds())
        self._order.lane.submit(lambda: self._playlist.wait(paused_at=paused_at, deadline=deadline))

    def abort(self) -> None:
        """Free the writer; what was uploaded plays, and somebody goes on with it or commits it."""
        self._writer.end()

    def _whole_file(self) -> FinishedFile:
        return self._playlist.finished(utc_offset_hours=self._order.utc_offset_hours)

    def _is_behind_hole(self, sample: Sample) -> bool:
        if sample.at <= self._writer.ends_at + HOLE_SECONDS:
            return False
        return sample.is_key_frame or all(track.kind == "audio" for track in self._tracks)

    def _cut(self, sample: Sample) -> None:
        seconds = sample.at - self._began_at
        # Behind a hole the segment is as long as its media, and what follows is somewhere else.
        is_behind_hole = self._is_behind_hole(sample) or rounded(seconds) > self._target_seconds
        self._end_segment(self._last_seconds() if is_behind_hole else seconds)
        self._is_discontinuous = is_behind_hole
        if is_behind_hole:
            self._clock_offset = sample.arrived_at - sample.at
        self._begin_segment(sample.at)

    def _begin_segment(self, at: float) -> None:
        self._cutter.begin(at)
        self._began_at = at
        self._buffer = self._buffers.take()
        self._writer.begin(self._buffer, at)

    def _last_seconds(self) -> float:
        return min(self._writer.ends_at - self._began_at, float(self._target_seconds))

    def _end_segment(self, seconds: float, *, is_last: bool = False) -> None:
        self._writer.end()
        buffer = self._buffer
        content = buffer.view()
        self._segment_bytes += len(content)
        piece = Piece(
            content=content,
            seconds=seconds,
            began_at=self._began_at + self._clock_offset,
            is_discontinuous=self._is_discontinuous,
            facts=self._order.tally.facts(self._order.entry, self._segment_bytes),
        )
        seconds_so_far = self._order.tally.seconds

        def add() -> None:
            self._playlist.add(piece, is_last=is_last)
            self._order.tally.saved_seconds = seconds_so_far
            self._buffers.give_back(buffer)

        self._order.lane.submit(add, len(content))

    def _new_cutter(self) -> Cutter:
        has_video = any(track.kind == "video" for track in self._tracks)
        return Cutter(self._order.segment_seconds, has_video=has_video, longest_seconds=self._target_seconds)

    def _new_writer(self) -> SegmentWriter:
        return segment_writer(self._tracks, starts_at=self._order.starts_at, hole_seconds=HOLE_SECONDS)
