"""When a file or a segment ends. Pure: positions are seconds of media (dts), decisions are returned.

With video a cut falls on a key frame, the first at or after the interval; audio is split at the same instant because
samples come in the order of their dts. Without video every sample can begin a new piece.
"""

TOLERANCE_SECONDS = 0.005
"""RTMP counts whole milliseconds: a key frame every 2 s may come 1 ms early."""


class Cutter:
    """Cuts pieces of `interval_seconds`; 0 never cuts."""

    def __init__(self, interval_seconds: float, *, has_video: bool) -> None:
        self._interval_seconds = interval_seconds
        self._has_video = has_video
        self._began_at: float | None = None

    def step(self, at: float, *, is_key_frame: bool) -> bool:
        """Whether the sample at `at` begins a new piece; the very first one begins the first and is no cut."""
        if self._began_at is None:
            self._began_at = at
            return False
        if not self._interval_seconds or (self._has_video and not is_key_frame):
            return False
        if at - self._began_at < self._interval_seconds - TOLERANCE_SECONDS:
            return False
        self._began_at = at
        return True
