"""AAC frames as ADTS: seven bytes before each say how to decode it and how long it is.

FFmpeg writes the first frame, for it knows every configuration there is; the header of the others is that one with
another length. Source: ISO/IEC 13818-7, 6.2.
"""

from collections.abc import Sequence
from io import BytesIO

from recorder_task.outputs.output import FLUSH_EACH_PACKET, Muxer
from recorder_task.sample import Sample, Track

HEADER_BYTES = 7
LENGTH_SHIFT, LONGEST_FRAME = 13, 0x1FFF


class AdtsHeaders:
    """What stands before the frames of one track."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._tracks = tracks
        self._header: int | None = None
        """Of every frame, its length left out."""

    def header(self, sample: Sample) -> bytes:
        """A frame's; raises ValueError for one that is too long, and for the first one what FFmpeg raises."""
        if self._header is None:
            return self._first(sample)
        length = HEADER_BYTES + sample.size
        if length > LONGEST_FRAME:
            raise ValueError(f"an ADTS frame cannot have {length} bytes")
        return (self._header | length << LENGTH_SHIFT).to_bytes(HEADER_BYTES, "big")

    def _first(self, sample: Sample) -> bytes:
        """With the first frame FFmpeg says more where the channels are of no usual order."""
        file = BytesIO()
        muxer = Muxer(file, "adts", self._tracks, starts_at=sample.at, options=FLUSH_EACH_PACKET)
        muxer.write(sample)
        content = file.getvalue()
        muxer.close()
        header = int.from_bytes(content[:HEADER_BYTES], "big")
        self._header = header & ~(LONGEST_FRAME << LENGTH_SHIFT)
        return content[: len(content) - sample.size]
