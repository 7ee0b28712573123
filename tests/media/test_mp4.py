"""A finished MP4 is faststart and without fragments, however many parts it went up in; broken off, it still opens."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder_task.outputs.faststart import boxes, faststart_head
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]


def kinds(content: bytes) -> list[bytes]:
    """The types of the boxes at the top."""
    found = list(boxes(content))
    assert found[-1][3] == len(content)
    return [kind for kind, *_ in found]


@pytest.mark.parametrize("part_bytes", [64 * 1024, 8 * 1024 * 1024], ids=["in many parts", "in one part"])
@pytest.mark.parametrize(
    "order", [ClipOrder(), ClipOrder(video_codec=None), ClipOrder(audio_codec=None)], ids=["both", "audio", "video"]
)
def test_the_index_comes_first_and_there_are_no_fragments(
    order: ClipOrder, part_bytes: int, s3: FakeS3, source: Source
) -> None:
    s3.min_part_bytes = 0
    made = clip(order)
    studio = Studio(s3, {"part_bytes": part_bytes})
    studio.order(source(made), template_order("mp4"))
    studio.run()
    content = studio.content(studio.file("mp4"))
    assert kinds(content) == [b"ftyp", b"moov", b"free", b"mdat"]
    found = list(packets_of(content))
    for kind in ("video", "audio"):
        assert contents(found, kind) == contents(made.packets, kind)


def test_every_part_but_the_first_begins_with_a_fragment(s3: FakeS3, source: Source) -> None:
    s3.min_part_bytes = 0
    parts: dict[int, bytes] = {}
    s3.part_seen = lambda upload_id, number, content: parts.update({number: content})
    studio = Studio(s3, {"part_bytes": 64 * 1024})
    studio.order(source(clip(ClipOrder())), template_order("mp4"))
    studio.run()
    assert len(parts) > 4
    assert {content[4:8] for number, content in parts.items() if number > 1} == {b"moof"}


@pytest.mark.parametrize("name", ["mp4", "flv"])
def test_what_was_uploaded_opens_at_any_moment_before_the_end(name: str, s3: FakeS3, source: Source) -> None:
    s3.min_part_bytes = 0
    broken_off: list[bytes] = []

    def complete_it_now(upload_id: str, number: int, content: bytes) -> None:
        parts = s3.uploads[upload_id].parts
        broken_off.append(b"".join(parts[each] for each in sorted(parts)))

    s3.part_seen = complete_it_now
    made = clip(ClipOrder())
    studio = Studio(s3, {"part_bytes": 64 * 1024})
    studio.order(source(made), template_order(name))
    studio.run()
    counts = []
    for content in broken_off:
        found = list(packets_of(content))
        for kind in ("video", "audio"):
            own = contents(found, kind)
            assert own == contents(made.packets, kind)[: len(own)]
        counts.append(len(found))
    assert counts == sorted(counts)
    assert counts[-1] == len(made.packets)


def test_a_movie_over_4_gib_gets_large_offsets() -> None:
    def box(kind: bytes, *inner: bytes) -> bytes:
        payload = b"".join(inner)
        return struct.pack(">I4s", 8 + len(payload), kind) + payload

    def moov(table: bytes) -> bytes:
        return box(b"moov", box(b"mvhd", b"m" * 8), box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", table)))))

    near_the_limit = 0xFFFFFFF0
    small = moov(box(b"stco", struct.pack(">4I", 0, 2, 100, near_the_limit)))
    shift = len(small) + 8
    large = moov(box(b"co64", struct.pack(">2I2Q", 0, 2, 100 + shift, near_the_limit + shift)))
    head = box(b"ftyp", b"isom") + b"the rest"
    assert faststart_head(head, small) == box(b"ftyp", b"isom") + large + b"the rest"
