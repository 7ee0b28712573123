"""Which HLS file a recorder goes on with: one that a dead recorder of its session left, or one that waits.

Every step is one transaction that holds only while the session is still ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

from chalicelib import keys
from chalicelib.logs import log
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.stream import StreamRef
from chalicelib.recording.waiting import WaitingFile
from chalicelib.table import Compare
from recorder_task.journal import Journal


@dataclass(frozen=True)
class Candidate:
    """A file that nobody writes; `waiting` where it lies among those that wait."""

    file: OpenFile
    waiting: WaitingFile | None = None


class Continuation:
    """The files that one recording may go on with."""

    def __init__(self, journal: Journal, stream: StreamRef, recording_id: str) -> None:
        self._journal = journal
        self._stream = stream
        self._recording_id = recording_id

    def candidates(self, *, began_at: float) -> Iterator[Candidate]:
        """Files to go on with, the latest first, for a stream that is there since `began_at` (unix s)."""
        try:
            left, waiting = self._left_behind(), self._waiting()
        except Exception as error:  # a table that cannot be reached stops no recording: it begins a file of its own
            log("continuation_unknown", session_id=self._journal.session_id, reason=str(error))
            return
        for file in sorted(left, key=lambda each: each.epoch, reverse=True):
            yield Candidate(file)
        for each in sorted(waiting, key=lambda waiting: waiting.paused_at, reverse=True):
            if began_at <= each.deadline:
                yield Candidate(each.file, each)

    def take(self, candidate: Candidate) -> OpenFile | None:
        """The file as ours, or None where somebody was quicker; raises Replaced."""
        journal = self._journal
        file = replace(candidate.file, session_id=journal.session_id, epoch=journal.epoch)
        if candidate.waiting is not None:
            has_it = journal.enter(file, candidate.waiting.taken())
        else:
            has_it = journal.enter(file, when=[Compare("epoch", "=", candidate.file.epoch)])
        return file if has_it else None

    def open(self, file: OpenFile) -> None:
        """Begin a file of our own; raises Replaced."""
        self._journal.open(file)

    def confirm(self, file: OpenFile) -> None:
        """Make sure that the file is still ours; raises Replaced."""
        self._journal.confirm(file.file_id)

    def still_has(self, file: OpenFile) -> bool:
        """Whether a file is still ours; False where the table does not say. Raises Replaced."""
        return self._journal.enter(file, when=[Compare("epoch", "=", file.epoch)])

    def put_away(self, waiting: WaitingFile) -> None:
        """Leave a file of ours to whoever returns; raises Replaced."""
        self._journal.hand_over(waiting.file, waiting.put_away())

    def lose(self) -> NoReturn:
        """Somebody else has written the file: the session is not ours any more. Raises Replaced."""
        self._journal.lose()

    def _left_behind(self) -> list[OpenFile]:
        own = RecordFormat.HLS, self._recording_id
        return [file for file in self._journal.left_behind() if (file.format, file.recording_id) == own]

    def _waiting(self) -> list[WaitingFile]:
        partition = keys.waiting_partition(self._stream.domain, self._stream.app, self._stream.stream)
        return [WaitingFile.from_item(item) for item in self._journal.items(partition, f"{self._recording_id}#")]
