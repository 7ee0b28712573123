"""A finished MP4 is faststart and without fragments, however many parts it went up in; broken off, it still opens."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recorder_task.outputs.mp4_boxes import boxes
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
    assert kinds(content) == [b"ftyp", b"moov", b"mdat"]
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


LATE = {
    "sound first": ClipOrder(seconds=4),
    "nothing late": ClipOrder(seconds=4, b_frames=0),
    "an hour on its clock": ClipOrder(seconds=4, starts_at_ms=3_600_000),
    "MP3": ClipOrder(seconds=4, audio_codec="libmp3lame"),
    "Opus": ClipOrder(seconds=4, audio_codec="libopus"),
}


def broken_off(made: Clip, s3: FakeS3, source: Source) -> tuple[Studio, bytes]:
    """The studio that has recorded a clip, and what a recorder that dies before its last step leaves of the file."""
    s3.min_part_bytes = 0
    parts: dict[int, bytes] = {}

    def keep_the_first(upload_id: str, number: int, content: bytes) -> None:
        parts.setdefault(number, content)

    s3.part_seen = keep_the_first
    studio = Studio(s3, {"part_bytes": 32 * 1024})
    studio.order(source(made), template_order("mp4"))
    studio.run()
    return studio, b"".join(parts[number] for number in sorted(parts))


@pytest.mark.second_reader
@pytest.mark.parametrize("order", LATE.values(), ids=LATE)
def test_fragments_tell_the_same_times_as_the_finished_file(
    order: ClipOrder, s3: FakeS3, source: Source, complaints_of_ffmpeg: Callable[[bytes, str], str]
) -> None:
    studio, content = broken_off(clip(order), s3, source)
    assert set(kinds(content)[3:]) == {b"moof", b"mdat"}
    found, finished = list(packets_of(content)), list(packets_of(studio.content(studio.file("mp4"))))
    for kind in ("video", "audio"):
        own = [packet for packet in found if packet.kind == kind]
        assert own == [packet for packet in finished if packet.kind == kind]
    assert complaints_of_ffmpeg(content, ".mp4") == ""


def test_a_file_cut_off_inside_a_fragment_opens_up_to_it(s3: FakeS3, source: Source) -> None:
    _, content = broken_off(clip(LATE["sound first"]), s3, source)
    last = [start for kind, start, _, _ in boxes(content) if kind == b"moof"][-1]
    expected = list(packets_of(content[:last]))
    for bytes_of_it in (4, 60, 3000):
        found = list(packets_of(content[: last + bytes_of_it]))
        for kind in ("video", "audio"):
            whole = contents(expected, kind)
            assert contents(found, kind)[: len(whole)] == whole
