"""One recording inside a recorder: a template or a task, its window, its formats."""

from collections.abc import Mapping
from typing import Any

from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.waiting import deadline_of
from recorder_task.recordings.desk import Desk
from recorder_task.recordings.format_recording import FormatRecording
from recorder_task.sample import Run
from recorder_task.telling.vitals import Vitals
from recorder_task.timing.interleaver import PATIENCE_SECONDS
from recorder_task.timing.window import Window
from recorder_task.uploads.backlog import Dropped

LATE_SECONDS = PATIENCE_SECONDS + 2.0
"""What came in time has had its turn by then: it waits for the other track, and for its burst to be read."""


class Recording:
    """Feeds every format of one order while its window is open; the window is kept by our own clock."""

    def __init__(self, desk: Desk, order: RecordingOrder, *, begins_with_stream: bool) -> None:
        self._order = order
        self._desk = desk
        self._window = Window(begins_with_stream=begins_with_stream)
        self._has_opened = False
        """Its window had begun when we looked last."""
        self._formats = {
            name: FormatRecording(desk, order, name, begins_with_stream=begins_with_stream) for name in order.formats
        }

    @property
    def is_over(self) -> bool:
        """No format takes any more."""
        return all(each.is_over for each in self._formats.values())

    @property
    def files(self) -> int:
        """Files committed so far."""
        return sum(each.outcome.files for each in self._formats.values())

    @property
    def has_failed(self) -> bool:
        """A format has failed."""
        return any(each.outcome.state == "failed" for each in self._formats.values())

    @property
    def outcomes(self) -> Mapping[str, Mapping[str, Any]]:
        """What the session's item says of each format."""
        return {str(name): each.outcome.as_item() for name, each in self._formats.items()}

    def vitals(self, now: float, *, drift_ms: int) -> Mapping[str, Vitals]:
        """How each format that takes samples is doing."""
        return {
            str(name): each.vitals(now, drift_ms=drift_ms) for name, each in self._formats.items() if not each.is_over
        }

    def change(self, order: RecordingOrder) -> None:
        """Follow a changed window; formats stay as they began."""
        self._order = order

    def keep_time(self, now: float) -> None:
        """End what is over at `now` though no packet came to say so; what came in time may still wait for its turn."""
        self._has_opened = now >= self._order.starts_at
        if self._order.ends_at and now >= self._order.ends_at + LATE_SECONDS:
            self.finish()
        for each in self._formats.values():
            each.keep_time(now)

    def write(self, run: Run) -> None:
        """Give every format the samples that lie inside the window; the first one behind it ends them."""
        order, window = self._order, self._window
        if order.starts_at or order.ends_at:
            has_video = any(track.kind == "video" for track in self._desk.tracks)
            limits = order.starts_at, order.ends_at
            inside = [sample for sample in run.samples if window.covers(sample, *limits, has_video=has_video)]
            if len(inside) < len(run.samples):
                run = Run(inside)
        for each in self._formats.values():
            each.write(run)
        if window.is_over:
            self._has_opened = order.starts_at < order.ends_at  # not so where it was stopped before its start
            self.finish()

    def lose(self, dropped: Dropped) -> None:
        """Media that would have been written was dropped."""
        order = self._order
        if order.starts_at <= dropped.arrived_at and not (order.ends_at and dropped.arrived_at >= order.ends_at):
            for each in self._formats.values():
                each.lose(dropped)

    def checkpoint(self) -> None:
        """Bring what is held into the bucket."""
        for each in self._formats.values():
            each.checkpoint()

    def mend(self) -> None:
        """Begin anew where uploads have failed."""
        for each in self._formats.values():
            each.mend()

    def finish(self) -> None:
        """End every file; `join` waits for the uploads. Where nothing was to be recorded yet nothing is told."""
        for each in self._formats.values():
            if self._has_opened:
                each.finish()
            else:
                each.leave()

    def pause(self, now: float) -> None:
        """The stream is gone: HLS waits for its return where that is ordered, everything else ends."""
        order = self._order
        deadline = deadline_of(paused_at=now, continue_seconds=order.continue_seconds, ends_at=order.ends_at)
        self._has_opened = now >= order.starts_at
        if deadline <= now or not self._has_opened:
            self.finish()
            return
        for each in self._formats.values():
            each.pause(paused_at=now, deadline=deadline)

    def abort(self) -> None:
        """End without files."""
        for each in self._formats.values():
            each.abort()

    def join(self) -> None:
        """Wait for the uploads of every format."""
        for each in self._formats.values():
            each.join()
