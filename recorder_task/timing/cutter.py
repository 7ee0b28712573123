"""When a file or a segment ends. Pure: positions are seconds of media (dts), decisions are returned.

With video a cut falls on a key frame, the first at or after the interval; audio is split at the same instant because
samples come in the order of their dts. Without video every sample can begin a new piece.
"""

import math

TOLERANCE_SECONDS = 0.005
"""RTMP counts whole milliseconds: a key frame every 2 s may come 1 ms early."""


class Cutter:
    """Cuts pieces of `interval_seconds` (0 never cuts), at `longest_seconds` even where no key frame comes."""

    def __init__(self, interval_seconds: float, *, has_video: bool, longest_seconds: float = math.inf) -> None:
        self._interval_seconds = interval_seconds
        self._has_video = has_video
        self._longest_seconds = longest_seconds
        self._began_at: float | None = None

    def step(self, at: float, *, is_key_frame: bool) -> bool:
        """Whether the sample at `at` begins a new piece; the very first one begins the first and is no cut."""
        if self._began_at is None:
            self._began_at = at
            return False
        seconds = at - self._began_at + TOLERANCE_SECONDS
        if not self._interval_seconds or seconds < self._interval_seconds:
            return False
        if self._has_video and not is_key_frame and seconds < self._longest_seconds:
            return False
        self._began_at = at
        return True

    @property
    def quiet_until(self) -> float:
        """Media seconds: only a key frame of video can begin a piece before, behind the sample that `step` saw last."""
        if self._began_at is None or not self._interval_seconds:
            return math.inf if self._began_at is not None else -math.inf
        longest_seconds = self._interval_seconds
        if self._has_video:
            longest_seconds = max(longest_seconds, self._longest_seconds)
        # Rounding can differ from that of `step`, which has the last word.
        return self._began_at + longest_seconds - 2 * TOLERANCE_SECONDS

    def is_due(self, at: float) -> bool:
        """The piece is as long at `at` as it was ordered."""
        if self._began_at is None or not self._interval_seconds:
            return False
        return at - self._began_at + TOLERANCE_SECONDS >= self._interval_seconds

    def begin(self, at: float) -> None:
        """A piece begins at `at`, whatever the interval says."""
        self._began_at = at
