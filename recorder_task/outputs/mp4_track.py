"""One track of an MP4 that grows: a few bytes a sample are kept of it; fragments, and in the end tables, of them.

Source: ISO/IEC 14496-12, 8.6 (times), 8.7 (sizes and offsets), 8.8 (fragments).
"""

import struct
from array import array
from collections.abc import Sequence
from itertools import accumulate
from operator import add

from recorder_task.outputs.column import Column
from recorder_task.outputs.mp4_boxes import LARGEST_32, big_endian, box, runs, table
from recorder_task.outputs.mp4_columns import ANY_TIME, Columns, columns
from recorder_task.outputs.mp4_fragments import (
    BASE_IS_MOOF,
    FLAGS_COMPOSITIONS,
    INTER_FRAME,
    KEY_FRAME,
    OFFSET_DURATIONS_SIZES,
    TrackRun,
)
from recorder_task.sample import Sample, Track

LARGE_FROM = 3 * 2**30
"""Bytes of the file as it grew from which on offsets have 64 bits: the `moov` that comes in front is no GiB."""
PREROLL_SAMPLES = -1
OPUS_PREROLL_MS, OPUS_FRAME_MS = 80, 20
"""What an Opus decoder has to hear before a place where one begins (RFC 7845, 4.6); its usual frame."""


class Mp4Track:
    """Times are ticks of `timescale` a second, counted from the file's beginning at `starts_at` (media seconds)."""

    __slots__ = (
        "_chunk_offsets",
        "_chunk_samples",
        "_columns",
        "_compositions",
        "_down",
        "_durations",
        "_earliest",
        "_farthest",
        "_fragment_begins",
        "_half",
        "_has_delimiters",
        "_index",
        "_key_frames",
        "_last",
        "_last_duration",
        "_longest",
        "_offset",
        "_payloads",
        "_preroll",
        "_samples",
        "_sizes",
        "_up",
        "begins",
        "id",
        "timescale",
    )

    def __init__(self, track: Track, track_id: int, timescale: int, *, starts_at: float) -> None:
        self.id = track_id
        self.timescale = timescale
        self.begins = 0
        """The dts of its first sample."""
        self._payloads: list[bytes | memoryview] = []
        """What the next fragment holds."""
        self._fragment_begins = self._last = self._last_duration = 0
        self._index = track.index
        self._offset = round(starts_at / track.time_base)
        self._earliest = 0
        ticks = track.time_base * timescale
        self._up: int = ticks.numerator
        self._down: int = ticks.denominator
        self._half = self._down // 2
        self._longest = LARGEST_32 * self._down // self._up
        self._farthest = ANY_TIME
        """So late, in the track's time base, the next sample may be."""
        self._sizes = Column()
        self._durations = Column()
        """Of every sample but the last: to the dts of the next one."""
        # Sound is heard as it is decoded, and each of its samples can be decoded first.
        self._compositions = Column() if track.kind == "video" else None
        self._columns = [each for each in (self._sizes, self._durations, self._compositions) if each is not None]
        self._samples = 0
        self._key_frames = array("I")
        """Their numbers, from 1 on."""
        self._chunk_offsets = array("Q")
        self._chunk_samples = array("I")
        self._has_delimiters = track.codec == "av1"
        self._preroll = 0
        if track.codec == "aac":
            self._preroll = PREROLL_SAMPLES
        elif track.codec == "opus":
            self._preroll = -(OPUS_PREROLL_MS // (track.frame_ms or OPUS_FRAME_MS))

    def columns(self, samples: Sequence[Sample]) -> Columns:
        """What `take` wants of those samples that are its own; raises OverflowError for one too far from the last."""
        found = columns(
            samples,
            self._index,
            self._offset,
            self._up,
            self._down,
            self._longest,
            self._earliest,
            self._farthest,
            self._has_delimiters,
        )
        return Columns(*found)

    def take(self, found: Columns) -> None:
        """Take samples, whose columns these are, for the next fragment."""
        if not found.samples:
            return
        if self._samples:
            self._durations.append(found.first - self._last)
        else:
            self.begins = found.first
        if not self._payloads:
            self._fragment_begins = found.first
        self._durations.extend_bytes(found.durations)
        self._sizes.extend_bytes(found.sizes)
        if self._compositions is not None:
            self._compositions.extend_bytes(found.compositions)
            self._key_frames.extend([self._samples + 1 + position for position in found.key_frames])
        self._payloads += found.payloads
        self._samples += found.samples
        self._last, self._last_duration = found.last, found.last_duration
        self._earliest, self._farthest = found.earliest, found.farthest

    def fragment(self) -> tuple[bytes, bytes, bytes, int]:
        """The next fragment's `tfhd` and `tfdt`, the beginning of its `trun`, the rest of it; bytes of its payloads.

        Between the two parts of the `trun` stands the offset of the payloads (32 bits).
        """
        samples = len(self._payloads)
        first = self._samples - samples
        durations, sizes = self._durations.since(first), self._sizes.since(first)
        durations.append(self._last_ticks())
        flags = OFFSET_DURATIONS_SIZES
        columns = [durations, sizes]
        if self._compositions is not None:
            flags |= FLAGS_COMPOSITIONS
            columns += [self._flags(first, samples), self._compositions.since(first)]
        rows = big_endian(*columns)
        header = box(b"tfhd", struct.pack(">II", BASE_IS_MOOF, self.id))
        header += box(b"tfdt", struct.pack(">IQ", 1 << 24, self._fragment_begins))
        return header, struct.pack(">I4sII", 20 + len(rows), b"trun", flags, samples), rows, sum(sizes)

    def place(self, offset: int) -> Sequence[bytes | memoryview]:
        """The next fragment's payloads, which lie at `offset` of the file, one behind the other."""
        payloads, self._payloads = self._payloads, []
        self._note_chunk(offset, len(payloads))
        return payloads

    def _note_chunk(self, offset: int, samples: int) -> None:
        self._chunk_offsets.append(offset)
        self._chunk_samples.append(samples)
        for column in self._columns:
            column.pack()

    def adopt(self, run: TrackRun, offset: int) -> None:
        """Take samples that lie at `offset` of the file already; the track's time base is that of the file."""
        if self._samples:
            self._durations.append(run.begins - self._last)
        else:
            self.begins = run.begins
        self._durations.extend(run.durations[:-1])
        self._last, self._last_duration = run.begins + sum(run.durations[:-1]), run.durations[-1]
        self._sizes.extend(run.sizes)
        if self._compositions is not None:
            self._compositions.extend(run.compositions)
            numbers = enumerate(run.flags, self._samples + 1)
            self._key_frames.extend([number for number, flags in numbers if flags == KEY_FRAME])
        self._samples += len(run.sizes)
        self._note_chunk(offset, len(run.sizes))

    def _flags(self, first: int, samples: int) -> "array[int]":
        flags = array("I", [INTER_FRAME]) * samples
        for number in reversed(self._key_frames):
            if number <= first:
                break
            flags[number - 1 - first] = KEY_FRAME
        return flags

    def _last_ticks(self) -> int:
        return (self._last_duration * self._up + self._half) // self._down

    @property
    def has_news(self) -> bool:
        """There is something for the next fragment."""
        return bool(self._payloads)

    @property
    def is_empty(self) -> bool:
        """No sample has come."""
        return not self._samples

    @property
    def first_composition(self) -> int:
        """From the first sample's dts to its pts."""
        return self._all_compositions()[0] if self._compositions else 0

    @property
    def decoded_ticks(self) -> int:
        """From the first sample's dts to the end of the last one."""
        return self._last - self.begins + self._last_ticks()

    @property
    def presented_ticks(self) -> int:
        """From the first sample's pts to the end of the one that is shown last."""
        if not self._compositions:
            return self.decoded_ticks
        end: int = max(map(add, accumulate(self._all_durations()), self._all_compositions()))
        return end - self.first_composition

    def _all_durations(self) -> "array[int]":
        durations = self._durations.whole()
        durations.append(self._last_ticks())
        return durations

    def _all_compositions(self) -> "array[int]":
        return self._compositions.whole() if self._compositions is not None else array("I")

    def tables(self) -> bytes:
        """All of the `stbl` that is known before the offsets are."""
        samples, compositions = self._samples, self._all_compositions()
        pieces = [_run_table(b"stts", self._all_durations())]
        if 0 < len(self._key_frames) < samples:
            pieces.append(table(b"stss", len(self._key_frames), big_endian(self._key_frames)))
        if any(compositions):
            pieces.append(_run_table(b"ctts", compositions))
        counts, sizes = runs(self._chunk_samples)
        firsts = array("I", accumulate(counts[:-1], initial=1))
        pieces.append(table(b"stsc", len(firsts), big_endian(firsts, sizes, array("I", [1]) * len(firsts))))
        pieces.append(box(b"stsz", struct.pack(">III", 0, 0, samples), big_endian(self._sizes.whole())))
        if self._preroll:
            description = struct.pack(">I4sIIh", 1 << 24, b"roll", 2, 1, self._preroll)
            pieces.append(box(b"sgpd", description))
            pieces.append(box(b"sbgp", struct.pack(">I4sIII", 0, b"roll", 1, samples, 1)))
        return b"".join(pieces)

    def offsets(self, moved_by: int) -> bytes:
        """The table of offsets, all of them `moved_by` more than they were."""
        is_large = self._chunk_offsets[-1] >= LARGE_FROM
        moved = array("Q" if is_large else "I", (offset + moved_by for offset in self._chunk_offsets))
        return table(b"co64" if is_large else b"stco", len(moved), big_endian(moved))


def _run_table(kind: bytes, values: "array[int]") -> bytes:
    counts, each = runs(values)
    return table(kind, len(counts), big_endian(counts, each))
