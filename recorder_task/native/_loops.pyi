"""What the compiled loops take and give; what they do is said by their twins in Python."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from recorder_task.outputs.flv_track import FrameForm
from recorder_task.sample import Sample, Track
from recorder_task.uploads.buffers import Buffer

T = TypeVar("T")

def extend(buffer: Buffer, pieces: Sequence[bytes | memoryview], /) -> None: ...
def totals(samples: Sequence[Sample], /) -> tuple[list[tuple[Track, Sample, Sample, int, int]], list[Sample]]: ...
def columns(
    samples: Sequence[Sample],
    offset: int,
    up: int,
    down: int,
    longest: int,
    earliest: int,
    farthest: int,
    has_delimiters: bool,
    /,
) -> tuple[int, int, int, int, bytes, bytes, bytes, list[int], list[bytes | memoryview]]: ...

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

class Follower:
    def __init__(self, sample: type[Any], clock: type[Any], near_ms: int, desync_ms: int, /) -> None: ...
    def follow(self, samples: list[Any], at: int, clocks: Any, newest: Any, /) -> int: ...
