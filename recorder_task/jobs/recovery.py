"""Finishes files that nobody writes any more: a dead recorder's, or those that the bucket has broken off.

Same file id, same key, one ready object, however often recovery itself dies.
The upload is completed; the file is mended under its own key, which makes it the one that its recorder would have ended
with (`mending`); the ready object is written; the entry is struck out. Each step leaves what the next try begins with.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from chalicelib.logs import log
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.naming import media_key, ready_key
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import SessionOrders
from chalicelib.settings import Settings
from chalicelib.table import Compare
from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.leftover import made_whole
from recorder_task.jobs.mending import MENDING, Workshop
from recorder_task.recordings.commit import commit, finished_file
from recorder_task.session.journal import Journal

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
        self._workshop = Workshop(settings=settings, bucket=bucket, journal=journal, go_on=self._may_go_on)
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
            if file.format not in MENDING:
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
        if not made_whole(self._bucket, media_key(file.file_id, file.format)):
            return None
        mended = MENDING[file.format](self._workshop, file)
        if mended is None:
            return None
        offset = self._settings.naming_utc_offset_hours
        finished = finished_file(file, mended.written, mended.tally, utc_offset_hours=offset)
        return replace(finished, recovered=True, dropped_seconds=file.dropped_seconds, repairs=dict(file.repairs))

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
