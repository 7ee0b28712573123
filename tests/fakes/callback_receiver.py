"""A customer's server: a real one on a free port, that answers as the path asks it to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class CallbackReceiver:
    """`received` are the bodies that came, in order; `status` is answered, whatever the path."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.base = f"http://127.0.0.1:{server.server_address[1]}"
        self.received: list[Any] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.at: list[float] = []
        """When each came, on the monotonic clock."""
        self.status = 200
        self.answer = b'{"code":0}'
        self.extra_headers: dict[str, str] = {}
        self.drip = False
        self.let_go = threading.Event()
        """Set: requests that hang end."""
        self.hangs = False
        self.news = threading.Condition()

    def wait_until(self, happened: Callable[[], bool], *, seconds: float = 30) -> None:
        """Wait until `happened`, which is asked with every callback that comes; raises TimeoutError."""
        with self.news:
            if not self.news.wait_for(happened, seconds):
                raise TimeoutError(f"after {seconds} s {len(self.received)} callbacks had come")


@contextmanager
def callback_receiver() -> Iterator[CallbackReceiver]:
    """A receiver that listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.news:
                receiver.received.append(json.loads(content))
                receiver.bodies.append(content)
                receiver.paths.append(self.path)
                receiver.headers.append(dict(self.headers))
                receiver.at.append(time.monotonic())
                receiver.news.notify_all()
            if receiver.hangs:
                receiver.let_go.wait(10)
                return
            if receiver.drip:
                self._drip()
                return
            self.send_response(receiver.status)
            for name, value in receiver.extra_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        def _drip(self) -> None:
            """One byte of a header at a time: no single wait is long."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            while not receiver.let_go.wait(0.02):
                try:
                    self.wfile.write(b".")
                except OSError:
                    return

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that breaks off is no error of a server's."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver = CallbackReceiver(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
