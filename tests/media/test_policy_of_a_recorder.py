"""What the template allows a recorder is enough for all that recorders do, and no more."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from chalicelib import keys
from chalicelib.table import Update
from tests.fakes.permissions import Permissions, watched
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.moments import moments_of
from tests.media.studio import SESSION_KEY, Studio, template_order
from tests.media.watched_table import WatchedTable

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=7, width=64, height=64)


def test_a_recorder_may_do_all_that_it_does(source: Source) -> None:
    role = Permissions.of_recorder()
    records_a_stream_that_returns(role, source)
    takes_up_what_a_dead_one_left(role, source)
    assert role.denied == []
    assert role.unused == {"s3:ListBucket"}, "asked for by no request: without it S3 says 403 where nothing lies"


def records_a_stream_that_returns(role: Permissions, source: Source) -> None:
    """Twice, in every format; the second goes on in the first one's playlist."""
    order = template_order("flv", "mp4", "hls", "aac", "mp3", continue_seconds=600)
    with FakeS3() as s3:
        s3.hold = watched(role)
        table: Any = role.of("table", WatchedTable())
        for number in (1, 2):
            studio = Studio(s3, {"hls_segment_seconds": 2.0}, session_id=f"session-{number}", table=table)
            studio.order(source(clip(MADE)), order)
            assert studio.run().code == 0
        assert len(studio.files) == 2 * 4
        assert s3.reports


def takes_up_what_a_dead_one_left(role: Permissions, source: Source) -> None:
    """Of a file and of an upload beside it, which nobody knows."""
    moments = moments_of("mp4", source(clip(MADE)), part_bytes=32 * 1024)
    left = max(moments, key=lambda each: sum(len(upload.parts) for upload in each.uploads.values()))
    with FakeS3(min_part_bytes=0) as s3:
        s3.objects = dict(left.objects)
        s3.uploads = {name: replace(upload, parts=dict(upload.parts)) for name, upload in left.uploads.items()}
        (upload,) = s3.uploads.values()
        s3.uploads["another"] = replace(upload, parts={})
        inner = WatchedTable()
        inner.items = deepcopy(dict(left.items))
        gone: dict[Any, Any] = {"recorder_ended_at": 1.0, "unpublished_at": 1.0}
        inner.update(Update(key=SESSION_KEY, set=gone))
        s3.hold = watched(role)
        studio = Studio(s3, {"part_bytes": 64 * 1024}, table=role.of("table", inner)).run()
        assert [file.recovered for file in studio.files] == [True]
        assert (s3.uploads, [key for key in inner.items if key.sk.startswith(keys.FILE_PREFIX)]) == ({}, [])
