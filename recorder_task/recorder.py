"""The recorder: source → timeline → recordings; start, drain, stop."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chalicelib.logs import log
from chalicelib.recording.orders import SessionOrders
from chalicelib.recording.report import Trouble
from chalicelib.settings import Settings
from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.last_words import say_last_words, say_that_nothing_came
from recorder_task.jobs.recovery import Recovery
from recorder_task.jobs.unfinished_hls import UnfinishedHls
from recorder_task.native import loops
from recorder_task.pull.source import Source, SourceFailed
from recorder_task.recordings.desk import Desk
from recorder_task.recordings.recording import Recording
from recorder_task.sample import Sample, runs
from recorder_task.session.control import Control, Outcomes
from recorder_task.session.ending import (
    NOTHING_LEFT,
    STALLED,
    TERMINATED,
    UNPUBLISHED,
    Patience,
    Situation,
    reason_to_end,
)
from recorder_task.session.stop import Stop
from recorder_task.telling.reporter import Reporter
from recorder_task.timing.intake import Intake
from recorder_task.uploads.backlog import Backlog, Dropped
from recorder_task.uploads.bucket_watch import BucketWatch
from recorder_task.uploads.upload_lane import UploadMemory

OK, FAILED = 0, 1
WAIT_SECONDS = 0.2
CHECKPOINT_SHARE = 0.7
"""What a muxer and a burst hold back and the upload's own time come on top: together they stay within the setting."""


class Recorder:
    """One session's recorder; `run` returns the process's exit code."""

    def __init__(
        self,
        settings: Settings,
        bucket: ReadableBucket,
        control: Control,
        stop: Stop,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._bucket = bucket
        self._control = control
        self._stop = stop
        self._clock = clock
        self._patience = Patience(
            drain_seconds=settings.drain_seconds,
            drain_limit_seconds=settings.drain_limit_seconds,
            source_stall_seconds=settings.source_stall_seconds,
        )
        self._intake = Intake()
        self._recordings: dict[str, Recording] = {}
        self._files_let_go = 0
        self._memory = UploadMemory(settings.upload_buffer_bytes)
        self._backlog = Backlog(self._memory, self._lose)
        self._watch = BucketWatch(clock)
        self._left: Outcomes = {}
        """What an earlier recorder was at, until it is told what became of it."""

    def run(self) -> int:
        """Record until the stream, the orders or the process end."""
        session = self._control.claim()
        self._left = self._control.earlier
        facts = {"epoch": session.epoch, "compiled": loops is not None}
        log("recorder_started", session_id=session.session_id, stream=str(session.stream), **facts)
        source = Source(session.pull_url, session.stream, open_seconds=self._settings.source_open_seconds)
        self._stop.wakes = source.wake
        self._control.follow(source.wake, self._vitals)
        recovery = Recovery(self._settings, session, self._bucket, self._control.journal(), self._must_stop)
        untold = self._control.untold
        reporter = Reporter(self._bucket, session, self._clock, lambda: self._control.holds_lease, untold)
        self._watch.speak_for(session, reporter)
        self._bucket.watch(self._watch)
        try:
            reason = self._record(source, session, reporter, recovery)
        except SourceFailed as failure:
            reason = f"source failed: {failure}"
            log("recording_failed", session_id=session.session_id, stream=str(session.stream), reason=reason)
            self._left = say_that_nothing_came(reporter, self._control.orders, self._left, reason, self._clock())
            recovery.join()
            self._settle_what_was_left(reporter)
            self._give_back(reason, reporter, whatever_was_ordered=True)
            return FAILED
        finally:
            source.close()
            self._control.close()
            reporter.close()
        files = self._files_let_go + sum(recording.files for recording in self._recordings.values())
        has_failed = any(recording.has_failed for recording in self._recordings.values())
        log(
            "recorder_ended",
            session_id=session.session_id,
            stream=str(session.stream),
            reason=reason,
            files=files,
            repairs=self._intake.repairs,
        )
        return FAILED if has_failed and not files else OK

    def _record(self, source: Source, session: SessionOrders, reporter: Reporter, recovery: Recovery) -> str:
        """Record, finish every file, give the session back; returns why it ended."""
        if self._must_not_wait() and session.epoch > 1:
            return self._only_recover(recovery, reporter)
        # What comes while the tracks are looked for has waited since now.
        next_checkpoint_at = self._clock() + self._settings.checkpoint_seconds * CHECKPOINT_SHARE
        try:
            tracks = source.open(self._must_not_wait)
        finally:
            recovery.start()  # behind the subscription, which is what must not be late
        intake = self._intake
        intake.expect(tracks, self._clock())
        desk = Desk(
            settings=self._settings,
            session=session,
            bucket=self._bucket,
            journal=self._control.journal(),
            memory=self._memory,
            tracks=intake.tracks,
            reporter=reporter,
            earlier=self._control.earlier,
        )
        self._follow_orders(desk)
        while True:
            samples = intake.push(source.read())
            self._mend()
            self._write(self._backlog.push(self._in_time(samples) if source.can_wait else samples))
            self._write(self._backlog.drain())
            now = self._clock()
            self._write(self._backlog.push(intake.rest(now)))
            self._follow_orders(desk)
            if self._backlog.is_empty:
                for recording in self._recordings.values():
                    recording.keep_time(now)
            if now >= next_checkpoint_at:
                next_checkpoint_at = now + self._settings.checkpoint_seconds * CHECKPOINT_SHARE
                for recording in self._recordings.values():
                    recording.checkpoint()
            recovery.take_up()
            intake.tell(reporter)
            reporter.keep_time()
            reason = reason_to_end(self._situation(source, now), self._patience)
            if reason is None:
                self._report()
                continue
            if reason.startswith("source failed") or reason == STALLED:
                reporter.trouble(Trouble.PULL_FAILED, description=reason)
            if reason == TERMINATED:
                self._write(self._backlog.push(intake.push(source.catch_up())))
            self._write(self._backlog.push(intake.flush()))
            self._write_backlog()
            if self._finish(reason, recovery, reporter):
                return self._why(reason)

    def _only_recover(self, recovery: Recovery, reporter: Reporter) -> str:
        """The stream has gone: this launch finishes what an earlier one left."""
        recovery.run()
        self._settle_what_was_left(reporter)
        reason = TERMINATED if self._stop.is_set() else UNPUBLISHED
        self._give_back(reason, reporter, whatever_was_ordered=True)
        return reason

    def _situation(self, source: Source, now: float) -> Situation:
        return Situation(
            now=now,
            last_arrival_at=self._intake.last_arrival_at,
            unpublished_at=self._control.orders.unpublished_at,
            source_ended=source.end_reason if source.is_exhausted else None,
            is_lost=self._control.is_lost,
            is_told_to_stop=self._stop.is_set(),
            is_all_done=all(recording.is_over for recording in self._recordings.values()),
        )

    def _finish(self, reason: str, recovery: Recovery, reporter: Reporter) -> bool:
        """End every file, wait for its uploads, give the session back; False where new orders must be followed."""
        recordings = self._recordings.values()
        can_go_on = reason == NOTHING_LEFT
        for recording in recordings:
            if self._control.is_lost:
                recording.abort()
            elif can_go_on:
                recording.finish()
            else:
                recording.pause(self._clock())
        for recording in recordings:
            recording.join()
        recovery.join()
        if not self._watch.is_out:
            recovery.finish()
        self._settle_what_was_left(reporter)
        self._report()
        return self._give_back(self._why(reason), reporter, whatever_was_ordered=not can_go_on)

    def _give_back(self, reason: str, reporter: Reporter, *, whatever_was_ordered: bool) -> bool:
        """End the session, with what could not be told; False where new orders must be followed first."""
        if self._control.is_lost:
            return True
        reporter.settle()
        return self._control.end(reason, whatever_was_ordered=whatever_was_ordered)

    def _why(self, reason: str) -> str:
        """Where every format has failed the first one's failure belongs to the reason."""
        outcomes = [outcome for each in self._recordings.values() for outcome in each.outcomes.values()]
        failures = [outcome["reason"] for outcome in outcomes if outcome["state"] == "failed"]
        has_failed = bool(failures) and len(failures) == len(outcomes) and not self._control.is_lost
        return f"{reason}: {failures[0]}" if has_failed else reason

    def _settle_what_was_left(self, reporter: Reporter) -> None:
        if self._control.is_lost:
            return
        orders, journal = self._control.orders, self._control.journal()
        unfinished = UnfinishedHls(self._settings, orders, self._bucket, journal, self._clock)
        waiting = unfinished.settle()
        left = {name: formats for name, formats in self._left.items() if name not in self._recordings}
        self._control.report(say_last_words(reporter, orders, left, waiting, unfinished.is_elsewhere))
        self._left = {}

    def _follow_orders(self, desk: Desk) -> None:
        ordered = self._control.orders.recordings
        for recording_id, order in ordered.items():
            recording = self._recordings.get(recording_id)
            if recording is not None:
                recording.change(order)
            elif not order.ends_at or order.ends_at > self._clock():
                begins_with_stream = not self._intake.has_begun and order.starts_at <= self._clock()
                self._recordings[recording_id] = Recording(desk, order, begins_with_stream=begins_with_stream)
        for recording_id in self._recordings.keys() - ordered.keys():  # over so long that it was taken from the orders
            self._let_go(recording_id)

    def _let_go(self, recording_id: str) -> None:
        recording = self._recordings.pop(recording_id)
        recording.finish()
        recording.join()
        self._files_let_go += recording.files
        self._left = {name: formats for name, formats in self._left.items() if name != recording_id}
        self._control.let_go(recording_id)

    def _in_time(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """No sooner than there is room for them."""
        for sample in samples:
            if not self._memory.has_room:
                self._memory.wait_for_room()
            yield sample

    def _write(self, samples: Iterable[Sample]) -> None:
        for run in runs(samples):
            for recording in self._recordings.values():
                recording.write(run)

    def _write_backlog(self) -> None:
        """Nothing comes any more that could be lost by waiting for the bucket."""
        while not self._backlog.is_empty and not self._control.is_lost:
            self._mend()
            self._memory.wait_for_room(WAIT_SECONDS)
            self._write(self._backlog.drain())
        self._backlog.end()

    def _mend(self) -> None:
        for recording in self._recordings.values():
            recording.mend()

    def _lose(self, dropped: Dropped) -> None:
        session = self._control.orders
        facts = {"seconds": round(dropped.seconds, 3), "packets": dropped.packets}
        log("media_dropped", session_id=session.session_id, stream=str(session.stream), **facts)
        for recording in self._recordings.values():
            recording.lose(dropped)

    def _must_not_wait(self) -> bool:
        unpublished_at = self._control.orders.unpublished_at
        is_drained = unpublished_at is not None and self._clock() - unpublished_at > self._settings.drain_seconds
        return self._must_stop() or is_drained

    def _must_stop(self) -> bool:
        return self._stop.is_set() or self._control.is_lost

    def _vitals(self) -> Mapping[str, Any]:
        """What the heartbeat carries; the control's thread asks."""
        now, drift_ms = self._clock(), self._intake.drift_ms
        recordings = list(self._recordings.items())  # the recorder's thread may add one meanwhile
        return {"at": now, "recordings": {name: each.vitals(now, drift_ms=drift_ms) for name, each in recordings}}

    def _report(self) -> None:
        self._control.report({name: recording.outcomes for name, recording in self._recordings.items()})
