"""A table that is slow: a file's entry comes before its first byte, and holds that up for a moment only."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib import keys
from recorder_task.session import entries
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import SESSION_ID, Studio, template_order
from tests.media.watched_table import WatchedTable

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=20, width=64, height=64)
FORMATS = ("flv", "mp4", "aac", "mp3")


class SlowTable(WatchedTable):
    """Enters a file when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_enter = threading.Event()

    def transact(self, *writes: Any) -> None:
        self.may_enter.wait(20)
        super().transact(*writes)


def entered(studio: Studio) -> list[str]:
    """The files in the journal."""
    return [item["file_id"] for item in studio.table.query(keys.session(SESSION_ID).pk, prefix=keys.FILE_PREFIX)]


def test_each_file_is_entered_before_its_first_byte_is_uploaded(s3: FakeS3, source: Source) -> None:
    s3.min_part_bytes = 0
    table = SlowTable()
    studio = Studio(s3, {"part_bytes": 32 * 1024}, table=table)
    unknown: list[str] = []

    def look(request: Any) -> None:
        if request.key.startswith("media/") and request.key.split("/")[1] not in entered(studio):
            unknown.append(request.key)

    s3.fail = look
    studio.order(source(clip(MADE)), template_order(*FORMATS))
    threading.Timer(0.5, table.may_enter.set).start()
    assert studio.run().code == 0
    assert len(studio.files) == len(FORMATS)
    assert unknown == []


def test_a_table_that_does_not_answer_holds_no_upload_up(s3: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "ENTER_SECONDS", 0.3)
    table = SlowTable()
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {"checkpoint_seconds": 0.1}, table=table)
        studio.order(origin.url, template_order(*FORMATS))
        studio.start()
        origin.send(until_ms=8_000)
        s3.wait_for(lambda: sum(bool(upload.parts) for upload in s3.uploads.values()) == len(FORMATS))
        assert entered(studio) == []
        table.may_enter.set()
        origin.send(until_ms=30_000)
        origin.end()
        assert studio.wait().code == 0
    assert contents(packets_of(studio.content(studio.file("flv"))), "video") == contents(clip(MADE).packets, "video")
    assert entered(studio) == []
