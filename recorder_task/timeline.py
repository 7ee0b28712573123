"""Timestamps a muxer accepts: 32-bit wraps undone, dts strictly rising in each track, pts never before dts. Pure.

Nothing raises and no packet is dropped: what was repaired is counted. RTMP counts milliseconds in 32 bits, so a
stream that runs for 49.7 days, or starts near the end of the range, wraps.
"""

from dataclasses import dataclass

WRAP = 1 << 32
HALF_WRAP = WRAP // 2


@dataclass(frozen=True)
class Times:
    """Ticks of the track's time base."""

    dts: int
    pts: int
    duration: int


@dataclass(kw_only=True)
class _TrackClock:
    last_dts: int
    last_source_dts: int
    step: int = 1
    wraps: int = 0


class Timeline:
    """The clocks of one source's tracks."""

    def __init__(self) -> None:
        self.repaired = 0
        """Packets whose dts repeated or went back, or was missing."""
        self.wrapped = 0
        self._clocks: dict[int, _TrackClock] = {}

    def place(self, track: int, dts: int | None, pts: int | None, duration: int | None) -> Times:
        """Where a packet of `track` lies; missing times follow the packet before it."""
        clock = self._clocks.get(track)
        source_dts = dts if dts is not None else pts
        if clock is None:
            first = source_dts or 0
            self._clocks[track] = _TrackClock(last_dts=first, last_source_dts=first)
            return Times(first, max(pts if pts is not None else first, first), duration or 0)
        if source_dts is None:
            self.repaired += 1
            placed = clock.last_dts + clock.step
        else:
            if source_dts < clock.last_source_dts - HALF_WRAP:
                clock.wraps += 1
                self.wrapped += 1
            clock.last_source_dts = source_dts
            placed = source_dts + clock.wraps * WRAP
            if placed <= clock.last_dts:
                self.repaired += 1
                placed = clock.last_dts + 1
            else:
                clock.step = placed - clock.last_dts
        clock.last_dts = placed
        presented = placed if pts is None else pts + clock.wraps * WRAP
        return Times(placed, max(presented, placed), duration or clock.step)
