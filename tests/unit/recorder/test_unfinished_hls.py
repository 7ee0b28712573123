"""Whether an HLS file is another session's, where bucket or table do not say."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.recording.orders import SessionOrders
from chalicelib.settings import Settings
from chalicelib.table import Put
from recorder_task.aws.connect import connected
from recorder_task.jobs.unfinished_hls import UnfinishedHls
from recorder_task.session.journal import Journal
from tests.fakes.s3 import FakeS3, Refusal
from tests.fakes.table import FakeTable
from tests.media.studio import ENVIRONMENT, SESSION_ID, session_item

PARTITION = keys.waiting_partition("push.example.com", "live", "room-7")


class SometimesAway(FakeTable):
    """Answers no query while it is away."""

    is_away = False

    def query(self, *asked: Any, **bounds: Any) -> Iterator[Item]:
        if self.is_away:
            raise ConnectionError("throttled")
        return super().query(*asked, **bounds)


@pytest.fixture
def table() -> SometimesAway:
    """A table in which another session was the last to write the recording."""
    made = SometimesAway()
    made.put(Put(key=keys.hls_session(PARTITION, "template-1"), item={"session_id": "session-2"}))
    return made


def is_elsewhere(s3: FakeS3, table: FakeTable) -> bool:
    """What a recorder finds of a file that it lacks."""
    session = SessionOrders.from_item({**session_item(""), "epoch": 1})
    journal = Journal(table, SESSION_ID, 1, threading.Event())
    with connected(Settings(bucket_name=s3.bucket), {**ENVIRONMENT, "AWS_ENDPOINT_URL_S3": s3.url}) as (bucket, _):
        return UnfinishedHls(Settings(), session, bucket, journal, lambda: 0.0).is_elsewhere("template-1", "5")


@pytest.fixture
def s3() -> Iterator[FakeS3]:
    """An empty bucket."""
    with FakeS3() as server:
        yield server


def test_a_file_that_another_session_goes_on_with_is_elsewhere(s3: FakeS3, table: SometimesAway) -> None:
    assert is_elsewhere(s3, table)


def test_what_the_table_does_not_tell_is_no_reason_to_fail(
    s3: FakeS3, table: SometimesAway, capsys: pytest.CaptureFixture[str]
) -> None:
    table.is_away = True
    assert not is_elsewhere(s3, table)
    assert '"reason":"ConnectionError: throttled"' in "".join(capsys.readouterr())


def test_nor_is_what_the_bucket_does_not_tell(s3: FakeS3, table: SometimesAway) -> None:
    s3.fail = lambda request: Refusal(400, "Broken")
    assert not is_elsewhere(s3, table)
