"""From what arrives to what is written: packets placed on the timeline, in one order over all tracks.

What had to be repaired stands in the sample, so that each file can say what was repaired in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from chalicelib.recording.push_report import PushTrouble
from chalicelib.recording.report import Trouble
from recorder_task.sample import Sample, Track, TrackKind
from recorder_task.telling.reporter import Reporter
from recorder_task.timing.interleaver import Interleaver
from recorder_task.timing.push_watch import PushWatch
from recorder_task.timing.regularity import Regularity
from recorder_task.timing.timeline import Timeline

TROUBLES: Mapping[str, Trouble] = {
    "audio_jump": Trouble.AUDIO_JUMP,
    "video_jump": Trouble.VIDEO_JUMP,
    "desync": Trouble.DESYNC,
    "audio_time_illegal": Trouble.AUDIO_TIME_ILLEGAL,
    "video_time_illegal": Trouble.VIDEO_TIME_ILLEGAL,
    "audio_stands_still": Trouble.AUDIO_STANDS_STILL,
    "video_stands_still": Trouble.VIDEO_STANDS_STILL,
    "audio_frame_dropped": Trouble.AUDIO_FRAME_DROPPED,
    "video_frame_dropped": Trouble.VIDEO_FRAME_DROPPED,
    "gop_abnormal": Trouble.GOP_ABNORMAL,
    "audio_uneven": Trouble.AUDIO_UNEVEN,
    "video_uneven": Trouble.VIDEO_UNEVEN,
}
"""What a customer is told of a recording; a wrap of the 32-bit clock is nobody's trouble."""
PUSH_TROUBLES: Mapping[str, tuple[PushTrouble, str]] = {
    "video_back": (PushTrouble.VIDEO_TIME_BACKWARDS, "a video timestamp before the last one"),
    "audio_back": (PushTrouble.AUDIO_TIME_BACKWARDS, "an audio timestamp before the last one"),
    "video_ahead": (PushTrouble.VIDEO_TIME_JUMP, "a video timestamp more than a second after the last one"),
    "audio_ahead": (PushTrouble.AUDIO_TIME_JUMP, "an audio timestamp more than a second after the last one"),
    "video_gap": (PushTrouble.VIDEO_GAP, "no video for more than 3 s"),
    "audio_gap": (PushTrouble.AUDIO_GAP, "no audio for more than 3 s"),
    "video_codec_changed": (PushTrouble.VIDEO_CODEC_CHANGED, "another video codec"),
    "audio_codec_changed": (PushTrouble.AUDIO_CODEC_CHANGED, "another audio codec"),
    "video_headerless": (PushTrouble.NO_VIDEO_HEADER, "video before its codec's header"),
    "audio_headerless": (PushTrouble.NO_AUDIO_HEADER, "audio before its codec's header"),
    "audio_uneven": (PushTrouble.AUDIO_INTERVAL, "ten seconds of uneven audio timestamps"),
    "gop_abnormal": (PushTrouble.LONG_GROUP, "no key frame for more than 10 s"),
}
"""What a customer is told of the push itself."""

TOGETHER_SECONDS = 1.0
"""A sound that changes so soon behind a picture changes with it."""
QUIET_SECONDS = 3.0
"""Of our clock: where nothing comes at all for so long, nothing waits any longer."""


class Intake:
    """The samples of one source. `repairs` counts all that was repaired, by name."""

    def __init__(self) -> None:
        self.repairs: dict[str, int] = {}
        self.last_arrival_at = 0.0
        """Unix s; 0 before the first packet."""
        self.tracks: list[Track] = []
        """Those of the source now; the same list for as long as it lives."""
        self._timeline = Timeline()
        self._regularity = Regularity()
        self._push_watch = PushWatch()
        self._interleaver = Interleaver()
        self._newest: dict[TrackKind, float] = {}
        self._told: dict[str, int] = {}

    @property
    def drift_ms(self) -> int:
        """How far video is ahead of audio, as they arrive."""
        newest = self._newest
        return round((newest["video"] - newest["audio"]) * 1000) if len(newest) > 1 else 0

    @property
    def has_begun(self) -> bool:
        """A packet has come."""
        return bool(self._newest)

    def expect(self, tracks: Sequence[Track], now: float) -> None:
        """The source was opened at `now` (unix s) and has these tracks."""
        self.last_arrival_at = now
        self.tracks[:] = tracks
        self._interleaver = Interleaver(tracks)

    def push(self, arrived: list[Sample]) -> Iterable[Sample]:
        """Place samples; gives those whose turn has come, and knows of their tracks when each is taken."""
        self._push_watch.look(arrived)
        at, end = 0, len(arrived)
        while (at := self._timeline.follow(arrived, at, self._newest)) < end:
            self._place(arrived[at])
            at += 1
        if arrived:
            self.last_arrival_at = arrived[-1].arrived_at
        samples = self._interleaver.push(arrived)
        self._regularity.look(samples)
        if {sample.track for sample in samples}.issubset(self.tracks):  # as nearly always
            return samples
        return self._met(samples)

    def _met(self, samples: list[Sample]) -> Iterator[Sample]:
        """Samples, some of them of tracks that were not known."""
        for position, sample in enumerate(samples):
            if sample.track not in self.tracks:
                sound = self._sound_beside(samples, position)
                if sound is not None:
                    self._learn(sound.track)
                    yield sound
                self._learn(sample.track)
            yield sample

    def _sound_beside(self, samples: list[Sample], position: int) -> Sample | None:
        """The first sample of a sound that changes with a picture: it goes first, so that both make one cut."""
        first = samples[position]

        def is_beside(sample: Sample) -> bool:
            is_new = sample.track.kind == "audio" and sample.track not in self.tracks
            return is_new and sample.at - first.at <= TOGETHER_SECONDS

        if first.track.kind != "video":
            return None
        for later in range(position + 1, len(samples)):
            if samples[later].track.kind == "audio":
                return samples.pop(later) if is_beside(samples[later]) else None
        return self._interleaver.take_first(is_beside)

    def _learn(self, track: Track) -> None:
        self._push_watch.change(self.tracks, track)
        self.tracks[:] = [*(each for each in self.tracks if each.kind != track.kind), track]

    def rest(self, now: float) -> list[Sample]:
        """What waits at `now` for a stream that brings nothing."""
        return self.flush() if now - self.last_arrival_at > QUIET_SECONDS else []

    def flush(self) -> list[Sample]:
        """What still waits for its turn."""
        samples = self._interleaver.flush()
        self._regularity.look(samples)
        return samples

    def tell(self, reporter: Reporter) -> None:
        """Report what was repaired, or was odd, since this was asked last."""
        seen = (self._regularity.noticed, self._timeline.noticed, self._push_watch.noticed)
        for name, count in chain(self.repairs.items(), *(each.items() for each in seen)):
            fresh = count - self._told.get(name, 0)
            if not fresh:
                continue
            self._told[name] = count
            if name in TROUBLES:
                reporter.trouble(TROUBLES[name], count=fresh)
            if name in PUSH_TROUBLES:
                trouble, description = PUSH_TROUBLES[name]
                reporter.push_trouble(trouble, description, count=fresh)

    def _place(self, sample: Sample) -> None:
        kind = sample.track.kind
        dts, pts, duration, repairs = self._timeline.place(
            kind, sample.dts, sample.pts, sample.duration, sample.arrived_at
        )
        sample.place(dts, pts, duration)
        if repairs:
            sample.repairs = {**repairs, **sample.repairs}
        for name, count in sample.repairs.items():
            self.repairs[name] = self.repairs.get(name, 0) + count
        self._newest[kind] = sample.at
