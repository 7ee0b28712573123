"""The journal: which files this session's recorders are writing, so that a dead one's can be finished.

An entry is written before a file's first byte reaches the bucket, only while the session is still ours, and deleted
behind its ready object: at any moment table and bucket together say what was left.
"""

import threading

from chalicelib import keys
from chalicelib.recording.open_file import OpenFile
from chalicelib.table import Check, Compare, ConditionFailed, Delete, Put, Table


class Replaced(Exception):
    """Another recorder has taken the session, or this file, over: nothing more may be written."""

    def __init__(self) -> None:
        super().__init__("replaced by another recorder")


class Journal:
    """The entries of one session, written by the recorder of one epoch."""

    def __init__(self, table: Table, session_id: str, epoch: int) -> None:
        self._table = table
        self._session_id = session_id
        self.epoch = epoch
        self.has_been_refused = threading.Event()
        """Set once an entry told that another recorder is at work."""

    def open(self, file: OpenFile) -> None:
        """Enter a file before its first byte is written; raises Replaced."""
        is_ours = Check(key=keys.session(self._session_id), when=[Compare("epoch", "=", self.epoch)])
        try:
            self._table.transact(is_ours, Put(key=file.key, item=file.as_item()))
        except ConditionFailed:
            self._refuse()

    def confirm(self, file_id: str) -> None:
        """Make sure that the file is still ours before it is completed; raises Replaced."""
        item = self._table.get(keys.open_file(self._session_id, file_id))
        if item is None or item["epoch"] != self.epoch:
            self._refuse()

    def close(self, file_id: str) -> None:
        """Strike out a file that is committed, or of which there is nothing; twice is once."""
        self._table.delete(Delete(key=keys.open_file(self._session_id, file_id)))

    def left_behind(self) -> list[OpenFile]:
        """The files of earlier recorders that nobody has finished."""
        entries = self._table.query(keys.session(self._session_id).pk, prefix=keys.FILE_PREFIX)
        return [OpenFile.from_item(item) for item in entries if item["epoch"] < self.epoch]

    def _refuse(self) -> None:
        self.has_been_refused.set()
        raise Replaced
