"""A recorder that freezes with a file's request under way, is replaced and wakes: what was settled meanwhile stays.

The bucket holds the request back, so that each test has its sender freeze exactly there, on any machine.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.recording.orders import RecordFormat
from tests.fakes.s3 import FakeS3, RequestSeen
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.frozen import Frozen
from tests.media.studio import SESSION_ID, Studio, template_order

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=6, width=64, height=64)
DEAF = {"orders_seconds": 3600.0, "part_bytes": 16 * 1024, "drain_seconds": 0.0}
"""It does not hear from the table that it was replaced; its files have several parts."""
FILES = [name for name in RecordFormat if name is not RecordFormat.HLS]


@pytest.fixture
def s3() -> FakeS3:
    """A bucket that takes small parts; each test opens it."""
    return FakeS3(min_part_bytes=0)


def puts_whole(request: RequestSeen) -> bool:
    """A small file, in one request."""
    return request.method == "PUT" and request.key.startswith("media/") and not request.query


def begins(request: RequestSeen) -> bool:
    """An upload begins."""
    return request.method == "POST" and "uploads" in request.query


def completes(request: RequestSeen) -> bool:
    """An upload becomes an object."""
    return request.method == "POST" and "uploadId" in request.query


class HeadPutAgain:
    """The first part, for the second time: it is the head that the file ends with."""

    def __init__(self) -> None:
        self._times = 0

    def __call__(self, request: RequestSeen) -> bool:
        self._times += request.method == "PUT" and request.query.get("partNumber") == "1"
        return self._times == 2


def commits(request: RequestSeen) -> bool:
    """A ready object."""
    return request.method == "PUT" and request.key.startswith("ready/")


def entries(studio: Studio) -> list[Item]:
    """What the journal still holds."""
    return list(studio.table.query(keys.session(SESSION_ID).pk, prefix=keys.FILE_PREFIX))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("step", "part_bytes", "files", "uploads"),
    [
        pytest.param(puts_whole, 8 * 2**20, 0, 0, id="a small file, in one request"),
        pytest.param(begins, 16 * 1024, 0, 1, id="its upload begins"),
        pytest.param(completes, 16 * 1024, 1, 0, id="its upload is completed"),
        pytest.param(commits, 16 * 1024, 1, 0, id="its commit"),
    ],
)
def test_a_recorder_that_froze_changes_nothing_when_it_wakes(
    name: str,
    step: Callable[[RequestSeen], bool],
    part_bytes: int,
    files: int,
    uploads: int,
    s3: FakeS3,
    source: Source,
) -> None:
    with s3:
        request = Frozen(s3, step)
        slow = Studio(s3, {**DEAF, "part_bytes": part_bytes})
        slow.order(source(clip(MADE)), template_order(name))
        slow.start()
        request.wait()
        slow.change({"lease_until": 0, "unpublished_at": 1.0})
        assert Studio(s3, DEAF, table=slow.table).run().code == 0
        assert len(slow.files) == files
        objects, items = dict(s3.objects), dict(slow.table.items)
        request.wake()
        slow.wait()
        assert (s3.objects, slow.table.items, entries(slow)) == (objects, items, [])
        # What was begun too late stays open, and the bucket's lifecycle rule sweeps it.
        assert len(s3.uploads) == uploads


@pytest.mark.parametrize("name", ["flv", "mp4"])
def test_a_recovery_that_froze_while_it_wrote_a_file_once_more_changes_nothing(
    name: str, s3: FakeS3, source: Source
) -> None:
    with s3:
        died = Frozen(s3, HeadPutAgain())
        first = Studio(s3, DEAF)
        first.order(source(clip(MADE)), template_order(name))
        first.start()
        died.wait()
        first.change({"lease_until": 0, "unpublished_at": 1.0})
        recovery, again = Studio(s3, DEAF, table=first.table), Frozen(s3, begins)
        recovery.start()
        again.wait()
        first.change({"lease_until": 0})
        assert Studio(s3, DEAF, table=first.table).run().code == 0
        objects, items = dict(s3.objects), dict(first.table.items)
        for request, studio in ((died, first), (again, recovery)):
            request.wake()
            studio.wait()
        assert (s3.objects, first.table.items, len(first.files)) == (objects, items, 1)
        assert len(s3.uploads) == 1  # begun too late, as above
