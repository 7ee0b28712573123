"""A lane's order, its failure, the memory of all lanes, and the object whose head can be rewritten."""

import threading
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.settings import Settings
from recorder_task.aws.errors import AwsError
from recorder_task.aws.exchange import Body
from recorder_task.aws.s3 import UploadedPart
from recorder_task.tally import Tally
from recorder_task.uploads.head_rewritable_object import PARTS_OF_ONE_SIZE, HeadRewritableObject
from recorder_task.uploads.upload_lane import UploadLane, UploadMemory
from tests.unit.recorder.samples import VIDEO, sample


@dataclass
class PartsSeen:
    """A bucket that notes what it is given."""

    parts: list[tuple[int, bytes]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    aborted: list[str] = field(default_factory=list)

    def put(self, key: str, body: Body, *, content_type: str, only_if_absent: bool = False) -> bool:
        self.objects[key] = bytes(body)
        return True

    def begin_upload(self, key: str, *, content_type: str) -> str:
        return "upload"

    def put_part(self, key: str, upload_id: str, number: int, body: Body) -> UploadedPart:
        self.parts.append((number, bytes(body)))
        return UploadedPart(number, str(len(self.parts)), "")

    def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[UploadedPart], size_bytes: int, *, only_if_absent: bool = False
    ) -> None:
        last = dict(self.parts)
        content = b"".join(last[part.number] for part in parts)
        assert len(content) == size_bytes
        self.objects[key] = content

    def open_uploads(self, key: str) -> list[str]:
        return ["forgotten"]

    def abort_upload(self, key: str, upload_id: str) -> None:
        self.aborted.append(upload_id)


def growing(part_bytes: int = 4) -> tuple[HeadRewritableObject, PartsSeen, UploadLane]:
    """An object with tiny parts."""
    bucket, lane = PartsSeen(), UploadLane("test", UploadMemory(1000))
    tally = Tally(sample(VIDEO, 0))
    target = HeadRewritableObject(bucket, lane, tally=tally, key="key", content_type="", part_bytes=part_bytes)
    return target, bucket, lane


def end(lane: UploadLane) -> None:
    """Wait for all requests."""
    lane.close()
    lane.join()


def append(target: HeadRewritableObject, *pieces: bytes) -> None:
    """Whole units, each of which may end a part."""
    for piece in pieces:
        target.write(piece)
        target.boundary()


def test_a_part_ends_with_the_unit_that_fills_it() -> None:
    target, bucket, lane = growing()
    append(target, b"aaa", b"bbb", b"c", b"dddd", b"e")
    assert target.finish() == 12
    end(lane)
    assert bucket.parts == [(1, b"aaabbb"), (2, b"cdddd"), (3, b"e")]
    assert bucket.objects == {"key": b"aaabbbcdddde"}


def test_the_head_is_written_again_behind_the_last_part() -> None:
    target, bucket, lane = growing()
    append(target, b"aaaa", b"bbbb", b"c")
    assert target.head() == b"aaaa"
    assert target.finish(b"AAAAAA") == 11
    end(lane)
    assert bucket.parts[-2:] == [(3, b"c"), (1, b"AAAAAA")]
    assert bucket.objects == {"key": b"AAAAAAbbbbc"}


def test_an_object_that_never_filled_a_part_is_put_at_once() -> None:
    target, bucket, lane = growing()
    append(target, b"aaa")
    assert target.finish(b"AAAA") == 4
    end(lane)
    assert (bucket.parts, bucket.objects) == ([], {"key": b"AAAA"})


def test_a_checkpoint_uploads_the_part_in_progress_once_for_what_is_new() -> None:
    target, bucket, lane = growing(part_bytes=100)
    for piece in (b"a", b"b", b""):
        append(target, piece)
        target.checkpoint()
        drained = threading.Event()
        lane.submit(drained.set)
        drained.wait()
        while not lane.is_idle:
            drained.wait(0.001)
    target.finish()
    end(lane)
    assert bucket.parts == [(1, b"a"), (1, b"ab"), (1, b"ab")]


def test_parts_grow_so_that_ten_thousand_are_enough() -> None:
    target, bucket, lane = growing()
    append(target, *[b"1234"] * (PARTS_OF_ONE_SIZE + 3))
    target.finish()
    end(lane)
    assert [len(content) for _, content in bucket.parts][-3:] == [4, 8, 8]


def test_whatever_the_length_two_parts_are_held() -> None:
    class Forgetful(PartsSeen):
        """Keeps nothing of a part."""

        def put_part(self, key: str, upload_id: str, number: int, body: Body) -> UploadedPart:
            return UploadedPart(number, "", "")

    part_bytes = 100_000
    memory = UploadMemory(part_bytes)
    lane = UploadLane("test", memory)
    tally = Tally(sample(VIDEO, 0))
    target = HeadRewritableObject(Forgetful(), lane, tally=tally, key="key", content_type="", part_bytes=part_bytes)
    unit = bytes(1000)
    append(target, *[unit] * 500)
    tracemalloc.start()
    for _ in range(20_000):
        memory.wait_for_room()
        append(target, unit)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    end(lane)
    # Of the two parts the first was there before; the one in progress grows while the one before it is uploaded.
    assert peak < 3 * part_bytes


def test_an_upload_that_nobody_knows_is_aborted_once_the_object_is_complete() -> None:
    target, bucket, lane = growing()
    append(target, b"aaaa")
    target.finish()
    end(lane)
    assert (bucket.aborted, bucket.objects) == (["forgotten"], {"key": b"aaaa"})


def test_a_sweep_that_is_refused_costs_no_file() -> None:
    class Strict(PartsSeen):
        """Lets nobody list."""

        def open_uploads(self, key: str) -> list[str]:
            raise AwsError("AccessDenied", "", 403)

    bucket, lane = Strict(), UploadLane("test", UploadMemory(1000))
    tally = Tally(sample(VIDEO, 0))
    target = HeadRewritableObject(bucket, lane, tally=tally, key="key", content_type="", part_bytes=4)
    append(target, b"aaaa")
    target.finish()
    end(lane)
    assert (bucket.objects, lane.failure) == ({"key": b"aaaa"}, None)


def test_what_lies_in_the_bucket_is_known_in_seconds() -> None:
    bucket, lane = PartsSeen(), UploadLane("test", UploadMemory(1000))
    tally = Tally(sample(VIDEO, 0))
    target = HeadRewritableObject(bucket, lane, tally=tally, key="key", content_type="", part_bytes=4)
    for at in (0, 40, 80):
        target.write(b"aa")
        tally.add([sample(VIDEO, at)])
        target.boundary()
    end(lane)
    assert (tally.seconds, tally.saved_seconds) == (0.12, 0.08)


def test_behind_a_failure_nothing_is_done() -> None:
    done: list[str] = []
    memory = UploadMemory(10)
    lane = UploadLane("test", memory)

    def fail() -> None:
        raise OSError("no bucket")

    for request in (lambda: done.append("first"), fail, lambda: done.append("never")):
        lane.submit(request, 1)
    end(lane)
    assert (done, memory.held_bytes) == (["first"], 0)
    assert str(lane.failure) == "no bucket"


def test_handing_over_never_waits_and_half_the_memory_is_the_lanes() -> None:
    memory = UploadMemory(10)
    lane = UploadLane("test", memory)
    may_upload = threading.Event()
    lane.submit(may_upload.wait, 4)
    assert memory.has_room
    lane.submit(lambda: None, 8)
    assert (memory.has_room, memory.held_bytes) == (False, 12)
    assert not memory.wait_for_room(0.01)
    may_upload.set()
    assert memory.wait_for_room()
    end(lane)
    assert memory.held_bytes == 0


def test_ten_thousand_parts_hold_a_day_and_a_half_of_fifty_megabits() -> None:
    target, bucket, lane = growing(part_bytes=1)
    append(target, *[b"x"] * 105_020)
    end(lane)
    assert [number for number, _ in bucket.parts] == list(range(1, 10_001))
    assert max(len(content) for _, content in bucket.parts) == 21
    assert Settings().part_bytes * 105_020 > 36 * 3600 * 50_000_000 / 8
