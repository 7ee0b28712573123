"""What is wrong with a push beside its timestamps: media that stays away, codecs that change. Pure."""

from collections.abc import Sequence

from recorder_task.sample import Sample, Track, TrackKind

GAP_SECONDS = 3.0
"""The vendor's figure for event 321, types 6 and 7."""
KINDS: tuple[TrackKind, ...] = ("video", "audio")


class PushWatch:
    """The arrivals of one source. `noticed` counts, for its whole life: `{kind}_gap`, `{kind}_codec_changed`."""

    def __init__(self) -> None:
        self.noticed: dict[str, int] = {}
        self._last_arrival_at: dict[TrackKind, float] = {}

    def look(self, arrived: Sequence[Sample]) -> None:
        """Take what came together; its ends say enough, for nothing stays away within a burst."""
        for kind in KINDS:
            first = next((sample for sample in arrived if sample.track.kind == kind), None)
            if first is None:
                continue
            before = self._last_arrival_at.get(kind, first.arrived_at)
            if first.arrived_at - before > GAP_SECONDS:
                self._notice(f"{kind}_gap")
            last = next(sample for sample in reversed(arrived) if sample.track.kind == kind)
            self._last_arrival_at[kind] = last.arrived_at

    def change(self, before: Sequence[Track], track: Track) -> None:
        """A track has taken the place of one of those before."""
        if any(old.kind == track.kind and old.codec != track.codec for old in before):
            self._notice(f"{track.kind}_codec_changed")

    def _notice(self, name: str) -> None:
        self.noticed[name] = self.noticed.get(name, 0) + 1
