"""A file is cut on a key frame, audio at the same instant; nothing is lost or doubled."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.recording.orders import FormatOrder
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]
EVERY_4_S = FormatOrder(interval_seconds=4)


def cut(s3: FakeS3, path: Path, name: str) -> Studio:
    """Record with a file each 4 s."""
    studio = Studio(s3)
    studio.order(path, template_order(name, format_order=EVERY_4_S))
    assert studio.run().code == 0
    return studio


@pytest.mark.parametrize("name", ["flv", "mp4"])
def test_the_files_together_are_the_source(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=15))
    studio = cut(s3, source(made), name)
    files = [list(packets_of(studio.content(file))) for file in studio.files]
    assert len(files) == 4
    for kind in ("video", "audio"):
        assert [each for file in files for each in contents(file, kind)] == contents(made.packets, kind)


@pytest.mark.parametrize("name", ["flv", "mp4"])
def test_each_file_begins_with_a_key_frame_and_audio_of_the_same_instant(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=15))
    studio = cut(s3, source(made), name)
    for number, file in enumerate(studio.files):
        packets = list(packets_of(studio.content(file)))
        assert next(packet for packet in packets if packet.kind == "video").is_key_frame
        earliest = min(packet.dts_ms for packet in packets)
        audio = next(packet for packet in packets if packet.kind == "audio")
        assert earliest == 0
        expected = next(packet for packet in made.of("audio") if packet.dts_ms >= number * 4000)
        assert (audio.digest, audio.dts_ms) == (expected.digest, expected.dts_ms - number * 4000)


def test_the_files_say_how_long_they_are(s3: FakeS3, source: Source) -> None:
    studio = cut(s3, source(clip(ClipOrder(seconds=15))), "flv")
    assert [file.duration_seconds for file in studio.files] == pytest.approx([4, 4, 4, 3], abs=0.1)
    assert len({file.file_id for file in studio.files}) == 4
    assert studio.session["outcomes"]["template-1"]["flv"]["files"] == 4


@pytest.mark.parametrize("name", ["flv", "mp4", "aac", "mp3"])
def test_audio_alone_is_cut_by_time(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=15, video_codec=None))
    studio = cut(s3, source(made), name)
    assert [file.duration_seconds for file in studio.files] == pytest.approx([4, 4, 4, 3], abs=0.1)
    if name != "mp3":
        files = [list(packets_of(studio.content(file))) for file in studio.files]
        found = [each.digest for file in files for each in contents(file, "audio")]
        assert found == [packet.digest for packet in made.of("audio")]


def test_hls_is_never_cut(s3: FakeS3, source: Source) -> None:
    studio = cut(s3, source(clip(ClipOrder(seconds=15))), "hls")
    assert len(studio.files) == 1


def test_a_gop_longer_than_the_interval_is_kept_whole(s3: FakeS3, source: Source) -> None:
    studio = cut(s3, source(clip(ClipOrder(seconds=15, key_frame_seconds=10, width=64, height=64))), "flv")
    assert [file.duration_seconds for file in studio.files] == pytest.approx([10, 5], abs=0.1)
