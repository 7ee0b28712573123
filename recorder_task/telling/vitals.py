"""How one format of a recording is doing, as the session's item shows it with every heartbeat. Pure."""

from collections.abc import Mapping, Sequence

from recorder_task.sample import Sample

Vitals = Mapping[str, int | float]
"""`bits_per_second`, `drift_ms` (video ahead of audio), `queue_depth` (requests), `last_packet_age_seconds`."""


class Meter:
    """What a format takes: told of each sample, read at each heartbeat."""

    def __init__(self) -> None:
        self._bytes = 0
        self._last_arrived_at = 0.0
        self._read_bytes = 0
        self._read_at = 0.0

    def take(self, samples: Sequence[Sample], size_bytes: int) -> None:
        """Samples of so many bytes were written."""
        if not self._bytes:
            self._read_at = samples[0].arrived_at
        self._bytes += size_bytes
        self._last_arrived_at = samples[-1].arrived_at

    def read(self, now: float, *, queue_depth: int, drift_ms: int | None) -> Vitals:
        """The vitals since the last reading; nothing of a format that has taken nothing yet."""
        if not self._bytes:
            return {"queue_depth": queue_depth}
        seconds = now - self._read_at
        rate = round((self._bytes - self._read_bytes) * 8 / seconds) if seconds > 0 else 0
        self._read_bytes, self._read_at = self._bytes, now
        return {
            "bits_per_second": rate,
            **({} if drift_ms is None else {"drift_ms": drift_ms}),
            "queue_depth": queue_depth,
            "last_packet_age_seconds": round(max(0.0, now - self._last_arrived_at), 3),
        }
