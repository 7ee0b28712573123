"""What was written into a file, counted sample by sample: the truth behind its durations and bit rates."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.recording.file_facts import FileFacts, TrackFacts
from chalicelib.recording.open_file import OpenFile
from recorder_task.native import loops
from recorder_task.sample import Sample, Track

Total = tuple[Track, Sample, Sample, int, int]
"""A track, its first and last sample, the bytes of all its samples, how many there are."""


def plain_totals(samples: Sequence[Sample]) -> tuple[list[Total], list[Sample]]:
    """What samples amount to, by track; those of them that were repaired."""
    split: dict[Track, list[Sample]] = {}
    for sample in samples:
        split.setdefault(sample.track, []).append(sample)
    totals = [(track, of[0], of[-1], sum(sample.size for sample in of), len(of)) for track, of in split.items()]
    return totals, [sample for sample in samples if sample.repairs]


totals = plain_totals if loops is None else loops.totals


@dataclass
class TrackTally:
    """One track of one file; times are media seconds."""

    track: Track
    first: Sample
    last: Sample
    size_bytes: int = 0
    samples: int = 0

    @property
    def seconds(self) -> float:
        """How long the track plays."""
        return self.last.ends_at - self.first.at

    @property
    def facts(self) -> TrackFacts:
        """What a finished file is told of it."""
        track = self.track
        return TrackFacts(
            codec=track.codec,
            samples=self.samples,
            size_bytes=self.size_bytes,
            seconds=round(self.seconds, 6),
            width=track.width,
            height=track.height,
            sample_rate=track.sample_rate,
            channels=track.channels,
        )


class Tally:
    """The tracks of one file, from its first sample on."""

    def __init__(self, first: Sample) -> None:
        self.first = first
        self.last = first
        self.tracks: dict[int, TrackTally] = {}
        self.samples = self.size_bytes = 0
        """Of all tracks."""
        self.repairs: Counter[str] = Counter()
        """What was wrong with the samples, by name."""
        self.dropped_seconds = 0.0
        """Of media that is missing in the file because the bucket was too slow."""
        self.saved_seconds = 0.0
        """As far as the file lies in the bucket; set by who uploads it."""

    def add(self, samples: Sequence[Sample]) -> None:
        """Count samples that were written, in the order of dts over all tracks."""
        tracks = self.tracks
        found, repaired = totals(samples)
        for track, first, last, size_bytes, count in found:
            tally = tracks.get(track.index)
            if tally is None:
                tally = tracks[track.index] = TrackTally(track, first, last)
            tally.last = last
            tally.size_bytes += size_bytes
            tally.samples += count
            self.size_bytes += size_bytes
            self.samples += count
        for sample in repaired:
            self.repairs.update(sample.repairs)
        if samples:
            self.last = samples[-1]

    @property
    def is_empty(self) -> bool:
        """Nothing was written."""
        return not self.tracks

    @property
    def seconds(self) -> float:
        """From the first sample's beginning to the last one's end, over all tracks."""
        ended_at = max((track.last.ends_at for track in self.tracks.values()), default=self.first.at)
        return ended_at - self.first.at

    def of_kind(self, kind: str) -> TrackTally | None:
        """The track of a kind that has samples."""
        return next((tally for tally in self.tracks.values() if tally.track.kind == kind), None)

    def facts(self, entry: OpenFile, media_bytes: int) -> FileFacts:
        """All that was counted, of the file that the journal has as `entry`."""
        video, audio = self.of_kind("video"), self.of_kind("audio")
        return FileFacts(
            session_id=entry.session_id,
            started_at=self.first.arrived_at,
            ended_at=self.last.arrived_at,
            media_start_ms=entry.media_start_ms,
            media_bytes=media_bytes,
            video=video.facts if video else None,
            audio=audio.facts if audio else None,
            dropped_seconds=round(self.dropped_seconds, 3),
            repairs=dict(self.repairs),
        )
