"""A file in the bucket counted packet by packet, as far as it reads: its end may be damaged."""

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import av
import av.error

from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.counting import TrackCount, bare_sample, settle
from recorder_task.pull.pyav_track import track_of
from recorder_task.tally import Tally

PACKETS_TOGETHER = 1024
PIECE_BYTES = 1000 * 1024
"""Read at once: one request for a second or two of media. For a MiB and more the container's allocator asks the system
each time (MALLOC_MMAP_THRESHOLD_), which costs a page fault for every 4 KiB: more than all else that is done here."""


class ObjectReader(io.RawIOBase):
    """An object of the bucket as a file to read; one piece of it is in memory."""

    def __init__(self, bucket: ReadableBucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._size_bytes = bucket.size(key) or 0
        self._position = 0
        self._piece = b""
        self._piece_offset = 0

    @property
    def size_bytes(self) -> int:
        """Of the whole object."""
        return self._size_bytes

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; `whence` as in io."""
        self._position = offset + (0, self._position, self._size_bytes)[whence]
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next bytes, fewer than asked for at the end of a piece; none at the end of the object."""
        left = self._size_bytes - self._position
        size = left if size < 0 else min(size, left)
        if size <= 0:
            return b""
        if not self._piece_offset <= self._position < self._piece_offset + len(self._piece):
            self._piece = self._bucket.read(self._key, self._position, max(size, PIECE_BYTES))
            self._piece_offset = self._position
        at = self._position - self._piece_offset
        content = self._piece[at : at + size]
        self._position += len(content)
        return content


def tally_of(bucket: ReadableBucket, key: str, *, began_at: float, go_on: Callable[[], None]) -> Tally | None:
    """What is in the object, as far as it reads; None where it has no sample.

    Its first packet had arrived at `began_at`, unix s. `go_on` is called every now and then and may raise.
    """
    try:
        container: Any = av.open(ObjectReader(bucket, key), "r")
    except av.error.FFmpegError:  # not even its beginning is there
        return None
    with container:
        streams = [*container.streams.video[:1], *container.streams.audio[:1]]
        counts = {stream.index: TrackCount(track_of(stream)) for stream in streams}
        packets = _packets(container, streams)
        while some := list(islice(packets, PACKETS_TOGETHER)):
            for packet in some:
                count = counts[packet.stream_index]
                if not count.samples:
                    count.begins = packet.dts
                count.last, count.last_duration = packet.dts, packet.duration
                count.samples += 1
                count.size_bytes += packet.size
            go_on()
    found = [count for count in counts.values() if count.samples]
    if not found:
        return None
    tally = Tally(bare_sample(found[0].track, found[0].begins))
    settle(tally, found, began_at=began_at)
    return tally


def _packets(container: Any, streams: Sequence[Any]) -> Iterator[Any]:
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        if packet.size and packet.dts is not None and packet.pts is not None and not packet.is_corrupt:
            yield packet
