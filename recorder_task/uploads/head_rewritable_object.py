"""A growing S3 object whose beginning can still be changed at its end, with nothing on disk.

S3 takes the parts of an upload in any order and as often as one likes until the upload is completed. Part 1 is kept in
memory beside the part in progress; all between them is in the bucket. A checkpoint uploads the part in progress under
its own number, though small: at any moment somebody else can complete the upload to a file that lacks at most what
came since the last checkpoint.
"""

from collections.abc import Sequence

from recorder_task.aws.errors import Overtaken
from recorder_task.aws.s3 import UploadedPart, Uploads
from recorder_task.tally import Tally
from recorder_task.uploads.buffers import Buffer, Buffers
from recorder_task.uploads.sweep import sweep
from recorder_task.uploads.upload_lane import UploadLane

PARTS_OF_ONE_SIZE = 500
"""S3 takes 10,000 parts: every 500 their size grows by its first value, to 500 GB of parts and more."""
LEAST_PART_BYTES = 5 * 2**20
"""S3 takes no smaller part, the last one excepted."""
LONGEST_UNIT_BYTES = 2**20
"""Usually: what ends a part may exceed it by so much."""


class HeadRewritableObject:
    """A file object, written from its beginning to its end, that becomes an object of the bucket.

    `tally` counts what is written, and is told how much of it lies in the bucket. One that `is_new` takes no other's
    place: where there is an object already somebody else has taken the file over.
    """

    def __init__(
        self,
        bucket: Uploads,
        lane: UploadLane,
        *,
        tally: Tally,
        key: str,
        content_type: str,
        part_bytes: int,
        is_new: bool = True,
    ) -> None:
        self._is_new = is_new
        self._bucket = bucket
        self._lane = lane
        self._tally = tally
        self._key = key
        self._content_type = content_type
        self._part_bytes = part_bytes
        self._buffers = Buffers(part_bytes + LONGEST_UNIT_BYTES)
        self._head: Buffer | None = None  # part 1, once it is full
        self._part = self._buffers.take()
        self._part_number = 1
        self._part_offset = 0
        self._full_bytes = part_bytes
        """A part that has so much is whole."""
        self._checkpointed_bytes = 0
        self._is_checkpoint_late = False
        # Touched by the lane's thread alone:
        self._upload_id: str | None = None
        self._parts: dict[int, UploadedPart] = {}

    @property
    def size_bytes(self) -> int:
        """Bytes written so far."""
        return self._part_offset + self._part.size_bytes

    @property
    def full_bytes(self) -> int:
        """The size at which the part in progress is whole: units behind that belong to the next one."""
        return self._part_offset + self._full_bytes

    @property
    def part(self) -> Buffer:
        """The part in progress, to write behind what it holds; `boundary` says where a unit has ended."""
        if self._buffers.given_back:
            self._buffers.settle(self._part)
        return self._part

    def append(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Write whole units (a tag, a frame, a fragment) behind all there is."""
        part = self.part
        part.extend(pieces)
        if self._is_checkpoint_late or part.size_bytes >= self._full_bytes:
            self.boundary()

    def write(self, data: bytes | memoryview) -> int:
        """Append what a muxer gives, which says by `boundary` where its units end."""
        return self._part.write(data)

    def boundary(self) -> None:
        """The bytes so far are whole units (a fragment, a tag): a full part may end here, and goes to the bucket."""
        if self._is_checkpoint_late and self._lane.is_idle:
            self.checkpoint()
        if self._part.size_bytes >= self._full_bytes:
            self._close_part()

    def _close_part(self) -> None:
        part = self._part
        if self._part_number == 1:
            self._head = part
        self._upload_part(self._part_number, part.view(), spent=None if self._part_number == 1 else part)
        self._part_offset += part.size_bytes
        self._part = self._buffers.take()
        self._part_number += 1
        self._full_bytes = self._part_bytes * (1 + self._part_number // PARTS_OF_ONE_SIZE)
        self._checkpointed_bytes = 0

    def checkpoint(self) -> None:
        """Upload the part in progress as it is, unless nothing is new; as soon as an upload under way has ended.

        One that S3 would take as a whole part ends here, rather than being uploaded once more a little longer.
        """
        self._is_checkpoint_late = not self._lane.is_idle
        if self._is_checkpoint_late:
            return
        size_bytes = self._part.size_bytes
        if size_bytes >= min(LEAST_PART_BYTES * self._full_bytes // self._part_bytes, self._full_bytes):
            self._close_part()
        elif size_bytes > self._checkpointed_bytes:
            self._upload_part(self._part_number, self._part.view())
            self._checkpointed_bytes = size_bytes

    def head(self) -> bytes:
        """The beginning that is still in memory: part 1, or all there is."""
        return bytes((self._head or self._part).view())

    def finish(self, head: bytes | None = None) -> int:
        """Put another `head` in place of `head()`, of any length not less, and complete; returns the size in bytes."""
        size_bytes, number, seconds = self.size_bytes, self._part_number, self._tally.seconds
        last_part: bytes | memoryview = self._part.view()
        changed_head: bytes | None = None
        if head is not None and self._head is None:
            size_bytes, last_part = len(head), head
        elif head is not None and self._head is not None:
            size_bytes += len(head) - self._head.size_bytes
            changed_head = head

        def complete() -> None:
            upload_id = self._upload_id
            if upload_id is None:
                if not self._bucket.put(
                    self._key, last_part, content_type=self._content_type, only_if_absent=self._is_new
                ):
                    raise Overtaken("PreconditionFailed", f"{self._key} was written by somebody else")
                self._tally.saved_seconds = seconds
                return
            if last_part:
                self._parts[number] = self._bucket.put_part(self._key, upload_id, number, last_part)
            else:
                self._parts.pop(number, None)
            # Behind the last part: a head that names what is not there yet would make the file worse than it was.
            if changed_head is not None:
                self._parts[1] = self._bucket.put_part(self._key, upload_id, 1, changed_head)
            parts = [self._parts[each] for each in sorted(self._parts)]
            self._bucket.complete_upload(self._key, upload_id, parts, size_bytes, only_if_absent=self._is_new)
            self._tally.saved_seconds = seconds
            sweep(self._bucket, self._key)

        self._lane.submit(complete, len(last_part) + len(changed_head or b""))
        return size_bytes

    def _upload_part(self, number: int, content: memoryview, *, spent: Buffer | None = None) -> None:
        seconds = self._tally.seconds

        def upload() -> None:
            if self._upload_id is None:
                self._upload_id = self._bucket.begin_upload(self._key, content_type=self._content_type)
            self._parts[number] = self._bucket.put_part(self._key, self._upload_id, number, content)
            self._tally.saved_seconds = seconds
            if spent is not None:
                self._buffers.give_back(spent)

        self._lane.submit(upload, len(content))
