"""Uploads: bounded memory, checkpoints, tries again."""

from collections.abc import Callable, Sized
from pathlib import Path

import pytest

from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, Refusal, RequestSeen
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=20, width=64, height=64)


def longer_than(seen: Sized, count: int) -> Callable[[], bool]:
    """Whether something has been added."""
    return lambda: len(seen) > count


@pytest.mark.parametrize("failure", [(500, "InternalError"), (503, "SlowDown"), (400, "RequestTimeout")], ids=str)
def test_a_bucket_that_stumbles_is_tried_again(failure: tuple[int, str], s3: FakeS3, source: Source) -> None:
    s3.min_part_bytes = 0
    made = clip(ClipOrder())

    def stumble(request: RequestSeen) -> Refusal | None:
        return Refusal(*failure) if len(s3.requests) % 3 == 1 else None

    s3.fail = stumble
    studio = Studio(s3, {"part_bytes": 128 * 1024})
    studio.order(source(made), template_order("flv", "mp4", "hls"))
    assert studio.run().code == 0
    for name in ("flv", "mp4", "hls"):
        found = list(packets_of(studio.content(studio.file(name))))
        assert contents(found, "video") == contents(made.packets, "video")
    assert s3.uploads == {}


def test_an_object_of_one_part_is_one_request(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder())), template_order("mp4"))
    studio.run()
    assert [(request.method, request.key.partition("/")[0]) for request in s3.requests] == [
        ("PUT", "media"),
        ("PUT", "ready"),
    ]


def test_a_part_in_progress_is_uploaded_at_each_checkpoint_under_its_own_number(s3: FakeS3) -> None:
    sizes: list[tuple[int, int]] = []
    s3.part_seen = lambda upload_id, number, content: sizes.append((number, len(content)))
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {"checkpoint_seconds": 0.05})
        studio.order(origin.url, template_order("flv"))
        studio.start()
        for until_ms in (8_000, 12_000, 16_000):
            has_grown = longer_than(sizes, len(sizes))
            origin.send(until_ms=until_ms)
            s3.wait_for(has_grown)
        origin.send(until_ms=30_000)
        origin.end()
        studio.wait()
    assert {number for number, _ in sizes} == {1}
    assert [size for _, size in sizes] == sorted(size for _, size in sizes)
    assert contents(packets_of(studio.content(studio.file("flv"))), "video") == contents(clip(MADE).packets, "video")


def test_the_parts_between_the_first_and_the_last_are_uploaded_once(s3: FakeS3, source: Source) -> None:
    s3.min_part_bytes = 0
    numbers: list[int] = []
    s3.part_seen = lambda upload_id, number, content: numbers.append(number)
    studio = Studio(s3, {"part_bytes": 64 * 1024})
    studio.order(source(clip(ClipOrder())), template_order("mp4"))
    studio.run()
    assert numbers == [*range(1, max(numbers) + 1), 1]
