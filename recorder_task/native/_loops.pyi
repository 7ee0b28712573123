"""What the compiled loops take and give; what they do is said by their twins in Python."""

from collections.abc import Sequence

from recorder_task.outputs.flv_track import FrameForm
from recorder_task.sample import Sample, Track
from recorder_task.uploads.buffers import Buffer

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
