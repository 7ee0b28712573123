"""Samples of several tracks in the order of their dts, so that a cut is the same instant in each. Pure.

Encoders interleave only roughly, and the clocks of audio and video may drift apart. A sample waits until every other
track has one that is not earlier, but not for a track that is silent, and never for more than `PATIENCE_SECONDS` of
media: 50 Mbit/s of it are in memory meanwhile.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from recorder_task.sample import Sample, Track

SPREAD_SECONDS = 1.0
"""Of media; a track of which nothing came for so long, by our clock too, is silent."""
PATIENCE_SECONDS = 5.0


class Interleaver:
    """Orders samples; at the same instant video comes first, so that its key frame decides the cut.

    A track that is not among `tracks` is met with its first sample.
    """

    def __init__(self, tracks: Iterable[Track] = ()) -> None:
        self._waiting: dict[int, deque[Sample]] = {}
        self._heard_at: dict[int, float] = {}
        self._newest = float("-inf")
        for track in sorted(tracks, key=lambda track: (track.kind != "video", track.index)):
            self._waiting[track.index] = deque()

    def push(self, sample: Sample) -> Iterator[Sample]:
        """Take one sample; yields those whose turn has come."""
        queue = self._waiting.get(sample.track.index)
        if queue is None:
            queue = self._meet(sample.track)
        queue.append(sample)
        self._heard_at[sample.track.index] = sample.arrived_at
        if sample.at > self._newest:
            self._newest = sample.at
        while True:
            earliest = self._earliest()
            if earliest is None or self._must_wait(earliest[0].at, sample.arrived_at):
                return
            yield earliest.popleft()

    def flush(self) -> Iterator[Sample]:
        """What still waits, in order."""
        while (earliest := self._earliest()) is not None:
            yield earliest.popleft()

    def _meet(self, track: Track) -> deque[Sample]:
        queue = self._waiting[track.index] = deque()
        if track.kind == "video":
            self._waiting = {track.index: queue, **self._waiting}
        return queue

    def _must_wait(self, at: float, now: float) -> bool:
        waits = self._newest - at
        if waits >= PATIENCE_SECONDS:
            return False
        for index, queue in self._waiting.items():
            is_silent = now - self._heard_at.get(index, float("-inf")) > SPREAD_SECONDS
            if not queue and (waits < SPREAD_SECONDS or not is_silent):
                return True
        return False

    def _earliest(self) -> deque[Sample] | None:
        found: deque[Sample] | None = None
        for queue in self._waiting.values():
            if queue and (found is None or queue[0].at < found[0].at):
                found = queue
        return found
