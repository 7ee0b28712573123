"""Samples of several tracks in the order of their dts, so that a cut is the same instant in each. Pure.

Encoders interleave only roughly, and the clocks of audio and video may drift apart. A sample waits until every other
track has one that is not earlier, but not for a track that is silent, and never for more than `PATIENCE_SECONDS` of
media: 50 Mbit/s of it are in memory meanwhile.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from operator import attrgetter

from recorder_task.sample import Sample, Track

SPREAD_SECONDS = 1.0
"""Of media; a track of which nothing came for so long, by our clock too, is silent."""
PATIENCE_SECONDS = 5.0
WHEN = attrgetter("at")


class Interleaver:
    """Orders samples; at the same instant video comes first, so that its key frame decides the cut.

    A track that is not among `tracks` is met with its first sample.
    """

    def __init__(self, tracks: Iterable[Track] = ()) -> None:
        self._waiting: dict[int, list[Sample]] = {}
        self._heard_at: dict[int, float] = {}
        self._newest = -math.inf
        for track in sorted(tracks, key=lambda track: (track.kind != "video", track.index)):
            self._waiting[track.index] = []

    def push(self, samples: Iterable[Sample]) -> list[Sample]:
        """Take samples; returns those whose turn has come."""
        now: float | None = None
        for sample in samples:
            index, now = sample.track.index, sample.arrived_at
            queue = self._waiting.get(index)
            if queue is None:
                queue = self._meet(sample.track)
            queue.append(sample)
            self._heard_at[index] = now
            if sample.at > self._newest:
                self._newest = sample.at
        if now is None:
            return []
        return self._until(min(self._settled_until(index, now) for index in self._waiting))

    def take_first(self, is_wanted: Callable[[Sample], bool]) -> Sample | None:
        """The first sample that waits in a track, before its turn, if it is wanted."""
        return next((queue.pop(0) for queue in self._waiting.values() if queue and is_wanted(queue[0])), None)

    def flush(self) -> list[Sample]:
        """What still waits, in order."""
        return self._until(math.inf)

    def _meet(self, track: Track) -> list[Sample]:
        queue: list[Sample] = []
        self._waiting[track.index] = queue
        if track.kind == "video":
            self._waiting = {track.index: queue, **self._waiting}
        return queue

    def _settled_until(self, index: int, now: float) -> float:
        """The media seconds up to which nothing more is awaited of a track."""
        is_silent = now - self._heard_at.get(index, -math.inf) > SPREAD_SECONDS
        given_up = self._newest - (SPREAD_SECONDS if is_silent else PATIENCE_SECONDS)
        queue = self._waiting[index]
        return max(queue[-1].at, given_up) if queue else given_up

    def _until(self, at: float) -> list[Sample]:
        """Take out what is not later than `at`; the sort is stable, and the queues are runs that it joins."""
        ready: list[Sample] = []
        for queue in self._waiting.values():
            count = bisect_right(queue, at, key=WHEN)
            ready += queue[:count]
            del queue[:count]
        ready.sort(key=WHEN)
        return ready
