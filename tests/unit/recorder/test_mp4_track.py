"""What a track of an MP4 says of its samples: its fragments while it grows, its tables in the end."""

import struct
from dataclasses import replace
from fractions import Fraction

import pytest

from recorder_task.outputs.mp4_boxes import boxes
from recorder_task.outputs.mp4_fragments import INTER_FRAME, KEY_FRAME
from recorder_task.outputs.mp4_track import LARGE_FROM, Mp4Track
from recorder_task.sample import Sample, Track
from tests.unit.recorder.samples import AUDIO, VIDEO, add


def picture(dts: int, pts: int, size: int, *, is_key_frame: bool = False) -> Sample:
    """A picture of 40 ms."""
    return Sample(VIDEO, bytes(size), dts, pts, 40, is_key_frame, 0.0)


def pictures() -> Mp4Track:
    """Four pictures with B-frames, the first at 5 s, which is 20 ms into the file."""
    track = Mp4Track(VIDEO, 1, 16_000, starts_at=4.98)
    for sample in (
        picture(5000, 5080, 10, is_key_frame=True),
        picture(5040, 5160, 11),
        picture(5080, 5120, 12),
        picture(5120, 5200, 13, is_key_frame=True),
    ):
        add(track, sample)
    return track


def words(content: bytes) -> list[int]:
    """A box's payload as numbers of 32 bits."""
    return list(struct.unpack(f">{len(content) // 4}I", content))


def tables(track: Mp4Track) -> dict[bytes, list[int]]:
    """The tables by their type."""
    content = track.tables()
    return {kind: words(content[start:end]) for kind, _, start, end in boxes(content) if kind != b"sgpd"}


def rows(track: Mp4Track, width: int) -> list[tuple[int, ...]]:
    """The rows of its next fragment's `trun`."""
    _, _, content, _ = track.fragment()
    found = words(content)
    return [tuple(found[at : at + width]) for at in range(0, len(found), width)]


def test_a_fragment_of_pictures() -> None:
    track = pictures()
    header, begin, _, size = track.fragment()
    assert header.hex() == "00000010746668640002000000000001" + "0000001474666474010000000000000000000140"
    assert begin == struct.pack(">I4sII", 20 + 4 * 16, b"trun", 0xF01, 4)
    assert rows(track, 4) == [
        (640, 10, KEY_FRAME, 1280),
        (640, 11, INTER_FRAME, 1920),
        (640, 12, INTER_FRAME, 640),
        (640, 13, KEY_FRAME, 1280),
    ]
    assert size == 46


def test_the_next_fragment_goes_on_where_the_last_one_ended() -> None:
    track = pictures()
    track.place(1000)
    assert not track.has_news
    add(track, picture(5180, 5180, 9))
    header, _, _, size = track.fragment()
    assert int.from_bytes(header[-8:], "big") == (5180 - 4980) * 16
    assert (rows(track, 4), size) == ([(640, 9, INTER_FRAME, 0)], 9)


def test_a_fragment_of_sound_says_how_long_and_how_large() -> None:
    track = Mp4Track(AUDIO, 2, 44_100, starts_at=0.0)
    for at in (0, 23, 46):
        add(track, Sample(AUDIO, b"abc", at, at, 23, False, 0.0))
    assert rows(track, 2) == [(1014, 3), (1015, 3), (1014, 3)]
    assert track.fragment()[1] == struct.pack(">I4sII", 20 + 3 * 8, b"trun", 0x301, 3)


def test_the_tables_of_pictures() -> None:
    track = pictures()
    track.place(1000)
    add(track, picture(5180, 5180, 9))
    track.place(2000)
    assert tables(track) == {
        b"stts": [0, 3, 3, 640, 1, 960, 1, 640],
        b"stss": [0, 2, 1, 4],
        b"ctts": [0, 5, 1, 1280, 1, 1920, 1, 640, 1, 1280, 1, 0],
        b"stsc": [0, 2, 1, 4, 1, 2, 1, 1],
        b"stsz": [0, 0, 5, 10, 11, 12, 13, 9],
    }
    assert track.offsets(24) == struct.pack(">I4s4I", 24, b"stco", 0, 2, 1024, 2024)
    assert (track.begins, track.first_composition) == (320, 1280)
    assert track.decoded_ticks == 3 * 640 + 960 + 640
    assert track.presented_ticks == 3 * 640 + 960 + 1280 - 1280


def test_sound_has_no_key_frames_and_says_what_a_decoder_must_hear_before() -> None:
    track = Mp4Track(AUDIO, 2, 44_100, starts_at=0.0)
    add(track, Sample(AUDIO, b"abc", 0, 0, 20, False, 0.0))
    track.place(500)
    assert tables(track) == {
        b"stts": [0, 1, 1, 882],
        b"stsc": [0, 1, 1, 1, 1],
        b"stsz": [0, 0, 1, 3],
        b"sbgp": [0, int.from_bytes(b"roll", "big"), 1, 1, 1],
    }


@pytest.mark.parametrize(("frame_ms", "samples"), [(20, 4), (10, 8), (0, 4)])
def test_an_opus_decoder_hears_80_ms_before(frame_ms: int, samples: int) -> None:
    track = Mp4Track(replace(AUDIO, codec="opus", frame_ms=frame_ms), 1, 48_000, starts_at=0.0)
    add(track, Sample(AUDIO, b"abc", 0, 0, 20, False, 0.0))
    track.place(500)
    content = track.tables()
    (description,) = (content[start:end] for kind, _, start, end in boxes(content) if kind == b"sgpd")
    assert struct.unpack(">h", description[-2:]) == (-samples,)


def test_where_all_are_key_frames_no_table_names_them() -> None:
    track = Mp4Track(VIDEO, 1, 16_000, starts_at=0.0)
    for at in (0, 40):
        add(track, picture(at, at, 5, is_key_frame=True))
    track.place(500)
    assert set(tables(track)) == {b"stts", b"stsc", b"stsz"}


def test_offsets_beyond_3_gib_have_64_bits() -> None:
    track = pictures()
    track.place(LARGE_FROM - 1)
    assert track.offsets(1 << 30) == struct.pack(">I4s3I", 20, b"stco", 0, 1, LARGE_FROM - 1 + (1 << 30))
    add(track, picture(5180, 5180, 9))
    track.place(1 << 33)
    assert track.offsets(7) == struct.pack(">I4s2I2Q", 32, b"co64", 0, 2, LARGE_FROM + 6, (1 << 33) + 7)


def test_times_rise_whatever_comes() -> None:
    track = Mp4Track(VIDEO, 1, 16_000, starts_at=5.0)
    for dts, pts in ((4000, 4040), (4040, 4080), (5001, 5001), (5010, 5005)):
        add(track, picture(dts, pts, 5))
    assert rows(track, 4) == [
        (16, 5, INTER_FRAME, 0),
        (16, 5, INTER_FRAME, 0),
        (128, 5, INTER_FRAME, 0),
        (640, 5, INTER_FRAME, 0),
    ]


def test_a_hole_of_days_between_two_samples_is_refused() -> None:
    track = Mp4Track(VIDEO, 1, 90_000, starts_at=0.0)
    add(track, picture(0, 0, 5))
    with pytest.raises(OverflowError):
        add(track, picture(50_000_000, 50_000_000, 5))


def test_av1_loses_the_delimiter_that_streams_have() -> None:
    track = Mp4Track(replace(VIDEO, codec="av1"), 1, 16_000, starts_at=0.0)
    add(track, Sample(VIDEO, b"\x12\x00frame", 0, 0, 40, True, 0.0))
    add(track, Sample(VIDEO, memoryview(b"\x12\x00next"), 40, 40, 40, False, 0.0))
    add(track, Sample(VIDEO, b"bare", 80, 80, 40, False, 0.0))
    assert (track.fragment()[3], b"".join(track.place(0))) == (13, b"framenextbare")


def test_ticks_are_the_nearest() -> None:
    finer = Track(index=0, kind="audio", codec="aac", time_base=Fraction(1, 90_000))
    track = Mp4Track(finer, 1, 44_100, starts_at=0.0)
    for dts in (0, 3, 90_001):
        add(track, Sample(finer, b"abc", dts, dts, 1, False, 0.0))
    assert [row[0] for row in rows(track, 2)] == [1, 44_099, 0]
