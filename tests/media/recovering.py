"""Recovery of single files in the test's own process: bytes go in as a dead recorder left them, and come out mended."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from chalicelib import keys
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.naming import media_key, ready_key
from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.settings import Settings
from chalicelib.table import Put
from recorder_task.jobs.recovery import Recovery
from recorder_task.session.journal import Journal
from tests.bench.memory_disk_bucket import MemoryDiskBucket
from tests.contract.journal.files import FILE, SESSION_ID
from tests.fakes.table import FakeTable
from tests.media.moments import moments_of
from tests.media.studio import session_item


class Recorded(NamedTuple):
    """One recording: the file as it was before its head was written again, as it is in the end, and its facts."""

    left: bytes
    whole: bytes
    file: FinishedFile


class Recovered(NamedTuple):
    """What is under a file's key behind its recovery, and what was committed of it."""

    content: bytes
    file: FinishedFile | None
    is_entered: bool
    """It is still in the journal."""


def recorded(name: str, source: Path) -> Recorded:
    """Record a source in one format."""
    moments = moments_of(name, source, part_bytes=4 * 1024)
    joined = [
        b"".join(upload.parts[number] for number in sorted(upload.parts))
        for moment in moments
        for upload in moment.uploads.values()
    ]
    objects = moments[-1].objects
    [whole] = [each.content for key, each in objects.items() if key.startswith("media/")]
    [ready] = [each.content for key, each in objects.items() if key.startswith("ready/")]
    left = max((content for content in joined if not is_ended(name, content)), key=len)
    return Recorded(left, whole, FinishedFile.from_json(ready))


def is_ended(name: str, content: bytes) -> bool:
    """The head is that of a file that has ended."""
    return b"filesize" in content[:200] if name == "flv" else b"free" not in content[:64]


def recovered(
    content: bytes,
    name: str,
    folder: Path,
    *,
    part_bytes: int = 64 * 1024,
    must_stop: Callable[[], bool] = lambda: False,
) -> Recovered:
    """Recover a file of these bytes."""
    file = replace(FILE, format=RecordFormat(name))
    bucket, table = MemoryDiskBucket(Path(mkdtemp(dir=folder))), FakeTable()
    key = media_key(file.file_id, file.format)
    bucket.put(key, content, content_type="")
    item = {**session_item("", session_id=SESSION_ID), "epoch": 2}
    table.put(Put(key=keys.session(SESSION_ID), item=item))
    table.put(Put(key=file.key, item=file.as_item()))
    journal = Journal(table, SESSION_ID, 2, threading.Event())
    settings = Settings(part_bytes=part_bytes)
    Recovery(settings, SessionOrders.from_item(item), bucket, journal, must_stop).run()
    found = {each: b"".join(path.read_bytes() for path in paths) for each, paths in bucket.objects.items()}
    ready = found.get(ready_key(file.file_id))
    return Recovered(found[key], FinishedFile.from_json(ready) if ready else None, file.key in table.items)
