"""An origin that sends an FLV over HTTP as far as the test lets it, so that a test decides what has arrived when."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

HEADER_BYTES = 13
TAG_HEADER_BYTES = 11


class FlvOrigin:
    """`with FlvOrigin(content) as origin:`; nothing is sent before `send`, and the connection stays until `end`."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._until_ms = -1
        self._has_ended = False
        self._players = 0
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where to pull from."""
        return f"http://127.0.0.1:{self._server.server_port}/live.flv"

    def __enter__(self) -> "FlvOrigin":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def send(self, *, until_ms: int) -> None:
        """Let every tag go that is stamped earlier than this."""
        with self._changed:
            self._until_ms = until_ms
            self._changed.notify_all()

    def wait_for_players(self, count: int, timeout: float = 60.0) -> None:
        """Wait until so many have come to play; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._players >= count, timeout):
                raise TimeoutError(f"{self._players} of {count} players came")

    def end(self) -> None:
        """Close the connection behind what was sent."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _tags(self) -> list[tuple[int, bytes]]:
        at, tags = HEADER_BYTES, []
        while at < len(self._content):
            end = at + TAG_HEADER_BYTES + int.from_bytes(self._content[at + 1 : at + 4], "big") + 4
            milliseconds = int.from_bytes(self._content[at + 4 : at + 7], "big") | self._content[at + 7] << 24
            tags.append((milliseconds, self._content[at:end]))
            at = end
        return tags

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        origin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "video/x-flv")
                self.end_headers()
                self.wfile.write(origin._content[:HEADER_BYTES])
                with origin._changed:
                    origin._players += 1
                    origin._changed.notify_all()
                for milliseconds, tag in origin._tags():
                    with origin._changed:
                        while not origin._has_ended and milliseconds >= origin._until_ms:
                            origin._changed.wait()
                        if milliseconds >= origin._until_ms:
                            return
                    try:
                        self.wfile.write(tag)
                    except OSError:
                        return
                with origin._changed:
                    origin._changed.wait_for(lambda: origin._has_ended)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        return Handler
