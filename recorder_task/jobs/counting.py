"""What is counted of a file's samples without making samples of them."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Protocol

from recorder_task.sample import Sample, Track
from recorder_task.tally import Tally, TrackTally

WHEN = attrgetter("at")


class Count(Protocol):
    """What was counted of one track."""

    samples: int

    @property
    def tally(self) -> TrackTally:
        """The same as a tally has it, the first and the last sample without what is in them."""


class TrackCount:
    """The count of one track; times are ticks of its time base."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.samples = self.size_bytes = 0
        self.begins = self.last = self.last_duration = 0

    @property
    def tally(self) -> TrackTally:
        """As `Count` has it."""
        first, last = (bare_sample(self.track, at) for at in (self.begins, self.last))
        last.duration = self.last_duration
        return TrackTally(self.track, first, last, self.size_bytes, self.samples)


def settle(tally: Tally, counts: Iterable[Count], *, began_at: float) -> None:
    """Bring a tally up to date; its first sample had arrived at `began_at`, unix s."""
    tracks = [count.tally for count in counts if count.samples]
    if not tracks:
        return
    tally.tracks = {each.track.index: each for each in tracks}
    tally.first, tally.last = (
        min((each.first for each in tracks), key=WHEN),
        max((each.last for each in tracks), key=WHEN),
    )
    for sample in (tally.last, tally.first):
        sample.arrived_at = began_at + sample.at - tally.first.at


def bare_sample(track: Track, dts: int) -> Sample:
    """A sample without what is in it."""
    return Sample(track, b"", dts, dts, 0, False, 0.0)
