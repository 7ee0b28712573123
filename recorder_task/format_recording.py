"""One format of one recording: it begins at a key frame, goes from file to file, and commits each that is finished."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.hls_facts import HlsFacts
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat, RecordingOrder
from chalicelib.recording.report import Trouble
from recorder_task.backlog import TOO_SLOW, Dropped
from recorder_task.cutter import Cutter
from recorder_task.desk import Desk
from recorder_task.file_under_way import FileUnderWay
from recorder_task.files_in_hand import FilesInHand
from recorder_task.lineup import Lineup, changes
from recorder_task.outputs.formats import FORMATS, CannotRecord, NoAudio
from recorder_task.outputs.hls import HlsOutput
from recorder_task.sample import Sample, Track
from recorder_task.vitals import Meter, Vitals

SILENCE_SECONDS = 10.0
"""Without audio, before a recording of audio alone is told to lack it."""
BROKEN_FILES = 3
"""A format whose muxer has refused a packet this often is given up."""


class FormatRecording:
    """The files of one format. `outcome` is what the session's item says of it."""

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
        self.outcome: dict[str, Any] = {"state": "waiting", "files": 0}
        self._meter = Meter()
        self._files = FilesInHand(desk, order, name, self._know_file)
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

    def write(self, sample: Sample) -> None:
        """Take a sample of the source; samples come in the order of dts over all tracks."""
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
        self._mux(sample)

    def lose(self, dropped: Dropped) -> None:
        """Media was dropped before it was muxed: the file that is open lacks it, or the one that begins next."""
        if self._is_over:
            return
        self._files.lose(self._file, dropped.seconds)
        self._voice.trouble(Trouble.WRITE_FAILED, description=TOO_SLOW)
        if dropped.is_first:
            self._voice.error(TOO_SLOW, file_id=self.outcome.get("file_id", ""))

    def keep_time(self, now: float) -> None:
        """Tell, once, that the sound which is to be recorded has not come yet; it is recorded when it comes."""
        if self._file is None and not (self._is_over or self._lineup.has_tracks or "reason" in self.outcome):
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
        self.outcome |= {"state": "waiting", "reason": reason}
        self._voice.trouble(Trouble.WRITE_FAILED, description=reason)
        self._voice.error(reason, file_id=self.outcome.get("file_id", ""))

    def finish(self) -> None:
        """End the last file; `join` waits for its uploads."""
        if self._is_over:
            return
        self._is_over = True
        if self._file is not None:
            self._end_file()
        elif not self.outcome["files"]:
            if "reason" not in self.outcome:
                self._tell_nothing_came()
            self.outcome["state"] = "failed" if self._files.is_broken_off else "empty"
        self._files.lane.submit(lambda: self._voice.ended(self.outcome.get("file_id", "")))
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
        self._files.hand_over(file, self._say_paused)
        self._files.close()

    def abort(self) -> None:
        """End without a file: another recorder has taken over."""
        self._files.lane.abandon()
        if not self._is_over:
            reason = "replaced by another recorder"
            self._give_up(reason)
            self._voice.log("recording_failed", reason=reason)

    def join(self) -> None:
        """Wait for the uploads; the outcome is final after this."""
        self._files.join()
        reason = self._files.trouble
        if reason and self.outcome["state"] != "failed":
            self.outcome |= {"state": "failed", "reason": reason}
            self._voice.failed(reason)
        elif self.outcome["state"] == "recording":
            self.outcome["state"] = "ended"

    def _tell_nothing_came(self) -> None:
        has_video = self._lineup.has_video
        reason = self.outcome["reason"] = "no key frame came" if has_video else "no audio came"
        self._voice.trouble(Trouble.NO_VIDEO if has_video else Trouble.NO_AUDIO, description=reason)
        self._voice.waits(reason)

    def _say_paused(self) -> None:
        self.outcome["state"] = "paused"
        self._voice.paused(self.outcome["file_id"])

    def _wait_for_beginning(self, sample: Sample) -> None:
        if self._lineup.begins_with(sample):
            samples = [*self._lineup.change(), sample]
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
        samples = [*self._lineup.change(), first]
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
            self._mux(sample)

    def _new_cutter(self) -> Cutter:
        interval_seconds = self._order.formats[self._name].interval_seconds if self._format.is_cut else 0
        return Cutter(interval_seconds, has_video=self._lineup.has_video)

    def _begin_file(self, first: Sample) -> None:
        try:
            file = self._file = self._files.begin(first, self._lineup.tracks)
        except Exception as error:  # whatever one format meets, the others go on
            self._fail(f"cannot begin a file: {error}")
            return
        self.outcome["state"] = "recording"
        self.outcome.pop("reason", None)
        if not self._format.goes_on:
            self.outcome["file_id"] = file.file_id
            self._voice.started(file.file_id)

    def _know_file(self, file: OpenFile, earlier: HlsFacts | None) -> None:
        """Now it is known whose file goes on, or that a new one begins."""
        self.outcome["file_id"] = file.file_id
        if earlier is None:
            self._voice.started(file.file_id)
        else:
            self._voice.resumed(file.file_id, session_id=earlier.session_id)

    def _mux(self, sample: Sample) -> None:
        file = self._file
        if file is None:
            return
        try:
            file.output.write(sample)
        except Exception as error:  # as above
            self._end_broken_file(error)
            return
        file.count(sample)
        self._meter.take(sample)

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
            self._files.end(file, self._say_ready)
        except Exception as error:  # as above
            file.free()
            self._fail(f"cannot end the file: {error}")

    def _say_ready(self, facts: FinishedFile) -> None:
        self.outcome["files"] += 1
        self._voice.log("file_ready", file_id=facts.file_id, name=facts.name, seconds=round(facts.duration_seconds, 3))

    def _fail(self, reason: str) -> None:
        file_id = self.outcome.get("file_id", "") if self._file else ""
        self._give_up(reason)
        self._voice.failed(reason, file_id=file_id)

    def _give_up(self, reason: str) -> None:
        self._free_file()
        self._is_over = True
        self.outcome |= {"state": "failed", "reason": reason}
        self._files.close()

    def _free_file(self) -> None:
        if self._file is not None:
            self._file.free()
        self._file = None
