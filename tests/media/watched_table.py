"""A table that tells when it was written to, so that a test can wait for what a recorder reports."""

import threading
from collections.abc import Callable

from chalicelib.attribute_values import Item
from chalicelib.table import Update
from tests.fakes.table import FakeTable


class WatchedTable(FakeTable):
    """The table in memory; `wait_for` returns once a predicate holds after some update."""

    def __init__(self) -> None:
        super().__init__()
        self._updated = threading.Condition()

    def update(self, write: Update) -> Item:
        with self._updated:
            item = super().update(write)
            self._updated.notify_all()
            return item

    def wait_for(self, predicate: Callable[[], bool], timeout: float = 20.0) -> None:
        """Wait until `predicate` holds; raises TimeoutError."""
        with self._updated:
            if not self._updated.wait_for(predicate, timeout):
                raise TimeoutError("the table never came to the awaited state")
