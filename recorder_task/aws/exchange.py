"""One request and its answer at a time over a kept-alive connection: HTTP/1.1, as much of it as AWS speaks.

http.client reads the headers of each answer through the parser of e-mail, which costs more than all the rest of a
small request. Sources: RFC 9110, RFC 9112. What is no answer after their rules ends the connection as BrokenAnswer.
"""

import re
import select
import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult

Body = bytes | bytearray | memoryview

PIECE_BYTES = 256 * 1024
"""Sent at once, each within the time-out: a slow line may take longer than that for a whole part."""
UNSENT_BYTES = 256 * 1024
"""What the kernel may hold of it unsent: it would take megabytes, and the time-out of the answer begin too early. With
less the sender is woken more often: 64 KiB cost half as much again a GiB."""
JOINED_BYTES = 64 * 1024
"""A body that is no longer leaves together with its head."""
RECEIVE_BYTES = 64 * 1024
LONGEST_HEAD_BYTES = 64 * 1024
LONGEST_SIZE_LINE_BYTES = 1024

LONGEST_LENGTH_DIGITS = 18
BLANKS = " \t"

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: .*)?", re.ASCII)
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:")
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
        # What a TLS socket's `recv` comes down to.
        self._read = self._socket.read if isinstance(self._socket, ssl.SSLSocket) else self._socket.recv
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
        for content in (head, body) if len(body) > JOINED_BYTES else (head + body,):
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
        if "connection" in headers:
            options = _options(headers["connection"])
            keeps_open = "close" not in options and (keeps_open or "keep-alive" in options)
        self.is_reusable = self.is_reusable and keeps_open
        return Answer(status, headers, b"" if is_head or status in (204, 304) else self._body(headers))

    def _head(self) -> tuple[int, bool, dict[str, str]]:
        """Status, whether the version keeps connections open, headers."""
        head = self._through(b"\r\n\r\n", LONGEST_HEAD_BYTES).decode("latin-1")
        first, *lines = head.split("\r\n")
        status, keeps_open = _parsed_status(first)
        if head.count("\r") != len(lines) or head.count("\n") != len(lines) or "\0" in head:
            raise BrokenAnswer(f"half an end of a line, or NUL: {head[:80]!r}")
        headers: dict[str, str] = {}
        for line in lines:
            spelled, colon, value = line.partition(":")
            name = _field_name(spelled + colon)
            headers[name] = f"{headers[name]}, {value.strip(BLANKS)}" if name in headers else value.strip(BLANKS)
        return status, keeps_open, headers

    def _body(self, headers: Mapping[str, str]) -> bytes:
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise BrokenAnswer(f"transfer-encoding {coding!r}, content-length {length!r}")
            return self._chunks()
        if length is None:
            return self._until_closed()
        if not (length.isascii() and length.isdigit() and len(length) <= LONGEST_LENGTH_DIGITS):
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
        while piece := self._read(RECEIVE_BYTES):
            pieces.append(piece)
        return b"".join(pieces)

    def _receive(self, most: int = RECEIVE_BYTES) -> bytes:
        piece = self._read(min(most, RECEIVE_BYTES))
        if not piece:
            raise BrokenAnswer("the connection was closed before the answer's end")
        return piece


@lru_cache(maxsize=16)
def _parsed_status(line: str) -> tuple[int, bool]:
    """Status, and whether the version keeps connections open; a service has few such lines."""
    parsed = _STATUS_LINE.fullmatch(line)
    if parsed is None or parsed[2] == "101":
        raise BrokenAnswer(f"no status line: {line[:80]!r}")
    return int(parsed[2]), parsed[1] == "1"


@lru_cache(maxsize=16)
def _options(connection: str) -> frozenset[str]:
    """What a `connection` header asks for."""
    return frozenset(option.strip().lower() for option in connection.split(","))


@lru_cache(maxsize=64)
def _field_name(spelled: str) -> str:
    """The name of a header, spelled with its colon, in lower case; a service has few of them."""
    if _FIELD_NAME.fullmatch(spelled) is None:
        raise BrokenAnswer(f"no header: {spelled[:80]!r}")
    return spelled[:-1].lower()
