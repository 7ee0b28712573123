"""What flows through a recorder: packets of tracks with times that muxers accept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

TrackKind = Literal["video", "audio"]
NOTHING: Mapping[str, int] = {}
RUN_SAMPLES = 128
"""So many, at most, are handed on together: one at a time through every format would cost twice the CPU."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """One elementary stream of the source; the word "stream" is the published address's."""

    index: int
    kind: TrackKind
    codec: str
    """FFmpeg's name: h264, aac."""
    time_base: Fraction
    width: int = 0
    height: int = 0
    sample_rate: int = 0
    channels: int = 0
    frame_ms: int = 0
    """How long each packet plays, where the codec says so; 0 where it does not."""
    template: Any = None
    """The source's PyAV stream, from which outputs copy the codec's parameters."""

    @cached_property
    def seconds_per_tick(self) -> float:
        """The time base as a float, for what need not be exact."""
        return float(self.time_base)


class Sample:
    """One packet; times are ticks of its track's time base, `at` is `dts` in seconds: the source's, until placed."""

    __slots__ = (
        "arrived_at",
        "at",
        "dts",
        "duration",
        "is_key_frame",
        "packet",
        "payload",
        "pts",
        "repairs",
        "size",
        "source_pts",
        "track",
    )

    def __init__(
        self,
        track: Track,
        payload: bytes | memoryview,
        dts: int,
        pts: int,
        duration: int,
        is_key_frame: bool,
        arrived_at: float,
        repairs: Mapping[str, int] = NOTHING,
    ) -> None:
        self.track = track
        self.payload = payload
        self.size = len(payload)
        self.packet: Any = None
        """PyAV's, once a muxer of FFmpeg has needed it; times in it are that muxer's."""
        self.dts = dts
        self.pts = self.source_pts = pts
        """`source_pts`: the source's own timestamp, whatever is repaired."""
        self.at = dts * track.seconds_per_tick
        self.duration = duration
        self.is_key_frame = is_key_frame
        """A video key frame; never set for audio."""
        self.arrived_at = arrived_at
        """Unix seconds of our clock."""
        self.repairs = repairs
        """What was wrong with it, by name (`Timeline`), and how often."""

    def place(self, dts: int, pts: int, duration: int) -> None:
        """Give it its place in what is recorded."""
        self.dts, self.pts, self.duration = dts, pts, duration
        self.at = dts * self.track.seconds_per_tick

    @property
    def ends_at(self) -> float:
        """Media seconds: when the next one of its track is due."""
        return self.at + self.duration * self.track.seconds_per_tick


class Run:
    """Samples that go together through one format after another, in the order of dts over all tracks.

    A key frame can only be the first of them, so that whatever may begin with one begins with a run.
    """

    __slots__ = ("samples", "tracks")

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples
        self.tracks = frozenset({sample.track for sample in samples})

    def only(self, tracks: Iterable[Track]) -> Sequence[Sample]:
        """The samples of these tracks, if there are any."""
        wanted = self.tracks.intersection(tracks)
        if len(wanted) == len(self.tracks):
            return self.samples
        return [sample for sample in self.samples if sample.track in wanted] if wanted else []


def runs(samples: Iterable[Sample]) -> Iterator[Run]:
    """Samples as runs."""
    together: list[Sample] = []
    for sample in samples:
        if together and (sample.is_key_frame or len(together) >= RUN_SAMPLES):
            yield Run(together)
            together = []
        together.append(sample)
    if together:
        yield Run(together)
