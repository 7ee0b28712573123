"""The journal: which files this session's recorders are writing, so that a dead one's can be finished.

An entry is written before a file's first byte reaches the bucket, only while the session is still ours, and deleted
behind its ready object: at any moment table and bucket together say what was left. A table that cannot be reached
stops no recording: the file goes on without an entry, which is written with the next word of it that comes through.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.logs import log
from chalicelib.recording.open_file import OpenFile
from chalicelib.table import (
    Check,
    Compare,
    Condition,
    ConditionFailed,
    Delete,
    Put,
    Table,
    Update,
    Write,
    no_such_item,
)


class Replaced(Exception):
    """Another recorder has taken the session, or this file, over: nothing more may be written."""

    def __init__(self) -> None:
        super().__init__("replaced by another recorder")


class _Owed(NamedTuple):
    """An entry that the table may not have taken."""

    writes: tuple[Write, ...]
    lock: threading.Lock
    """Held while it is written, or given up: one that comes behind the file's end would name a file for ever."""


class Journal:
    """The entries of one session, written by the recorder of one epoch; `lost` is set once one tells of another.

    `assure_lease` is for whoever writes into the bucket to call before: it raises Replaced.
    """

    def __init__(
        self,
        table: Table,
        session_id: str,
        epoch: int,
        lost: threading.Event,
        assure_lease: Callable[[], None] = lambda: None,
    ) -> None:
        self.assure_lease = assure_lease
        self._table = table
        self._session_id = session_id
        self._lost = lost
        self._left: set[str] = set()
        self._owed: dict[str, _Owed] = {}
        self.epoch = epoch

    @property
    def session_id(self) -> str:
        """The session whose files these are."""
        return self._session_id

    def open(self, file: OpenFile, *also: Write) -> None:
        """Enter a file, with what belongs to it, before its first byte is written; raises Replaced."""
        writes = (self._is_ours, Put(key=file.key, item=file.as_item(), when=[no_such_item]), *also)
        if not self._is_reached(lambda: self._enter(writes)):
            self._owed[file.file_id] = _Owed(writes, threading.Lock())

    def note(self, file_id: str, facts: Mapping[str, Any]) -> None:
        """Note what came to be known of a file of ours, by OpenFile's names; raises Replaced."""
        self._update(file_id, facts)

    def confirm(self, file_id: str) -> None:
        """Make sure that the file is still ours before it is completed; raises Replaced."""
        self._update(file_id, {"is_ending": True})

    def close(self, file_id: str) -> None:
        """Strike out a file that is committed, or of which there is nothing; twice is once."""
        owed = self._owed.get(file_id)
        if owed is not None:
            with owed.lock:
                self._owed.pop(file_id, None)
        key = keys.open_file(self._session_id, file_id)
        self._is_reached(lambda: self._table.delete(Delete(key=key)))

    @property
    def owes_entries(self) -> bool:
        """There are files of ours that the table could not take."""
        return bool(self._owed)

    def catch_up(self) -> None:
        """Enter the files of ours that the table could not take, up to the first that it cannot now; raises Replaced.

        Else nobody would find one of which there is nothing to note, were this recorder to die.
        """
        for file_id in list(self._owed):
            if not self._is_reached(partial(self._pay, file_id)):
                return

    def leave(self, file_id: str) -> None:
        """A file that we write no more though some of it lies in the bucket, or that may have become ours."""
        self._left.add(file_id)

    @property
    def has_left(self) -> bool:
        """There are files that we had to leave, and that nobody has taken up yet."""
        return bool(self._left)

    def left_behind(self) -> list[OpenFile]:
        """The files that nobody writes and nobody has finished: earlier recorders', and those we had to leave."""
        known = self._left - self._owed.keys()
        unfinished = self.unfinished()
        self._left -= known.difference(file.file_id for file in unfinished)  # those the table knows nothing of
        return [file for file in unfinished if file.epoch < self.epoch or file.file_id in self._left]

    def unfinished(self) -> list[OpenFile]:
        """The files that nobody has finished, our own among them."""
        entries = self._table.query(keys.session(self._session_id).pk, prefix=keys.FILE_PREFIX)
        return [OpenFile.from_item(item) for item in entries]

    def enter(self, file: OpenFile, *also: Write, when: Sequence[Condition] = ()) -> bool:
        """Enter a file that another recorder began; False where it is not free any more: then nothing is written.

        False too where the table does not say: the file is left then, for it may have become ours.
        """
        try:
            self._table.transact(self._is_ours, Put(key=file.key, item=file.as_item(), when=when), *also)
        except ConditionFailed as refusal:
            if 0 in refusal.failed:
                self.lose()
            return False
        except Exception as error:
            log("journal_failed", session_id=self._session_id, reason=str(error))
            self.leave(file.file_id)
            return False
        self._left.discard(file.file_id)
        return True

    def hand_over(self, file: OpenFile, *also: Write) -> None:
        """Strike out a file of ours in one transaction with what says where it goes on; raises Replaced."""
        strike_out = Delete(key=file.key, when=[self._of_ours])
        self._write(file.file_id, lambda: self._table.transact(strike_out, *also))

    def items(self, partition: str, prefix: str) -> list[Item]:
        """Items beside the journal's own; a consistent read."""
        return list(self._table.query(partition, prefix=prefix))

    def lose(self) -> NoReturn:
        """Another recorder is at work: raises Replaced."""
        self._lost.set()
        raise Replaced

    @property
    def _of_ours(self) -> Compare:
        """Of a session, or of an entry: it is this recorder's."""
        return Compare("epoch", "=", self.epoch)

    @property
    def _is_ours(self) -> Check:
        return Check(key=keys.session(self._session_id), when=[self._of_ours])

    def _update(self, file_id: str, facts: Mapping[str, Any]) -> None:
        key = keys.open_file(self._session_id, file_id)
        change = Update(key=key, set={name: facts[name] for name in facts}, when=[self._of_ours])
        self._write(file_id, lambda: self._table.update(change))

    def _write(self, file_id: str, write: Callable[[], object]) -> None:
        """Write what holds only while the entry is ours, behind the entry itself where that is missing."""

        def both() -> None:
            self._pay(file_id)
            write()

        self._is_reached(both)

    def _pay(self, file_id: str) -> None:
        """Enter a file that could not be entered when it began, unless that has been done since."""
        owed = self._owed.get(file_id)
        if owed is None:
            return
        with owed.lock:
            if file_id in self._owed:
                self._enter(owed.writes)
                del self._owed[file_id]

    def _enter(self, writes: Sequence[Write]) -> None:
        try:
            self._table.transact(*writes)
        except ConditionFailed as refusal:
            if 0 in refusal.failed:
                self.lose()
            # Else it is there: an earlier try was carried out, and its answer lost.

    def _is_reached(self, write: Callable[[], object]) -> bool:
        """Write; False where the table could not be reached. Raises Replaced."""
        try:
            write()
        except ConditionFailed:
            self.lose()
        except Replaced:
            raise
        except Exception as error:
            log("journal_failed", session_id=self._session_id, reason=str(error))
            return False
        return True
