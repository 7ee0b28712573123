"""One format of one recording: it begins at a key frame, goes from file to file, and commits each that is finished."""

from collections.abc import Sequence
from functools import partial

from chalicelib.recording.orders import RecordFormat, RecordingOrder
from recorder_task.outputs.formats import FORMATS, CannotRecord, NoAudio
from recorder_task.outputs.hls import HlsOutput
from recorder_task.recordings.desk import Desk
from recorder_task.recordings.file_under_way import FileUnderWay
from recorder_task.recordings.files_in_hand import FilesInHand
from recorder_task.recordings.format_outcome import FormatOutcome
from recorder_task.sample import Run, Sample, Track
from recorder_task.telling.vitals import Meter, Vitals
from recorder_task.timing.cutter import Cutter
from recorder_task.timing.interleaver import WHEN
from recorder_task.timing.lineup import Lineup, changes
from recorder_task.uploads.backlog import Dropped

SILENCE_SECONDS = 10.0
"""Without audio, before a recording of audio alone is told to lack it."""
BROKEN_FILES = 3
"""A format whose muxer has refused a packet this often is given up."""


class FormatRecording:
    """The files of one format."""

    def __init__(self, desk: Desk, order: RecordingOrder, name: RecordFormat, *, begins_with_stream: bool) -> None:
        self._desk = desk
        self._order = order
        self._format = FORMATS[name]
        self._name = name
        self._voice = desk.voice(order, name)
        self._begins_with_stream = begins_with_stream
        self._file: FileUnderWay | None = None
        self._is_over = False
        self._broken_files = 0
        self._silent_since = 0.0
        self.outcome = FormatOutcome(self._voice)
        self._meter = Meter()
        self._files = FilesInHand(desk, order, name, self.outcome.is_in)
        self._lineup = Lineup(partial(self._format.tracks, audio_only=order.audio_only))
        self._meet(*desk.tracks)
        self._cutter = self._new_cutter()

    @property
    def is_over(self) -> bool:
        """It takes no more samples: it ended or failed."""
        return self._is_over

    def vitals(self, now: float, *, drift_ms: int) -> Vitals:
        """How it is doing since the last reading; `drift_ms` is the source's."""
        drift = drift_ms if len(self._lineup.tracks) > 1 else None
        return self._meter.read(now, queue_depth=self._files.lane.depth, drift_ms=drift)

    def write(self, run: Run) -> None:
        """Take samples of the source."""
        if self._is_over:
            return
        lineup = self._lineup
        if self._file is None or not lineup.is_steady(run.tracks):
            self._write_one_by_one(run.samples)
            return
        samples = run.only(lineup.tracks)
        if not samples:
            return
        first, last = samples[0], samples[-1]
        if lineup.has_video:  # a cut falls on a key frame, with which a run begins
            if first.is_key_frame and self._cutter.step(first.at, is_key_frame=True):
                self._end_file()
                self._begin_file(first)
        elif self._cutter.is_due(last.at):
            self._write_one_by_one(samples)
            return
        self._mux(samples)

    def _write_one_by_one(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            self._take(sample)

    def _take(self, sample: Sample) -> None:
        lineup = self._lineup
        if self._is_over or not (lineup.knows(sample.track) or self._meet(sample.track)):
            return
        if self._file is None:
            self._wait_for_beginning(sample)
            return
        if lineup.is_changing:
            if lineup.begins_with(sample):
                self._change_tracks(sample)
                return
            lineup.hold(sample)
        if sample.track not in lineup.tracks:
            return
        if self._cutter.step(sample.at, is_key_frame=sample.is_key_frame):
            self._end_file()
            self._begin_file(sample)
        self._mux([sample])

    def lose(self, dropped: Dropped) -> None:
        """Media was dropped before it was muxed: the file that is open lacks it, or the one that begins next."""
        if self._is_over:
            return
        self._files.lose(self._file, dropped.seconds)
        self.outcome.lose(dropped)

    def keep_time(self, now: float) -> None:
        """Tell, once, that the sound which is to be recorded has not come yet; it is recorded when it comes."""
        if self._file is None and not (self._is_over or self._lineup.has_tracks or self.outcome.is_troubled):
            self._silent_since = self._silent_since or max(now, self._order.starts_at)
            if now >= self._silent_since + SILENCE_SECONDS:
                self._tell_nothing_came()

    def checkpoint(self) -> None:
        """Bring what is held into the bucket."""
        if self._file is not None:
            self._file.checkpoint()

    def mend(self) -> None:
        """Where uploads have failed: recovery gets what lies in the bucket, the next key frame begins another file."""
        reason = self._files.trouble
        if self._is_over or not reason:
            return
        if not self._files.begin_anew():
            self._fail(reason)
            return
        self._free_file()
        self._begins_with_stream = False
        self.outcome.wait_again(reason)

    def finish(self) -> None:
        """End the last file; `join` waits for its uploads."""
        if self._is_over:
            return
        self._is_over = True
        if self._file is not None:
            self._end_file()
        elif not self.outcome.files:
            if not self.outcome.is_troubled:
                self._tell_nothing_came()
            self.outcome.end_without_file(has_failed=self._files.is_broken_off)
        self._files.lane.submit(self.outcome.say_ended)
        self._files.close()

    def leave(self) -> None:
        """End before there was anything to record: a later recorder may."""
        self._is_over = True
        self._files.close()

    def pause(self, *, paused_at: float, deadline: float) -> None:
        """The stream is gone: an HLS file waits for it until `deadline` (unix s), any other ends."""
        file = self._file
        if self._is_over or file is None or not isinstance(file.output, HlsOutput):
            self.finish()
            return
        try:
            file.output.wait(paused_at=paused_at, deadline=deadline)
        except Exception as error:  # as below
            self._fail(f"cannot end the segment: {error}")
            return
        self._is_over, self._file = True, None
        self._files.hand_over(file, self.outcome.pause)
        self._files.close()

    def abort(self) -> None:
        """End without a file: another recorder has taken over."""
        self._files.lane.abandon()
        if not self._is_over:
            self._give_up()
            self.outcome.be_replaced("replaced by another recorder")

    def join(self) -> None:
        """Wait for the uploads; the outcome is final after this."""
        self._files.join()
        self.outcome.settle(self._files.trouble)

    def _tell_nothing_came(self) -> None:
        self.outcome.lack("video" if self._lineup.has_video else "audio")

    def _wait_for_beginning(self, sample: Sample) -> None:
        if self._lineup.begins_with(sample):
            samples = sorted([*self._lineup.change(), sample], key=WHEN)
            self._begin_file(samples[0])
            self._mux_first(samples)
        elif self._begins_with_stream:
            self._lineup.hold(sample)

    def _meet(self, *tracks: Track) -> bool:
        """The source has other tracks; returns whether this format goes on with them."""
        try:
            self._lineup.meet(*tracks)
        except NoAudio:  # it may come
            return False
        except CannotRecord as reason:
            self._end_file()
            self._fail(str(reason))
            return False
        return True

    def _change_tracks(self, first: Sample) -> None:
        """`first` is a sample of other tracks: a new file, in HLS a discontinuity."""
        before = self._lineup.tracks
        samples = sorted([*self._lineup.change(), first], key=WHEN)
        for trouble, description in changes(before, self._lineup.tracks):
            self._voice.trouble(trouble, description=description)
        self._voice.log("tracks_changed", codecs=[track.codec for track in self._lineup.tracks])
        if self._file is not None and isinstance(self._file.output, HlsOutput):
            try:
                self._file.output.change_tracks(self._lineup.tracks, samples[0])
            except Exception as error:  # as below
                self._end_broken_file(error)
                return
        else:
            self._end_file()
            self._begin_file(samples[0])
        self._mux_first(samples)

    def _mux_first(self, samples: Sequence[Sample]) -> None:
        self._cutter = self._new_cutter()
        for sample in samples:
            self._cutter.step(sample.at, is_key_frame=False)
        self._mux(samples)

    def _new_cutter(self) -> Cutter:
        interval_seconds = self._order.formats[self._name].interval_seconds if self._format.is_cut else 0
        return Cutter(interval_seconds, has_video=self._lineup.has_video)

    def _begin_file(self, first: Sample) -> None:
        try:
            file = self._file = self._files.begin(first, self._lineup.tracks)
        except Exception as error:  # whatever one format meets, the others go on
            self._fail(f"cannot begin a file: {error}")
            return
        self.outcome.begin()
        if not self._format.goes_on:
            self.outcome.is_in(file.file_id)

    def _mux(self, samples: Sequence[Sample]) -> None:
        """Write samples that belong into the file that is open."""
        file = self._file
        if file is None:
            return
        tally = file.tally
        before, before_bytes = tally.samples, tally.size_bytes
        try:
            file.write(samples)
        except Exception as error:  # as above
            refused = tally.samples - before
            self._end_broken_file(error)
            self._write_one_by_one(samples[refused + 1 :])
            return
        self._meter.take(samples, tally.size_bytes - before_bytes)

    def _end_broken_file(self, error: Exception) -> None:
        """The muxer refused a sample: what it took is a file, and the next key frame begins another, a few times."""
        self._broken_files += 1
        reason = f"the muxer refused a packet: {error}"
        if self._file is not None and self._file.tally.is_empty:
            self._fail(reason)
            return
        self._begins_with_stream = False
        self._end_file()
        if self._broken_files == BROKEN_FILES:
            self._fail(reason)
        else:
            self._voice.error(reason)

    def _end_file(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            self._files.end(file, self.outcome.commit)
        except Exception as error:  # as above
            file.free()
            self._fail(f"cannot end the file: {error}")

    def _fail(self, reason: str) -> None:
        in_file = self._file is not None
        self._give_up()
        self.outcome.fail(reason, in_file=in_file)

    def _give_up(self) -> None:
        self._free_file()
        self._is_over = True
        self._files.close()

    def _free_file(self) -> None:
        if self._file is not None:
            self._file.free()
        self._file = None
