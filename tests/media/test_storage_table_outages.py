"""A table that is out of reach when a file begins: the file is recorded without its entry, and entered later."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.recording.orders import RecordFormat
from recorder_task.jobs import recovery
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import SESSION_ID, Studio, template_order
from tests.media.watched_table import WatchedTable

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=20, width=64, height=64)
SETTINGS = {"part_bytes": 32 * 1024, "hls_segment_seconds": 2.0}
ALWAYS = 10**9


class AwayTable(WatchedTable):
    """Refuses so many transactions; tells of those that it carries out."""

    def __init__(self, fails: int) -> None:
        super().__init__()
        self.fails = fails

    def transact(self, *writes: Any) -> None:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("the table is away")
        with self._updated:
            super().transact(*writes)
            self._updated.notify_all()


@pytest.fixture
def s3() -> FakeS3:
    """A bucket that takes small parts; each test opens it."""
    return FakeS3(min_part_bytes=0)


def entries(studio: Studio) -> list[Item]:
    """What the journal holds."""
    return list(studio.table.query(keys.session(SESSION_ID).pk, prefix=keys.FILE_PREFIX))


def is_in_bucket(s3: FakeS3) -> bool:
    """Something of every format."""
    begun = [upload.key for upload in s3.uploads.values() if upload.parts]
    return len(begun) + any(key.endswith(".m3u8") for key in s3.objects) == len(RecordFormat)


@pytest.mark.parametrize("fails", [1, ALWAYS], ids=["for a moment", "all along"])
@pytest.mark.parametrize("name", RecordFormat)
def test_a_file_that_could_not_be_entered_is_committed(
    name: RecordFormat, fails: int, s3: FakeS3, source: Source
) -> None:
    with s3:
        studio = Studio(s3, SETTINGS, table=AwayTable(fails))
        studio.order(source(clip(MADE)), template_order(name))
        assert studio.run().code == 0
        file = studio.file(name)
        assert (file.recovered, file.dropped_seconds) == (False, 0.0)
        assert file.duration_seconds == pytest.approx(MADE.seconds, abs=0.2)
        assert (entries(studio), s3.uploads) == ([], {})
        assert studio.session["end_reason"] == "source ended"
        assert studio.session["outcomes"]["template-1"][name]["state"] == "ended"


@pytest.mark.parametrize("fails", [1, 2], ids=["until its second word", "until its last word"])
def test_a_playlist_that_could_not_be_entered_waits_for_its_stream(fails: int, s3: FakeS3, source: Source) -> None:
    with s3:
        studio = Studio(s3, SETTINGS, table=AwayTable(fails))
        studio.order(source(clip(MADE)), template_order("hls", continue_seconds=600))
        assert studio.run().code == 0
        partition = keys.waiting_partition("push.example.com", "live", "room-7")
        (waiting,) = studio.table.query(partition, prefix="template-1#")
        assert waiting["file"]["file_id"] == studio.session["outcomes"]["template-1"]["hls"]["file_id"]
        assert (entries(studio), studio.files) == ([], [])
        assert studio.session["outcomes"]["template-1"]["hls"]["state"] == "paused"


def test_files_that_could_not_be_entered_are_recovered_once_the_table_is_back(
    s3: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "AGAIN_SECONDS", 0.05)
    with s3, FlvOrigin(clip(MADE).content) as origin:
        table = AwayTable(ALWAYS)
        studio = Studio(s3, {**SETTINGS, "checkpoint_seconds": 0.1, "orders_seconds": 3600.0}, table=table)
        studio.order(origin.url, template_order(*RecordFormat))
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(lambda: is_in_bucket(s3))
        assert entries(studio) == []
        table.fails = 0
        table.wait_for(lambda: len(entries(studio)) == len(RecordFormat))
        studio.change({"lease_until": 0, "unpublished_at": 1.0})  # as if it had been killed
        assert Studio(s3, {**SETTINGS, "drain_seconds": 0.0}, table=table).run().code == 0
        assert sorted(file.format for file in studio.files if file.recovered) == sorted(RecordFormat)
        assert entries(studio) == []
        found = contents(packets_of(studio.content(studio.file("flv"))), "video")
        assert found
        assert found == contents(clip(MADE).packets, "video")[: len(found)]
        items = dict(table.items)
        origin.end()
        studio.wait()
        assert (table.items, len(studio.files)) == (items, len(RecordFormat))
