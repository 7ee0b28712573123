"""Which HLS file a recorder goes on with: one of a dead recorder, in its session or the one before, or one that waits.

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
from chalicelib.table import Compare, Condition, Delete, Write
from recorder_task.session.journal import Journal, Replaced
from recorder_task.session.predecessor import Predecessor


@dataclass(frozen=True)
class Candidate:
    """A file that nobody writes; `waiting` where it lies among those that wait."""

    file: OpenFile
    waiting: WaitingFile | None = None
    continue_seconds: float = float("inf")
    """How long after its last segment the stream may return."""


class Continuation:
    """The files that one recording may go on with."""

    def __init__(self, journal: Journal, stream: StreamRef, recording_id: str) -> None:
        self._journal = journal
        self._stream = stream
        self._recording_id = recording_id
        self._partition = keys.waiting_partition(stream.domain, stream.app, stream.stream)

    def candidates(self, *, began_at: float) -> Iterator[Candidate]:
        """Files to go on with, the latest first, for a stream that is there since `began_at` (unix s)."""
        try:
            left = self._left_behind()
            before = [] if left else self._predecessor().files_left()
            waiting = self._waiting()
        except Replaced:
            raise
        except Exception as error:  # a table that cannot be reached stops no recording: it begins a file of its own
            log("continuation_unknown", session_id=self._journal.session_id, reason=str(error))
            return
        for file in sorted(left, key=lambda each: each.epoch, reverse=True):
            yield Candidate(file)
        for file, continue_seconds in before:
            yield Candidate(file, continue_seconds=continue_seconds)
        for each in sorted(waiting, key=lambda waiting: waiting.paused_at, reverse=True):
            if began_at <= each.deadline:
                yield Candidate(each.file, each)

    def take(self, candidate: Candidate) -> OpenFile | None:
        """The file as ours, or None where somebody was quicker; raises Replaced."""
        file = replace(candidate.file, session_id=self._journal.session_id, epoch=self._journal.epoch)
        unchanged: list[Condition] = [Compare("epoch", "=", candidate.file.epoch)]
        also: list[Write] = [self._predecessor().named_by(file)]
        when: list[Condition] = []
        if candidate.waiting is not None:
            also.append(candidate.waiting.taken())
        elif candidate.file.key != file.key:
            also.append(Delete(key=candidate.file.key, when=unchanged))
        else:
            when = unchanged
        return file if self._journal.enter(file, *also, when=when) else None

    def open(self, file: OpenFile) -> None:
        """Begin a file of our own, though the table cannot be reached; raises Replaced."""
        self._journal.open(file, self._predecessor().named_by(file))

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
        found = self._journal.items(self._partition, f"{self._recording_id}#")
        return [WaitingFile.from_item(item) for item in found]

    def _predecessor(self) -> Predecessor:
        return Predecessor(self._journal, self._partition, self._recording_id)
