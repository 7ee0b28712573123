"""A file in the bucket read again packet by packet, as far as it reads: its end may be damaged."""

import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import Any

import av
import av.error

from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.pull.pyav_track import track_of
from recorder_task.sample import Sample
from recorder_task.timing.interleaver import Interleaver

RUN_SAMPLES = 128
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


class StoredFile:
    """`with StoredFile(bucket, key, began_at=…) as file:`; `began_at` is when its first packet had arrived, unix s."""

    def __init__(self, bucket: ReadableBucket, key: str, *, began_at: float) -> None:
        self._reader = ObjectReader(bucket, key)
        self._began_at = began_at
        self._container: Any = None

    def __enter__(self) -> "StoredFile":
        with suppress(av.error.FFmpegError):  # not even its beginning is there: a file without samples
            self._container = av.open(self._reader, "r")
        if self._container is not None:
            streams = [*self._container.streams.video[:1], *self._container.streams.audio[:1]]
            self._streams = streams
        self.tracks = [track_of(stream) for stream in self._streams] if self._container is not None else []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._container is not None:
            self._container.close()

    @property
    def size_bytes(self) -> int:
        """Of the object."""
        return self._reader.size_bytes

    def runs(self) -> Iterator[list[Sample]]:
        """Every sample that reads, in the order of dts over all tracks, some at a time."""
        interleaver = Interleaver(self.tracks)
        samples = self._samples()
        while run := list(islice(samples, RUN_SAMPLES)):
            yield interleaver.push(run)
        yield interleaver.flush()

    def _samples(self) -> Iterator[Sample]:
        tracks = {track.index: track for track in self.tracks}
        began_at: float | None = None
        for packet in self._packets():
            track = tracks[packet.stream_index]
            is_key_frame = packet.is_keyframe and track.kind == "video"
            sample = Sample(track, memoryview(packet), packet.dts, packet.pts, packet.duration or 0, is_key_frame, 0.0)
            if began_at is None:
                began_at = self._began_at - sample.at
            sample.packet, sample.arrived_at = packet, began_at + sample.at
            yield sample

    def _packets(self) -> Iterator[Any]:
        if self._container is None:
            return
        packets = self._container.demux(self._streams)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            if packet.size and packet.dts is not None and packet.pts is not None and not packet.is_corrupt:
                yield packet
