"""Very short, very long, very sparse and very fat streams."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.recording.orders import FormatOrder
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import VIDEO, FlvTag, flv, tags_of
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]
CONTAINERS = ("flv", "mp4", "hls")
FORMATS = (*CONTAINERS, "aac", "mp3")


def recorded(made: Clip, s3: FakeS3, source: Source, *formats: str) -> Studio:
    """The studio that has recorded a clip."""
    studio = Studio(s3)
    studio.order(source(made), template_order(*formats))
    assert studio.run().code == 0
    return studio


def test_a_single_gop_is_a_file_in_every_format(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=0.4, width=96, height=64))
    studio = recorded(made, s3, source, *FORMATS)
    assert sorted(file.format for file in studio.files) == sorted(FORMATS)
    for name in CONTAINERS:
        found = list(packets_of(studio.content(studio.file(name))))
        for kind in ("video", "audio"):
            assert contents(found, kind) == contents(made.packets, kind)
        assert studio.file(name).duration_seconds == pytest.approx(0.4, abs=0.1)
    assert contents(packets_of(studio.content(studio.file("aac"))), "audio") == contents(made.packets, "audio")


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_single_picture_is_a_file(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=0.04, audio_codec=None, width=96, height=64))
    assert len(made.packets) == 1
    studio = recorded(made, s3, source, name)
    assert contents(packets_of(studio.content(studio.file(name))), "video") == contents(made.packets, "video")


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_gop_of_30_s_loses_nothing(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=65, key_frame_seconds=30, width=64, height=64))
    assert len([packet for packet in made.packets if packet.is_key_frame]) == 3
    studio = recorded(made, s3, source, name)
    found = list(packets_of(studio.content(studio.file(name))))
    for kind in ("video", "audio"):
        assert contents(found, kind) == contents(made.packets, kind)


@pytest.mark.parametrize("name", ["flv", "mp4"])
def test_files_of_an_interval_shorter_than_the_gop_begin_with_its_key_frames(
    name: str, s3: FakeS3, source: Source
) -> None:
    made = clip(ClipOrder(seconds=65, key_frame_seconds=30, width=64, height=64))
    studio = Studio(s3)
    studio.order(source(made), template_order(name, format_order=FormatOrder(interval_seconds=20)))
    studio.run()
    assert [file.duration_seconds for file in studio.files] == pytest.approx([30, 30, 5], abs=0.1)
    found = [each for file in studio.files for each in contents(packets_of(studio.content(file)), "audio")]
    assert found == contents(made.packets, "audio")


TWO_HOURS_MS = 2 * 3_600_000
SPARSE = ClipOrder(seconds=20, width=64, height=64, video_bit_rate=50_000, audio_bit_rate=32_000)
TURN_MS = 20_000


def two_hours() -> Iterator[FlvTag]:
    """The key frames of a clip and each eighth of its sounds, again and again: two hours of times, and few bytes."""
    tags = tags_of(clip(SPARSE))
    yield from (tag.at(0) for tag in tags if tag.is_header)
    frames = [tag for tag in tags if not tag.is_header]
    sounds = [tag for tag in frames if tag.kind != VIDEO][::8]
    kept = sorted([*(tag for tag in frames if tag.is_key_frame), *sounds], key=lambda tag: tag.milliseconds)
    for start_ms in range(0, TWO_HOURS_MS, TURN_MS):
        yield from (tag.at(start_ms + tag.milliseconds) for tag in kept)


def test_two_hours_faster_than_real_time(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    order = template_order(*CONTAINERS, "aac", format_order=FormatOrder(interval_seconds=10_000))
    studio.order(source(flv(two_hours())), order)
    assert studio.run().code == 0
    sent = list(packets_of(flv(two_hours()).content))
    assert len(contents(sent, "video")) == 3600
    for name in (*CONTAINERS, "aac"):
        file = studio.file(name)
        assert file.duration_seconds == pytest.approx(7200, abs=2.5)
        assert file.repairs == {}
        found = list(packets_of(studio.content(file)))
        assert contents(found, "video") == (contents(sent, "video") if name != "aac" else [])
        assert contents(found, "audio") == contents(sent, "audio")
    segments = [line for line in s3.objects[studio.file("hls").key].content.decode().splitlines() if ".ts" in line]
    assert len(segments) == 1200


def fattened(tag: FlvTag, size_bytes: int) -> FlvTag:
    """A picture with filler (NAL unit 12), which decoders skip."""
    if tag.kind != VIDEO or tag.body[1] != 1:
        return tag
    unit = b"\x0c" + b"\xff" * size_bytes + b"\x80"
    return tag._replace(body=tag.body + len(unit).to_bytes(4, "big") + unit)


def test_50_mbit_a_second_from_an_origin(s3: FakeS3) -> None:
    lean = clip(ClipOrder(seconds=6, width=96, height=64))
    fat = flv(fattened(tag, 250_000) for tag in tags_of(lean))
    expected = list(packets_of(fat.content))
    assert len(fat.content) * 8 / 6 > 50_000_000
    with FlvOrigin(fat.content) as origin:
        studio = Studio(s3)
        studio.order(origin.url, template_order("flv", "mp4", "hls"))
        studio.start()
        for second in range(1, 8):
            origin.send(until_ms=second * 1000)
        origin.end()
        assert studio.wait(60).code == 0
    for name in CONTAINERS:
        found = list(packets_of(studio.content(studio.file(name))))
        for kind in ("video", "audio"):
            assert contents(found, kind) == contents(expected, kind), (name, kind)
        assert studio.file(name).dropped_seconds == 0


def test_pictures_alone_for_4_s_on_an_origin_that_keeps_its_players(s3: FakeS3) -> None:
    made = clip(ClipOrder(seconds=4, audio_codec=None, width=96, height=64))
    with FlvOrigin(made.content) as origin:
        studio = Studio(s3, {"drain_seconds": 0.3})
        studio.order(origin.url, template_order(*CONTAINERS, "aac"))
        studio.start()
        origin.send(until_ms=5000)
        studio.table.wait_for(lambda: "outcomes" in studio.session)
        studio.change({"unpublished_at": time.time()})
        assert studio.wait().code == 0
    assert studio.session["end_reason"] == "unpublished"
    for name in CONTAINERS:
        assert contents(packets_of(studio.content(studio.file(name))), "video") == contents(made.packets, "video")
    assert studio.session["outcomes"]["template-1"]["aac"]["reason"] == "no audio came"


def test_less_than_a_second_of_pictures_alone_is_recorded_when_the_stream_ends(s3: FakeS3) -> None:
    made = clip(ClipOrder(seconds=0.6, audio_codec=None, width=96, height=64))
    with FlvOrigin(made.content) as origin:
        studio = Studio(s3, {"drain_seconds": 0.3})
        studio.order(origin.url, template_order("flv"))
        studio.start()
        origin.send(until_ms=5000)
        studio.change({"unpublished_at": time.time()})
        assert studio.wait().code == 0
    assert contents(packets_of(studio.content(studio.file("flv"))), "video") == contents(made.packets, "video")
