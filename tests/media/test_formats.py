"""Each format holds the source's packets, all of them, with their payloads and times, and says the truth of itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.recording.finished_file import AudioTrack
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import Packet, contents, packets_of
from tests.media.studio import Studio, template_order

CLIPS = {
    "B-frames and AAC": ClipOrder(),
    "no B-frames and MP3": ClipOrder(b_frames=0, audio_codec="libmp3lame"),
    "H.265 and AAC": ClipOrder(video_codec="libx265", seconds=4),
    "video alone": ClipOrder(audio_codec=None),
    "audio alone": ClipOrder(video_codec=None),
    "a timestamp of an hour at the start": ClipOrder(starts_at_ms=3_600_000),
    "H.264 and Opus": ClipOrder(audio_codec="libopus"),
    "AV1 and AAC": ClipOrder(video_codec="libsvtav1", b_frames=0, seconds=4, width=128, height=128),
}
CASES = [
    pytest.param(order, name, id=f"{title}, {name}")
    for title, order in CLIPS.items()
    for name in ("flv", "mp4", "hls")
    if (title, name) != ("AV1 and AAC", "hls")
]
Source = Callable[[Clip], Path]


TIME_TOLERANCE_MS = {"flv": 0, "mp4": 0, "hls": 1}
"""MPEG-TS stamps only the first of several audio frames in a packet of its own."""


def times(packets: list[Packet]) -> list[int]:
    """Milliseconds since the first packet."""
    return [packet.dts_ms - packets[0].dts_ms for packet in packets]


@pytest.mark.parametrize(("order", "name"), CASES)
def test_every_packet_of_the_source_is_in_the_file(order: ClipOrder, name: str, s3: FakeS3, source: Source) -> None:
    made = clip(order)
    studio = Studio(s3)
    studio.order(source(made), template_order(name))
    assert studio.run().code == 0
    found = list(packets_of(studio.content(studio.file(name))))
    for kind in ("video", "audio"):
        assert contents(found, kind) == contents(made.packets, kind)
        own = [packet for packet in found if packet.kind == kind]
        assert times(own) == pytest.approx(times(made.of(kind)), abs=TIME_TOLERANCE_MS[name])


@pytest.mark.parametrize("name", ["flv", "mp4"])
def test_a_file_starts_at_0_and_its_tracks_keep_their_distance(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(starts_at_ms=3_600_000))
    studio = Studio(s3)
    studio.order(source(made), template_order(name))
    studio.run()
    found = list(packets_of(studio.content(studio.file(name))))
    first = min(packet.dts_ms for packet in made.packets)
    starts = {kind: made.of(kind)[0].dts_ms - first for kind in ("video", "audio")}
    assert {kind: next(packet.dts_ms for packet in found if packet.kind == kind) for kind in starts} == starts
    assert min(starts.values()) == 0
    assert studio.file(name).media_start_ms == made.packets[0].pts_ms


def test_an_aac_file_holds_every_audio_packet(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder())
    studio = Studio(s3)
    studio.order(source(made), template_order("aac"))
    studio.run()
    found = list(packets_of(studio.content(studio.file("aac"))))
    assert contents(found, "audio") == contents(made.packets, "audio")
    assert studio.file("aac").video is None


def test_an_mp3_source_is_copied_into_an_mp3_file(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(audio_codec="libmp3lame"))
    studio = Studio(s3)
    studio.order(source(made), template_order("mp3"))
    studio.run()
    found = list(packets_of(studio.content(studio.file("mp3"))))
    assert [packet.digest for packet in found] == [packet.digest for packet in made.of("audio")]


@pytest.mark.parametrize("codec", ["aac", "libopus"])
def test_any_other_source_is_encoded_into_an_mp3_file_of_its_length(codec: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(audio_codec=codec, seconds=6))
    studio = Studio(s3)
    studio.order(source(made), template_order("mp3"))
    studio.run()
    found = list(packets_of(studio.content(studio.file("mp3"))))
    seconds = (found[-1].dts_ms - found[0].dts_ms) / 1000
    assert seconds == pytest.approx(6, abs=0.1)
    assert studio.file("mp3").audio == AudioTrack(
        codec="mp3", sample_rate=made_rate(codec), channels=2, bits_per_second=128_000
    )


def made_rate(codec: str) -> int:
    """The sample rate of a clip's audio."""
    return 48_000 if codec == "libopus" else 44_100


@pytest.mark.second_reader
@pytest.mark.parametrize("name", ["flv", "mp4", "hls", "aac", "mp3"])
@pytest.mark.parametrize("order", [CLIPS["B-frames and AAC"], CLIPS["audio alone"]], ids=["with video", "audio alone"])
def test_a_second_reader_finds_nothing_wrong(
    order: ClipOrder, name: str, s3: FakeS3, source: Source, complaints_of_ffmpeg: Callable[[bytes, str], str]
) -> None:
    studio = Studio(s3, {"hls_segment_seconds": 2.0})
    studio.order(source(clip(order)), template_order(name))
    studio.run()
    suffix = ".ts" if name == "hls" else f".{name}"
    assert complaints_of_ffmpeg(studio.content(studio.file(name)), suffix) == ""


@pytest.mark.parametrize("name", ["flv", "mp4", "hls"])
def test_an_order_for_audio_only_leaves_the_picture_out(name: str, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder())
    studio = Studio(s3)
    studio.order(source(made), template_order(name, audio_only=True))
    studio.run()
    found = list(packets_of(studio.content(studio.file(name))))
    assert contents(found, "audio") == contents(made.packets, "audio")
    assert contents(found, "video") == []
    assert studio.file(name).video is None


def test_what_a_format_cannot_hold_fails_for_that_format_alone(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(audio_codec="libmp3lame"))
    studio = Studio(s3)
    studio.order(source(made), template_order("aac", "mp3"))
    assert studio.run().code == 0
    assert [file.format for file in studio.files] == ["mp3"]
    assert studio.session["outcomes"]["template-1"]["aac"] == {
        "state": "failed",
        "files": 0,
        "reason": "mp3 audio cannot be recorded in this format",
    }
    assert {key.partition("/")[0] for key in s3.objects} == {"media", "ready"}
    assert len(s3.objects) == 2


def test_av1_is_refused_for_hls_before_a_byte_is_written(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(CLIPS["AV1 and AAC"])), template_order("hls"))
    assert studio.run().code == 1
    assert studio.session["outcomes"]["template-1"]["hls"]["reason"] == "av1 video cannot be recorded in this format"
    assert s3.requests == []
