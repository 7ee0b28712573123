"""The boxes an MP4 is made of, and the tables in them. Pure. Source: ISO/IEC 14496-12, 4.2."""

import struct
import sys
from array import array
from collections.abc import Iterator
from itertools import compress, count
from operator import ne, sub

LARGEST_32 = 0xFFFFFFFF


def boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int, int]]:
    """(type, start, start of the payload, end) of each box; the end of a box cut off by `end` lies beyond it."""
    at, end = start, len(content) if end is None else end
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, at)
        header = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, at + 8)
            header = 16
        if size < header:
            raise ValueError(f"box {kind!r} at {at} has size {size}")
        yield kind, at, at + header, at + size
        at += size


def box(kind: bytes, *pieces: bytes) -> bytes:
    """A box of less than 4 GiB."""
    return b"".join((struct.pack(">I4s", 8 + sum(map(len, pieces)), kind), *pieces))


def table(kind: bytes, entries: int, rows: bytes) -> bytes:
    """A box of version 0 without flags that counts its rows."""
    return box(kind, struct.pack(">II", 0, entries), rows)


def big_endian(*columns: "array[int]") -> bytes:
    """Columns of one length and type as rows of numbers."""
    first, width = columns[0], len(columns)
    rows = array(first.typecode, bytes(first.itemsize * len(first) * width))
    for at, column in enumerate(columns):
        rows[at::width] = column
    if sys.byteorder == "little":
        rows.byteswap()
    return rows.tobytes()


def runs(values: "array[int]") -> tuple["array[int]", "array[int]"]:
    """How often each value comes in a row, and the value."""
    if not values:
        return array("I"), array("I")
    starts = array("I", [0])
    starts.extend(compress(count(1), map(ne, values[1:], values)))
    ends = starts[1:]
    ends.append(len(values))
    return array("I", map(sub, ends, starts)), array("I", map(values.__getitem__, starts))
