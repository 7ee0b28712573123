"""The segments of HLS by FFmpeg's MPEG-TS muxer, to which the frames of AAC come gathered.

The muxer puts several of them into one packet of the elementary stream (PES) anyway. To hand them over one by one was
a third of what a segment costs. The conditions are its own, so that a segment is what it was.
"""

from collections.abc import Sequence
from itertools import islice

from recorder_task.outputs.adts import AdtsHeaders
from recorder_task.outputs.output import Muxer
from recorder_task.sample import Sample, Track
from recorder_task.uploads.buffers import Buffer

OPTIONS = {
    "mpegts_flags": "+initial_discontinuity",
    # FFmpeg's command line sets this; with the library's 0 every audio frame becomes a PES packet of its own, which
    # doubles the size of an audio-only stream.
    "max_delay": "700000",
    # Seconds. Tables stand at the beginning of a segment, where a player needs them, and at its key frames.
    "pat_period": "86400",
    "sdt_period": "86400",
}
GATHERED_BYTES = 2930
"""FFmpeg's `pes_payload_size`: no more than 16 packets of the transport stream."""
GATHERED_SECONDS = 0.35
"""Half of `max_delay`, as FFmpeg has it."""


class SegmentMuxer:
    """Writes the samples of one segment into `buffer`; the file begins at `starts_at` (media seconds)."""

    def __init__(self, buffer: Buffer, tracks: Sequence[Track], *, starts_at: float) -> None:
        self._muxer = Muxer(buffer, "mpegts", tracks, starts_at=starts_at, options=OPTIONS)
        self._sound = next((track for track in tracks if track.codec == "aac"), None)
        self._headers = AdtsHeaders([self._sound] if self._sound is not None else [])
        self._first: Sample | None = None
        self._frames: list[bytes | memoryview] = []
        """Those gathered from the first one on, each behind its header."""
        self._gathered_bytes = 0

    def write(self, sample: Sample) -> None:
        """Mux a sample; raises what FFmpeg raises, ValueError for a frame that is too long."""
        if sample.track is not self._sound:
            self._muxer.write(sample)
            return
        header = self._headers.header(sample)
        size = len(header) + sample.size
        first = self._first
        if first is None:
            self._first = sample
        elif self._gathered_bytes + size > GATHERED_BYTES or sample.at - first.at >= GATHERED_SECONDS:
            self._hand_over(first)
            self._first = sample
        self._frames += (header, sample.payload)
        self._gathered_bytes += size

    def close(self) -> None:
        """Write what is held back."""
        try:
            if self._first is not None:
                self._hand_over(self._first)
        finally:
            self._muxer.close()

    def _hand_over(self, first: Sample) -> None:
        content = b"".join(self._frames)
        self._first, self._frames, self._gathered_bytes = None, [], 0
        self._muxer.write(Sample(first.track, content, first.dts, first.pts, first.duration, False, first.arrived_at))


class MuxedSegments:
    """A `SegmentWriter` (`segment_writer.py`): a muxer for each segment makes it complete in itself."""

    def __init__(self, tracks: Sequence[Track], *, starts_at: float, hole_seconds: float) -> None:
        self._tracks = tracks
        self._starts_at = starts_at
        self._hole_seconds = hole_seconds
        self._muxer: SegmentMuxer | None = None
        self.taken = 0
        self.ends_at = 0.0

    def begin(self, buffer: Buffer, at: float) -> None:
        """Begin a segment at `at` (media seconds); raises what FFmpeg raises."""
        self._muxer = SegmentMuxer(buffer, self._tracks, starts_at=self._starts_at)
        self.ends_at = at

    def write(self, samples: Sequence[Sample], first: int, until: float) -> None:
        """Take the sample at `first` and those behind it that belong to the segment whatever they are."""
        assert self._muxer is not None, "no segment has begun"  # noqa: S101 - as the compiled one says it
        self.taken = 0
        for sample in islice(samples, first, None):
            at = sample.at
            if self.taken and (sample.is_key_frame or at >= until or at > self.ends_at + self._hole_seconds):
                return
            self._muxer.write(sample)
            self.taken += 1
            end = at + sample.duration * sample.track.seconds_per_tick
            if end > self.ends_at:
                self.ends_at = end

    def end(self) -> None:
        """Write what is held; may come twice."""
        if self._muxer is not None:
            self._muxer.close()
