"""A bucket that is nothing but memory, in the process that writes to it: what remains is the recorder's own work."""

from collections.abc import Sequence

from recorder_task.aws.exchange import Body
from recorder_task.aws.s3 import Fetched, UploadedPart
from recorder_task.aws.s3_reading import StoredPart
from recorder_task.aws.transport import Watcher


class MemoryBucket:
    """Bodies as they were handed over."""

    def __init__(self) -> None:
        self.objects: dict[str, Sequence[Body]] = {}
        self.was_let_in = True
        self._uploads: dict[str, dict[int, Body]] = {}

    def watch(self, watcher: Watcher) -> None:
        """Nothing ever fails here."""

    def put(
        self, key: str, body: Body, *, content_type: str, cache_control: str = "", only_if_absent: bool = False
    ) -> bool:
        self.objects[key] = [body]
        return True

    def replace(self, key: str, body: bytes, *, content_type: str, cache_control: str, facts: str, after: str) -> str:
        self.objects[key] = [body]
        return "etag"

    def get(self, key: str) -> Fetched | None:
        return None

    def begin_upload(self, key: str, *, content_type: str) -> str:
        self._uploads[key] = {}
        return key

    def put_part(self, key: str, upload_id: str, number: int, body: Body) -> UploadedPart:
        self._uploads[upload_id][number] = bytes(body)
        return UploadedPart(number, "etag", "")

    def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[UploadedPart], size_bytes: int, *, only_if_absent: bool = False
    ) -> None:
        uploaded = self._uploads.pop(upload_id)
        self.objects[key] = [uploaded[part.number] for part in parts]

    def abort_upload(self, key: str, upload_id: str) -> None:
        self._uploads.pop(upload_id, None)

    def size(self, key: str) -> int | None:
        return sum(map(len, self.objects[key])) if key in self.objects else None

    def read(self, key: str, offset: int, size_bytes: int) -> bytes:
        (content,) = self.objects[key]
        return bytes(content[offset : offset + size_bytes])

    def open_uploads(self, key: str) -> list[str]:
        return []

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        return []
