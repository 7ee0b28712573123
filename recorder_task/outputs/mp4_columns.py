"""What an MP4's tables keep of some samples of one track: from times of the source to ticks of the file. Pure.

Source: ISO/IEC 14496-12, 8.6.1 (decoding and composition times), 8.7.3 (sizes).
"""

from array import array
from collections.abc import Sequence
from operator import ge, sub
from typing import NamedTuple

from recorder_task.native import loops
from recorder_task.sample import Sample

AV1_DELIMITER = b"\x12\x00"
"""Before each picture of a stream, and in no MP4 (AV1 Codec ISO Media File Format Binding, 2.4)."""
ANY_TIME = 2**62
"""So late the first sample of a track may be."""


class Columns(NamedTuple):
    """Times are ticks of the file, but for those said to be the source's; a column has 32 bits a sample."""

    samples: int
    first: int
    """When the first sample is decoded."""
    last: int
    last_duration: int
    """In the source's time base."""
    earliest: int
    """When the next sample may be, at the earliest, counted from the file's beginning in the source's time base."""
    farthest: int
    """At the latest, in the source's time."""
    durations: bytes
    """Of every sample but the last: to the next one."""
    sizes: bytes
    compositions: bytes
    """How much later than decoded each is shown."""
    key_frames: list[int]
    """Positions of those that are."""
    payloads: list[bytes | memoryview]


def plain_columns(
    samples: Sequence[Sample],
    index: int,
    offset: int,
    up: int,
    down: int,
    longest: int,
    earliest: int,
    farthest: int,
    has_delimiters: bool,
) -> Columns:
    """The columns of those samples whose track has this index; raises OverflowError for one too far from the last.

    The file begins at `offset`. A time in the track's time base, times `up`, by `down`, is one of the file's ticks;
    more than `longest` of it has no place in 32 bits of them.
    """
    samples = [sample for sample in samples if sample.track.index == index]
    if not samples:
        return Columns(0, 0, 0, 0, earliest, farthest, b"", b"", b"", [], [])
    for sample in samples:
        dts = sample.dts
        if dts > farthest or sample.pts - dts > longest:
            raise OverflowError(f"a sample at {sample.at} s is too far from the one before it")
        farthest = dts + longest
    half = down // 2
    times = _rising([sample.dts - offset for sample in samples], earliest)
    ticks = [(time * up + half) // down for time in times]
    shown = [((sample.pts - offset) * up + half) // down for sample in samples]
    payloads = [sample.payload for sample in samples]
    if has_delimiters:
        payloads = [memoryview(each)[2:] if each[:2] == AV1_DELIMITER else each for each in payloads]
    return Columns(
        len(samples),
        ticks[0],
        ticks[-1],
        samples[-1].duration,
        times[-1] + 1,
        farthest,
        array("I", map(sub, ticks[1:], ticks)).tobytes(),
        array("I", map(len, payloads)).tobytes(),
        array("I", [max(0, each - tick) for each, tick in zip(shown, ticks, strict=True)]).tobytes(),
        [position for position, sample in enumerate(samples) if sample.is_key_frame],
        payloads,
    )


def _rising(times: list[int], earliest: int) -> list[int]:
    """Each later than the one before; where audio and video come seconds apart some are earlier than the file."""
    if times[0] < earliest or any(map(ge, times, times[1:])):
        for position, time in enumerate(times):
            times[position] = max(time, earliest)
            earliest = times[position] + 1
    return times


columns = plain_columns if loops is None else loops.columns
