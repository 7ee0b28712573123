"""An empty movie that is filled: durations, edit lists, tables, offsets; made here box by box."""

import struct

from recorder_task.outputs.mp4_boxes import box, boxes
from recorder_task.outputs.mp4_movie import filled_movie, with_duration
from recorder_task.outputs.mp4_track import Mp4Track
from recorder_task.sample import Sample
from tests.unit.recorder.samples import AUDIO, VIDEO, add, sample

TAIL = b"tail" * 3


def movie_header(duration: int, next_id: int) -> bytes:
    """An `mvhd` in 90,000ths of a second, cut short."""
    return box(b"mvhd", struct.pack(">5I", 0, 0, 0, 90_000, duration), TAIL, struct.pack(">I", next_id))


def track_header(track_id: int, duration: int) -> bytes:
    """A `tkhd`, cut short."""
    return box(b"tkhd", struct.pack(">6I", 3, 0, 0, track_id, 0, duration), TAIL)


def media_header(timescale: int, duration: int) -> bytes:
    """An `mdhd` of unknown language."""
    return box(b"mdhd", struct.pack(">5I", 0, 0, 0, timescale, duration), b"\x55\xc4\x00\x00")


def track_box(
    track_id: int, timescale: int, *tables: bytes, plays: int = 0, ticks: int = 0, edits: bytes = b""
) -> bytes:
    """A `trak` with these tables behind its description."""
    inner = box(b"minf", box(b"smhd"), box(b"stbl", box(b"stsd", b"description"), *tables))
    return box(
        b"trak",
        track_header(track_id, plays),
        edits,
        box(b"mdia", media_header(timescale, ticks), box(b"hdlr", b"name"), inner),
    )


NO_TABLES = [box(b"stts", bytes(8)), box(b"stsc", bytes(8)), box(b"stsz", bytes(12)), box(b"stco", bytes(8))]
EMPTY = box(
    b"moov",
    movie_header(0, 2),
    track_box(1, 16_000, *NO_TABLES),
    track_box(2, 44_100, *NO_TABLES),
    box(b"mvex", box(b"trex", bytes(24))),
    box(b"udta", b"who"),
)


def test_a_movie_is_filled() -> None:
    pictures, sounds = Mp4Track(VIDEO, 1, 16_000, starts_at=0.0), Mp4Track(AUDIO, 2, 44_100, starts_at=0.0)
    add(pictures, Sample(VIDEO, bytes(5), 0, 80, 40, True, 0.0))
    add(pictures, Sample(VIDEO, bytes(6), 40, 40, 40, False, 0.0))
    add(sounds, sample(AUDIO, 0))
    pictures.place(1000)
    sounds.place(1011)
    found = filled_movie(EMPTY, [pictures, sounds])
    edits = struct.pack(">II IiI IiI", 0, 2, 7200, -1, 0x10000, 3600, 1280, 0x10000)
    assert found == box(
        b"moov",
        movie_header(10_800, 3),
        track_box(
            1,
            16_000,
            pictures.tables(),
            pictures.offsets(len(found)),
            plays=10_800,
            ticks=1280,
            edits=box(b"edts", box(b"elst", edits)),
        ),
        track_box(2, 44_100, sounds.tables(), sounds.offsets(len(found)), plays=3600, ticks=1764),
        box(b"udta", b"who"),
    )


def test_a_track_of_which_nothing_came_is_left_out() -> None:
    pictures, sounds = Mp4Track(VIDEO, 1, 16_000, starts_at=0.0), Mp4Track(AUDIO, 2, 44_100, starts_at=0.0)
    add(pictures, sample(VIDEO, 0))
    pictures.place(1000)
    assert [kind for kind, *_ in boxes(filled_movie(EMPTY, [pictures, sounds]), 8)] == [b"mvhd", b"trak", b"udta"]


def test_a_duration_beyond_32_bits_has_64() -> None:
    payload = struct.pack(">5I", 7, 1, 2, 90_000, 0) + TAIL
    assert with_duration(b"mvhd", payload, 16, 0xFFFFFFFF) == box(
        b"mvhd", struct.pack(">5I", 7, 1, 2, 90_000, 0xFFFFFFFF), TAIL
    )
    assert with_duration(b"mvhd", payload, 16, 1 << 32) == box(
        b"mvhd", struct.pack(">I2QIQ", 1 << 24 | 7, 0, 0, 90_000, 1 << 32), TAIL
    )


def test_a_track_that_begins_after_six_hours_says_so_in_64_bits() -> None:
    late = Mp4Track(VIDEO, 1, 16_000, starts_at=0.0)
    add(late, sample(VIDEO, 7 * 3_600_000))
    late.place(1000)
    delay = 7 * 3600 * 90_000
    edits = struct.pack(">II QqI QqI", 1 << 24, 2, delay, -1, 0x10000, 3600, 0, 0x10000)
    assert box(b"edts", box(b"elst", edits)) in filled_movie(EMPTY, [late])
