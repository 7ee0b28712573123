"""What the compiled loops take and give."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")

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
