"""When recovery looks again: as long as the table has not said that nothing is left, or has not taken an entry."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.recording.naming import ready_key
from chalicelib.recording.orders import SessionOrders
from chalicelib.settings import Settings
from chalicelib.table import Put
from recorder_task.aws.connect import connected
from recorder_task.jobs import recovery
from recorder_task.jobs.recovery import Recovery
from recorder_task.session.journal import Journal
from tests.contract.journal.files import FILE, SESSION_ID
from tests.fakes.s3 import FakeS3, StoredObject
from tests.fakes.table import FakeTable
from tests.media.studio import ENVIRONMENT, session_item


class FailingTable(FakeTable):
    """Fails some of the requests to come; of a lost answer the request was carried out."""

    def __init__(self) -> None:
        super().__init__()
        self.queries_failed = self.transactions_failed = self.answers_lost = 0
        self.put(Put(key=keys.session(SESSION_ID), item={**session_item("", session_id=SESSION_ID), "epoch": 2}))

    def query(self, *asked: Any, **bounds: Any) -> Iterator[Item]:
        if self.queries_failed:
            self.queries_failed -= 1
            raise ConnectionError("throttled")
        return super().query(*asked, **bounds)

    def transact(self, *writes: Any) -> None:
        if self.transactions_failed:
            self.transactions_failed -= 1
            raise ConnectionError("throttled")
        super().transact(*writes)
        if self.answers_lost:
            self.answers_lost -= 1
            raise ConnectionError("no answer")


@pytest.fixture
def table() -> FailingTable:
    """A table with a session in its second epoch."""
    return FailingTable()


@pytest.fixture
def journal(table: FailingTable) -> Journal:
    """That of the recorder of the second epoch."""
    return Journal(table, SESSION_ID, 2, threading.Event())


@pytest.fixture
def looks(table: FailingTable, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recovery]:
    """Recovery that may look again at once; what it finds is committed already, and needs to be struck out alone."""
    monkeypatch.setattr(recovery, "AGAIN_SECONDS", 0.0)
    with FakeS3() as s3:
        s3.objects[ready_key(FILE.file_id)] = StoredObject(b"{}", "")
        orders = SessionOrders.from_item(table.items[keys.session(SESSION_ID)])
        settings = Settings(bucket_name=s3.bucket)
        with connected(settings, {**ENVIRONMENT, "AWS_ENDPOINT_URL_S3": s3.url}) as (bucket, _):
            yield Recovery(settings, orders, bucket, journal, lambda: False)


def leave_a_file(table: FailingTable) -> None:
    """What the recorder of the first epoch left."""
    table.put(Put(key=FILE.key, item=FILE.as_item()))


@pytest.mark.parametrize("trouble", ["queries_failed", "transactions_failed", "answers_lost"])
def test_a_dead_recorder_s_file_is_taken_up_again_while_this_one_records(
    trouble: str, table: FailingTable, looks: Recovery
) -> None:
    leave_a_file(table)
    setattr(table, trouble, 1)
    looks.start()
    looks.join()
    assert FILE.key in table.items
    looks.take_up()
    looks.join()
    assert FILE.key not in table.items


@pytest.mark.parametrize("trouble", ["queries_failed", "transactions_failed", "answers_lost"])
def test_and_at_the_latest_when_this_one_has_recorded(trouble: str, table: FailingTable, looks: Recovery) -> None:
    leave_a_file(table)
    setattr(table, trouble, 1)
    looks.run()
    assert FILE.key in table.items
    looks.finish()
    assert FILE.key not in table.items


def test_where_nothing_is_left_nobody_looks_again(table: FailingTable, looks: Recovery) -> None:
    looks.run()
    table.calls.clear()
    looks.take_up()
    looks.join()
    looks.finish()
    assert table.calls == []


def test_a_file_of_ours_that_the_table_could_not_take_is_entered_while_it_is_recorded(
    table: FailingTable, journal: Journal, looks: Recovery
) -> None:
    looks.run()
    table.transactions_failed = 1
    journal.open(replace(FILE, epoch=2))
    assert FILE.key not in table.items
    looks.take_up()
    looks.join()
    assert journal.unfinished() == [replace(FILE, epoch=2)]
