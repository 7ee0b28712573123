"""Which tracks a format records: those it has, and those it will have once a file may begin with them. Pure.

A track changes (codec, resolution, sample rate) or comes late with one of its samples; a file, or a stretch of HLS, can
only begin with a key frame. A changed picture comes with one. A changed or new sound waits for one: until then the
picture goes on as before, and the sound is held, so that nothing is lost.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from chalicelib.recording.report import Trouble
from recorder_task.sample import Sample, Track, TrackKind

HELD_SECONDS = 30.0
"""Audio that came before a key frame is kept this long: as long as the longest usual GOP."""

Choose = Callable[[Sequence[Track]], Sequence[Track]]


class Lineup:
    """The tracks of one format; `choose` picks its own from a source's and may raise."""

    def __init__(self, choose: Choose) -> None:
        self.tracks: list[Track] = []
        """Those of the file under way."""
        self._choose = choose
        self._source: dict[TrackKind, Track] = {}
        self._next: list[Track] = []
        self.has_video = False
        """A picture is to be recorded."""
        self._held: deque[Sample] = deque()

    @property
    def has_tracks(self) -> bool:
        """There is something to record."""
        return bool(self._next)

    def is_steady(self, tracks: Iterable[Track]) -> bool:
        """Samples of these tracks of the source, as far as they are recorded, simply go on in the file under way."""
        return not self.is_changing and all(map(self.knows, tracks))

    @property
    def is_changing(self) -> bool:
        """Other tracks wait for their beginning."""
        return self._next is not self.tracks

    def knows(self, track: Track) -> bool:
        """The source's track of that kind is this one."""
        return self._source.get(track.kind) is track

    def meet(self, *tracks: Track) -> None:
        """The source's tracks of their kinds are these from now on; raises what `choose` raises."""
        self._source |= {track.kind: track for track in tracks}
        chosen = list(self._choose(sorted(self._source.values(), key=lambda track: track.index)))
        self._next = self.tracks if chosen == self.tracks else chosen
        self.has_video = any(track.kind == "video" for track in chosen)

    def begins_with(self, sample: Sample) -> bool:
        """A file of the tracks to come may begin with this sample."""
        return sample.track in self._next and (sample.is_key_frame or not self.has_video)

    def hold(self, sample: Sample) -> None:
        """Keep a sample for the file to come, where it is of its sound."""
        if sample.track.kind == "audio" and sample.track in self._next:
            self._held.append(sample)
            while sample.at - self._held[0].at > HELD_SECONDS:
                self._held.popleft()

    def change(self) -> list[Sample]:
        """A file begins with the tracks to come; returns the samples that were held for it."""
        self.tracks = self._next
        held = [sample for sample in self._held if sample.track in self.tracks]
        self._held.clear()
        return held


def changes(before: Sequence[Track], after: Sequence[Track]) -> Iterator[tuple[Trouble, str]]:
    """What is to be told of tracks that took the place of others."""
    earlier = {track.kind: track for track in before}
    for track in after:
        old = earlier.get(track.kind)
        if old is None or old is track:
            continue
        has_same_size = (old.width, old.height) == (track.width, track.height)
        if not has_same_size:
            yield Trouble.RESOLUTION_CHANGED, f"{old.width}x{old.height} became {track.width}x{track.height}"
        if old.codec != track.codec:
            yield Trouble.CODEC_CHANGED, f"{old.codec} became {track.codec}"
        elif old.sample_rate != track.sample_rate:
            yield Trouble.CODEC_CHANGED, f"{old.sample_rate} Hz became {track.sample_rate} Hz"
        elif has_same_size:
            yield Trouble.CODEC_CHANGED, f"the {track.kind} codec's header changed"
