"""Which samples lie inside an order's window: decided by our own clock, for audio and video at one instant. Pure.

Samples come in the order of their dts. Where the clocks of audio and video have drifted apart what belongs to a picture
arrives seconds before or behind it: a window begins and ends with the picture that arrives then, and with the sound at
its side, whenever that arrives.
"""

from recorder_task.sample import Sample
from recorder_task.timing.interleaver import PATIENCE_SECONDS


class Window:
    """A window from `starts_at` to `ends_at`, unix seconds; 0 is no limit.

    `begins_with_stream`: the first sample it is shown is the stream's first.
    """

    def __init__(self, *, begins_with_stream: bool) -> None:
        self.is_over = False
        """A sample has come that lies behind it."""
        self._is_new_stream = begins_with_stream
        self._has_begun = False
        self._picture_at: float | None = None

    def covers(self, sample: Sample, starts_at: float, ends_at: float, *, has_video: bool) -> bool:
        """Whether the next sample is inside; the limits may change while it is open."""
        at = self._instant(sample, has_video=has_video)
        # A stream that begins in its window is inside from its first sample on, be it a sound before the first picture.
        is_inside = at >= starts_at or (self._is_new_stream and sample.arrived_at >= starts_at)
        self._has_begun, self._is_new_stream = self._has_begun or is_inside, False
        self.is_over = bool(ends_at) and at >= ends_at
        return self._has_begun and not self.is_over

    def _instant(self, sample: Sample, *, has_video: bool) -> float:
        """When the sample's place in the stream arrived: the picture's time, unless no picture comes any more."""
        if sample.track.kind == "video":
            self._picture_at = sample.arrived_at
        if self._picture_at is None:
            return sample.arrived_at - (PATIENCE_SECONDS if has_video else 0.0)
        return max(self._picture_at, sample.arrived_at - PATIENCE_SECONDS)
