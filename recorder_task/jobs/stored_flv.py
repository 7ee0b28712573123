"""An FLV that a dead recorder left, read by its bytes: it is as it has to be but for its head and, perhaps, its end.

Its tags are counted and passed on as they are. The last one may break off; so may the file within its head.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.flv_count import AROUND_BODY_BYTES, FlvCount, frame_of
from recorder_task.jobs.stored_file import PIECE_BYTES
from recorder_task.outputs.flv_head import FlvHead
from recorder_task.pull.flv_tags import FILE_HEADER_BYTES, SIZE_BYTES, TAG_HEADER_BYTES, FlvReader, NotFlv, Tag

FLAGS_AT = 4


class StoredFlv:
    """A file with frames: `head` is to stand in front of them, `count` is of those that `runs` has given."""

    def __init__(self, bucket: ReadableBucket, key: str, size_bytes: int, begin: "_Begin", *, began_at: float) -> None:
        self.head = FlvHead.of_tags(begin.flags, begin.tags)
        self.count = FlvCount(begin.tags, begin.first, began_at=began_at)
        self._bucket = bucket
        self._key = key
        self._size_bytes = size_bytes
        self._frames_at = begin.size_bytes

    def runs(self, run_bytes: int) -> Iterator[memoryview]:
        """All whole tags from the first frame on, as they are, some at a time: `run_bytes`, and a tag more at most."""
        count, at, wanted_bytes = self.count, self._frames_at, PIECE_BYTES
        moved_by = len(self.head.beginning) - at
        while at < self._size_bytes:
            piece = self._bucket.read(self._key, at, wanted_bytes)
            begin = 0
            while (end := count.take(piece, begin, run_bytes, moved_by=at + moved_by)) > begin:
                yield memoryview(piece)[begin:end]
                begin = end
            at += begin
            if len(piece) < wanted_bytes:
                last = _with_its_size(piece[begin:])
                count.take(last, 0, run_bytes, moved_by=at + moved_by)
                yield memoryview(last)
                at = self._size_bytes
            wanted_bytes = max(PIECE_BYTES, AROUND_BODY_BYTES + _body_bytes(piece[begin : begin + TAG_HEADER_BYTES]))
            count.settle()


class _Begin(NamedTuple):
    """What a file begins with."""

    flags: int
    tags: Sequence[Tag]
    """In front of the first frame."""
    first: Tag
    """Which holds that one."""

    @property
    def size_bytes(self) -> int:
        """Of all that is in front of the first frame."""
        return FILE_HEADER_BYTES + SIZE_BYTES + sum(AROUND_BODY_BYTES + len(tag.body) for tag in self.tags)


def stored_flv(bucket: ReadableBucket, key: str, *, began_at: float) -> StoredFlv | None:
    """The file under a key, whose first packet had arrived at `began_at` (unix s); None where it has no frame."""
    size_bytes = bucket.size(key) or 0
    with suppress(NotFlv):
        begin = _begin(bucket.read(key, at, PIECE_BYTES) for at in range(0, size_bytes, PIECE_BYTES))
        return StoredFlv(bucket, key, size_bytes, begin, began_at=began_at) if begin is not None else None
    return None


def _begin(pieces: Iterable[bytes]) -> _Begin | None:
    reader, flags = FlvReader(), b""
    tags: list[Tag] = []
    for piece in pieces:
        flags = flags or piece[FLAGS_AT : FLAGS_AT + 1]
        for tag in reader.feed(piece):
            if frame_of(tag) is not None:
                return _Begin(flags[0], tags, tag)
            tags.append(tag)
    return None


def _body_bytes(tag: bytes) -> int:
    """What a tag's header says."""
    return int.from_bytes(tag[1:4], "big")


def _with_its_size(tag: bytes) -> bytes:
    """The last tag, where nothing lacks but the size behind it or a part of that; otherwise nothing."""
    size = TAG_HEADER_BYTES + _body_bytes(tag)
    return tag[:size] + size.to_bytes(SIZE_BYTES, "big") if len(tag) >= size else b""
