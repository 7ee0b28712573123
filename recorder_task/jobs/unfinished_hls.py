"""HLS files that no output of this recorder goes on with: they wait for the stream where that is ordered, or end.

A dead recorder's file whose stream is gone, one whose recording is not ordered any more, one whose uploads failed: what
its playlist names is a file. Only text is written, and each step may be repeated.
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib import keys
from chalicelib.logs import log
from chalicelib.recording.file_facts import FileFacts, finished_hls
from chalicelib.recording.naming import media_key, ready_key
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.recording.playlist import PLAYLIST_TYPE, Playlist
from chalicelib.recording.waiting import WaitingFile, deadline_of
from chalicelib.settings import Settings
from chalicelib.table import Compare
from recorder_task.aws.s3 import Fetched
from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.door import is_shut, shut
from recorder_task.recordings.commit import commit
from recorder_task.session.journal import Journal, Replaced
from recorder_task.session.predecessor import Predecessor


class UnfinishedHls:
    """The HLS files that the journal of a session still names when its recordings are over."""

    def __init__(
        self,
        settings: Settings,
        session: SessionOrders,
        bucket: ReadableBucket,
        journal: Journal,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._session = session
        self._bucket = bucket
        self._journal = journal
        self._clock = clock
        self._found: set[str] = set()

    def is_elsewhere(self, recording_id: str, file_id: str) -> bool:
        """Whether a file that a recorder of ours wrote has become another session's, which goes on with it.

        False where bucket or table do not say: better told as ended than not at all.
        """
        if file_id in self._found:
            return False
        stream = self._session.stream
        partition = keys.waiting_partition(stream.domain, stream.app, stream.stream)
        try:
            if self._bucket.size(ready_key(file_id)) is not None:
                return False
            return Predecessor(self._journal, partition, recording_id).session_id is not None
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            log("recovery_failed", session_id=self._session.session_id, file_id=file_id, reason=reason)
            return False

    def settle(self) -> set[str]:
        """Put away or end every one; one that cannot be stays for the next launch, and says why.

        Returns the ids of the recordings whose file was put away: it waits for the stream.
        """
        waiting: set[str] = set()
        try:
            left = [file for file in self._journal.unfinished() if file.format is RecordFormat.HLS]
        except Exception as error:
            log("recovery_failed", session_id=self._session.session_id, reason=str(error))
            return waiting
        self._found = {file.file_id for file in left}
        for file in left:
            try:
                if self._settle(file):
                    waiting.add(file.recording_id)
            except Replaced:
                return waiting
            except Exception as error:
                self._log("recovery_failed", file, reason=f"{type(error).__name__}: {error}")
        return waiting

    def _settle(self, left: OpenFile) -> bool:
        """Whether the file waits now."""
        file = replace(left, epoch=self._journal.epoch)
        if not self._journal.enter(file, when=[Compare("epoch", "=", left.epoch)]):
            return False
        key = media_key(file.file_id, RecordFormat.HLS)
        found = self._bucket.get(key)
        if found is None and not shut(self._bucket, key):  # its first playlist came in meanwhile
            found = self._bucket.get(key)
        if found is None or is_shut(found.content):
            self._log("nothing_to_recover", file)
        elif self._bucket.size(ready_key(file.file_id)) is None:
            waiting = self._waiting(file, Playlist.decode(found.content))
            if waiting is not None:
                self._journal.hand_over(file, waiting.put_away())
                self._log("recording_paused", file)
                return True
            self._end(file, found)
        self._journal.close(file.file_id)
        return False

    def _waiting(self, file: OpenFile, playlist: Playlist) -> WaitingFile | None:
        """The file as one that waits since its last segment; None where that is over, or nothing is waited for."""
        order = self._session.recordings.get(file.recording_id)
        if order is None or not playlist.segments or playlist.is_finished:
            return None
        paused_at = playlist.ends_at
        deadline = deadline_of(paused_at=paused_at, continue_seconds=order.continue_seconds, ends_at=order.ends_at)
        if not order.continue_seconds or deadline <= self._clock():
            return None
        return WaitingFile(file=file, paused_at=paused_at, deadline=deadline)

    def _end(self, file: OpenFile, found: Fetched) -> None:
        playlist, facts = Playlist.decode(found.content), FileFacts.decode(found.facts)
        if not playlist.is_finished:
            playlist = playlist.finished()
            self._bucket.replace(
                media_key(file.file_id, RecordFormat.HLS),
                playlist.encode(),
                content_type=PLAYLIST_TYPE,
                cache_control=playlist.cache_control,
                facts=found.facts,
                after=found.etag,
            )
        hours = self._settings.naming_utc_offset_hours
        commit(self._bucket, finished_hls(file, playlist, facts, utc_offset_hours=hours, recovered=True))
        self._log("file_recovered", file, seconds=round(playlist.duration_seconds, 3))

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
