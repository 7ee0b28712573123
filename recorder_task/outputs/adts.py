"""AAC frames as ADTS: seven bytes before each say how to decode it and how long it is.

FFmpeg writes the first frame, for it knows every configuration there is; the header of the others is that one with
another length. Source: ISO/IEC 13818-7, 6.2.
"""

from collections.abc import Sequence

from recorder_task.outputs.output import FLUSH_EACH_PACKET, Muxer
from recorder_task.sample import Sample, Track
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject

HEADER_BYTES = 7
LENGTH_SHIFT, LONGEST_FRAME = 13, 0x1FFF


class AdtsWriter:
    """Appends the samples of one track to `target`."""

    def __init__(self, target: HeadRewritableObject, tracks: Sequence[Track], *, starts_at: float) -> None:
        self._target = target
        self._tracks = tracks
        self._starts_at = starts_at
        self._header: int | None = None
        """Of every frame, its length left out."""

    def write(self, sample: Sample) -> None:
        """Append a sample; raises ValueError for one that is too long, and for the first one what FFmpeg raises."""
        if self._header is None:
            self._write_first(sample)
            return
        length = HEADER_BYTES + sample.size
        if length > LONGEST_FRAME:
            raise ValueError(f"an ADTS frame cannot have {length} bytes")
        self._target.append((self._header | length << LENGTH_SHIFT).to_bytes(HEADER_BYTES, "big"), sample.payload)

    def _write_first(self, sample: Sample) -> None:
        first = _Bytes()
        muxer = Muxer(first, "adts", self._tracks, starts_at=self._starts_at, options=FLUSH_EACH_PACKET)
        try:
            muxer.write(sample)
        finally:
            muxer.close()
        header = int.from_bytes(first.content[:HEADER_BYTES], "big")
        self._header = header & ~(LONGEST_FRAME << LENGTH_SHIFT)
        self._target.append(first.content)


class _Bytes:
    """A file object that keeps what is written."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, data: bytes) -> int:
        """Append."""
        self.content += data
        return len(data)
