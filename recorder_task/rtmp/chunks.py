"""RTMP's chunks: messages cut into pieces, those of several streams interleaved. Pure.

Source: Adobe RTMP specification 1.0, section 5.3.
"""

from typing import NamedTuple

SET_CHUNK_SIZE, ABORT = 1, 2
FIRST_CHUNK_BYTES = 128
EXTENDED = 0xFFFFFF
"""This instead of a timestamp: four bytes of it follow the header, of each chunk of the message."""
HEADER_BYTES = (11, 7, 3, 0)
LONGEST_HEADER_BYTES = 3 + 11 + 4


class Message(NamedTuple):
    """One message; `milliseconds` counts in 32 bits and wraps."""

    kind: int
    milliseconds: int
    body: bytes


class _ChunkStream:
    """What a chunk's short header leaves out, and the message under way."""

    __slots__ = ("body", "field", "kind", "milliseconds", "size_bytes")

    def __init__(self) -> None:
        self.field = 0
        self.size_bytes = 0
        self.kind = 0
        self.milliseconds = 0
        self.body: bytearray | None = None


class ChunkReader:
    """Joins the chunks of a connection, however its bytes arrive, to messages."""

    def __init__(self) -> None:
        self._pending = b""
        self._chunk_bytes = FIRST_CHUNK_BYTES
        self._streams: dict[int, _ChunkStream] = {}

    def feed(self, data: bytes) -> list[Message]:
        """The messages that the next bytes complete."""
        content = self._pending + data if self._pending else data
        messages: list[Message] = []
        at, end = 0, len(content)
        while at < end:
            after = self._chunk(content, at, end, messages)
            if after is None:
                break
            at = after
        self._pending = content[at:]
        return messages

    def _chunk(self, content: bytes, at: int, end: int, messages: list[Message]) -> int | None:
        """Read the chunk at `at`; returns where the next begins, None where this one is not whole yet."""
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
        field = stream.field if shape == 3 else int.from_bytes(content[header_at : header_at + 3], "big")
        value = field
        if field == EXTENDED:
            value = int.from_bytes(content[at : at + 4], "big")
            at += 4
        size_bytes, kind, body = stream.size_bytes, stream.kind, stream.body
        if shape < 2:
            size_bytes = int.from_bytes(content[header_at + 3 : header_at + 6], "big")
            kind = content[header_at + 6] if header_at + 6 < end else 0
        missing = size_bytes if body is None else size_bytes - len(body)
        after = at + min(missing, self._chunk_bytes)
        if after > end:
            return None
        stream.field, stream.size_bytes, stream.kind = field, size_bytes, kind
        if body is None:  # a message begins: with its time, or with the distance to the one before
            stream.milliseconds = value if shape == 0 else stream.milliseconds + value & 0xFFFFFFFF
        if after - at < missing:
            if body is None:
                body = stream.body = bytearray()
            body += content[at:after]
            return after
        whole = content[at:after] if body is None else bytes(body + content[at:after])
        stream.body = None
        self._take(Message(kind, stream.milliseconds, whole), messages)
        return after

    def _take(self, message: Message, messages: list[Message]) -> None:
        if message.kind == SET_CHUNK_SIZE:
            self._chunk_bytes = max(1, int.from_bytes(message.body[:4], "big") & 0x7FFFFFFF)
        elif message.kind == ABORT:
            stream = self._streams.get(int.from_bytes(message.body[:4], "big"))
            if stream is not None:
                stream.body = None
        else:
            messages.append(message)


def chunked(kind: int, body: bytes, *, chunk_stream: int, message_stream: int = 0) -> bytes:
    """A message of ours at time 0, in chunks of the size that nobody has to announce."""
    head = bytes([chunk_stream, 0, 0, 0]) + len(body).to_bytes(3, "big") + bytes([kind])
    head += message_stream.to_bytes(4, "little")
    pieces = [body[at : at + FIRST_CHUNK_BYTES] for at in range(0, len(body), FIRST_CHUNK_BYTES)]
    return head + bytes([0xC0 | chunk_stream]).join(pieces)
