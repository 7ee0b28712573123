"""The journal: which files this session's recorders are writing, so that a dead one's can be finished.

An entry is written before a file's first byte reaches the bucket, only while the session is still ours, and deleted
behind its ready object: at any moment table and bucket together say what was left. A table that cannot be reached
stops no recording: the file goes on, without an entry.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.logs import log
from chalicelib.recording.open_file import OpenFile
from chalicelib.table import Check, Compare, Condition, ConditionFailed, Delete, Put, Table, Update, Write


class Replaced(Exception):
    """Another recorder has taken the session, or this file, over: nothing more may be written."""

    def __init__(self) -> None:
        super().__init__("replaced by another recorder")


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
        self.epoch = epoch

    @property
    def session_id(self) -> str:
        """The session whose files these are."""
        return self._session_id

    def open(self, file: OpenFile) -> None:
        """Enter a file before its first byte is written; raises Replaced."""
        is_ours = Check(key=keys.session(self._session_id), when=[Compare("epoch", "=", self.epoch)])
        self._unless_unreachable(lambda: self._table.transact(is_ours, Put(key=file.key, item=file.as_item())))

    def note(self, file_id: str, facts: Mapping[str, Any]) -> None:
        """Note what came to be known of a file of ours, by OpenFile's names; raises Replaced."""
        is_ours = Compare("epoch", "=", self.epoch)
        change = Update(
            key=keys.open_file(self._session_id, file_id), set={name: facts[name] for name in facts}, when=[is_ours]
        )
        self._unless_unreachable(lambda: self._table.update(change))

    def confirm(self, file_id: str) -> None:
        """Make sure that the file is still ours before it is completed; raises Replaced."""
        is_ours = Compare("epoch", "=", self.epoch)
        key = keys.open_file(self._session_id, file_id)
        self._unless_unreachable(lambda: self._table.update(Update(key=key, set={"is_ending": True}, when=[is_ours])))

    def close(self, file_id: str) -> None:
        """Strike out a file that is committed, or of which there is nothing; twice is once."""
        key = keys.open_file(self._session_id, file_id)
        self._unless_unreachable(lambda: self._table.delete(Delete(key=key)))

    def leave(self, file_id: str) -> None:
        """A file of ours that we write no more, though some of it lies in the bucket."""
        self._left.add(file_id)

    @property
    def has_left(self) -> bool:
        """There are files of ours that we had to leave, and that nobody has taken up yet."""
        return bool(self._left)

    def left_behind(self) -> list[OpenFile]:
        """The files that nobody writes and nobody has finished: earlier recorders', and those we had to leave."""
        unfinished = self.unfinished()
        self._left.intersection_update(file.file_id for file in unfinished)  # of others nothing is known to the table
        return [file for file in unfinished if file.epoch < self.epoch or file.file_id in self._left]

    def unfinished(self) -> list[OpenFile]:
        """The files that nobody has finished, our own among them."""
        entries = self._table.query(keys.session(self._session_id).pk, prefix=keys.FILE_PREFIX)
        return [OpenFile.from_item(item) for item in entries]

    def enter(self, file: OpenFile, *also: Write, when: Sequence[Condition] = ()) -> bool:
        """Enter a file that another recorder began; False where it is not free any more: then nothing is written."""
        is_ours = Check(key=keys.session(self._session_id), when=[Compare("epoch", "=", self.epoch)])
        try:
            self._table.transact(is_ours, Put(key=file.key, item=file.as_item(), when=when), *also)
        except ConditionFailed as refusal:
            if 0 in refusal.failed:
                self.lose()
            return False
        except Exception as error:
            log("journal_failed", session_id=self._session_id, reason=str(error))
            return False
        self._left.discard(file.file_id)
        return True

    def hand_over(self, file: OpenFile, *also: Write) -> None:
        """Strike out a file of ours in one transaction with what says where it goes on; raises Replaced."""
        is_ours = Compare("epoch", "=", self.epoch)
        self._unless_unreachable(lambda: self._table.transact(Delete(key=file.key, when=[is_ours]), *also))

    def items(self, partition: str, prefix: str) -> list[Item]:
        """Items beside the journal's own; a consistent read."""
        return list(self._table.query(partition, prefix=prefix))

    def lose(self) -> NoReturn:
        """Another recorder is at work: raises Replaced."""
        self._lost.set()
        raise Replaced

    def _unless_unreachable(self, write: Callable[[], object]) -> None:
        try:
            write()
        except ConditionFailed:
            self.lose()
        except Exception as error:
            log("journal_failed", session_id=self._session_id, reason=str(error))
