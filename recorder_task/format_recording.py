"""One format of one recording: it begins at a key frame, goes from file to file, and commits each that is finished."""

import secrets
from collections import deque
from dataclasses import dataclass
from typing import Any

from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.hls_facts import HlsFacts
from chalicelib.recording.naming import new_file_id
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder
from chalicelib.recording.report import Trouble
from recorder_task.backlog import Dropped
from recorder_task.commit import commit, finished_file
from recorder_task.continuation import Continuation
from recorder_task.cutter import Cutter
from recorder_task.desk import Desk
from recorder_task.outputs.formats import FORMATS, CannotRecord, NoAudio
from recorder_task.outputs.hls import HlsOutput
from recorder_task.outputs.output import FileOrder, Output
from recorder_task.sample import Sample, Track
from recorder_task.tally import Tally
from recorder_task.upload_lane import UploadLane
from recorder_task.vitals import Meter, Vitals

HELD_SECONDS = 30.0
"""Audio that came before the first key frame is kept this long: as long as the longest usual GOP."""
TOO_SLOW = "the bucket is slower than the stream: media is dropped"
BROKEN_FILES = 3
"""A format whose muxer has refused a packet this often is given up."""


@dataclass(frozen=True)
class _OpenFile:
    file_id: str
    output: Output
    tally: Tally


class FormatRecording:
    """The files of one format. `outcome` is what the session's item says of it."""

    def __init__(self, desk: Desk, order: RecordingOrder, name: RecordFormat, *, begins_with_stream: bool) -> None:
        self._desk = desk
        self._order = order
        self._format = FORMATS[name]
        self._format_order: FormatOrder = order.formats[name]
        self._name = name
        self._voice = desk.voice(order, name)
        self._begins_with_stream = begins_with_stream
        self._tracks: list[Track] = []
        self._file: _OpenFile | None = None
        self._held: deque[Sample] = deque()
        self._is_over = False
        self._broken_files = 0
        self._dropped_seconds = 0.0
        self._uncommitted: set[str] = set()
        self.outcome: dict[str, Any] = {"state": "waiting", "files": 0}
        self._meter = Meter()
        self._lane = UploadLane(f"{order.recording_id}-{name}", desk.memory)
        try:
            self._tracks = self._format.tracks(desk.tracks, audio_only=order.audio_only)
        except CannotRecord as reason:
            if isinstance(reason, NoAudio):
                self._voice.trouble(Trouble.NO_AUDIO)
            self._fail(str(reason))
        self._indexes = frozenset(track.index for track in self._tracks)
        self._has_video = any(track.kind == "video" for track in self._tracks)
        self._has_both = len({track.kind for track in self._tracks}) > 1
        self._cutter = self._new_cutter()

    @property
    def is_over(self) -> bool:
        """It takes no more samples: it ended or failed."""
        return self._is_over

    def vitals(self, now: float, *, drift_ms: int) -> Vitals:
        """How it is doing since the last reading; `drift_ms` is the source's."""
        return self._meter.read(now, queue_depth=self._lane.depth, drift_ms=drift_ms if self._has_both else None)

    def write(self, sample: Sample) -> None:
        """Take a sample of the source; samples come in the order of dts over all tracks."""
        if self._is_over or sample.track.index not in self._indexes:
            return
        if self._file is None:
            self._wait_for_beginning(sample)
            return
        if self._cutter.step(sample.at, is_key_frame=sample.is_key_frame):
            self._end_file()
            self._begin_file(sample)
        self._mux(sample)

    def lose(self, dropped: Dropped) -> None:
        """Media was dropped before it was muxed: the file that is open lacks it, or the one that begins next."""
        if self._is_over:
            return
        if self._file is None:
            self._dropped_seconds += dropped.seconds
        else:
            self._file.tally.dropped_seconds += dropped.seconds
        self._voice.trouble(Trouble.WRITE_FAILED, description=TOO_SLOW)
        if dropped.is_first:
            self._voice.error(TOO_SLOW, file_id=self.outcome.get("file_id", ""))

    def checkpoint(self) -> None:
        """Bring what is held into the bucket; notice what the bucket has refused."""
        if self._lane.failure is not None:
            self._fail(f"upload failed: {self._lane.failure}")
        elif self._file is not None:
            self._file.output.checkpoint()

    def finish(self) -> None:
        """End the last file; `join` waits for its uploads."""
        if self._is_over:
            return
        self._is_over = True
        if self._file is not None:
            self._end_file()
        elif not self.outcome["files"]:
            reason = "no key frame came" if self._has_video else "no audio came"
            self.outcome |= {"state": "empty", "reason": reason}
            self._voice.trouble(Trouble.NO_VIDEO if self._has_video else Trouble.NO_AUDIO, description=reason)
            self._voice.failed(reason)
        self._lane.submit(lambda: self._voice.ended(self.outcome.get("file_id", "")))
        self._lane.close()

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
        self._lane.submit(self._say_paused)
        self._lane.close()

    def abort(self) -> None:
        """End without a file: another recorder has taken over."""
        self._lane.abandon()
        if not self._is_over:
            reason = "replaced by another recorder"
            self._give_up(reason)
            self._voice.log("recording_failed", reason=reason)

    def join(self) -> None:
        """Wait for the uploads; the outcome is final after this."""
        self._lane.join()
        if self._lane.failure is not None and self.outcome["state"] != "failed":
            reason = f"upload failed: {self._lane.failure}"
            self.outcome |= {"state": "failed", "reason": reason}
            self._voice.failed(reason)
        elif self.outcome["state"] == "recording":
            self.outcome["state"] = "ended"
        if not self._lane.is_abandoned:
            for file_id in self._uncommitted:  # failed, and said so
                self._desk.journal.close(file_id)

    def _say_paused(self) -> None:
        self.outcome["state"] = "paused"
        self._voice.paused(self.outcome["file_id"])

    def _wait_for_beginning(self, sample: Sample) -> None:
        if self._has_video and not sample.is_key_frame:
            if self._begins_with_stream and sample.track.kind == "audio":
                self._held.append(sample)
                while sample.at - self._held[0].at > HELD_SECONDS:
                    self._held.popleft()
            return
        held, self._held = self._held, deque()
        self._cutter = self._new_cutter()
        self._begin_file(held[0] if held else sample)
        for each in (*held, sample):
            self._cutter.step(each.at, is_key_frame=False)
            self._mux(each)

    def _new_cutter(self) -> Cutter:
        interval_seconds = self._format_order.interval_seconds if self._format.is_cut else 0
        return Cutter(interval_seconds, has_video=self._has_video)

    def _begin_file(self, first: Sample) -> None:
        file_id = new_file_id(secrets.randbits(64))
        desk = self._desk
        entry = desk.entry(self._order, self._name, file_id, first)
        tally = Tally(first)
        tally.dropped_seconds, self._dropped_seconds = self._dropped_seconds, 0.0
        if not self._format.goes_on:
            self._uncommitted.add(file_id)
            self._lane.submit(lambda: desk.journal.open(entry))
        order = FileOrder(
            bucket=desk.bucket,
            lane=self._lane,
            entry=entry,
            continuation=Continuation(desk.journal, desk.session.stream, self._order.recording_id),
            on_file=self._know_file,
            tally=tally,
            tracks=self._tracks,
            starts_at=first.at,
            part_bytes=desk.settings.part_bytes,
            segment_seconds=desk.settings.hls_segment_seconds,
            utc_offset_hours=desk.settings.naming_utc_offset_hours,
        )
        try:
            output = self._format.open(order)
        except Exception as error:  # whatever one format meets, the others go on
            self._fail(f"cannot begin a file: {error}")
            return
        self._file = _OpenFile(file_id, output, tally)
        self.outcome |= {"state": "recording", "file_id": file_id}
        if not self._format.goes_on:
            self._voice.started(file_id)

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
        file.tally.add(sample)
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
        if not self._format.goes_on:
            self._lane.submit(lambda: self._desk.journal.confirm(file.file_id))
        try:
            written = file.output.finish()
        except Exception as error:  # as above
            file.output.abort()
            self._fail(f"cannot end the file: {error}")
            return

        def whole_file() -> FinishedFile:
            return finished_file(
                session=self._desk.session,
                order=self._order,
                format_order=self._format_order,
                name=self._name,
                file_id=file.file_id,
                written=written,
                tally=file.tally,
                utc_offset_hours=self._desk.settings.naming_utc_offset_hours,
            )

        def commit_it() -> None:
            facts = (written.whole_file or whole_file)()
            commit(self._desk.bucket, facts)
            self._desk.journal.close(facts.file_id)
            self._uncommitted.discard(facts.file_id)
            self.outcome["files"] += 1
            self._voice.log(
                "file_ready", file_id=facts.file_id, name=facts.name, seconds=round(facts.duration_seconds, 3)
            )

        self._lane.submit(commit_it)

    def _fail(self, reason: str) -> None:
        file_id = self._file.file_id if self._file else ""
        self._give_up(reason)
        self._voice.failed(reason, file_id=file_id)

    def _give_up(self, reason: str) -> None:
        file, self._file = self._file, None
        self._is_over = True
        self.outcome |= {"state": "failed", "reason": reason}
        if file is not None:
            file.output.abort()
        self._lane.close()
