"""The fragments of an MP4 as our recorder writes them, told apart: whose samples are in one, and where they lie. Pure.

Source: ISO/IEC 14496-12, 8.8.7 (`tfhd`), 8.8.8 (`trun`), 8.8.12 (`tfdt`).
"""

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise, repeat
from typing import NamedTuple

from recorder_task.outputs.mp4_boxes import boxes

HEADER_BYTES = 8
BASE_IS_MOOF = 0x020000
OFFSET_DURATIONS_SIZES, SAMPLE_FLAGS, COMPOSITIONS = 0x301, 0x400, 0x800
NO_KEY_FRAME = 0x10000


class OtherForm(ValueError):
    """An MP4 may say it like this, but no recorder of ours does."""


class Run(NamedTuple):
    """Samples of one track that lie one behind the other; times are its ticks."""

    track_id: int
    begins: int
    """The dts of the first one."""
    offset: int
    """Of its bytes from the beginning of the `moof`."""
    durations: Iterable[int]
    sizes: Iterable[int]
    flags: Iterable[int]
    """Endless where there are none."""
    compositions: Iterable[int]
    """The same."""


def is_fragmented(content: bytes) -> bool:
    """The file that begins so has a `moov` that promises fragments, and a `moof` behind it; raises OtherForm."""
    found = list(boxes(content))
    for (kind, _, payload, end), (following, start, _, following_end) in pairwise(found):
        if kind == b"moov":
            promises = any(inner == b"mvex" for inner, *_ in boxes(content, payload, end))
            is_whole = following == b"moof" and following_end <= len(content)
            return promises and is_whole and bool(list(runs_of(content, start, following_end)))
    return False


def runs_of(content: bytes, start: int, end: int) -> Iterator[Run]:
    """What the `moof` from `start` to `end` says; raises OtherForm."""
    for kind, _, payload, inner_end in boxes(content, start + HEADER_BYTES, end):
        if kind == b"traf":
            yield _run(content, payload, inner_end)


def _run(content: bytes, start: int, end: int) -> Run:
    inner = list(boxes(content, start, end))
    if [kind for kind, *_ in inner] != [b"tfhd", b"tfdt", b"trun"]:
        raise OtherForm("a traf of other boxes")
    (_, _, tfhd, _), (_, _, tfdt, _), (_, _, trun, trun_end) = inner
    base, track_id = struct.unpack_from(">II", content, tfhd)
    version, begins = struct.unpack_from(">IQ", content, tfdt)
    form, samples, offset = struct.unpack_from(">IIi", content, trun)
    columns = form & (SAMPLE_FLAGS | COMPOSITIONS)
    width = 2 + columns.bit_count()
    rows = array("I", content[trun + 12 : trun_end])
    if (base, version, form ^ columns, len(rows)) != (BASE_IS_MOOF, 1 << 24, OFFSET_DURATIONS_SIZES, samples * width):
        raise OtherForm("a run of another form")
    if sys.byteorder == "little":
        rows.byteswap()
    flags = rows[2::width] if columns & SAMPLE_FLAGS else repeat(0)
    compositions = rows[width - 1 :: width] if columns & COMPOSITIONS else repeat(0)
    return Run(track_id, begins, offset, rows[0::width], rows[1::width], flags, compositions)
