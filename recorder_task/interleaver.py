"""Samples of several tracks in the order of their dts, so that a cut is the same instant in each. Pure.

Encoders interleave only roughly. A sample waits until every other track has one that is not earlier, but not longer
than `SPREAD_SECONDS` of media: a track that has gone silent holds nothing back for longer.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from recorder_task.sample import Sample, Track

SPREAD_SECONDS = 1.0


class Interleaver:
    """Orders the samples of `tracks`; at the same instant video comes first, so that its key frame decides the cut."""

    def __init__(self, tracks: Iterable[Track]) -> None:
        ordered = sorted(tracks, key=lambda track: (track.kind != "video", track.index))
        self._waiting: dict[int, deque[Sample]] = {track.index: deque() for track in ordered}
        self._newest = float("-inf")

    def push(self, sample: Sample) -> Iterator[Sample]:
        """Take one sample; yields those whose turn has come."""
        queues = self._waiting
        queues[sample.track.index].append(sample)
        if sample.at > self._newest:
            self._newest = sample.at
        while True:
            earliest = self._earliest()
            if earliest is None:
                return
            if not all(queues.values()) and earliest[0].at > self._newest - SPREAD_SECONDS:
                return
            yield earliest.popleft()

    def flush(self) -> Iterator[Sample]:
        """What still waits, in order."""
        while (earliest := self._earliest()) is not None:
            yield earliest.popleft()

    def _earliest(self) -> deque[Sample] | None:
        found: deque[Sample] | None = None
        for queue in self._waiting.values():
            if queue and (found is None or queue[0].at < found[0].at):
                found = queue
        return found
