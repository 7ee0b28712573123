"""The demo's check must itself be right: it passes what is whole and names what is not, in every format."""

import io
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from av.packet import Packet

from infra.local.demo.check import CHECKS, check_file
from infra.local.demo.clip import make_clip
from infra.local.demo.comparison import Difference
from infra.local.demo.packets import PacketPrint, read_prints
from infra.local.demo.publisher import Publisher

SECONDS = 4
Change = Callable[[int, "Packet[av.stream.Stream]"], "list[Packet[av.stream.Stream]]"]
"""What becomes of the packet of this number of the clip."""
CONTAINERS = {"flv": "flv", "mp4": "mp4", "hls": "hls", "aac": "adts"}


@pytest.fixture(scope="module")
def clip() -> bytes:
    return make_clip(SECONDS)


@pytest.fixture(scope="module")
def sent(clip: bytes) -> list[PacketPrint]:
    return read_prints(io.BytesIO(clip))


def unchanged(number: int, packet: "Packet[av.stream.Stream]") -> "list[Packet[av.stream.Stream]]":
    return [packet]


def with_last_byte_flipped(packet: "Packet[av.stream.Stream]") -> "Packet[av.stream.Stream]":
    content = bytearray(bytes(packet))
    content[-1] ^= 0x40
    copy: Packet[av.stream.Stream] = Packet(bytes(content))
    copy.pts, copy.dts, copy.time_base, copy.is_keyframe = packet.pts, packet.dts, packet.time_base, packet.is_keyframe
    copy.stream = packet.stream
    return copy


def write(clip: bytes, folder: Path, file_format: str, change: Change = unchanged) -> str:
    """The clip as a file of this format; the path to open."""
    path = folder / ("playlist.m3u8" if file_format == "hls" else f"file.{file_format}")
    options = {"hls_time": "2", "hls_list_size": "0"} if file_format == "hls" else {}
    with (
        av.open(io.BytesIO(clip), "r") as source,
        av.open(str(path), "w", format=CONTAINERS[file_format], options=options) as target,
    ):
        tracks = {
            track.index: target.add_stream_from_template(track, opaque=True)
            for track in source.streams
            if file_format != "aac" or track.type == "audio"
        }
        whole = [packet for packet in source.demux() if packet.size]
        for number, packet in enumerate(whole):
            for each in change(number, packet) if packet.stream.index in tracks else []:
                each.stream = tracks[packet.stream.index]
                target.mux(each)
    return str(path)


def write_mp3(clip: bytes, folder: Path, *, silent_until: float = 0.0) -> str:
    """The clip's sound as MP3; what comes before `silent_until` (seconds) left out."""
    path = folder / "file.mp3"
    with av.open(io.BytesIO(clip), "r") as source, av.open(str(path), "w", format="mp3") as target:
        track = target.add_stream("libmp3lame", rate=source.streams.audio[0].rate)
        track.layout = "mono"
        for frame in source.decode(audio=0):
            if (frame.time or 0.0) >= silent_until:
                frame.pts = None
                target.mux(track.encode(frame))
        target.mux(track.encode(None))
    return str(path)


@pytest.mark.parametrize("file_format", CONTAINERS)
def test_a_whole_file_passes(clip: bytes, sent: list[PacketPrint], tmp_path: Path, file_format: str) -> None:
    assert check_file(write(clip, tmp_path, file_format), file_format, sent) == pytest.approx(SECONDS, abs=0.05)


def test_a_whole_mp3_passes_by_ear(clip: bytes, sent: list[PacketPrint], tmp_path: Path) -> None:
    assert check_file(write_mp3(clip, tmp_path), "mp3", sent) == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize("file_format", CONTAINERS)
def test_one_changed_byte_is_found_and_the_packet_named(
    clip: bytes, sent: list[PacketPrint], tmp_path: Path, file_format: str
) -> None:
    victim = next(number for number, each in enumerate(sent) if each.kind == "audio" and number > 100)
    which = sum(each.kind == "audio" for each in sent[:victim])
    path = write(clip, tmp_path, file_format, lambda at, each: [with_last_byte_flipped(each) if at == victim else each])
    with pytest.raises(Difference, match=f"audio packet {which} was never sent"):
        check_file(path, file_format, sent)


@pytest.mark.parametrize("file_format", ["flv", "mp4", "hls"])
def test_a_changed_picture_is_found(clip: bytes, sent: list[PacketPrint], tmp_path: Path, file_format: str) -> None:
    victim = next(number for number, each in enumerate(sent) if each.kind == "video" and number > 100)
    path = write(clip, tmp_path, file_format, lambda at, each: [with_last_byte_flipped(each) if at == victim else each])
    with pytest.raises(Difference, match=r"video packet \d+ was never sent"):
        check_file(path, file_format, sent)


@pytest.mark.parametrize("file_format", CONTAINERS)
def test_a_missing_packet_is_found(clip: bytes, sent: list[PacketPrint], tmp_path: Path, file_format: str) -> None:
    victim = next(number for number, each in enumerate(sent) if each.kind == "audio" and number > 100)
    path = write(clip, tmp_path, file_format, lambda at, each: [] if at == victim else [each])
    with pytest.raises(Difference, match=r"audio packet (\d+) is packet \d+ of those sent"):
        check_file(path, file_format, sent)


@pytest.mark.parametrize("file_format", CONTAINERS)
def test_a_lost_end_is_found(clip: bytes, sent: list[PacketPrint], tmp_path: Path, file_format: str) -> None:
    path = write(clip, tmp_path, file_format, lambda at, each: [each] if at < len(sent) - 20 else [])
    with pytest.raises(Difference, match="the end is missing"):
        check_file(path, file_format, sent)


@pytest.mark.parametrize("file_format", ["flv", "mp4", "hls"])
def test_sound_that_lags_behind_the_picture_is_found(
    clip: bytes, sent: list[PacketPrint], tmp_path: Path, file_format: str
) -> None:
    def late_sound(number: int, packet: "Packet[av.stream.Stream]") -> "list[Packet[av.stream.Stream]]":
        if packet.stream.type == "audio":
            packet.pts, packet.dts = (packet.pts or 0) + 40, (packet.dts or 0) + 40
        return [packet]

    with pytest.raises(Difference, match=r"audio packet 0 is \+40\.\d ms away"):
        check_file(write(clip, tmp_path, file_format, late_sound), file_format, sent)


def test_a_track_nobody_asked_for_is_found(clip: bytes, sent: list[PacketPrint], tmp_path: Path) -> None:
    with pytest.raises(Difference, match="a track nobody asked for: video"):
        check_file(write(clip, tmp_path, "mp4"), "aac", sent)


def test_a_missing_beep_is_heard(clip: bytes, sent: list[PacketPrint], tmp_path: Path) -> None:
    with pytest.raises(Difference, match="4 beeps were sent, 3 are heard"):
        check_file(write_mp3(clip, tmp_path, silent_until=1.0), "mp3", sent)


def test_beeps_that_come_early_are_heard(clip: bytes, sent: list[PacketPrint], tmp_path: Path) -> None:
    with pytest.raises(Difference, match=r"all beeps are -\d+ ms away"):
        check_file(write_mp3(clip, tmp_path, silent_until=0.25), "mp3", sent)


def test_every_format_of_the_wire_has_its_check() -> None:
    assert set(CHECKS) == {"flv", "hls", "mp4", "aac", "mp3"}


@pytest.mark.parametrize(
    ("video", "audio", "kinds"), [(True, False, {"video"}), (False, True, {"audio"})], ids=["no sound", "no picture"]
)
def test_a_clip_of_one_track_is_compared_by_that_track(
    tmp_path: Path, video: bool, audio: bool, kinds: set[str]
) -> None:
    clip = make_clip(2, video=video, audio=audio)
    sent = read_prints(io.BytesIO(clip))
    assert {each.kind for each in sent} == kinds
    check_file(write(clip, tmp_path, "mp4"), "mp4", sent)


def test_the_publisher_notes_every_packet_it_sent(clip: bytes, sent: list[PacketPrint], tmp_path: Path) -> None:
    target = tmp_path / "published.flv"
    with Publisher(str(target), clip, speed=20.0) as publisher:
        publisher.wait()
    assert publisher.sent == sent
    assert read_prints(io.BytesIO(target.read_bytes())) == sent


def test_a_publisher_that_is_stopped_has_sent_what_it_noted(clip: bytes, tmp_path: Path) -> None:
    target = tmp_path / "published.flv"
    with Publisher(str(target), clip, speed=4.0) as publisher:
        publisher.wait_until_sent(1.0)
        publisher.stop()
    assert 1.0 <= publisher.sent[-1].dts / 1000 < SECONDS
    check_file(str(target), "flv", publisher.sent)


def test_a_publisher_that_finds_no_origin_says_so() -> None:
    with pytest.raises(av.error.FFmpegError), Publisher("rtmp://127.0.0.1:9/live/nobody", make_clip(1)) as publisher:
        publisher.wait()
