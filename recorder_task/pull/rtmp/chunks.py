"""RTMP's chunks: messages cut into pieces, those of several streams interleaved. Pure.

Source: Adobe RTMP specification 1.0, section 5.3.
"""

import struct
from collections.abc import Callable
from functools import partial
from typing import Protocol

from recorder_task.native import loops
from recorder_task.pull.flv_tags import Tag, made

SET_CHUNK_SIZE, ABORT = 1, 2
FIRST_CHUNK_BYTES = 128
EXTENDED = 0xFFFFFF
"""This instead of a timestamp: four bytes of it follow the header, of each chunk of the message."""
HEADER_BYTES = (11, 7, 3, 0)
TIME = struct.Struct(">HB")
TIME_SIZE_KIND = struct.Struct(">HBHBB")


class _ChunkStream:
    """What a chunk's short header leaves out, and the message under way."""

    __slots__ = ("body", "field", "kind", "milliseconds", "missing", "size_bytes")

    def __init__(self) -> None:
        self.field = 0
        self.size_bytes = 0
        self.kind = 0
        self.milliseconds = 0
        self.body: bytearray | None = None
        self.missing = 0


class Reader(Protocol):
    """Joins the chunks of a connection, however its bytes arrive, to messages; an FLV tag is what one is in a file."""

    def feed(self, data: bytes | bytearray | memoryview, /) -> list[Tag]:
        """The messages that the next bytes complete; nothing of `data` is kept."""


class PlainChunkReader:
    """What the compiled reader is without a compiler, and what is right of it (native/chunks.c)."""

    def __init__(self) -> None:
        self._pending = b""
        """A header that is not whole."""
        self._chunk_bytes = FIRST_CHUNK_BYTES
        self._streams: dict[int, _ChunkStream] = {}
        self._broken_off: _ChunkStream | None = None
        """Whose chunk goes on with the next bytes, and for how long."""
        self._rest_bytes = 0

    def feed(self, data: bytes | bytearray | memoryview) -> list[Tag]:
        """The messages that the next bytes complete; nothing of `data` is kept."""
        content = memoryview(self._pending + data if self._pending else data)
        messages: list[Tag] = []
        at, end = 0, len(content)
        if self._broken_off is not None:
            at = self._payload(self._broken_off, content, 0, self._rest_bytes, messages)
        while at < end:
            after = self._chunk(content, at, messages)
            if after is None:
                break
            at = after
        self._pending = bytes(content[at:])
        return messages

    def _chunk(self, content: memoryview, at: int, messages: list[Tag]) -> int | None:
        """Read the chunk at `at`; returns where the next begins, None where its header is not whole yet."""
        end = len(content)
        shape, stream_id = content[at] >> 6, content[at] & 0x3F
        at += 1
        if stream_id < 2:  # the id is in the next byte, or two
            size = stream_id + 1
            stream_id = int.from_bytes(content[at : at + size], "little") + 64
            at += size
        header_at = at
        at += HEADER_BYTES[shape]
        if at > end:
            return None
        stream = self._streams.get(stream_id)
        if stream is None:
            stream = self._streams[stream_id] = _ChunkStream()
        field, size_bytes, kind = stream.field, stream.size_bytes, stream.kind
        if shape < 2:
            high, low, size_high, size_low, kind = TIME_SIZE_KIND.unpack_from(content, header_at)
            field, size_bytes = high << 8 | low, size_high << 8 | size_low
        elif shape == 2:
            high, low = TIME.unpack_from(content, header_at)
            field = high << 8 | low
        value = field
        if field == EXTENDED:
            value = int.from_bytes(content[at : at + 4], "big")
            at += 4
            if at > end:
                return None
        stream.field, stream.size_bytes, stream.kind = field, size_bytes, kind
        if stream.body is None:  # a message begins: with its time, or with the distance to the one before
            stream.milliseconds = value if shape == 0 else stream.milliseconds + value & 0xFFFFFFFF
            stream.missing = size_bytes
            if size_bytes <= self._chunk_bytes and at + size_bytes <= end:  # and ends, nearly always
                after = at + size_bytes
                message = made(Tag, (kind, stream.milliseconds, bytes(content[at:after])))
                if kind > ABORT:
                    messages.append(message)
                else:
                    self._obey(message)
                return after
        return self._payload(stream, content, at, min(stream.missing, self._chunk_bytes), messages)

    def _payload(self, stream: _ChunkStream, content: memoryview, at: int, size_bytes: int, messages: list[Tag]) -> int:
        """Take as much of a chunk's payload as is there; returns where it ends."""
        piece = content[at : at + size_bytes]
        stream.missing -= len(piece)
        is_broken_off = len(piece) < size_bytes
        self._broken_off, self._rest_bytes = (stream, size_bytes - len(piece)) if is_broken_off else (None, 0)
        if stream.body is None:
            stream.body = bytearray()
        stream.body += piece
        if not stream.missing:
            body, stream.body = bytes(stream.body), None
            message = Tag(stream.kind, stream.milliseconds, body)
            if stream.kind > ABORT:
                messages.append(message)
            else:
                self._obey(message)
        return at + len(piece)

    def _obey(self, message: Tag) -> None:
        if message.kind == SET_CHUNK_SIZE:
            self._chunk_bytes = max(1, int.from_bytes(message.body[:4], "big") & 0x7FFFFFFF)
        elif message.kind == ABORT:
            stream = self._streams.get(int.from_bytes(message.body[:4], "big"))
            if stream is not None:
                stream.body = None


ChunkReader: Callable[[], Reader] = PlainChunkReader if loops is None else partial(loops.ChunkReader, Tag)
"""A reader for a connection that begins."""


def chunked(kind: int, body: bytes, *, chunk_stream: int, message_stream: int = 0) -> bytes:
    """A message of ours at time 0, in chunks of the size that nobody has to announce."""
    head = bytes([chunk_stream, 0, 0, 0]) + len(body).to_bytes(3, "big") + bytes([kind])
    head += message_stream.to_bytes(4, "little")
    pieces = [body[at : at + FIRST_CHUNK_BYTES] for at in range(0, len(body), FIRST_CHUNK_BYTES)]
    return head + bytes([0xC0 | chunk_stream]).join(pieces)
