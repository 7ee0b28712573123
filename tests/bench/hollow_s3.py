"""The bucket of the bench: it checks every body and keeps no media unless told to: two hours would fill the memory."""

import io
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import BinaryIO

from chalicelib.recording.naming import MEDIA_PREFIX, READY_PREFIX
from tests.fakes.certificate import Certificate
from tests.fakes.s3 import FakeS3, Refusal, RequestSeen, StoredObject, Upload

Answer = tuple[int, dict[str, str], bytes] | Refusal


class HollowS3(FakeS3):
    """A bucket that takes media and keeps none, unless it is told to."""

    def __init__(self, certificate: Certificate) -> None:
        super().__init__(tls=certificate.server_context())
        self._keeps = False
        self._ready: list[float] = []
        """When files were committed, on the clock that all processes of a machine share."""

    def forget(self, keeps: bool) -> None:
        """Begin anew."""
        with self.changed:
            self._keeps = keeps
            for each in (self.objects, self.versions, self.uploads, self.requests, self.reports, self._ready):
                each.clear()

    def ready_at(self, files: int, seconds: float) -> float:
        """When so many files were committed; raises TimeoutError."""
        self.wait_for(lambda: len(self._ready) >= files, seconds)
        return self._ready[files - 1]

    def answer(self, request: RequestSeen, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry one request out."""
        found = super().answer(request, headers, body)
        if request.method == "PUT" and not isinstance(found, Refusal):
            if request.key.startswith(READY_PREFIX):
                self._ready.append(time.monotonic())
            if not self._keeps and request.key.startswith(MEDIA_PREFIX):
                self._empty(request)
        return found

    def _empty(self, request: RequestSeen) -> None:
        if "partNumber" in request.query:
            self.uploads[request.query["uploadId"]].parts[int(request.query["partNumber"])] = b""
        elif not request.key.endswith(".m3u8"):
            self.objects[request.key] = StoredObject(b"", "")
            del self.versions[request.key]

    def _complete(self, upload: Upload, body: bytes) -> Refusal | None:
        if self._keeps:
            return super()._complete(upload, body)
        self.objects[upload.key] = StoredObject(b"", upload.content_type)
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        class Handler(super()._handler()):  # type: ignore[misc] # a class made by a call is no type to mypy
            """Takes bodies in chunks as well: boto3 sends the checksum behind them."""

            rfile: BinaryIO

            def setup(self) -> None:
                super().setup()
                self.stream = self.rfile

            def handle_one_request(self) -> None:
                self.rfile = self.stream
                super().handle_one_request()

            def parse_request(self) -> bool:
                is_request: bool = super().parse_request()
                if is_request and self.headers["transfer-encoding"] == "chunked":
                    body = _joined(io.BytesIO(_joined(self.stream)))
                    self.headers["content-length"] = str(len(body))
                    self.rfile = io.BytesIO(body)
                return is_request

        return Handler


def _joined(chunks: BinaryIO) -> bytes:
    """What chunks hold; those of HTTP and those that AWS puts into them look alike."""
    found = []
    while size := int(chunks.readline().partition(b";")[0], 16):
        found.append(chunks.read(size))
        chunks.readline()
    while chunks.readline().strip():  # trailers
        continue
    return b"".join(found)
