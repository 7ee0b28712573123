"""A bucket that is a folder of a memory disk, in the process that writes to it: what remains is the recorder's work.

Each body becomes a file, as all that ffmpeg writes beside it does, and a part is not copied again when its upload is
completed: an object is the files of its parts.
"""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from recorder_task.aws.exchange import Body
from recorder_task.aws.s3 import Fetched, UploadedPart
from recorder_task.aws.s3_reading import StoredPart
from recorder_task.aws.transport import Watcher


class MemoryDiskBucket:
    """Bodies as they were handed over, in files of `folder`."""

    def __init__(self, folder: Path) -> None:
        self.objects: dict[str, Sequence[Path]] = {}
        self.was_let_in = True
        self._folder = folder
        self._numbers = count()
        self._uploads: dict[str, dict[int, Path]] = {}

    def watch(self, watcher: Watcher) -> None:
        """Nothing ever fails here."""

    def put(
        self, key: str, body: Body, *, content_type: str, cache_control: str = "", only_if_absent: bool = False
    ) -> bool:
        self.objects[key] = [self._written(body)]
        return True

    def replace(self, key: str, body: bytes, *, content_type: str, cache_control: str, facts: str, after: str) -> str:
        self.objects[key] = [self._written(body)]
        return "etag"

    def get(self, key: str) -> Fetched | None:
        return None

    def begin_upload(self, key: str, *, content_type: str) -> str:
        self._uploads[key] = {}
        return key

    def put_part(self, key: str, upload_id: str, number: int, body: Body) -> UploadedPart:
        self._uploads[upload_id][number] = self._written(body)
        return UploadedPart(number, "etag", "")

    def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[UploadedPart], size_bytes: int, *, only_if_absent: bool = False
    ) -> None:
        uploaded = self._uploads.pop(upload_id)
        self.objects[key] = [uploaded[part.number] for part in parts]

    def abort_upload(self, key: str, upload_id: str) -> None:
        self._uploads.pop(upload_id, None)

    def size(self, key: str) -> int | None:
        return sum(each.stat().st_size for each in self.objects[key]) if key in self.objects else None

    def read(self, key: str, offset: int, size_bytes: int) -> bytes:
        """Of an object that is one file, as those that are read here are."""
        (path,) = self.objects[key]
        file = os.open(path, os.O_RDONLY)
        try:
            return os.pread(file, size_bytes, offset)
        finally:
            os.close(file)

    def open_uploads(self, key: str) -> list[str]:
        return []

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        return []

    def _written(self, body: Body) -> Path:
        path = self._folder / f"body-{next(self._numbers)}"
        rest = memoryview(body)
        with path.open("wb", buffering=0) as file:
            while rest:
                rest = rest[file.write(rest) :]
        return path
