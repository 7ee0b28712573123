"""Chunks as a server sends them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from recorder_task.pull.flv_tags import Tag

EXTENDED = 0xFFFFFF


def head(shape: int, stream: int, milliseconds: int, size: int, kind: int) -> bytes:
    """A chunk's header with all it may carry."""
    field = milliseconds.to_bytes(3, "big") + size.to_bytes(3, "big") + bytes([kind]) + (1).to_bytes(4, "little")
    return bytes([shape << 6 | stream]) + field[: (11, 7, 3, 0)[shape]]


def basic(shape: int, stream: int, *, is_long: bool = False) -> bytes:
    """The first field of a header, 5.3.1.1: the id in six bits where it fits, else in one byte more, or two."""
    if stream < 64:
        return bytes([shape << 6 | stream])
    if stream < 320 and not is_long:
        return bytes([shape << 6, stream - 64])
    return bytes([shape << 6 | 1]) + (stream - 64).to_bytes(2, "little")


def pieces(content: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """The bytes in pieces of these sizes, and their rest."""
    for size in sizes:
        yield content[:size]
        content = content[size:]
    yield content


@dataclass
class _Sending:
    stream: int
    tag: Tag
    sent: int = 0


@dataclass
class RandomServer:
    """Sends messages of several chunk streams by turns, breaks some off, and changes the size of its chunks."""

    random: Random
    content: bytes = b""
    expected: list[Tag] = field(default_factory=list)
    _chunk_bytes: int = 128
    _control_chunk_bytes: int = 128
    """What the reader knows while it reads what changes it."""
    _under_way: dict[int, _Sending] = field(default_factory=dict)
    _last: dict[int, Tag] = field(default_factory=dict)
    _is_extended: dict[int, bool] = field(default_factory=dict)

    def act(self) -> None:
        """Send one chunk more, or something that is for the reader alone."""
        deed = self.random.random()
        if deed < 0.05:
            self._chunk_bytes = self.random.choice([1, 7, 128, 4096, 60_000])
            self._control(1, self._chunk_bytes)
        elif deed < 0.1 and self._under_way:
            stream = self.random.choice([*self._under_way])
            self._control(2, stream)
            del self._under_way[stream]
        elif deed < 0.55 and self._under_way:
            self._go_on(self._under_way[self.random.choice([*self._under_way])])
        else:
            stream = self.random.choice([3, 4, 63, 64, 80, 319, 320, 65_599])
            if stream not in self._under_way:
                self._begin(stream)

    def _control(self, kind: int, value: int) -> None:
        self.content += head(0, 2, 0, 4, kind)
        for number, byte in enumerate(value.to_bytes(4, "big")):
            self.content += bytes([byte])
            if number < 3 and (number + 1) % self._control_chunk_bytes == 0:
                self.content += bytes([0xC0 | 2])
        self._control_chunk_bytes = self._chunk_bytes

    def _begin(self, stream: int) -> None:
        before = self._last.get(stream)
        shape = 0 if before is None or self.random.random() < 0.5 else 1
        size = self.random.choice([0, 1, 127, 128, 129, 300, 5000])
        body = self.random.randbytes(size)
        kind = self.random.choice([8, 9, 18, 20])
        value = self.random.choice([0, 1, 40, EXTENDED - 1, EXTENDED, EXTENDED + 1, 0xFFFFFFFF])
        milliseconds = value if not shape or before is None else before.milliseconds + value & 0xFFFFFFFF
        tag = self._last[stream] = Tag(kind, milliseconds, body)
        is_extended = self._is_extended[stream] = value >= EXTENDED
        self.content += basic(shape, stream, is_long=self.random.random() < 0.2)
        self.content += head(shape, 3, min(value, EXTENDED), size, kind)[1:]
        self.content += value.to_bytes(4, "big") if is_extended else b""
        self._send(_Sending(stream, tag))

    def _go_on(self, sending: _Sending) -> None:
        self.content += basic(3, sending.stream, is_long=self.random.random() < 0.2)
        self.content += bytes(4) if self._is_extended[sending.stream] else b""
        self._send(sending)

    def _send(self, sending: _Sending) -> None:
        body = sending.tag.body
        self.content += body[sending.sent : sending.sent + self._chunk_bytes]
        sending.sent += self._chunk_bytes
        self._under_way[sending.stream] = sending
        if sending.sent >= len(body):
            self.expected.append(self._under_way.pop(sending.stream).tag)


def nonsense(random: Random) -> bytes:
    """What looks like chunks: any header, some with sizes and times beyond all reason, and payloads of any length."""
    content = b""
    for _ in range(random.randrange(1, 40)):
        size = random.choice([0, 1, 3, 4, 5, 100, 130, 0xFFFFFF])
        kind = random.choice([0, 1, 2, 8, 9, 22])
        milliseconds = random.choice([0, 5, EXTENDED])
        shape = random.randrange(4)
        content += basic(shape, random.choice([2, 3, 4, 64, 65, 70_000 % 65_600]), is_long=random.random() < 0.3)
        content += head(shape, 3, milliseconds, size, kind)[1:]
        payload = random.choice([b"", random.randbytes(4), bytes([0, 0, 0, random.randrange(9)])])
        content += payload + random.randbytes(min(random.choice([0, size, size + 1]), 200))
    return content
