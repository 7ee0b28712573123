"""HLS as a player and RFC 8216 want it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import packets_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]


def playlists_written(s3: FakeS3) -> list[str]:
    """The keys of the uploads, in order: segments and playlists by their last part."""
    return [request.key.rpartition("/")[2] for request in s3.requests if request.key.startswith("media/")]


def test_a_finished_playlist_names_every_segment_with_its_exact_duration(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=15))
    studio = Studio(s3)
    studio.order(source(made), template_order("hls"))
    studio.run()
    file = studio.file("hls")
    ends_at = max(made.of("video")[-1].dts_ms + 40, made.of("audio")[-1].dts_ms + 23) / 1000
    assert s3.objects[file.key].content.decode() == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXTINF:6.000000,\n"
        "000000.ts\n"
        "#EXTINF:6.000000,\n"
        "000001.ts\n"
        f"#EXTINF:{ends_at - 12:.6f},\n"
        "000002.ts\n"
        "#EXT-X-ENDLIST\n"
    )
    assert file.playlist_bytes == len(s3.objects[file.key].content)
    assert file.size_bytes == file.playlist_bytes + len(studio.content(file))
    assert {each.content_type for key, each in s3.objects.items() if key.endswith(".ts")} == {"video/mp2t"}
    assert s3.objects[file.key].content_type == "application/vnd.apple.mpegurl"


def test_a_segment_is_in_the_bucket_before_a_playlist_names_it(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder(seconds=15))), template_order("hls"))
    studio.run()
    assert playlists_written(s3) == [
        "000000.ts",
        "playlist.m3u8",
        "000001.ts",
        "playlist.m3u8",
        "000002.ts",
        "playlist.m3u8",
    ]


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
    assert "#EXT-X-TARGETDURATION:10" in lines
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
    assert len(studio.content(studio.file("hls"))) <= 1.02 * theirs


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
