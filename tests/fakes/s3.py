"""S3 in memory behind HTTP: objects, multipart uploads and the rules that our recorder leans on, all enforced.

An upload's part may be written again; every part but the last must have `min_part_bytes`; a checksum that does not fit
its body is refused; `If-None-Match: *` keeps what is there, `If-Match` what another has written. One contract suite
holds it and moto to the same answers.
"""

import base64
import ssl
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit

from chalicelib.recording.naming import REPORT_PREFIX
from tests.fakes.s3_forms import crc_of, etag_of, named_parts, xml_of

MIN_PART_BYTES = 5 * 1024 * 1024


class Refusal(NamedTuple):
    """An error S3 would answer with."""

    status: int
    code: str


@dataclass
class Upload:
    """A multipart upload that is open."""

    key: str
    content_type: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredObject:
    """An object and what is kept beside it."""

    content: bytes
    content_type: str
    cache_control: str = ""
    facts: str = ""


class RequestSeen(NamedTuple):
    """One request as a test may want to look at it."""

    method: str
    key: str
    query: Mapping[str, str]
    size_bytes: int


Failure = Callable[[RequestSeen], Refusal | None]


class FakeS3:
    """A bucket server: `with FakeS3() as s3:`; state is in `objects` and `uploads`, what came in `requests`."""

    def __init__(
        self, *, bucket: str = "bucket", min_part_bytes: int = MIN_PART_BYTES, tls: ssl.SSLContext | None = None
    ) -> None:
        self.bucket = bucket
        self.min_part_bytes = min_part_bytes
        self.objects: dict[str, StoredObject] = {}
        self.reports: dict[str, StoredObject] = {}
        self.push_reports: dict[str, StoredObject] = {}
        """What recorders tell beside their files: kept apart, so that a test of files sees files."""
        self.versions: dict[str, list[bytes]] = {}
        """What was ever put under a key, the first first."""
        self.uploads: dict[str, Upload] = {}
        self.requests: list[RequestSeen] = []
        self.part_seen: Callable[[str, int, bytes], None] = lambda upload_id, number, content: None
        """Told of each part as it comes in."""
        self.fail: Failure = lambda request: None
        """Asked before each request is carried out that is not of a report."""
        self.fail_report: Failure = lambda request: None
        """Asked before each report is kept."""
        self.hold: Callable[[RequestSeen], None] = lambda request: None
        """Called with each request as it arrives; the request is not there yet while this waits, others are."""
        self.changed = threading.Condition()
        """Notified after each request: a test waits on it instead of sleeping."""
        self._next_upload = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            # Each connection shakes hands in its own thread.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, predicate: Callable[[], bool], timeout: float = 20.0) -> None:
        """Wait until `predicate` holds after some request; raises TimeoutError."""
        with self.changed:
            if not self.changed.wait_for(predicate, timeout):
                raise TimeoutError("the bucket never came to the awaited state")

    def answer(
        self, request: RequestSeen, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes] | Refusal:
        """Carry one request out."""
        wanted = headers.get("x-amz-checksum-crc32")
        if wanted is not None and base64.b64decode(wanted) != zlib.crc32(body).to_bytes(4, "big"):
            return Refusal(400, "BadDigest")
        match request.method, tuple(sorted(request.query)):
            case "PUT", ():
                return self._put(request.key, headers, body)
            case "GET" | "HEAD", ():
                return self._get(request.key, headers.get("range", ""))
            case "GET", ("prefix", "uploads"):
                return self._list_uploads(request.query["prefix"])
            case "POST", ("uploads",):
                self._next_upload += 1
                upload_id = f"upload-{self._next_upload}"
                self.uploads[upload_id] = Upload(request.key, headers.get("content-type", ""))
                return 200, {}, xml_of("InitiateMultipartUploadResult", UploadId=upload_id)
            case method, query if "uploadId" in query:
                upload = self.uploads.get(request.query["uploadId"])
                if upload is None or upload.key != request.key:
                    return Refusal(404, "NoSuchUpload")
                return self._of_upload(method, request, upload, headers, body)
        return Refusal(501, "NotImplemented")

    def _put(self, key: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | Refusal:
        if headers.get("if-none-match") == "*" and key in self.objects:
            return Refusal(412, "PreconditionFailed")
        wanted = headers.get("if-match")
        if wanted is not None:
            if key not in self.objects:
                return Refusal(404, "NoSuchKey")
            if etag_of(self.objects[key].content) != wanted:
                return Refusal(412, "PreconditionFailed")
        kept = (headers.get(name, "") for name in ("content-type", "cache-control", "x-amz-meta-facts"))
        self.objects[key] = StoredObject(body, *kept)
        self.versions.setdefault(key, []).append(body)
        return 200, {"ETag": etag_of(body)}, b""

    def _list_uploads(self, prefix: str) -> tuple[int, dict[str, str], bytes]:
        rows = "".join(
            f"<Upload><Key>{upload.key}</Key><UploadId>{upload_id}</UploadId></Upload>"
            for upload_id, upload in self.uploads.items()
            if upload.key.startswith(prefix)
        )
        return 200, {}, f"<ListMultipartUploadsResult>{rows}</ListMultipartUploadsResult>".encode()

    def _list_parts(self, upload: Upload, after: int) -> tuple[int, dict[str, str], bytes]:
        """Pages of two parts, so that everybody meets one."""
        numbers = [number for number in sorted(upload.parts) if number > after]
        rows = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{etag_of(upload.parts[number])}</ETag>"
            f"<ChecksumCRC32>{crc_of(upload.parts[number])}</ChecksumCRC32><Size>{len(upload.parts[number])}</Size></Part>"
            for number in numbers[:2]
        )
        is_truncated = "true" if numbers[2:] else "false"
        marker = f"<NextPartNumberMarker>{numbers[1]}</NextPartNumberMarker>" if numbers[2:] else ""
        page = f"<ListPartsResult><IsTruncated>{is_truncated}</IsTruncated>{marker}{rows}</ListPartsResult>"
        return 200, {}, page.encode()

    def _get(self, key: str, piece: str) -> tuple[int, dict[str, str], bytes] | Refusal:
        found = self.objects.get(key)
        if found is None:
            return Refusal(404, "NoSuchKey")
        headers = {"ETag": etag_of(found.content), "Content-Type": found.content_type}
        if found.cache_control:
            headers["Cache-Control"] = found.cache_control
        if found.facts:
            headers["x-amz-meta-facts"] = found.facts
        if not piece:
            return 200, headers, found.content
        first, last = map(int, piece.removeprefix("bytes=").split("-"))
        if first >= len(found.content):
            return Refusal(416, "InvalidRange")
        return 206, headers, found.content[first : last + 1]

    def _of_upload(
        self, method: str, request: RequestSeen, upload: Upload, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes] | Refusal:
        if method == "GET":
            return self._list_parts(upload, int(request.query.get("part-number-marker", 0)))
        if method == "PUT":
            number = int(request.query["partNumber"])
            upload.parts[number] = body
            self.part_seen(request.query["uploadId"], number, body)
            return 200, {"ETag": etag_of(body)}, b""
        if method == "POST" and headers.get("if-none-match") == "*" and upload.key in self.objects:
            return Refusal(412, "PreconditionFailed")
        if method == "POST":
            refusal = self._complete(upload, body)
            if refusal is not None:
                return refusal
        del self.uploads[request.query["uploadId"]]
        if method == "DELETE":
            return 204, {}, b""
        return 200, {}, xml_of("CompleteMultipartUploadResult", Key=upload.key)

    def _complete(self, upload: Upload, body: bytes) -> Refusal | None:
        named = named_parts(body)
        numbers = [number for number, _, _ in named]
        if not named or numbers != sorted(set(numbers)):
            return Refusal(400, "InvalidPartOrder")
        for number, etag, crc in named:
            content = upload.parts.get(number)
            if content is None or etag_of(content) != etag:
                return Refusal(400, "InvalidPart")
            if crc is None or base64.b64decode(crc) != zlib.crc32(content).to_bytes(4, "big"):
                return Refusal(400, "InvalidPart")
        if any(len(upload.parts[number]) < self.min_part_bytes for number in numbers[:-1]):
            return Refusal(400, "EntityTooSmall")
        self.objects[upload.key] = StoredObject(
            b"".join(upload.parts[number] for number in numbers), upload.content_type
        )
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                _, name, key = unquote(parts.path).split("/", 2)
                query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                request = RequestSeen(self.command, key, query, len(body))
                headers = {name.lower(): value for name, value in self.headers.items()}
                bucket.hold(request)
                with bucket.changed:
                    if key.startswith(REPORT_PREFIX):
                        refused = bucket.fail_report(request)
                        kept = bucket.push_reports if key.startswith(f"{REPORT_PREFIX}push/") else bucket.reports
                        if refused is None:
                            kept.setdefault(key, StoredObject(body, headers["content-type"]))
                        bucket.changed.notify_all()
                        self._send(refused or (200, {"ETag": etag_of(body)}, b""))
                        return
                    bucket.requests.append(request)
                    refusal = bucket.fail(request)
                    if refusal is None and name != bucket.bucket:
                        refusal = Refusal(404, "NoSuchBucket")
                    answer = refusal or bucket.answer(request, headers, body)
                    bucket.changed.notify_all()
                self._send(answer)

            def _send(self, answer: tuple[int, dict[str, str], bytes] | Refusal) -> None:
                if isinstance(answer, Refusal):
                    content = xml_of("Error", Code=answer.code, Message="refused by the fake")
                    answer = (answer.status, {"Content-Type": "application/xml"}, content)
                status, headers, content = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - the base class's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        return Handler
