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
        waiting, newest = self._waiting, self._newest
        last: dict[int, Sample] = {}
        for sample in samples:
            index = sample.track.index
            if index not in waiting:
                self._meet(sample.track)
                waiting = self._waiting
            waiting[index].append(sample)
            last[index] = sample
            if sample.at > newest:
                newest = sample.at
        if not last:
            return []
        self._newest = newest
        self._heard_at |= {index: each.arrived_at for index, each in last.items()}
        now = sample.arrived_at
        return self._until(min([self._settled_until(index, now) for index in waiting]))

    def take_first(self, is_wanted: Callable[[Sample], bool]) -> Sample | None:
        """The first sample that waits in a track, before its turn, if it is wanted."""
        return next((queue.pop(0) for queue in self._waiting.values() if queue and is_wanted(queue[0])), None)

    def flush(self) -> list[Sample]:
        """What still waits, in order."""
        return self._until(math.inf)

    def _meet(self, track: Track) -> None:
        queue: dict[int, list[Sample]] = {track.index: []}
        self._waiting = queue | self._waiting if track.kind == "video" else self._waiting | queue

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
