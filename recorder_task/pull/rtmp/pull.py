"""The connection of a player: what has gathered is read at once.

FFmpeg's own RTMP asks the kernel twice for every chunk, some 600 times a second, and cannot be broken off.
"""

import select
import socket
import ssl
import time
from contextlib import suppress
from urllib.parse import urlsplit

from chalicelib.recording.stream import StreamRef
from recorder_task.pull.flv_tags import Tag
from recorder_task.pull.rtmp.player import Player

SCHEMES = frozenset({"rtmp", "rtmps"})
PORTS = {"rtmp": 1935, "rtmps": 443}
READ_BYTES = 1 << 18
"""At once: what was read is taken apart while the processor has it at hand."""
BURST_BYTES = 1 << 21
GATHERED_BYTES = 5 << 18
"""So much is worth being read before its time: more would fill the kernel's buffer and hold the sender back."""
HANG_UP = getattr(select, "POLLRDHUP", 0)
"""Linux alone tells of an end behind what was not read yet; elsewhere it is noticed after the rest."""
CAUGHT_UP_MS = 2
"""A sender whom a full window holds back goes on within this time once it was read."""
AT_LAST_MS = 100
"""At the end it may take longer: an acknowledgement that was held back does, by 40 ms."""


def parts_of(url: str, stream: StreamRef) -> tuple[str, str, str]:
    """An address taken apart: the server's, the application, the name to play with its query.

    The names may hold what separates others, slashes above all: it is known where they stand, and nothing is guessed.
    """
    scheme, _, rest = url.partition("://")
    server, _, path = rest.partition("/")
    before, _, query = path.partition(f"{stream.app}/{stream.stream}")
    return f"{scheme}://{server}", before + stream.app, stream.stream + query


class RtmpPull:
    """Plays a stream at an `rtmp://` or `rtmps://` address; raises OSError where nobody plays it in time."""

    def __init__(self, url: str, stream: StreamRef, *, timeout_seconds: float) -> None:
        base, application, name = parts_of(url, stream)
        parts = urlsplit(base)
        self._player = Player(application=application, name=name, address=f"{base}/{application}")
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        deadline = time.monotonic() + timeout_seconds
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._failure: Exception | None = None
        self._caught_up_ms = CAUGHT_UP_MS
        self._socket = socket.create_connection((host, port), timeout=timeout_seconds)
        try:
            if parts.scheme == "rtmps":
                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=host)
            self._first = self._begin(deadline)
        except BaseException:
            self._socket.close()
            raise
        self._socket.settimeout(None)
        self._readable, self._gathered = select.poll(), select.poll()
        self._readable.register(self._socket, select.POLLIN)
        self._gathered.register(self._socket, select.POLLIN | HANG_UP)
        self._hurry, self._hurried = socket.socketpair()
        self._gathered.register(self._hurried, select.POLLIN)

    def _begin(self, deadline: float) -> list[Tag]:
        tags: list[Tag] = []
        while not (self._player.is_playing or self._player.has_ended):
            self._send()
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            tags += self._player.feed(self._receive())
        return tags

    def read(self) -> list[Tag]:
        """Audio and video that came, once something has come; raises OSError at the end of the stream."""
        if self._first:
            first, self._first = self._first, []
            return first
        if self._failure is not None:
            raise self._failure
        if self._player.has_ended:
            raise ConnectionAbortedError("the stream has ended")
        tags = self._burst()
        self._send()
        return tags

    def _burst(self) -> list[Tag]:
        """All that is there: what it says of when each came is told by the whole of it."""
        tags: list[Tag] = []
        size_bytes = 0
        try:
            while not size_bytes or (size_bytes < BURST_BYTES and self._has_more(0)):
                piece = self._receive()
                size_bytes += len(piece)
                tags += self._player.feed(piece)
        except (OSError, ValueError) as error:  # behind what has come
            if not tags:
                raise
            self._failure = error
        return tags

    @property
    def is_caught_up(self) -> bool:
        """Nothing more is there, and none comes at once."""
        return not self._has_more(self._caught_up_ms)

    def _has_more(self, milliseconds: int) -> bool:
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return bool(self._readable.poll(milliseconds))

    def rest(self, seconds: float) -> None:
        """Let what comes gather; the other side's end, `hurry`, and very much to read break this off."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, GATHERED_BYTES)
        self._gathered.poll(seconds * 1000)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)

    def hurry(self) -> None:
        """Rest no more, now and later, and have patience with what is on its way."""
        self._caught_up_ms = AT_LAST_MS
        with suppress(OSError):  # it was closed
            self._hurry.send(b"!")

    def close(self) -> None:
        """End the connection; a read under way ends too."""
        self.hurry()
        with suppress(OSError):  # the other side was first
            self._socket.shutdown(socket.SHUT_RDWR)
        for each in (self._socket, self._hurry, self._hurried):
            each.close()

    def _receive(self) -> memoryview:
        size = self._socket.recv_into(self._buffer)
        if not size:
            raise ConnectionAbortedError("the server closed the connection")
        return self._buffer[:size]

    def _send(self) -> None:
        if self._player.outgoing:
            self._socket.sendall(self._player.outgoing)
            self._player.outgoing.clear()
