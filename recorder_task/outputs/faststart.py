"""From FFmpeg's hybrid MP4 to a faststart one by rewriting the head alone. Pure.

A closed hybrid file is `ftyp`, `free`, one `mdat` that hides the fragments, and the `moov` of the whole. Moved to the
front, the `moov` shifts every sample by its own size. Source: ISO/IEC 14496-12, 8.7.5 (chunk offsets) and 8.1.1 (mdat).
"""

import struct
import sys
from array import array
from collections.abc import Iterator

CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
LARGEST_STCO = 0xFFFFFFFF


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


def moov_offset(head: bytes) -> int:
    """Where the `moov` of a closed hybrid file begins: behind the `mdat` that its head announces."""
    for kind, _, _, end in boxes(head):
        if kind == b"mdat":
            return end
    raise ValueError("the head of the file has no mdat")


def faststart_head(head: bytes, moov: bytes) -> bytes:
    """`head`, which begins with `ftyp`, with `moov` behind that box and its chunk offsets moved accordingly."""
    _, _, _, ftyp_end = next(boxes(head))
    shift = len(moov)
    is_large = _largest_offset(moov) + shift > LARGEST_STCO
    moved = _moved(moov, 0, len(moov), shift, is_large)
    if len(moved) != shift:  # stco became co64: larger, by an amount that is now known
        moved = _moved(moov, 0, len(moov), len(moved), is_large)
    return head[:ftyp_end] + moved + head[ftyp_end:]


def _largest_offset(moov: bytes) -> int:
    return max((max(_offsets(kind, payload), default=0) for kind, payload in _offset_tables(moov)), default=0)


def _offset_tables(moov: bytes) -> Iterator[tuple[bytes, bytes]]:
    pending = [(0, len(moov))]
    while pending:
        start, end = pending.pop()
        for kind, _, payload, box_end in boxes(moov, start, end):
            if kind in CONTAINERS:
                pending.append((payload, box_end))
            elif kind in (b"stco", b"co64"):
                yield kind, moov[payload:box_end]


def _offsets(kind: bytes, payload: bytes) -> "array[int]":
    """The table behind version, flags and count, in the machine's byte order."""
    offsets = array("I" if kind == b"stco" else "Q")
    offsets.frombytes(payload[8:])
    if sys.byteorder == "little":
        offsets.byteswap()
    return offsets


def _moved(content: bytes, start: int, end: int, shift: int, is_large: bool) -> bytes:
    pieces: list[bytes] = []
    for kind, box_start, payload, box_end in boxes(content, start, end):
        if kind in CONTAINERS:
            inner = _moved(content, payload, box_end, shift, is_large)
            pieces += [struct.pack(">I4s", 8 + len(inner), kind), inner]
        elif kind in (b"stco", b"co64"):
            pieces.append(_moved_table(kind, content[payload:box_end], shift, is_large))
        else:
            pieces.append(content[box_start:box_end])
    return b"".join(pieces)


def _moved_table(kind: bytes, payload: bytes, shift: int, is_large: bool) -> bytes:
    to_large = is_large or kind == b"co64"
    moved = array("Q" if to_large else "I", (offset + shift for offset in _offsets(kind, payload)))
    if sys.byteorder == "little":
        moved.byteswap()
    table = moved.tobytes()
    return struct.pack(">I4s", 16 + len(table), b"co64" if to_large else b"stco") + payload[:8] + table
