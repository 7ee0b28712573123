"""Memory that parts and segments are gathered in, used again once it was uploaded.

Fresh memory costs a page fault for every 4 KiB, which is more than all else that a muxer of ours does with a packet.
"""

from collections.abc import Sequence
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

from recorder_task.native import loops

PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS
"""Shared memory, the usual form, is a file to the kernel: a fault in it costs half as much again."""


class Buffer:
    """Bytes that grow at their end; what lies before can be read by another thread meanwhile."""

    def __init__(self, room_bytes: int, room: mmap | None = None) -> None:
        """`room_bytes` are reserved, and taken only as they are filled; or it begins anew in a `room` that is there."""
        self._room = mmap(-1, room_bytes, PRIVATE) if room is None else room
        self._is_shown = False
        """Somebody may read in its room."""
        self.size_bytes = 0

    @property
    def room_bytes(self) -> int:
        """What fits in without moving."""
        return len(self._room)

    def write(self, data: bytes | memoryview) -> int:
        """Append, whatever the room."""
        size_bytes = len(data)
        self.reserve(size_bytes)[:size_bytes] = data
        self.size_bytes += size_bytes
        return size_bytes

    def extend(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Append pieces."""
        extend(self, pieces)

    def reserve(self, more_bytes: int) -> memoryview:
        """All its room behind what it holds, so many bytes at least, for who writes there itself and says `advance`."""
        end = self.size_bytes + more_bytes
        if end > len(self._room):
            self._move(end)
        return memoryview(self._room)[self.size_bytes :]

    def advance(self, written_bytes: int) -> None:
        """So much of what was reserved was written."""
        self.size_bytes += written_bytes

    def view(self) -> memoryview:
        """What it holds now, without a copy."""
        self._is_shown = True
        return memoryview(self._room)[: self.size_bytes]

    def move_into(self, other: "Buffer") -> "Buffer | None":
        """Go on in the memory of another one, which is of no more use; an empty one gets what nobody can read here."""
        other._room[: self.size_bytes] = self._room[: self.size_bytes]
        left = None if self._is_shown else Buffer(self.room_bytes, self._room)
        self._room, self._is_shown = other._room, False
        return left

    def _move(self, size_bytes: int) -> None:
        """To more room; who reads what lay here keeps the old one."""
        old = self._room
        self._room = mmap(-1, 2 * size_bytes, PRIVATE)
        self._is_shown = False
        self._room[: len(old)] = old[:]


def plain_extend(buffer: Buffer, pieces: Sequence[bytes | memoryview]) -> None:
    """Append pieces to a buffer."""
    room, begin = buffer.reserve(sum(map(len, pieces))), 0
    for piece in pieces:
        end = begin + len(piece)
        room[begin:end] = piece
        begin = end
    buffer.advance(begin)


extend = plain_extend if loops is None else loops.extend


class Buffers:
    """The buffers of one output. One that was given back takes in what is gathered now.

    What it leaves is where the next one begins: its first pages are there. That is as much as was gathered while the
    one before was uploaded, and during an upload, when memory is dearest, none lies idle.
    """

    def __init__(self, room_bytes: int) -> None:
        self._room_bytes = room_bytes
        self._left: Buffer | None = None
        self.given_back: list[Buffer] = []

    def take(self) -> Buffer:
        """An empty one."""
        left, self._left = self._left, None
        return left or Buffer(self._room_bytes)

    def give_back(self, buffer: Buffer) -> None:
        """Nobody reads it any more; may be called from any thread."""
        self.given_back.append(buffer)

    def settle(self, current: Buffer) -> None:
        """Move what is gathered now into memory that was used before, and keep the fresh one for the next."""
        used = max(self.given_back, key=lambda each: each.room_bytes)
        self.given_back.clear()
        if used.room_bytes >= current.room_bytes:
            self._left = current.move_into(used)
