"""The journal's entries of one format's files, written beside its uploads: a slow table holds no media up."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from chalicelib.recording.open_file import OpenFile
from recorder_task.session.journal import Journal

ENTER_SECONDS = 3.0
"""How long a file's first byte waits for its entry: a part of the time in which its first part fills."""


class Entries:
    """Writes in order, in a thread of its own."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._writer = ThreadPoolExecutor(1, "journal")
        self._last: Future[None] | None = None

    def open(self, file: OpenFile) -> Callable[[], None]:
        """Begin to enter a file. What is returned waits until it is entered, for a bounded time; raises Replaced."""
        entered = self._write(lambda: self._journal.open(file))
        deadline = time.monotonic() + ENTER_SECONDS

        def wait() -> None:
            try:
                entered.result(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return  # as with a table that cannot be reached: the recording goes on

        return wait

    def note(self, file_id: str, facts: Mapping[str, Any]) -> None:
        """Note what came to be known of a file."""
        self._write(lambda: self._journal.note(file_id, facts))

    def settle(self) -> None:
        """Wait until all that was handed over is written, or was given up; raises Replaced."""
        if self._last is not None:
            self._last.result()

    def close(self) -> None:
        """No more entries come."""
        self._writer.shutdown(wait=False)

    def _write(self, write: Callable[[], None]) -> Future[None]:
        self._last = self._writer.submit(write)
        return self._last
