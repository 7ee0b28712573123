"""A file in the bucket read again packet by packet, as far as it reads: its end may be damaged."""

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

import av
import av.error

from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.interleaver import Interleaver
from recorder_task.pyav_track import track_of
from recorder_task.sample import Sample

PIECE_BYTES = 4 * 1024 * 1024
"""Read ahead: one request for some seconds of media."""


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
    """`with StoredFile(bucket, key, began_at=…) as file:`; `began_at` is when its first packet had arrived, unix s.

    A kind of track begins at its `track_starts`, where there is one: fragments of an MP4 begin at 0 in each track.
    """

    def __init__(self, bucket: ReadableBucket, key: str, *, began_at: float, track_starts: Mapping[str, float]) -> None:
        self._reader = ObjectReader(bucket, key)
        self._began_at = began_at
        self._track_starts = track_starts
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

    def samples(self) -> Iterator[Sample]:
        """Every sample that reads, in the order of dts over all tracks."""
        interleaver = Interleaver(self.tracks)
        for sample in self._read():
            yield from interleaver.push([sample])
        yield from interleaver.flush()

    def _read(self) -> Iterator[Sample]:
        tracks = {track.index: track for track in self.tracks}
        shifts: dict[int, int] = {}
        first_at: float | None = None
        for packet in self._packets():
            track = tracks[packet.stream_index]
            if track.index not in shifts:
                starts_at = self._track_starts.get(track.kind)
                shifts[track.index] = 0 if starts_at is None else round(starts_at / track.time_base) - packet.dts
            shift = shifts[track.index]
            at = (packet.dts + shift) * track.seconds_per_tick
            first_at = at if first_at is None else first_at
            sample = Sample(
                track,
                memoryview(packet),
                packet.dts + shift,
                packet.pts + shift,
                packet.duration or 0,
                packet.is_keyframe and track.kind == "video",
                self._began_at + at - first_at,
            )
            sample.packet, sample.source_pts = packet, packet.pts
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
