"""What the compiled loops take and give; what they do is said by their twins in Python."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from recorder_task.outputs.flv_track import FrameForm
from recorder_task.sample import Sample, Track
from recorder_task.uploads.buffers import Buffer

T = TypeVar("T")

def extend(buffer: Buffer, pieces: Sequence[bytes | memoryview], /) -> None: ...
def totals(samples: Sequence[Sample], /) -> tuple[list[tuple[Track, Sample, Sample, int, int]], list[Sample]]: ...
def columns(
    samples: Sequence[Sample],
    index: int,
    offset: int,
    up: int,
    down: int,
    longest: int,
    earliest: int,
    farthest: int,
    has_delimiters: bool,
    /,
) -> tuple[int, int, int, int, int, int, bytes, bytes, bytes, list[int], list[bytes | memoryview]]: ...

class TagWriter:
    def __init__(self, starts_ms: int, forms: tuple[FrameForm, ...], /) -> None: ...
    def write(
        self,
        part: Buffer,
        samples: Sequence[Sample],
        size_bytes: int,
        full_bytes: int,
        key_frames: list[tuple[int, int]],
        /,
    ) -> int: ...

class ChunkReader(Generic[T]):
    def __init__(self, tag: type[T], /) -> None: ...
    def feed(self, data: bytes | bytearray | memoryview, /) -> list[T]: ...

class KnownSamples(Generic[T]):
    def __init__(self, sample: type[T], nothing: Mapping[str, int], /) -> None: ...
    def of(
        self,
        tags: list[Any],
        at: int,
        shapes: dict[Any, Any],
        newest_ms: dict[int, int],
        now: float,
        gathered_ms: float,
        /,
    ) -> list[T]: ...

class TsWriter:
    """Segments of MPEG-TS, one after another (ISO/IEC 13818-1; RFC 8216, 3.2), as FFmpeg's muxer writes them.

    A call in the midst of another one raises RuntimeError.
    """

    def __init__(self, tables: bytes, tables_again: bytes, hole_seconds: float) -> None:
        """Each segment begins with `tables`; PAT and PMT stand once more before its later key frames.

        A hole in it is longer than `hole_seconds`.
        """

    def add_pictures(
        self,
        track: Track,
        pid: int,
        has_clock: bool,
        offset: int,
        up: int,
        down: int,
        rewrite: Callable[[bytes | memoryview, bool], bytes],
        notable: bytes,
        front: bytes,
        later_start_bytes: int,
        /,
    ) -> None:
        """The track of video, whose units stand behind lengths of four bytes; it can have one.

        The file begins at `offset`, in ticks of the track, of which `down` are `up` of 90 kHz. A picture gets `front`
        in place of its first length, and a start code of `later_start_bytes` for each other one; `rewrite` makes those
        that are key frames, or have a unit of which `notable` says, by its first byte, that it takes more than this.
        """

    def add_sound(
        self, track: Track, pid: int, has_clock: bool, offset: int, up: int, down: int, header: bytes, /
    ) -> None:
        """The track of AAC; it can have one. `header` is what stands before a segment's first frame."""

    def begin(self, buffer: Buffer, at: float, /) -> None:
        """Begin a segment at `at` (media seconds): tables first, counters anew."""

    def write(self, samples: Sequence[Sample], first: int, until: float, /) -> None:
        """Take the sample at `first` and those behind it that belong to the segment whatever they are.

        No key frame, none at `until` (media seconds) or later, none behind a hole. Raises ValueError for one that has
        no place in a transport stream: `taken` samples before it are written.
        """

    def end(self) -> None:
        """Write what is held: the segment is complete."""

    @property
    def taken(self) -> int:
        """Samples, by the newest call of `write`."""

    @property
    def ends_at(self) -> float:
        """Media seconds: where the segment's newest sample ends, or its beginning."""
