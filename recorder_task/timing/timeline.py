"""Timestamps a muxer accepts, and that mean something: jumps and wraps undone, dts rising in each track. Pure.

Nothing raises and no packet is dropped: what was repaired is named. All times are milliseconds, as RTMP counts them, in
32 bits: a stream that runs for 49.7 days, or starts near the end of the range, wraps.

A source whose clock leaps (an encoder that started anew, another that took over) leaps in every track, a little earlier
in one than in the other. So a leap is one *shift*, offered to all tracks: each changes to it when its own packets leap
too, and audio and video keep the distance that the source gave them. A hole that took its time by our own clock is no
leap: nothing came, and the file says so.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recorder_task.sample import Sample, TrackKind

WRAP = 1 << 32
HALF_WRAP = WRAP // 2
NEAR_MS = 1000
"""A packet that follows the one before it within this time is where it should be."""
STUTTER_MS = 1000
"""A packet so much too early is placed right behind the one before it; an earlier one has leapt."""
HOLE_MS = 10_000
"""A hole longer than this, and than our clock has seen, is a leap."""
DESYNC_MS = 3000
UNKNOWN_STEP_MS = 40
"""Between the packets of a track whose clock never moved and whose codec does not say."""
KNOWN_SHIFTS = 8

NOTHING: Mapping[str, int] = {}


class Times(NamedTuple):
    """Where a packet lies; `repairs` names what was wrong with it."""

    dts: int
    pts: int
    duration: int
    repairs: Mapping[str, int] = NOTHING


@dataclass(kw_only=True, slots=True)
class _TrackClock:
    last: int
    last_source: int
    shift: int
    step: int
    arrived_at: float
    others_turn: bool = False
    """Another track's packet has come since this one's last."""
    other: "_TrackClock | None" = None
    """The other track's, once there is one."""


class Timeline:
    """The clocks of one source's tracks. `repairs` counts, for its whole life, what was wrong.

    The names: `{kind}_jump`, `{kind}_time_illegal` (went back a little, or pts before dts), `{kind}_stands_still`
    (the same dts again), `wrap`, `desync` (audio and video came seconds apart; counted once until they meet again).
    `noticed` counts how the source's own clock moved, repaired or not: `{kind}_back`, `{kind}_ahead` (over a second).
    """

    def __init__(self) -> None:
        self.repairs: dict[str, int] = {}
        self.noticed: dict[str, int] = {}
        self._clocks: dict[TrackKind, _TrackClock] = {}
        self._shifts: deque[int] = deque([0], maxlen=KNOWN_SHIFTS)
        self._is_desynced = False

    def follow(self, samples: list[Sample], at: int, newest: dict[TrackKind, float]) -> int:
        """Place the samples from `at` on that simply follow the one before them, as nearly all do: where they are.

        Returns where the first is that has to be placed, or has been repaired; `newest` is told the others' times.
        """
        if self._is_desynced:
            return at
        for position in range(at, len(samples)):
            sample = samples[position]
            kind, dts = sample.track.kind, sample.dts
            clock = self._clocks.get(kind)
            if clock is None or clock.shift or sample.pts < dts or sample.repairs:
                return position
            step = dts - clock.last
            other = clock.other
            if not 0 < step <= NEAR_MS or (other is not None and not -DESYNC_MS <= dts - other.last <= DESYNC_MS):
                return position
            if other is not None:
                other.others_turn, clock.others_turn = True, False
            clock.last = clock.last_source = dts
            clock.step = step
            clock.arrived_at = sample.arrived_at
            sample.duration = sample.duration or step
            newest[kind] = sample.at
        return len(samples)

    def place(self, kind: TrackKind, dts: int, pts: int, duration: int, arrived_at: float) -> Times:
        """Where a packet of the track of `kind` lies that arrived at `arrived_at` (seconds of our clock)."""
        clock = self._clocks.get(kind)
        repairs: list[str] = []
        if clock is None:
            clock = self._begin(kind, dts, duration, arrived_at, repairs)
            placed = clock.last
            for other in self._clocks.values():
                clock.other, other.other = other, clock
            self._clocks[kind] = clock
        elif 0 < (step := dts + clock.shift - clock.last) <= NEAR_MS:  # nearly always
            placed = clock.last + step
            clock.last, clock.last_source, clock.step, clock.arrived_at = placed, dts, step, arrived_at
        else:
            placed = self._follow(clock, kind, dts, duration, arrived_at, repairs)
        presented = pts + clock.shift
        if f"{kind}_stands_still" in repairs:
            presented += placed - dts - clock.shift
        if pts < dts:
            repairs.append(f"{kind}_time_illegal")
        self._watch_distance(clock, repairs)
        if presented < placed:
            presented = placed
        return Times(placed, presented, duration or clock.step, self._counted(repairs) if repairs else NOTHING)

    def _begin(self, kind: str, dts: int, duration: int, arrived_at: float, repairs: list[str]) -> _TrackClock:
        """A track's first packet: beside the other track, unless that would leave a hole nobody believes."""
        shift = self._shifts[-1]
        newest = max((other.last for other in self._clocks.values()), default=None)
        if newest is not None and not -HOLE_MS < dts + shift - newest <= HOLE_MS:
            shift = next(
                (each for each in self._alternatives(shift) if abs(dts + each - newest) <= HOLE_MS), newest - dts
            )
            if (shift - self._shifts[-1]) % WRAP:
                repairs.append(f"{kind}_jump")
        return _TrackClock(last=dts + shift, last_source=dts, shift=shift, step=duration, arrived_at=arrived_at)

    def _follow(
        self, clock: _TrackClock, kind: str, dts: int, duration: int, arrived_at: float, repairs: list[str]
    ) -> int:
        self._notice_step(kind, dts - clock.last_source)
        if dts == clock.last_source:
            repairs.append(f"{kind}_stands_still")
            return self._go_on(clock, dts, duration, arrived_at)
        distance = dts + clock.shift - clock.last
        if not -STUTTER_MS < distance <= NEAR_MS:
            self._choose_shift(clock, kind, dts, arrived_at, repairs)
        placed = dts + clock.shift
        if placed > clock.last:
            clock.step = min(placed - clock.last, NEAR_MS)
        else:
            repairs.append(f"{kind}_time_illegal")
            placed = clock.last + 1
        clock.last, clock.last_source, clock.arrived_at = placed, dts, arrived_at
        return placed

    def _go_on(self, clock: _TrackClock, dts: int, duration: int, arrived_at: float) -> int:
        """While a track's clock stands still its packets follow each other as their codec says, or as they did before.

        The first of them a tick sooner: if it was sent twice the next one's place is free.
        """
        usual = duration or clock.step or UNKNOWN_STEP_MS
        clock.last += max(1, usual - (clock.last == dts + clock.shift))
        clock.arrived_at = arrived_at
        return clock.last

    def _choose_shift(self, clock: _TrackClock, kind: str, dts: int, arrived_at: float, repairs: list[str]) -> None:
        """Give the track the shift under which a packet follows the one before it."""
        shift = self._known_shift(clock, dts)
        if shift is None:
            seen_ms = max(0.0, arrived_at - clock.arrived_at) * 1000
            if -STUTTER_MS < dts + clock.shift - clock.last <= HOLE_MS + seen_ms:
                return
            near = [other for other in self._clocks.values() if abs(other.last - clock.last) <= HOLE_MS]
            shift = max(other.last + other.step for other in near) - dts
        repairs.append("wrap" if (shift - clock.shift) % WRAP == 0 else f"{kind}_jump")
        clock.shift = shift
        if shift in self._shifts:
            self._shifts.remove(shift)
        self._shifts.append(shift)

    def _known_shift(self, clock: _TrackClock, dts: int) -> int | None:
        def distance(shift: int) -> int:
            return dts + shift - clock.last

        others = [shift for shift in self._alternatives(clock.shift) if shift != clock.shift]
        near = next((shift for shift in others if -STUTTER_MS < distance(shift) <= NEAR_MS), None)
        if near is not None or -STUTTER_MS < distance(clock.shift) <= HOLE_MS:
            return near
        return next((shift for shift in others if -STUTTER_MS < distance(shift) <= HOLE_MS), None)

    def _alternatives(self, shift: int) -> Sequence[int]:
        return [*reversed(self._shifts), shift + WRAP, shift - WRAP]

    def _watch_distance(self, clock: _TrackClock, repairs: list[str]) -> None:
        other = clock.other
        if other is None:
            return
        if clock.others_turn:
            distance = abs(clock.last - other.last)
            if not self._is_desynced and distance > DESYNC_MS:
                self._is_desynced = True
                repairs.append("desync")
            elif self._is_desynced and distance < DESYNC_MS / 2:
                self._is_desynced = False
        other.others_turn, clock.others_turn = True, False

    def _notice_step(self, kind: str, step: int) -> None:
        if -HALF_WRAP < step < 0 or step > NEAR_MS:
            name = f"{kind}_back" if step < 0 else f"{kind}_ahead"
            self.noticed[name] = self.noticed.get(name, 0) + 1

    def _counted(self, repairs: Sequence[str]) -> Mapping[str, int]:
        for name in repairs:
            self.repairs[name] = self.repairs.get(name, 0) + 1
        return dict.fromkeys(repairs, 1)
