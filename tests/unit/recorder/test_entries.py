"""Entries of the journal beside the uploads: in order, awaited for a bounded time, and a table that is slow or lost."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.table import Put, Update
from recorder_task.session import entries
from recorder_task.session.entries import Entries
from recorder_task.session.journal import Journal, Replaced
from tests.contract.journal.files import FILE, SESSION_ID
from tests.fakes.table import FakeTable


class SlowTable(FakeTable):
    """Writes nothing to the journal before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_write = threading.Event()
        self.put(Put(key=keys.session(SESSION_ID), item={"epoch": 1}))

    def transact(self, *writes: Any) -> None:
        self.may_write.wait(20)
        super().transact(*writes)


@pytest.fixture
def table() -> SlowTable:
    """A table with a session in its first epoch."""
    return SlowTable()


def writing(table: SlowTable) -> tuple[Entries, Callable[[], bool]]:
    """The entries of one format, and whether the file is entered."""
    return Entries(Journal(table, SESSION_ID, 1, threading.Event())), lambda: FILE.key in table.items


def test_a_file_waits_for_its_entry(table: SlowTable) -> None:
    written, is_entered = writing(table)
    wait = written.open(FILE)
    assert not is_entered()
    table.may_write.set()
    wait()
    assert is_entered()


def test_but_not_for_ever(table: SlowTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "ENTER_SECONDS", 0.05)
    written, is_entered = writing(table)
    written.open(FILE)()
    assert not is_entered()
    written.note(FILE.file_id, {"dropped_seconds": 2.5})
    table.may_write.set()
    written.settle()
    assert table.items[FILE.key]["dropped_seconds"] == 2.5


def test_who_was_replaced_learns_of_it(table: SlowTable) -> None:
    written, is_entered = writing(table)
    wait = written.open(FILE)
    table.update(Update(key=keys.session(SESSION_ID), add={"epoch": 1}))
    table.may_write.set()
    with pytest.raises(Replaced):
        wait()
    with pytest.raises(Replaced):
        written.settle()
    assert not is_entered()
