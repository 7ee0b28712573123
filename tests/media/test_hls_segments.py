"""A segment of ours holds what FFmpeg's muxer would have written, packet for packet, and is well formed."""

import random
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from subprocess import run

import av
import pytest

from recorder_task.outputs.segment_writer import compiled_writer
from recorder_task.sample import Sample
from tests.iso13818 import PACKET_BYTES, judge, packets, pes_packets, streams
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.mpegts import (
    FOREVER,
    WAYS,
    Way,
    assert_same,
    by_ffmpeg,
    by_us,
    compared,
    demuxed,
    retimed,
    samples_of,
    segment,
    units,
    with_payload,
    writer,
)

WRAP_MS = (1 << 33) // 90
FIRST_PTS_MS = 1400
BOTH = ClipOrder(seconds=5)
CLIPS = {
    "picture and sound": BOTH,
    "sound of few bits": ClipOrder(seconds=5, audio_bit_rate=24_000),
    "sound alone": ClipOrder(seconds=5, video_codec=None),
    "picture alone": ClipOrder(seconds=3, audio_codec=None),
    "no B-frames": ClipOrder(seconds=3, b_frames=0),
    "h265": ClipOrder(seconds=3, video_codec="libx265", width=128, height=128),
    "h265 alone": ClipOrder(seconds=3, video_codec="libx265", width=128, height=128, audio_codec=None),
    "mp3": ClipOrder(seconds=3, audio_codec="libmp3lame"),
}
BY_FFMPEG_ALONE = {"mp3"}
CELLS = [
    pytest.param(way, order, id=f"{way}, {name}")
    for way in WAYS
    for name, order in CLIPS.items()
    if way == "ffmpeg" or name not in BY_FFMPEG_ALONE
]
Samples = Sequence[Sample]
SEI, DELIMITER, FILLER, NO_UNIT = b"\x06\x05\x01\x00\x80", b"\x09\xf0", b"\x0c\xff\xff\x80", b""


@cache
def of_slices(slices: int) -> Clip:
    """Two seconds of pictures in several slices each, with B-frames."""
    file = BytesIO()
    with av.open(file, "w", format="flv") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 640, 360, "yuv420p", 8_000_000
        stream.codec_context.thread_count = 1  # each thread would make a slice
        stream.codec_context.options = {"preset": "ultrafast", "slices": str(slices), "bf": "2", "g": "25"}
        frame = av.VideoFrame(640, 360, "yuv420p")
        for number in range(50):
            chance = random.Random(number)
            for plane in frame.planes:
                plane.update(chance.randbytes(plane.buffer_size))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Clip(file.getvalue(), ())


@cache
def of_channels(layout: str) -> Clip:
    """A second of silence in AAC."""
    file = BytesIO()
    with av.open(file, "w", format="flv") as container:
        stream = container.add_stream("aac", rate=48_000)
        stream.codec_context.layout = layout
        for number in range(48):
            frame = av.AudioFrame("fltp", layout, 1024)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts = 48_000, 1024 * number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Clip(file.getvalue(), ())


def sized(*each: bytes) -> bytes:
    """Units behind their lengths."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in each)


def pictures(samples: Samples, change: Callable[[Sample], bytes]) -> list[Sample]:
    """The samples, those of video with other contents."""
    return [with_payload(each, change(each)) if each.track.kind == "video" else each for each in samples]


@pytest.mark.parametrize(("way", "order"), CELLS)
def test_packets_are_those_that_ffmpeg_writes(way: Way, order: ClipOrder) -> None:
    compared(way, *samples_of(clip(order)))


def test_what_the_compiled_writer_does_not_know_is_ffmpeg_s() -> None:
    tracks, _ = samples_of(clip(CLIPS["mp3"]))
    assert compiled_writer(tracks, starts_at=0.0, hole_seconds=FOREVER) is None


def test_pictures_that_are_no_key_frames_are_byte_for_byte_ffmpeg_s() -> None:
    for made in (clip(BOTH), of_slices(7), clip(CLIPS["h265"])):
        tracks, samples = samples_of(made)
        ours, theirs = pes_packets(by_us("compiled", tracks, samples)), pes_packets(by_ffmpeg(tracks, samples))
        left, right = ([pes for pes in each if not pes.is_random_access] for each in (ours, theirs))
        assert left == right
        assert len(left) > 40


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("starts_at_ms", [0, 40, 3_600_000, WRAP_MS - 2000])
def test_the_file_begins_where_it_is_told(way: Way, starts_at_ms: int) -> None:
    tracks, samples = samples_of(clip(BOTH))
    retimed(samples, starts_at_ms)
    compared(way, tracks, samples, starts_at=starts_at_ms / 1000)
    # One track is earlier than the file.
    compared(way, tracks, samples, starts_at=(starts_at_ms + 30) / 1000)
    # Up to 33 bits of ticks, and beyond them.
    compared(way, tracks, samples)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("before_ms", [0, 1000, FIRST_PTS_MS, 2500, 4000])
def test_times_beyond_33_bits(way: Way, before_ms: int) -> None:
    tracks, samples = samples_of(clip(BOTH))
    ours = compared(way, tracks, retimed(samples, WRAP_MS - before_ms))
    assert (max(pes.pts for pes in pes_packets(ours)) > (1 << 33) - 90_000) is (before_ms > FIRST_PTS_MS)


def test_samples_far_earlier_than_the_file_have_times_that_rise() -> None:
    tracks, samples = samples_of(clip(BOTH))
    ours = by_us("compiled", tracks, samples, starts_at=1.5)
    assert judge(ours) == []
    for pid in streams(ours)[1]:
        times = [pes.dts for pes in pes_packets(ours) if pes.pid == pid]
        assert times == sorted(set(times))
    for track in tracks:
        assert [each.content for each in demuxed(ours, track.kind)] == [
            each.content for each in demuxed(by_ffmpeg(tracks, samples), track.kind)
        ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("slices", [1, 2, 7])
def test_several_slices_a_picture(way: Way, slices: int) -> None:
    ours = compared(way, *samples_of(of_slices(slices)))
    assert {sum(unit[0] & 0x1F in (1, 5) for unit in units(pes.content)) for pes in pes_packets(ours)} == {slices}


@pytest.mark.parametrize("size", [8_000, 23_552, 65_536, 300_000])
def test_pictures_of_any_size(size: int) -> None:
    tracks, samples = samples_of(clip(BOTH))

    def padded(sample: Sample) -> bytes:
        filler = b"\x0c" + b"\xff" * max(size - sample.size - 6, 1) + b"\x80"
        return bytes(sample.payload) + sized(filler)

    compared("compiled", tracks, pictures(samples, padded))


@pytest.mark.parametrize("bytes_of_slice", [1, 2, 150, 165, 170, 184])
def test_tiny_pictures(bytes_of_slice: int) -> None:
    tracks, samples = samples_of(clip(BOTH))
    tiny = pictures(
        samples, lambda each: sized(bytes(each.payload[-2 - bytes_of_slice : -1]).replace(b"\x00", b"\x01"))
    )
    ours = by_us("compiled", tracks, tiny)
    assert judge(ours) == []
    assert len(ours) <= len(by_ffmpeg(tracks, samples))


@pytest.mark.parametrize(
    "before",
    [[SEI], [SEI, SEI], [DELIMITER], [DELIMITER, SEI], [NO_UNIT, SEI], [SEI, NO_UNIT]],
    ids=["SEI", "two SEI", "delimiter", "delimiter and SEI", "an empty unit in front", "an empty unit inside"],
)
@pytest.mark.parametrize("which", ["key frames", "others", "all"])
def test_other_units_among_the_slices(before: list[bytes], which: str) -> None:
    tracks, samples = samples_of(clip(BOTH))
    wanted = {"key frames": {True}, "others": {False}, "all": {True, False}}[which]
    front = sized(*before)
    changed = pictures(samples, lambda each: (front if each.is_key_frame in wanted else b"") + bytes(each.payload))
    without_empty = pictures(
        samples,
        lambda each: (sized(*filter(None, before)) if each.is_key_frame in wanted else b"") + bytes(each.payload),
    )
    ours = by_us("compiled", tracks, changed)
    assert_same(tracks, by_ffmpeg(tracks, without_empty), ours)


def sets_of(made: Clip) -> list[bytes]:
    """The parameter sets that stand before its first key frame."""
    tracks, samples = samples_of(made)
    first = pes_packets(by_ffmpeg(tracks, samples[:1]))[0]
    return [unit for unit in units(first.content) if unit[0] & 0x1F in (7, 8)]


def test_sets_that_come_in_the_stream_stand_before_their_key_frame_and_the_later_ones() -> None:
    tracks, samples = samples_of(clip(BOTH))
    old, new = sets_of(clip(BOTH)), sets_of(clip(ClipOrder(seconds=1, width=320, height=240)))
    assert len(old) == len(new) == 2
    keys = [each for each in samples if each.is_key_frame]
    changed = pictures(samples, lambda each: (sized(*new) if each is keys[1] else b"") + bytes(each.payload))
    ours = by_us("compiled", tracks, changed)
    assert judge(ours) == []
    found = [units(pes.content) for pes in pes_packets(ours) if pes.is_random_access and pes.pid == 0x100]
    sets = [[unit for unit in each if unit[0] & 0x1F in (7, 8)] for each in found]
    assert [set(each) for each in sets] == [set(old), {*old, *new}, {*old, *new}]
    # Of two with one id a decoder believes the later one.
    assert [unit for unit in sets[1] if unit[0] & 0x1F == 7] == [old[0], new[0]]


def test_the_sets_of_the_header_sent_once_more_are_there_once() -> None:
    tracks, samples = samples_of(clip(BOTH))
    sets = sized(*sets_of(clip(BOTH)))
    compared(
        "compiled", tracks, pictures(samples, lambda each: (sets if each.is_key_frame else b"") + bytes(each.payload))
    )


def test_start_codes_in_the_place_of_lengths_stay() -> None:
    tracks, samples = samples_of(clip(BOTH))
    started = pictures(samples, lambda each: b"".join(b"\x00\x00\x00\x01" + unit for unit in lengthy(each.payload)))
    assert_same(tracks, by_ffmpeg(tracks, samples), by_us("compiled", tracks, started))


def lengthy(payload: bytes | memoryview) -> list[bytes]:
    """The units behind lengths."""
    found, at = [], 0
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 4], "big")
        found.append(bytes(payload[at + 4 : at + 4 + size]))
        at += 4 + size
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("layout", "is_named"), [("mono", True), ("5.1", True), ("quad", False), ("hexagonal", False)])
def test_channels_in_any_order(way: Way, layout: str, is_named: bool) -> None:
    """Those that no ADTS header can name are told in front of a segment's first frame."""
    tracks, samples = samples_of(of_channels(layout))
    ours = pes_packets(compared(way, tracks, samples))
    assert {bool(pes.content[2] & 1 or pes.content[3] >> 6) for pes in ours} == {is_named}


@pytest.mark.parametrize("way", WAYS)
def test_sound_is_gathered_no_longer_than_players_wait(way: Way) -> None:
    tracks, samples = samples_of(clip(BOTH))
    halves = [sample for sample in samples if sample.track.kind == "video" or sample.dts % 1000 < 500]
    ours = compared(way, tracks, halves)
    sounds = [pes for pes in pes_packets(ours) if pes.pid == 0x101]
    assert len(sounds) > 5
    assert max(len(pes.content) for pes in sounds) <= 2930


def test_sound_that_stops_is_not_held_back_until_the_end() -> None:
    tracks, samples = samples_of(clip(BOTH))
    ours = compared("compiled", tracks, [each for each in samples if each.track.kind == "video" or each.dts < 1000])
    assert [pes.pid for pes in pes_packets(ours)][-50:] == [0x100] * 50


@pytest.mark.parametrize("way", WAYS)
def test_sound_seconds_before_the_pictures(way: Way) -> None:
    tracks, samples = samples_of(clip(BOTH))
    late = [each for each in samples if each.track.kind == "audio" or each.at >= 2]
    theirs, ours = by_ffmpeg(tracks, late), by_us(way, tracks, late)
    for track in tracks:
        assert demuxed(ours, track.kind) == demuxed(theirs, track.kind)
    # The clock is the pictures' (2.4.4.9): until they come there is none, here as there.
    assert set(judge(ours)) <= {"a PES packet before the clock"}


def test_tables_stand_before_each_key_frame_as_ffmpeg_has_them() -> None:
    tracks, samples = samples_of(clip(BOTH))
    ours, theirs = (
        [each for each in raw(content) if pid(each) in (0, 0x1000)]
        for content in (by_us("compiled", tracks, samples), by_ffmpeg(tracks, samples))
    )
    assert ours == theirs
    assert len(ours) == 6


def raw(content: bytes) -> list[bytes]:
    """Its packets."""
    return [content[at : at + PACKET_BYTES] for at in range(0, len(content), PACKET_BYTES)]


def pid(packet: bytes) -> int:
    """Whose it is."""
    return int.from_bytes(packet[1:3], "big") & 0x1FFF


@pytest.mark.parametrize("way", WAYS)
def test_segments_run_on_and_each_is_complete(way: Way) -> None:
    tracks, samples = samples_of(clip(BOTH))
    keys = [number for number, each in enumerate(samples) if each.is_key_frame]
    groups = [samples[begin:end] for begin, end in zip([0, *keys[1:]], [*keys[1:], None], strict=True)]
    each = writer(way, tracks)
    ours = [segment(each, group, at=group[0].at) for group in groups]
    assert len(ours) == 3
    for group, content in zip(groups, ours, strict=True):
        assert_same(tracks, by_ffmpeg(tracks, group), content)
        assert [packet.pid for packet in packets(content)][:3] == [0x11, 0, 0x1000]
    assert demuxed(b"".join(ours), "video") == demuxed(by_ffmpeg(tracks, samples), "video")


@pytest.mark.second_reader
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("made", [lambda: clip(BOTH), lambda: clip(CLIPS["h265"]), lambda: of_slices(7)])
def test_a_second_reader_has_nothing_to_say(way: Way, made: Callable[[], Clip], tmp_path: Path) -> None:
    path = tmp_path / "segment.ts"
    path.write_bytes(by_us(way, *samples_of(made())))
    command = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "null", "-"]
    assert run(command, capture_output=True, text=True, check=False).stderr == ""
