"""Every cell of the codec matrix: recorded, read again packet by packet, and decoded whole by a second reader.

Debian's ffmpeg reads no FourCC in FLV: an FLV is taken apart by a strict reader of the tests' own, which shares nothing
with the recorder or with PyAV, and ffmpeg decodes each of its tracks.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from chalicelib.recording.orders import RecordFormat
from infra.local.demo.publisher import Publisher
from recorder_task.outputs.formats import FORMATS
from tests import enhanced_flv
from tests.fakes.hook_server import HookServer
from tests.fakes.s3 import FakeS3
from tests.fakes.serving import serving
from tests.local.origin_process import running_origin
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import flv, tags_of, with_codec_id_12
from tests.media.h266 import HEIGHT, WIDTH, configuration, with_h266
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]
Complaints = Callable[[bytes, str], str]
pytestmark = pytest.mark.second_reader

ENCODERS = {
    "h264": "libx264",
    "hevc": "libx265",
    "av1": "libsvtav1",
    "aac": "aac",
    "mp3": "libmp3lame",
    "opus": "libopus",
}
VIDEO, AUDIO = ("h264", "hevc", "av1"), ("aac", "mp3", "opus")
CONTAINERS = ("flv", "hls", "mp4")
SUFFIXES = {"hls": ".ts"}
FOURCC = {"h264": "avc1", "hevc": "hvc1", "av1": "av01", "aac": "mp4a", "mp3": ".mp3", "opus": "Opus"}
TS_H266 = b"\x33\xe1\x00"
"""Stream type and PID, as the program map table has them (ISO/IEC 13818-1, table 2-34)."""
STREAMS = [(video, audio) for video in VIDEO for audio in AUDIO]
CELLS = [(video, audio, name) for video, audio in STREAMS for name in CONTAINERS if (video, name) != ("av1", "hls")]


def made(video: str | None, audio: str) -> Clip:
    """A clip of 3 s in these codecs."""
    return clip(
        ClipOrder(
            seconds=3,
            video_codec=ENCODERS[video] if video else None,
            audio_codec=ENCODERS[audio],
            b_frames=0 if video == "av1" else 2,
            key_frame_seconds=1,
            width=128,
            height=128,
        )
    )


def assert_holds(studio: Studio, name: str, expected: Clip, complaints: Complaints, *codecs: str) -> None:
    """The file of a format holds a clip's packets, says so, and decodes without a word of the second reader's."""
    file = studio.file(name)
    assert [track.codec for track in (file.video, file.audio) if track] == list(codecs)
    content = studio.content(file)
    found = list(packets_of(content))
    for kind in ("video", "audio"):
        assert contents(found, kind) == contents(expected.packets, kind)
    if name != "flv":
        assert complaints(content, SUFFIXES.get(name, f".{name}")) == ""
        return
    tracks = enhanced_flv.read(content)
    assert [tracks[kind].codec for kind in ("video", "audio") if kind in tracks] == [FOURCC[codec] for codec in codecs]
    for kind, track in tracks.items():
        sent = expected.of(kind)
        first_ms = min(packet.dts_ms for packet in expected.packets)
        assert [(each.dts, each.pts) for each in track.frames] == [
            (packet.dts_ms - first_ms, packet.pts_ms - first_ms) for packet in sent
        ]
        if kind == "video":
            assert [each.is_key for each in track.frames] == [packet.is_key_frame for packet in sent]
        form, stream = enhanced_flv.elementary(track)
        assert complaints(stream, f".{form}") == ""


@pytest.mark.parametrize(("video", "audio", "name"), CELLS)
def test_a_cell_of_the_matrix(
    video: str, audio: str, name: str, s3: FakeS3, source: Source, complaints_of_ffmpeg: Complaints
) -> None:
    studio = Studio(s3)
    studio.order(source(made(video, audio)), template_order(name))
    assert studio.run().code == 0
    assert_holds(studio, name, made(video, audio), complaints_of_ffmpeg, video, audio)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("audio", AUDIO)
def test_sound_alone(audio: str, name: str, s3: FakeS3, source: Source, complaints_of_ffmpeg: Complaints) -> None:
    studio = Studio(s3)
    studio.order(source(made(None, audio)), template_order(name))
    assert studio.run().code == 0
    assert_holds(studio, name, made(None, audio), complaints_of_ffmpeg, audio)


@pytest.mark.parametrize("audio", AUDIO)
@pytest.mark.parametrize("name", CONTAINERS)
def test_h266_that_nobody_here_can_decode(name: str, audio: str, s3: FakeS3, source: Source) -> None:
    sent = with_h266(made("h264", audio))
    studio = Studio(s3)
    studio.order(source(sent), template_order(name))
    assert studio.run().code == 0
    file = studio.file(name)
    assert file.video is not None
    assert (file.video.codec, file.video.width, file.video.height) == ("vvc", WIDTH, HEIGHT)
    content = studio.content(file)
    found, expected = list(packets_of(content)), list(packets_of(sent.content))
    for kind in ("video", "audio"):
        assert contents(found, kind) == contents(expected, kind)
    assert [each.is_key_frame for each in found if each.kind == "video"] == [
        each.is_key_frame for each in expected if each.kind == "video"
    ]
    if name == "flv":
        track, own = enhanced_flv.read(content)["video"], enhanced_flv.read(sent.content)["video"]
        assert (track.codec, track.header) == ("vvc1", configuration())
        assert [(each.pts - each.dts, each.is_key, each.payload) for each in track.frames] == [
            (each.pts - each.dts, each.is_key, each.payload) for each in own.frames
        ]
    elif name == "mp4":
        assert b"vvc1" in content
        assert b"vvcC" + bytes(4) + configuration() in content
    else:
        assert TS_H266 in content


@pytest.mark.parametrize("name", CONTAINERS)
def test_h265_under_the_codec_id_of_older_encoders(
    name: str, s3: FakeS3, source: Source, complaints_of_ffmpeg: Complaints
) -> None:
    sent = made("hevc", "aac")
    older = flv(map(with_codec_id_12, tags_of(sent)))
    assert b"hvc1" not in older.content
    studio = Studio(s3)
    studio.order(source(older), template_order(name))
    assert studio.run().code == 0
    assert_holds(studio, name, sent, complaints_of_ffmpeg, "hevc", "aac")
    assert (b"hvc1" in studio.content(studio.file(name))) is (name == "flv")


@pytest.mark.parametrize(("audio", "name"), [("aac", "aac"), ("aac", "mp3"), ("mp3", "mp3"), ("opus", "mp3")])
def test_a_file_of_sound(audio: str, name: str, s3: FakeS3, source: Source, complaints_of_ffmpeg: Complaints) -> None:
    studio = Studio(s3)
    studio.order(source(made("h264", audio)), template_order(name))
    assert studio.run().code == 0
    file = studio.file(name)
    assert (file.video, file.audio and file.audio.codec) == (None, name)
    assert file.duration_seconds == pytest.approx(3, abs=0.1)
    content = studio.content(file)
    assert complaints_of_ffmpeg(content, f".{name}") == ""
    if audio == name:
        own = [packet.digest for packet in packets_of(content) if packet.kind == "audio"]
        assert own == [packet.digest for packet in made("h264", audio).of("audio")]


@pytest.mark.parametrize(
    ("video", "audio", "name", "reason"),
    [
        ("av1", "aac", "hls", "av1 video cannot be recorded in this format"),
        ("h264", "mp3", "aac", "mp3 audio cannot be recorded in this format"),
        ("h264", "opus", "aac", "opus audio cannot be recorded in this format"),
    ],
)
def test_what_a_format_cannot_hold_is_said_of_it_alone(
    video: str, audio: str, name: str, reason: str, s3: FakeS3, source: Source
) -> None:
    studio = Studio(s3)
    studio.order(source(made(video, audio)), template_order(name, "mp4"))
    assert studio.run().code == 0
    assert [file.format for file in studio.files] == ["mp4"]
    outcome = studio.session["outcomes"]["template-1"][name]
    assert (outcome["state"], outcome["reason"]) == ("failed", reason)
    told = [report.content.decode() for report in s3.reports.values()]
    assert [reason in each for each in told if "record_start_failed" in each] == [True]


@contextmanager
def recorded_over_rtmp(sent: Clip, names: Sequence[str], s3: FakeS3, tmp_path: Path) -> Iterator[Studio]:
    """The studio that has recorded a clip from the local origin, every packet of it."""
    hooks = HookServer()
    with serving(hooks.application()) as base, running_origin(f"{base}/hooks/srs", tmp_path) as facts:
        origin = f"rtmp://127.0.0.1:{facts['port']}"
        hooks.held["on_publish"] = hold = threading.Event()
        with Publisher(f"{origin}/live/room-7", sent.content, speed=2) as publisher:
            hooks.wait_for("on_publish")
            studio = Studio(s3)
            studio.order(f"{origin}/live/room-7?tapedeck_session=session-1", template_order(*names))
            studio.start()
            hooks.wait_for("on_play")
            hold.set()
            publisher.wait()
        assert studio.wait().code == 0
        yield studio


@pytest.mark.parametrize(("video", "audio"), [("h264", "mp3"), ("hevc", "opus"), ("av1", "aac")])
def test_over_rtmp(video: str, audio: str, s3: FakeS3, tmp_path: Path, complaints_of_ffmpeg: Complaints) -> None:
    sent = made(video, audio)
    names = [name for name in CONTAINERS if video in FORMATS[RecordFormat(name)].video_codecs]
    with recorded_over_rtmp(sent, names, s3, tmp_path) as studio:
        for name in names:
            assert_holds(studio, name, sent, complaints_of_ffmpeg, video, audio)


def test_h266_over_rtmp(s3: FakeS3, tmp_path: Path) -> None:
    sent = with_h266(made("h264", "aac"))
    expected = list(packets_of(sent.content))
    with recorded_over_rtmp(sent, CONTAINERS, s3, tmp_path) as studio:
        for name in CONTAINERS:
            found = list(packets_of(studio.content(studio.file(name))))
            for kind in ("video", "audio"):
                assert contents(found, kind) == contents(expected, kind)
