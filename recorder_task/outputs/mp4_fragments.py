"""The fragments of an MP4 as we write them, read again: whose samples are in one, and where they lie. Pure.

Source: ISO/IEC 14496-12, 8.8.7 (`tfhd`), 8.8.8 (`trun`), 8.8.12 (`tfdt`).
"""

import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from recorder_task.outputs.mp4_boxes import boxes

HEADER_BYTES = 8
BASE_IS_MOOF = 0x020000
OFFSET_DURATIONS_SIZES, FLAGS_COMPOSITIONS = 0x301, 0xC00
KEY_FRAME, INTER_FRAME = 0x02000000, 0x01010000
"""Flags of a sample: depends on no other; depends on others and is no place to begin."""
NO_NUMBERS = array("I")


class OtherForm(ValueError):
    """An MP4 may say it like this, but no recorder of ours does."""


class TrackRun(NamedTuple):
    """Samples of one track that lie one behind the other; times are its ticks."""

    track_id: int
    begins: int
    """The dts of the first one."""
    offset: int
    """Of its bytes from the beginning of the `moof`."""
    durations: Sequence[int]
    sizes: Sequence[int]
    flags: Sequence[int]
    """Of pictures alone, as are the compositions."""
    compositions: Sequence[int]

    def whole_in(self, size_bytes: int) -> "TrackRun":
        """The samples that end within so many bytes from the beginning of the `moof`."""
        if self.offset + sum(self.sizes) <= size_bytes:
            return self
        samples = bisect_right(list(accumulate(self.sizes, initial=self.offset)), size_bytes) - 1
        columns = (self.durations, self.sizes, self.flags, self.compositions)
        return TrackRun(*self[:3], *(column[: max(0, samples)] for column in columns))


def track_runs(content: bytes, start: int, end: int) -> Iterator[TrackRun]:
    """What the `moof` from `start` to `end` says; raises OtherForm."""
    for kind, _, payload, inner_end in boxes(content, start + HEADER_BYTES, end):
        if kind == b"traf":
            yield _track_run(content, payload, inner_end)


def _track_run(content: bytes, start: int, end: int) -> TrackRun:
    inner = list(boxes(content, start, end))
    if [kind for kind, *_ in inner] != [b"tfhd", b"tfdt", b"trun"]:
        raise OtherForm("a traf of other boxes")
    (_, _, tfhd, _), (_, _, tfdt, _), (_, _, trun, trun_end) = inner
    base, track_id = struct.unpack_from(">II", content, tfhd)
    version, begins = struct.unpack_from(">IQ", content, tfdt)
    form, samples, offset = struct.unpack_from(">IIi", content, trun)
    rows = array("I", content[trun + 12 : trun_end])
    has_pictures = form == OFFSET_DURATIONS_SIZES | FLAGS_COMPOSITIONS
    width = 4 if has_pictures else 2
    is_ours = (base, version, len(rows)) == (BASE_IS_MOOF, 1 << 24, samples * width) and samples
    if not is_ours or form not in (OFFSET_DURATIONS_SIZES, OFFSET_DURATIONS_SIZES | FLAGS_COMPOSITIONS):
        raise OtherForm("a run of another form")
    if sys.byteorder == "little":
        rows.byteswap()
    flags, compositions = (rows[2::4], rows[3::4]) if has_pictures else (NO_NUMBERS, NO_NUMBERS)
    return TrackRun(track_id, begins, offset, rows[0::width], rows[1::width], flags, compositions)
