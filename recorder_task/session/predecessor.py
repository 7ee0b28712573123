"""The session that wrote a recording's HLS before ours, whose recorder may have died as the stream came back.

Its file waits for nobody yet: a dead recorder has put nothing away, and recovery need not have come. Where its recorder
still works, on its last segment, it is given the time to put the file away.
"""

import time
from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat, RecordingOrder
from chalicelib.table import Put
from recorder_task.session.journal import Journal

PATIENCE_SECONDS = 40.0
"""Longer than a lease: by then its recorder has ended, or is taken for dead."""
PAUSE_SECONDS = 0.5
REMEMBERED_SECONDS = 30 * 24 * 3600
"""Of a session that wrote longer than this it is not known any more that it did."""


class Predecessor:
    """What the table says of it; `partition` is that of the stream's waiting files."""

    def __init__(self, journal: Journal, partition: str, recording_id: str) -> None:
        self._journal = journal
        self._partition = partition
        self._recording_id = recording_id

    def named_by(self, file: OpenFile) -> Put:
        """From now on it is our session that writes the recording's HLS."""
        item: dict[str, Any] = {
            "session_id": self._journal.session_id,
            "expires_at": int(file.began_at) + REMEMBERED_SECONDS,
        }
        return Put(key=keys.hls_session(self._partition, self._recording_id), item=item)

    def files_left(self) -> list[tuple[OpenFile, float]]:
        """Files that nobody writes any more, each with the seconds that its stream is waited for.

        Waits while its recorder is at work; raises Replaced, and what the table raises.
        """
        session_id = self.session_id
        deadline = time.monotonic() + PATIENCE_SECONDS
        while session_id is not None:
            session, files = self._read(session_id)
            waited_for = [(file, seconds) for file in files if (seconds := _continue_seconds(session, file)) > 0]
            if not waited_for or not _has_recorder(session):
                return waited_for
            if "unpublished_at" not in session or time.monotonic() >= deadline:
                return []
            self._journal.assure_lease()
            time.sleep(PAUSE_SECONDS)
        return []

    @property
    def session_id(self) -> str | None:
        """The session that wrote the recording's HLS last, where it is not ours; it may have begun behind ours."""
        key = keys.hls_session(self._partition, self._recording_id)
        found = [item for item in self._journal.items(key.pk, key.sk) if item["SK"] == key.sk]
        session_id = found[0]["session_id"] if found else None
        return session_id if session_id != self._journal.session_id else None

    def _read(self, session_id: str) -> tuple[Item, list[OpenFile]]:
        key = keys.session(session_id)
        entries = [OpenFile.from_item(item) for item in self._journal.items(key.pk, keys.FILE_PREFIX)]
        own = RecordFormat.HLS, self._recording_id
        files = [file for file in entries if (file.format, file.recording_id) == own]
        return next(iter(self._journal.items(key.pk, key.sk) if files else []), {}), files


def _has_recorder(session: Item) -> bool:
    return "recorder_ended_at" not in session and session.get("lease_until", 0.0) > time.time()


def _continue_seconds(session: Item, file: OpenFile) -> float:
    order = session.get("orders", {}).get(file.recording_id)
    return RecordingOrder.from_item(order).continue_seconds if order else 0
