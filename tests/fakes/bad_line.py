"""A line between a recorder and its bucket that breaks, falls silent, slows down or is cut, as a test decides."""

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.fakes.s3 import FakeS3

PIECE_BYTES = 8 * 1024
SMALL_BUFFER_BYTES = 16 * 1024
"""Of the kernel: a slow line is one that the sender notices."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: close by a reset, and drop what was not sent."""


class _Connection:
    """Both directions of one connection."""

    def __init__(self, line: "BadLine", number: int, near: socket.socket) -> None:
        self._line = line
        self._number = number
        self._near = near
        self._far = socket.create_connection(line.server)
        self._sent_bytes = 0

    def run(self) -> None:
        """Pass bytes on in both directions until one side closes or the line breaks."""
        back = threading.Thread(target=self._answer, daemon=True)
        back.start()
        try:
            while piece := self._near.recv(PIECE_BYTES):
                self._line.delay(len(piece))
                self._sent_bytes += len(piece)
                if self._sent_bytes > self._line.bytes_until_reset(self._number):
                    break
                self._far.sendall(piece)
            else:
                self._far.shutdown(socket.SHUT_WR)
                back.join()
        except OSError:
            pass
        self.reset()

    def reset(self) -> None:
        """End it by a reset."""
        for each in (self._near, self._far):
            try:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                each.shutdown(socket.SHUT_RD)  # wakes who reads
            except OSError:
                pass
            each.close()

    def _answer(self) -> None:
        try:
            while piece := self._far.recv(PIECE_BYTES):
                if not self._line.swallows_answers(self._number):
                    self._near.sendall(piece)
        except OSError:
            return


class BadLine:
    """`with BadLine(server_url) as line:`; connections are numbered from 0."""

    def __init__(self, server_url: str) -> None:
        parts = urlsplit(server_url)
        self.server = (str(parts.hostname), int(parts.port or 80))
        self.bytes_per_second: float | None = None
        """How fast requests pass, over all connections; None: at once."""
        self.bytes_until_reset: Callable[[int], float] = lambda number: float("inf")
        """After how many bytes of its requests a connection is reset."""
        self.swallows_answers: Callable[[int], bool] = lambda number: False
        self._to_refuse = 0.0
        self._stop = threading.Event()
        self._pace = threading.Lock()
        self._connections: list[_Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """The near end."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for each in self._connections:
            each.reset()

    def cut(self, *, connections: float = float("inf")) -> None:
        """Reset every connection, and so many of those to come."""
        self._to_refuse = connections
        for each in self._connections:
            each.reset()

    def mend(self) -> None:
        """Let connections through again."""
        self._to_refuse = 0

    def delay(self, size_bytes: int) -> None:
        """Wait as long as so many bytes take."""
        rate = self.bytes_per_second
        if rate is not None:
            with self._pace:
                self._stop.wait(size_bytes / rate)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            connection = _Connection(self, len(self._connections), near)
            self._connections.append(connection)
            if self._to_refuse:
                self._to_refuse -= 1
                connection.reset()
            else:
                threading.Thread(target=connection.run, daemon=True).start()


class FarS3(FakeS3):
    """A bucket at the other end of a bad line."""

    def __init__(self) -> None:
        super().__init__(min_part_bytes=0)
        self.line = BadLine(super().url)

    @property
    def url(self) -> str:
        """The endpoint at the near end of the line."""
        return self.line.url

    def __enter__(self) -> Self:
        super().__enter__()
        self.line.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.__exit__(kind, error, trace)
        super().__exit__(kind, error, trace)
