"""One request and its answer at a time over a kept-alive connection: HTTP/1.1, as much of it as AWS speaks.

http.client reads the headers of each answer through the parser of e-mail, which costs more than all the rest of a
small request. Sources: RFC 9110, RFC 9112. What is no answer after their rules ends the connection as BrokenAnswer.
"""

import re
import select
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult

Body = bytes | bytearray | memoryview

PIECE_BYTES = 256 * 1024
"""Sent at once, each within the time-out: a slow line may take longer than that for a whole part."""
UNSENT_BYTES = 256 * 1024
"""What the kernel may hold of it unsent: it would take megabytes, and the time-out of the answer begin too early. With
less the sender is woken more often: 64 KiB cost half as much again a GiB."""
RECEIVE_BYTES = 64 * 1024
LONGEST_HEAD_BYTES = 64 * 1024
LONGEST_SIZE_LINE_BYTES = 1024

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: .*)?", re.ASCII)
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)")
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class BrokenAnswer(ConnectionError):
    """What came is no answer, or only a piece of one."""


class Answer(NamedTuple):
    """An answer, whatever its status; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """A connection to one server; for one thread at a time."""

    def __init__(self, server: SplitResult, tls: ssl.SSLContext | None, timeout_seconds: float) -> None:
        """Connect to the host of an http or https URL; raises OSError."""
        port = server.port or (443 if server.scheme == "https" else 80)
        self._received = b""
        self.is_reusable = True
        """Whether another request may follow."""
        self._socket = socket.create_connection((server.hostname, port), timeout_seconds)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            if server.scheme == "https":
                trusted = tls or ssl.create_default_context()
                self._socket = trusted.wrap_socket(
                    self._socket, server_hostname=server.hostname, suppress_ragged_eofs=False
                )
        except BaseException:
            self._socket.close()
            raise
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def exchange(self, head: bytes, body: Body = b"", *, is_head: bool = False) -> Answer:
        """Send a request and read its answer; `is_head`: the method is HEAD, whose answer has no body.

        Raises OSError, after which the connection is of no more use.
        """
        try:
            self._send(head, body)
        except (BrokenPipeError, ConnectionResetError):
            # Who refuses a body may say why before it has read it all.
            answer = self._answer_of_one_who_hung_up(is_head)
            if answer is None:
                raise
            return answer
        answer = self._answer(is_head)
        self.is_reusable = self.is_reusable and not self._received
        return answer

    @property
    def is_stale(self) -> bool:
        """There is something to read though nothing was asked: the other side has closed it."""
        return bool(self._received or self._poll.poll(0))

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _send(self, head: bytes, body: Body) -> None:
        if len(body) <= RECEIVE_BYTES:
            head, body = head + body, b""
        for content in (head, body):
            with memoryview(content) as view:
                sent = 0
                while sent < len(view):
                    sent += self._socket.send(view[sent : sent + PIECE_BYTES])

    def _answer_of_one_who_hung_up(self, is_head: bool) -> Answer | None:
        self.is_reusable = False
        try:
            return self._answer(is_head)
        except OSError:
            return None

    def _answer(self, is_head: bool) -> Answer:
        status, keeps_open, headers = self._head()
        while status < 200:  # 100 Continue and its like: the answer is yet to come
            status, keeps_open, headers = self._head()
        options = {option.strip().lower() for option in headers.get("connection", "").split(",")}
        self.is_reusable = self.is_reusable and "close" not in options and (keeps_open or "keep-alive" in options)
        return Answer(status, headers, b"" if is_head or status in (204, 304) else self._body(headers))

    def _head(self) -> tuple[int, bool, dict[str, str]]:
        """Status, whether the version keeps connections open, headers."""
        first, *lines = self._through(b"\r\n\r\n", LONGEST_HEAD_BYTES).decode("latin-1").split("\r\n")
        parsed = _STATUS_LINE.fullmatch(first)
        if parsed is None or parsed[2] == "101":
            raise BrokenAnswer(f"no status line: {first[:80]!r}")
        headers: dict[str, str] = {}
        for line in lines:
            field = _FIELD.fullmatch(line)
            if field is None:
                raise BrokenAnswer(f"no header: {line[:80]!r}")
            name, value = field[1].lower(), field[2].strip(" \t")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return int(parsed[2]), parsed[1] == "1", headers

    def _body(self, headers: Mapping[str, str]) -> bytes:
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise BrokenAnswer(f"transfer-encoding {coding!r}, content-length {length!r}")
            return self._chunks()
        if length is None:
            return self._until_closed()
        if not _LENGTH.fullmatch(length):
            raise BrokenAnswer(f"content-length {length!r}")
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        chunks = []
        while size := self._chunk_size():
            chunks.append(self._exactly(size))
            if self._exactly(2) != b"\r\n":
                raise BrokenAnswer("a chunk is longer than it says")
        while self._through(b"\r\n", LONGEST_HEAD_BYTES):  # trailers
            continue
        return b"".join(chunks)

    def _chunk_size(self) -> int:
        line = self._through(b"\r\n", LONGEST_SIZE_LINE_BYTES)
        parsed = _CHUNK_SIZE.fullmatch(line)
        if parsed is None:
            raise BrokenAnswer(f"no size of a chunk: {line[:80]!r}")
        return int(parsed[1], 16)

    def _through(self, mark: bytes, longest: int) -> bytes:
        """What comes before a mark; the mark is taken as well."""
        while (end := self._received.find(mark, 0, longest)) < 0:
            if len(self._received) >= longest:
                raise BrokenAnswer(f"{longest} bytes and no end of it")
            self._received += self._receive()
        found, self._received = self._received[:end], self._received[end + len(mark) :]
        return found

    def _exactly(self, size_bytes: int) -> bytes:
        piece, self._received = self._received[:size_bytes], self._received[size_bytes:]
        if len(piece) == size_bytes:
            return piece
        pieces = [piece]
        left = size_bytes - len(piece)
        while left:
            pieces.append(self._receive(left))
            left -= len(pieces[-1])
        return b"".join(pieces)

    def _until_closed(self) -> bytes:
        self.is_reusable = False
        pieces, self._received = [self._received], b""
        while piece := self._socket.recv(RECEIVE_BYTES):
            pieces.append(piece)
        return b"".join(pieces)

    def _receive(self, most: int = RECEIVE_BYTES) -> bytes:
        piece = self._socket.recv(min(most, RECEIVE_BYTES))
        if not piece:
            raise BrokenAnswer("the connection was closed before the answer's end")
        return piece
