"""What was written into a file, counted sample by sample: the truth behind its durations and bit rates."""

from collections import Counter
from dataclasses import dataclass

from recorder_task.sample import Sample, Track


@dataclass
class TrackTally:
    """One track of one file; times are media seconds."""

    track: Track
    began_at: float
    ended_at: float
    size_bytes: int = 0
    samples: int = 0

    @property
    def seconds(self) -> float:
        """How long the track plays."""
        return self.ended_at - self.began_at

    @property
    def bits_per_second(self) -> int:
        """The mean bit rate of its packets."""
        return round(self.size_bytes * 8 / self.seconds) if self.seconds > 0 else 0


class Tally:
    """The tracks of one file, from its first sample on."""

    def __init__(self, first: Sample) -> None:
        self.first = first
        self.last = first
        self.tracks: dict[int, TrackTally] = {}
        self.repairs: Counter[str] = Counter()
        """What was wrong with the samples, by name."""
        self.dropped_seconds = 0.0
        """Of media that is missing in the file because the bucket was too slow."""
        self.saved_seconds = 0.0
        """As far as the file lies in the bucket; set by who uploads it."""

    def add(self, sample: Sample) -> None:
        """Count a sample that was written."""
        track = self.tracks.get(sample.track.index)
        if track is None:
            track = self.tracks[sample.track.index] = TrackTally(sample.track, sample.at, sample.at)
        track.ended_at = sample.at + sample.duration * sample.track.seconds_per_tick
        track.size_bytes += sample.size
        track.samples += 1
        self.last = sample
        if sample.repairs:
            self.repairs.update(sample.repairs)

    @property
    def is_empty(self) -> bool:
        """Nothing was written."""
        return not self.tracks

    @property
    def seconds(self) -> float:
        """From the first sample's beginning to the last one's end, over all tracks."""
        ended_at = max((track.ended_at for track in self.tracks.values()), default=self.first.at)
        return ended_at - self.first.at

    def of_kind(self, kind: str) -> TrackTally | None:
        """The track of a kind that has samples."""
        return next((tally for tally in self.tracks.values() if tally.track.kind == kind), None)
