"""HLS as a player and RFC 8216 want it."""

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.hls import outline, packets_of_segments
from tests.media.mpegts import WAYS, Way, use
from tests.media.packets import packets_of
from tests.media.studio import Studio, template_order
from tests.rfc8216 import judge

Source = Callable[[Clip], Path]
FLV_HEADER_BYTES = 13
FLV_TAG_BYTES = 15
"""Of a tag's header and the size behind it."""


@pytest.fixture(params=WAYS, autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Whoever writes the segments."""
    use(request.param, monkeypatch)
    found: Way = request.param
    return found


def with_hole(whole: Clip, *, at_ms: int, hole_ms: int) -> Clip:
    """The clip with every tag from `at_ms` on stamped later."""
    content, at = bytearray(whole.content), FLV_HEADER_BYTES
    while at < len(content):
        size = int.from_bytes(content[at + 1 : at + 4], "big")
        milliseconds = int.from_bytes(content[at + 4 : at + 7], "big")
        if milliseconds >= at_ms:
            content[at + 4 : at + 7] = (milliseconds + hole_ms).to_bytes(3, "big")
        at += FLV_TAG_BYTES + size
    return Clip(bytes(content), tuple(packets_of(bytes(content))))


def uploads(s3: FakeS3) -> list[str]:
    """What was uploaded, in order: segments by their number, playlists by their name."""
    names = [request.key.rpartition("/")[2] for request in s3.requests if request.method == "PUT"]
    return [re.sub(r"-[0-9a-f]{6}\.ts$", ".ts", name) for name in names if not name.endswith(".json")]


def date_time(moment: float) -> str:
    """Unix seconds as a playlist spells them."""
    return datetime.fromtimestamp(round(moment, 3), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def test_a_finished_playlist_names_every_segment_with_its_date_and_exact_duration(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=15))
    studio = Studio(s3)
    studio.order(source(made), template_order("hls"))
    studio.run()
    file = studio.file("hls")
    ends_at = max(made.of("video")[-1].dts_ms + 40, made.of("audio")[-1].dts_ms + 23) / 1000
    names = sorted(key.rpartition("/")[2] for key in s3.objects if key.endswith(".ts"))
    assert s3.objects[file.key].content.decode() == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:12\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        f"#EXT-X-PROGRAM-DATE-TIME:{date_time(file.started_at)}\n"
        "#EXTINF:6.000000,\n"
        f"{names[0]}\n"
        f"#EXT-X-PROGRAM-DATE-TIME:{date_time(file.started_at + 6)}\n"
        "#EXTINF:6.000000,\n"
        f"{names[1]}\n"
        f"#EXT-X-PROGRAM-DATE-TIME:{date_time(file.started_at + 12)}\n"
        f"#EXTINF:{ends_at - 12:.6f},\n"
        f"{names[2]}\n"
        "#EXT-X-ENDLIST\n"
    )
    assert [re.sub(r"-[0-9a-f]{6}", "", name) for name in names] == ["000000.ts", "000001.ts", "000002.ts"]
    assert file.playlist_bytes == len(s3.objects[file.key].content)
    assert file.size_bytes == file.playlist_bytes + len(studio.content(file))
    assert file.duration_seconds == pytest.approx(ends_at)
    assert {each.content_type for key, each in s3.objects.items() if key.endswith(".ts")} == {"video/mp2t"}
    assert s3.objects[file.key].content_type == "application/vnd.apple.mpegurl"


def test_a_segment_is_in_the_bucket_before_a_playlist_names_it(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder(seconds=15))), template_order("hls"))
    studio.run()
    assert uploads(s3) == [
        "000000.ts",
        "playlist.m3u8",
        "000001.ts",
        "playlist.m3u8",
        "000002.ts",
        "playlist.m3u8",
    ]


@pytest.mark.parametrize(
    "order",
    [
        ClipOrder(seconds=15),
        ClipOrder(seconds=15, video_codec=None),
        ClipOrder(seconds=15, audio_codec=None),
        ClipOrder(seconds=40, key_frame_seconds=30, width=64, height=64),
    ],
    ids=["both", "audio alone", "video alone", "a key frame every 30 s"],
)
def test_every_version_of_a_playlist_is_valid_and_only_grows(order: ClipOrder, s3: FakeS3, source: Source) -> None:
    made = clip(order)
    studio = Studio(s3, {"hls_segment_seconds": 3.0})
    studio.order(source(made), template_order("hls"))
    studio.run()
    file = studio.file("hls")
    versions = s3.versions[file.key]
    assert judge(versions) == []
    assert len(versions) >= 4
    assert [b"#EXT-X-ENDLIST" in version for version in versions] == [False] * (len(versions) - 1) + [True]
    for kind in ("video", "audio"):
        assert [each.digest for each in packets_of_segments(s3, file, kind)] == [each.digest for each in made.of(kind)]


@pytest.mark.parametrize("hole_ms", [1_500, 3_000, 9_000])
def test_a_hole_in_the_stream_is_a_discontinuity_and_no_part_of_a_segment(
    hole_ms: int, s3: FakeS3, source: Source
) -> None:
    made = with_hole(clip(ClipOrder(seconds=8)), at_ms=4_000, hole_ms=hole_ms)
    studio = Studio(s3, {"hls_segment_seconds": 2.0})
    studio.order(source(made), template_order("hls"))
    studio.run()
    file = studio.file("hls")
    text = s3.objects[file.key].content.decode()
    assert outline(text) == ["000000", "000001", "DISCONTINUITY", "000002", "000003", "ENDLIST"]
    durations = [float(line[8:-1]) for line in text.splitlines() if line.startswith("#EXTINF:")]
    assert durations == pytest.approx([2, 2, 2, 2], abs=0.15)
    assert judge(s3.versions[file.key]) == []
    for kind in ("video", "audio"):
        assert [each.digest for each in packets_of_segments(s3, file, kind)] == [each.digest for each in made.of(kind)]


def test_a_cache_keeps_segments_for_ever_and_a_growing_playlist_for_a_second(s3: FakeS3, source: Source) -> None:
    with FlvOrigin(clip(ClipOrder(seconds=15)).content) as origin:
        studio = Studio(s3)
        studio.order(origin.url, template_order("hls"))
        studio.start()
        origin.send(until_ms=13_500)
        s3.wait_for(lambda: any(key.endswith(".m3u8") for key in s3.objects))
        (growing,) = [each for key, each in s3.objects.items() if key.endswith(".m3u8")]
        origin.send(until_ms=30_000)
        origin.end()
        studio.wait()
    assert growing.cache_control == "max-age=1"
    assert s3.objects[studio.file("hls").key].cache_control == "max-age=60"
    segments = {each.cache_control for key, each in s3.objects.items() if key.endswith(".ts")}
    assert segments == {"max-age=31536000, immutable"}


def test_every_segment_begins_with_a_key_frame_and_nothing_is_lost_or_doubled(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=15))
    studio = Studio(s3, {"hls_segment_seconds": 2.0})
    studio.order(source(made), template_order("hls"))
    studio.run()
    segments = [
        list(packets_of(each.content, "mpegts")) for key, each in sorted(s3.objects.items()) if key.endswith(".ts")
    ]
    assert len(segments) == 8
    for segment in segments:
        assert next(packet for packet in segment if packet.kind == "video").is_key_frame
    for kind in ("video", "audio"):
        found = [packet.digest for segment in segments for packet in segment if packet.kind == kind]
        assert found == [packet.digest for packet in made.of(kind)]


def test_a_gop_longer_than_a_segment_makes_the_segment_longer(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=15, key_frame_seconds=10, width=64, height=64))
    studio = Studio(s3)
    studio.order(source(made), template_order("hls"))
    studio.run()
    lines = s3.objects[studio.file("hls").key].content.decode().splitlines()
    assert "#EXT-X-TARGETDURATION:12" in lines
    assert "#EXTINF:10.000000," in lines


def test_audio_alone_is_cut_by_time(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder(seconds=15, video_codec=None))), template_order("hls"))
    studio.run()
    lines = s3.objects[studio.file("hls").key].content.decode().splitlines()
    durations = [float(line.removeprefix("#EXTINF:").rstrip(",")) for line in lines if line.startswith("#EXTINF")]
    assert durations == pytest.approx([6, 6, 3], abs=0.06)


@pytest.mark.second_reader
def test_audio_alone_is_no_larger_than_what_ffmpeg_writes(s3: FakeS3, source: Source, tmp_path: Path) -> None:
    path = source(clip(ClipOrder(seconds=60, video_codec=None, audio_bit_rate=128_000)))
    studio = Studio(s3)
    studio.order(path, template_order("hls"))
    studio.run()
    playlist = tmp_path / "ffmpeg.m3u8"
    hls = ["-f", "hls", "-hls_time", "6", "-hls_list_size", "0", str(playlist)]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-c", "copy", *hls], check=True)
    theirs = sum(segment.stat().st_size for segment in tmp_path.glob("*.ts"))
    assert len(studio.content(studio.file("hls"))) <= theirs


@pytest.mark.second_reader
def test_a_second_reader_plays_the_playlist_without_a_word(s3: FakeS3, source: Source, tmp_path: Path) -> None:
    studio = Studio(s3, {"hls_segment_seconds": 2.0})
    studio.order(source(clip(ClipOrder(seconds=15))), template_order("hls"))
    studio.run()
    for key, each in s3.objects.items():
        (tmp_path / key.rpartition("/")[2]).write_bytes(each.content)
    command = ["ffmpeg", "-v", "warning", "-xerror", "-i", str(tmp_path / "playlist.m3u8"), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
