"""Finishes files that nobody writes any more: a dead recorder's, or those that the bucket has broken off.

Same file id, same key, one ready object, however often recovery itself dies.
The upload is completed; an MP4 or FLV is written once more through its own output under its own key, which makes it
the file that its recorder would have ended with (`moov` in front, no fragments; duration and index); the ready object
is written; the entry is struck out. Each step leaves what the next try begins with.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib.logs import log
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.naming import media_key, ready_key
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.settings import Settings
from chalicelib.table import Compare
from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.leftover import made_whole
from recorder_task.jobs.stored_file import StoredFile
from recorder_task.outputs.continuation import Continuation
from recorder_task.outputs.formats import FORMATS
from recorder_task.outputs.output import FileOrder, Output, Written
from recorder_task.recordings.commit import commit, finished_file
from recorder_task.session.journal import Journal
from recorder_task.tally import Tally
from recorder_task.uploads.upload_lane import UploadLane, UploadMemory

IS_WRITTEN_AGAIN: Mapping[RecordFormat, bool] = {
    RecordFormat.FLV: True,
    RecordFormat.MP4: True,
    RecordFormat.AAC: False,
    RecordFormat.MP3: False,
}
"""The formats recovered here. HLS is not among them: it goes on in its own output, or is ended as text."""

AGAIN_SECONDS = 30.0
"""From one look for files to the next, of a recorder that lives on."""


class Stopped(Exception):
    """The process is told to end; the next launch goes on."""


class Recovery:
    """The files that nobody writes any more; `start` works beside the recording, `run` does not."""

    def __init__(
        self,
        settings: Settings,
        session: SessionOrders,
        bucket: ReadableBucket,
        journal: Journal,
        must_stop: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._session = session
        self._bucket = bucket
        self._journal = journal
        self._must_stop = must_stop
        self._thread: threading.Thread | None = None
        self._again_at = 0.0
        self._is_unsure = False
        """The table has not said what is left."""

    def start(self) -> None:
        """Begin, beside the recording, unless it is at work already."""
        if self._thread is None or not self._thread.is_alive():
            self._again_at = time.monotonic() + AGAIN_SECONDS
            self._thread = threading.Thread(target=self.run, name="recovery", daemon=True)
            self._thread.start()

    def take_up(self) -> None:
        """Begin again, where something was left, or may have been; a while after the last time."""
        if self._must_look_again and time.monotonic() >= self._again_at:
            self.start()

    def finish(self) -> None:
        """What was left, or may have been, once this recorder writes no more."""
        if self._must_look_again:
            self.run()

    def join(self) -> None:
        """Wait for its end; what a stop signal leaves undone is the next launch's."""
        if self._thread is not None:
            self._thread.join()

    def run(self) -> None:
        """Recover every file that can be; one that cannot stays for the next try, and says why."""
        try:
            self._journal.catch_up()
            left = self._journal.left_behind()
        except Exception as error:
            log("recovery_failed", session_id=self._session.session_id, reason=str(error))
            self._is_unsure = True
            return
        self._is_unsure = False
        for file in left:
            if self._must_stop():
                return
            if file.format not in IS_WRITTEN_AGAIN:
                continue
            try:
                self._recover(file)
            except Exception as error:
                self._log("recovery_failed", file, reason=f"{type(error).__name__}: {error}")
                self._journal.leave(file.file_id)

    @property
    def _must_look_again(self) -> bool:
        return self._is_unsure or self._journal.has_left or self._journal.owes_entries

    def _recover(self, left: OpenFile) -> None:
        file = replace(left, epoch=self._journal.epoch)
        if not self._journal.enter(file, when=[Compare("epoch", "=", left.epoch)]):
            return
        if self._bucket.size(ready_key(file.file_id)) is None:
            finished = self._finish(file)
            if finished is None:
                self._log("nothing_to_recover", file)
            else:
                commit(self._bucket, finished)
                self._log("file_recovered", file, seconds=round(finished.duration_seconds, 3))
        self._journal.close(file.file_id)

    def _finish(self, file: OpenFile) -> FinishedFile | None:
        """The file as it is in the bucket after this; None where it holds no media."""
        key = media_key(file.file_id, file.format)
        if not made_whole(self._bucket, key):
            return None
        with StoredFile(self._bucket, key, began_at=file.began_at) as stored:
            tally, written = (self._rewrite if IS_WRITTEN_AGAIN[file.format] else self._count)(file, stored)
        if tally is None:
            return None
        finished = finished_file(file, written, tally, utc_offset_hours=self._settings.naming_utc_offset_hours)
        return replace(finished, recovered=True, dropped_seconds=file.dropped_seconds, repairs=dict(file.repairs))

    def _count(self, file: OpenFile, stored: StoredFile) -> tuple[Tally | None, Written]:
        tally: Tally | None = None
        for run in stored.runs():
            if run:
                tally = tally or Tally(run[0])
                tally.add(run)
            self._may_go_on()
        return tally, Written(stored.size_bytes)

    def _rewrite(self, file: OpenFile, stored: StoredFile) -> tuple[Tally | None, Written]:
        """Through the output of the format; the object stays what it was until the new one is complete."""
        # Of its own, beside what the recording may hold: a part on its way while the next one is made.
        memory = UploadMemory(2 * self._settings.part_bytes)
        lane = UploadLane(f"recovery-{file.file_id}", memory, self._journal.assure_lease)
        output: Output | None = None
        tally: Tally | None = None
        written = Written(0)
        try:
            for run in filter(None, stored.runs()):
                if output is None or tally is None:
                    tally = Tally(run[0])
                    output = FORMATS[file.format].open(
                        FileOrder(
                            bucket=self._bucket,
                            lane=lane,
                            entry=file,
                            continuation=Continuation(self._journal, file.stream, file.recording_id),
                            on_file=lambda *_: None,
                            tally=tally,
                            utc_offset_hours=self._settings.naming_utc_offset_hours,
                            tracks=stored.tracks,
                            starts_at=run[0].at,
                            part_bytes=self._settings.part_bytes,
                            segment_seconds=self._settings.hls_segment_seconds,
                            is_new=False,
                        )
                    )
                memory.wait_for_room()
                output.write(run)
                self._may_go_on()
            if output is not None:
                lane.submit(lambda: self._journal.confirm(file.file_id))  # or another recovery has come meanwhile
                written = output.finish()
        except BaseException:
            lane.abandon()
            if output is not None:
                output.abort()
            raise
        finally:
            lane.close()
            lane.join()
        if lane.failure is not None:
            raise lane.failure
        return tally, written

    def _may_go_on(self) -> None:
        if self._must_stop():
            raise Stopped("told to end; the next launch goes on")

    def _log(self, event: str, file: OpenFile, **facts: object) -> None:
        log(
            event,
            session_id=file.session_id,
            stream=str(file.stream),
            recording_id=file.recording_id,
            format=str(file.format),
            file_id=file.file_id,
            **facts,
        )
