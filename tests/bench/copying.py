"""A process that copies: `record FILE FORMAT…`, `recover FILE…` beside the files, `job FORMAT` in the bucket.

Prints two lines: the CPU seconds until it could begin, and those of the copy. `leave FILE FORMAT TARGET` makes what is
recovered: the file of a recorder that died behind the last packet.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from chalicelib import keys
from chalicelib.recording.naming import media_key
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat, SessionOrders
from chalicelib.recording.stream import StreamRef
from chalicelib.settings import Settings
from chalicelib.table import Put
from recorder_task.aws.connect import connected
from recorder_task.aws.exchange import Body
from recorder_task.aws.s3 import UploadedPart
from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.recovery import Recovery
from recorder_task.recorder import Recorder
from recorder_task.session.control import Control
from recorder_task.session.journal import Journal
from recorder_task.session.stop import Stop
from tests.bench.contestants import UNCUT_SECONDS
from tests.bench.memory_disk_bucket import MemoryDiskBucket
from tests.fakes.table import FakeTable
from tests.media.studio import SESSION_ID, SESSION_KEY, session_item, template_order

ORDER = FormatOrder(interval_seconds=UNCUT_SECONDS)
SETTINGS = Settings()


class LeavingBucket(MemoryDiskBucket):
    """Keeps beside a file what there was of it before its beginning was written again."""

    def __init__(self, folder: Path, target: Path) -> None:
        super().__init__(folder)
        self._target = target
        self._beginnings: list[Path] = []

    def put_part(self, key: str, upload_id: str, number: int, body: Body) -> UploadedPart:
        """Write a part, and note the first one of each time."""
        part = super().put_part(key, upload_id, number, body)
        if number == 1:
            self._beginnings.append(self._uploads[upload_id][1])
        return part

    def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[UploadedPart], size_bytes: int, *, only_if_absent: bool = False
    ) -> None:
        """Complete it, once what was left is kept."""
        rest = [self._uploads[upload_id][part.number] for part in parts[1:]]
        with self._target.open("wb") as target:
            for part_file in (self._beginnings[-2:][0], *rest):  # of sound alone it is written once
                target.write(part_file.read_bytes())
        super().complete_upload(key, upload_id, parts, size_bytes, only_if_absent=only_if_absent)


def main(kind: str, *arguments: str) -> None:
    """Do what the arguments say."""
    match kind:
        case "record":
            source, *formats = arguments
            with tempfile.TemporaryDirectory(dir=Path(source).parent) as folder:
                _measured(_recording(source, formats, MemoryDiskBucket(Path(folder))))
        case "recover":
            files = [Path(each) for each in arguments]
            with tempfile.TemporaryDirectory(dir=files[0].parent) as folder:
                bucket = MemoryDiskBucket(Path(folder))
                formats = [file.suffix[1:] for file in files]
                for file, format_ in zip(files, formats, strict=True):
                    bucket.objects[media_key(file_id(format_), RecordFormat(format_))] = [file]
                _measured(_recovery(bucket, formats))
        case "leave":
            source, format_, target = arguments
            with tempfile.TemporaryDirectory(dir=Path(source).parent) as folder:
                _recording(source, [format_], LeavingBucket(Path(folder), Path(target)))()
        case "job":
            settings = Settings(bucket_name=os.environ["BUCKET_NAME"])
            with connected(settings, os.environ) as (remote, _):
                _measured(_recovery(remote, arguments))


def _measured(copy: Callable[[], object]) -> None:
    ready = time.process_time()
    copy()
    print(ready)
    print(time.process_time() - ready, flush=True)


def _recording(source: str, formats: Sequence[str], bucket: ReadableBucket) -> Callable[[], object]:
    table = FakeTable()
    item = session_item(source, template_order(*formats, format_order=ORDER), unpublished_at=time.time())
    table.put(Put(key=SESSION_KEY, item=item))
    control = Control(table, SESSION_ID, SETTINGS, time.time)
    return Recorder(SETTINGS, bucket, control, Stop(), time.time).run


def file_id(format_: str) -> str:
    """Of the file in this format."""
    return f"500000000000000000{list(RecordFormat).index(RecordFormat(format_))}"


def _recovery(bucket: ReadableBucket, formats: Sequence[str]) -> Callable[[], object]:
    table = FakeTable()
    table.put(Put(key=SESSION_KEY, item=session_item("", epoch=2)))
    for left in map(_left, formats):
        table.put(Put(key=left.key, item=left.as_item()))
    session = SessionOrders.from_item(session_item("", epoch=2))
    journal = Journal(table, SESSION_ID, 2, threading.Event())
    recovery = Recovery(SETTINGS, session, bucket, journal, lambda: False)

    def recover() -> None:
        recovery.run()
        if any(table.get(keys.open_file(SESSION_ID, file_id(each))) is not None for each in formats):
            raise RuntimeError("nothing was recovered")

    return recover


def _left(format_: str) -> OpenFile:
    return OpenFile(
        file_id=file_id(format_),
        format=RecordFormat(format_),
        epoch=1,
        session_id=SESSION_ID,
        stream=StreamRef(domain="push.example.com", app="live", stream="room-7"),
        stream_param="",
        recording_id="template-1",
        template_id=1,
        task_id="",
        order=ORDER,
        began_at=time.time(),
        media_start_ms=0,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
