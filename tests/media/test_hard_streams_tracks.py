"""Tracks that change, come late, or come without what is needed to read them."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.report import Trouble
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import AUDIO, VIDEO, FlvTag, flv, joined, tags_of
from tests.media.packets import Packet, contents, packets_of
from tests.media.studio import Studio, template_order
from tests.media.troubles import troubles_told

Source = Callable[[Clip], Path]
SMALL = ClipOrder(seconds=4, width=96, height=64)
LARGE = ClipOrder(seconds=4, width=192, height=108)
CHANGES = {
    "another resolution": ((SMALL, LARGE), {Trouble.RESOLUTION_CHANGED: 1}),
    "another video codec": (
        (SMALL, ClipOrder(seconds=4, width=96, height=64, video_codec="libx265")),
        {Trouble.CODEC_CHANGED: 1},
    ),
    "a smaller picture of another codec, then back": (
        (LARGE, ClipOrder(seconds=4, width=96, height=64, video_codec="libx265"), LARGE),
        {Trouble.CODEC_CHANGED: 2, Trouble.RESOLUTION_CHANGED: 2},
    ),
}
CASES = [pytest.param(*change, id=title) for title, change in CHANGES.items()]


def recorded(made: Clip, s3: FakeS3, source: Source, *formats: str) -> Studio:
    """The studio that has recorded a clip."""
    studio = Studio(s3)
    studio.order(source(made), template_order(*formats))
    assert studio.run().code == 0
    return studio


def digests(packets: list[Packet], kind: str) -> list[str]:
    """What identifies the packets of one kind."""
    return [each.digest for each in contents(packets, kind)]


def files_of(studio: Studio, name: str) -> list[list[Packet]]:
    """The packets of each file of a format, the earliest first."""
    return [list(packets_of(studio.content(file))) for file in studio.files if file.format == name]


def segments_of(s3: FakeS3, file: FinishedFile) -> list[list[Packet]]:
    """The packets of each segment of an HLS file."""
    folder = file.key.rpartition("/")[0]
    names = [line for line in s3.objects[file.key].content.decode().splitlines() if line.endswith(".ts")]
    return [list(packets_of(s3.objects[f"{folder}/{name}"].content, "mpegts")) for name in names]


@pytest.mark.second_reader
@pytest.mark.parametrize("name", ["flv", "mp4"])
@pytest.mark.parametrize(("orders", "troubles"), CASES)
def test_a_change_ends_the_file_and_begins_the_next(
    orders: tuple[ClipOrder, ...],
    troubles: dict[Trouble, int],
    name: str,
    s3: FakeS3,
    source: Source,
    complaints_of_ffmpeg: Callable[[bytes, str], str],
) -> None:
    parts = [clip(order) for order in orders]
    studio = recorded(joined(*parts), s3, source, name)
    files = files_of(studio, name)
    assert len(files) == len(parts)
    for kind in ("video", "audio"):
        assert [digests(file, kind) for file in files] == [digests(list(part.packets), kind) for part in parts]
    assert [file.video and (file.video.codec, file.video.width, file.video.height) for file in studio.files] == [
        ("hevc" if order.video_codec == "libx265" else "h264", order.width, order.height) for order in orders
    ]
    assert [file.audio and file.audio.sample_rate for file in studio.files] == [44_100 for _ in orders]
    assert troubles_told(s3) == troubles
    for file in studio.files:
        if name == "mp4" or (file.video and file.video.codec == "h264"):  # Debian's reads no FourCC in FLV
            assert complaints_of_ffmpeg(studio.content(file), f".{name}") == ""


@pytest.mark.parametrize(("orders", "troubles"), CASES)
def test_a_change_is_a_discontinuity_of_hls(
    orders: tuple[ClipOrder, ...], troubles: dict[Trouble, int], s3: FakeS3, source: Source
) -> None:
    parts = [clip(order) for order in orders]
    studio = recorded(joined(*parts), s3, source, "hls")
    file = studio.file("hls")
    assert s3.objects[file.key].content.decode().count("#EXT-X-DISCONTINUITY") == len(parts) - 1
    segments = segments_of(s3, file)
    assert len(segments) == len(parts)
    for found, part in zip(segments, parts, strict=True):
        for kind in ("video", "audio"):
            assert digests(found, kind) == digests(list(part.packets), kind)
    assert troubles_told(s3) == troubles


@pytest.mark.parametrize("name", ["flv", "mp4", "hls"])
def test_a_changed_sample_rate_waits_for_a_key_frame_and_no_sound_is_lost(
    name: str, s3: FakeS3, source: Source
) -> None:
    orders = SMALL, ClipOrder(seconds=4, width=96, height=64, sample_rate=48_000)
    parts = [clip(order) for order in orders]
    studio = recorded(joined(*parts), s3, source, name)
    pieces = segments_of(s3, studio.file("hls")) if name == "hls" else files_of(studio, name)
    assert len(pieces) == 2
    assert [digests(piece, "audio") for piece in pieces] == [digests(list(part.packets), "audio") for part in parts]
    pictures = [each for part in parts for each in digests(list(part.packets), "video")]
    assert [each for piece in pieces for each in digests(piece, "video")] == pictures
    if name != "hls":
        assert [file.audio and file.audio.sample_rate for file in studio.files] == [44_100, 48_000]
    assert troubles_told(s3) == {Trouble.CODEC_CHANGED: 1}


@pytest.mark.parametrize("name", ["flv", "mp4", "hls"])
@pytest.mark.parametrize("sound_first", [True, False], ids=["sound first", "picture first"])
def test_picture_and_sound_that_change_together_make_one_cut(
    sound_first: bool, name: str, s3: FakeS3, source: Source
) -> None:
    orders = SMALL, replace(LARGE, sample_rate=48_000)
    parts = [clip(order) for order in orders]
    together = tags_of(joined(*parts))
    change_ms = next(tag.milliseconds for tag in together if tag.is_header and tag.milliseconds)
    moved = 15 if sound_first else -15
    tags = [
        tag.at(tag.milliseconds - moved * (tag.kind == AUDIO and tag.milliseconds >= change_ms)) for tag in together
    ]
    studio = recorded(Clip(flv(tags).content, ()), s3, source, name)
    pieces = segments_of(s3, studio.file("hls")) if name == "hls" else files_of(studio, name)
    assert len(pieces) == 2
    for kind in ("video", "audio"):
        assert [digests(piece, kind) for piece in pieces] == [digests(list(part.packets), kind) for part in parts]
    assert troubles_told(s3) == {Trouble.RESOLUTION_CHANGED: 1, Trouble.CODEC_CHANGED: 1}


@pytest.mark.second_reader
@pytest.mark.parametrize("name", ["flv", "mp4", "hls", "mp3"])
def test_mp3_that_changes_its_sample_rate(
    name: str, s3: FakeS3, source: Source, complaints_of_ffmpeg: Callable[[bytes, str], str]
) -> None:
    orders = [replace(SMALL, audio_codec="libmp3lame", sample_rate=rate) for rate in (44_100, 22_050)]
    parts = [clip(order) for order in orders]
    studio = recorded(joined(*parts), s3, source, name)
    pieces = segments_of(s3, studio.file("hls")) if name == "hls" else files_of(studio, name)
    assert [digests(piece, "audio") for piece in pieces] == [digests(list(part.packets), "audio") for part in parts]
    if name != "hls":
        assert [file.audio and file.audio.sample_rate for file in studio.files] == [44_100, 22_050]
        for file in studio.files:
            assert complaints_of_ffmpeg(studio.content(file), f".{name}") == ""
    assert troubles_told(s3) == {Trouble.CODEC_CHANGED: 1}


@pytest.mark.second_reader
def test_a_second_reader_plays_hls_over_a_change(s3: FakeS3, source: Source, tmp_path: Path) -> None:
    studio = recorded(joined(clip(SMALL), clip(LARGE)), s3, source, "hls")
    for key, each in s3.objects.items():
        (tmp_path / key.rpartition("/")[2]).write_bytes(each.content)
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(tmp_path / "playlist.m3u8"), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert studio.file("hls").duration_seconds == pytest.approx(8, abs=0.2)


def test_a_changed_picture_leaves_a_file_of_sound_alone(s3: FakeS3, source: Source) -> None:
    parts = [clip(SMALL), clip(LARGE)]
    studio = recorded(joined(*parts), s3, source, "aac", "mp3", "flv")
    assert sorted(file.format for file in studio.files) == ["aac", "flv", "flv", "mp3"]
    (found,) = files_of(studio, "aac")
    assert digests(found, "audio") == [each for part in parts for each in digests(list(part.packets), "audio")]


def test_a_codec_that_a_format_cannot_hold_ends_that_format_alone(s3: FakeS3, source: Source) -> None:
    parts = [clip(SMALL), clip(ClipOrder(seconds=2, width=128, height=128, video_codec="libsvtav1", b_frames=0))]
    studio = recorded(joined(*parts), s3, source, "hls", "mp4")
    assert [file.format for file in studio.files if file.format == "mp4"] == ["mp4", "mp4"]
    assert digests(list(packets_of(studio.content(studio.file("hls")))), "video") == digests(
        list(parts[0].packets), "video"
    )
    assert studio.session["outcomes"]["template-1"]["hls"]["reason"] == "av1 video cannot be recorded in this format"


@pytest.mark.parametrize("name", ["flv", "mp4", "hls"])
def test_a_header_that_is_sent_again_changes_nothing(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(SMALL)
    headers = [tag for tag in tags_of(made) if tag.is_header]
    tags: list[FlvTag] = []
    for tag in tags_of(made):
        tags += [header.at(tag.milliseconds) for header in headers if tag.is_key_frame]
        tags.append(tag)
    studio = recorded(flv(tags), s3, source, name)
    (found,) = files_of(studio, name)
    for kind in ("video", "audio"):
        assert digests(found, kind) == digests(list(made.packets), kind)
    assert troubles_told(s3) == {}


@pytest.mark.parametrize("name", ["flv", "mp4", "hls"])
def test_what_came_before_its_header_is_dropped_and_counted(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(SMALL)
    (header,) = [tag for tag in tags_of(made) if tag.is_header and tag.kind == VIDEO]
    rest = [tag for tag in tags_of(made) if tag != header]
    late = [
        *(tag for tag in rest if tag.milliseconds < 1500),
        header,
        *(tag for tag in rest if tag.milliseconds >= 1500),
    ]
    studio = recorded(flv(late), s3, source, name)
    (found,) = files_of(studio, name)
    expected = [packet for packet in made.packets if packet.kind == "audio" or packet.dts_ms >= 2000]
    for kind in ("video", "audio"):
        assert digests(found, kind) == digests(expected, kind)
    assert studio.file(name).repairs == {"video_frame_dropped": 38, "video_headerless": 38}
    assert troubles_told(s3) == {Trouble.VIDEO_FRAME_DROPPED: 38}


@pytest.mark.parametrize("name", ["flv", "mp4", "hls", "aac"])
def test_without_a_header_of_its_own_the_picture_is_left_out_and_counted(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=8, width=96, height=64))
    studio = recorded(flv(tag for tag in tags_of(made) if not (tag.is_header and tag.kind == VIDEO)), s3, source, name)
    (found,) = files_of(studio, name)
    assert digests(found, "audio") == digests(list(made.packets), "audio")
    assert studio.file(name).video is None
    assert studio.file(name).repairs["video_frame_dropped"] == pytest.approx(200, abs=2)


@pytest.mark.parametrize("name", ["flv", "mp4"])
@pytest.mark.parametrize("kind", [AUDIO, VIDEO], ids=["audio", "video"])
def test_a_track_that_comes_late_begins_a_file_with_both(kind: int, name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=8, width=96, height=64))
    tags = [tag for tag in tags_of(made) if tag.kind != kind or tag.milliseconds >= 4000]
    headers = [tag.at(4000) for tag in tags_of(made) if tag.kind == kind and tag.is_header]
    at = next(index for index, tag in enumerate(tags) if tag.kind == kind)
    studio = recorded(flv([*tags[:at], *headers, *tags[at:]]), s3, source, name)
    first, second = files_of(studio, name)
    for each in ("video", "audio"):
        is_late = each == ("audio" if kind == AUDIO else "video")
        expected = [packet for packet in made.packets if not is_late or packet.dts_ms >= 4000]
        assert digests([*first, *second], each) == digests(expected, each)
        assert bool(digests(first, each)) is not is_late


@pytest.mark.parametrize("name", ["flv", "mp4", "hls"])
def test_a_codec_that_nobody_here_reads_is_named(name: str, s3: FakeS3, source: Source) -> None:
    def vp9(tag: FlvTag) -> FlvTag:
        if tag.kind != VIDEO:
            return tag
        kind = 0x90 if tag.is_header else 0x91 if tag.is_key_frame else 0xA1
        return tag._replace(body=bytes([kind]) + b"vp09" + tag.body[5 if tag.is_header else 2 :])

    studio = Studio(s3)
    studio.order(source(flv(map(vp9, tags_of(clip(SMALL))))), template_order(name, "aac"))
    assert studio.run().code == 0
    assert [file.format for file in studio.files] == ["aac"]
    outcome = studio.session["outcomes"]["template-1"][name]
    assert (outcome["state"], outcome["reason"]) == ("failed", "vp9 video cannot be recorded in this format")


def test_a_picture_whose_header_never_comes_is_told_while_the_stream_lives(s3: FakeS3) -> None:
    made = clip(ClipOrder(seconds=12, audio_codec=None, width=96, height=64))
    headless = flv(tag for tag in tags_of(made) if not tag.is_header)
    with FlvOrigin(headless.content) as origin:
        studio = Studio(s3)
        studio.order(origin.url, template_order("flv"))
        studio.start()
        origin.send(until_ms=11_000)
        assert studio.wait().code == 1
    outcome = studio.session["outcomes"]["template-1"]["flv"]
    assert (outcome["state"], outcome["reason"]) == ("failed", "the stream has no track")


def test_an_origin_that_plays_and_brings_nothing_is_given_up(s3: FakeS3) -> None:
    with FlvOrigin(clip(SMALL).content) as origin:
        studio = Studio(s3, {"source_open_seconds": 0.5})
        studio.order(origin.url, template_order("flv"))
        studio.start()
        assert studio.wait().code == 1
    assert studio.session["end_reason"] == "source failed: nothing came for 0.5 s"
