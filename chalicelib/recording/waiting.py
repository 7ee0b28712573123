"""An HLS file whose stream is gone and may return: its item, and how it is taken over or ended. Pure.

A recorder writes the item when its stream ends and the template asks for a continuation window. The recorder of a
publish that returns within the window takes the file over; one that nobody wants is ended by the tick.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib import keys
from chalicelib.keys import Key
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.stream import StreamRef
from chalicelib.table import Compare, Delete, Put, Table, Update

GRACE_SECONDS = 30.0
"""Who returned just in time takes the file over with the first whole segment, a little later."""
WAITING, ENDING = "waiting", "ending"


@dataclass(frozen=True, kw_only=True)
class WaitingFile:
    """The file, and until when it waits. Times are unix seconds."""

    file: OpenFile
    paused_at: float
    deadline: float

    @property
    def key(self) -> Key:
        """Where the item lies."""
        return keys.waiting_file(
            keys.waiting_partition(*_address(self.file)), self.file.recording_id, self.file.file_id
        )

    @property
    def due_at(self) -> float:
        """From when on nobody is waited for, and the tick ends the file."""
        return self.deadline + GRACE_SECONDS

    def put_away(self) -> Put:
        """The file begins to wait."""
        item: dict[str, Any] = {
            "file": self.file.as_item(),
            "paused_at": self.paused_at,
            "deadline": self.deadline,
            "state": WAITING,
            "LPK": keys.ALL_WAITING,
            "LSK": keys.by_time(self.deadline, self.file.file_id),
        }
        return Put(key=self.key, item=item)

    def taken(self) -> Delete:
        """Somebody goes on with the file, unless it is being ended."""
        return Delete(key=self.key, when=[Compare("state", "=", WAITING)])

    def let_go(self, now: float) -> Update:
        """Nobody is waited for any longer: its recording was stopped."""
        return Update(
            key=self.key,
            set={"deadline": now, "LSK": keys.by_time(now, self.file.file_id)},
            when=[Compare("state", "=", WAITING), Compare("deadline", ">", now)],
        )

    def ending(self) -> Update:
        """Nobody can take the file over any more; again after a try that did not come to its end."""
        return Update(key=self.key, set={"state": ENDING}, when=[Compare("deadline", "=", self.deadline)])

    def ended(self) -> Delete:
        """The file is committed."""
        return Delete(key=self.key)

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "WaitingFile":
        """The file of an item."""
        return cls(file=OpenFile.from_item(item["file"]), paused_at=item["paused_at"], deadline=item["deadline"])


def deadline_of(*, paused_at: float, continue_seconds: int, ends_at: float) -> float:
    """Until when a file waits: never beyond the end of its recording (0: the recording has none)."""
    deadline = paused_at + continue_seconds
    return min(deadline, ends_at) if ends_at else deadline


def waiting_files(table: Table, stream: StreamRef, recording_id: str) -> list[WaitingFile]:
    """The files of one recording that wait."""
    partition = keys.waiting_partition(stream.domain, stream.app, stream.stream)
    return [WaitingFile.from_item(item) for item in table.query(partition, prefix=f"{recording_id}#")]


def _address(file: OpenFile) -> tuple[str, str, str]:
    return file.stream.domain, file.stream.app, file.stream.stream
