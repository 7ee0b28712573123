"""The compiled writer of MPEG-TS: whatever samples it is given, and in whatever runs, every byte comes out again."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recorder_task.sample import Sample
from recorder_task.uploads.buffers import Buffer
from tests.compiled_loops import need_compiled_loops
from tests.iso13818 import judge, pes_packets
from tests.media.mpegts import FOREVER, segment, write_all
from tests.media.ts_samples import compiled_writer, picture, sound, unit

FIRST_DTS = 126_000
PICTURES, SOUND = 0x100, 0x101
DELIMITER = b"\x00\x00\x00\x01\x09\xf0"
GUARD = bytes(range(200, 256)) * 4
PAYLOAD_SIZES = st.one_of(
    st.integers(1, 2000),
    st.builds(lambda packets, more: max(184 * packets + more, 1), st.integers(0, 12), st.integers(-40, 40)),
)
PICTURE = st.lists(PAYLOAD_SIZES, min_size=1, max_size=6)
STREAM = st.lists(st.one_of(PICTURE, PAYLOAD_SIZES), min_size=1, max_size=40)
"""Lists are pictures of so many units of so many bytes, numbers are frames of sound."""


@pytest.fixture(autouse=True)
def compiled() -> None:
    """What is tested here."""
    need_compiled_loops()


def samples_in(stream: Sequence[int | list[int]]) -> list[Sample]:
    """The samples of a drawn stream, one every 20 ms."""
    return [
        sound(each, 20 * number, seed=number)
        if isinstance(each, int)
        else picture([unit(size, number) for size in each], 20 * number, later_by=number % 3 * 40)
        for number, each in enumerate(stream)
    ]


def expected_picture(sample: Sample) -> bytes:
    """As it stands in its PES packet."""
    found, at = DELIMITER + b"\x00", 0
    while at < sample.size:
        size = int.from_bytes(sample.payload[at : at + 4], "big")
        found += b"\x00\x00\x01" + sample.payload[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def adts_frames(contents: bytes) -> Iterator[bytes]:
    """The frames behind ADTS headers (ISO/IEC 13818-7, 6.2)."""
    while contents:
        assert contents[:2] in (b"\xff\xf1", b"\xff\xf9")
        size = int.from_bytes(contents[3:6], "big") >> 5 & 0x1FFF
        yield contents[7:size]
        contents = contents[size:]


@settings(max_examples=300, deadline=None)
@given(stream=STREAM)
@example(stream=[[65_000, 1], 8184, [300_000], 8184])
def test_what_is_written_is_read_again(stream: list[int | list[int]]) -> None:
    samples = samples_in(stream)
    written = segment(compiled_writer(), samples)
    pictures = [each for each in samples if each.track.kind == "video"]
    if pictures and pictures[0] is samples[0]:
        # So few pictures may come that the clock, which is theirs, is late.
        assert [each for each in judge(written) if "without a clock" not in each] == []
    found = pes_packets(written)
    assert [(pes.content, pes.dts, pes.pts) for pes in found if pes.pid == PICTURES] == [
        (expected_picture(each), FIRST_DTS + 90 * each.dts, FIRST_DTS + 90 * each.pts) for each in pictures
    ]
    sounds = [each for each in samples if each.track.kind == "audio"]
    frames = [(pes, frame) for pes in found if pes.pid == SOUND for frame in adts_frames(pes.content)]
    assert [frame for _, frame in frames] == [bytes(each.payload) for each in sounds]
    firsts = {id(pes): number for number, (pes, _) in reversed(list(enumerate(frames)))}
    assert all(pes.dts == pes.pts == FIRST_DTS + 90 * sounds[firsts[id(pes)]].dts for pes, _ in frames)


@settings(max_examples=150, deadline=None)
@given(stream=STREAM, lengths=st.lists(st.integers(1, 50), min_size=1), room_bytes=st.integers(1, 5000))
def test_runs_split_anyhow_give_the_same_bytes(
    stream: list[int | list[int]], lengths: list[int], room_bytes: int
) -> None:
    samples, buffer, each, at = samples_in(stream), Buffer(room_bytes), compiled_writer(), 0
    each.begin(buffer, 0.0)
    while at < len(samples):
        length = lengths[at % len(lengths)]
        write_all(each, tuple(samples[at : at + length]))
        at += length
    each.end()
    assert bytes(buffer.view()) == segment(compiled_writer(), samples)


def taken(samples: Sequence[Sample], first: int = 0, until: float = FOREVER, *, hole_seconds: float = FOREVER) -> int:
    """How many one call takes."""
    each = compiled_writer(hole_seconds=hole_seconds)
    each.begin(Buffer(100), samples[0].at)
    each.write(samples, first, until)
    return each.taken


def test_it_takes_what_belongs_to_the_segment_whatever_it_is() -> None:
    plain = [picture([unit(9, 0)], 20 * number) for number in range(50)]
    assert taken(plain) == 50
    assert taken(plain, 20) == 30
    assert taken(plain, 0, 0.4) == 20
    assert taken(plain, 30, 0.4) == 1
    key_frame = picture([b"\x65 slice"], 1000, is_key_frame=True)
    assert taken([key_frame, *plain, key_frame, *plain]) == 51
    far = [picture([unit(9, 0)], milliseconds) for milliseconds in (0, 20, 1040, 2061, 2081)]
    assert taken(far, hole_seconds=1.0) == 3
    assert taken(far, 3, hole_seconds=1.0) == 2


def test_it_says_where_the_segment_ends() -> None:
    each = compiled_writer()
    each.begin(Buffer(100), 5.0)
    assert each.ends_at == 5.0
    each.write([sound(9, 5000), picture([unit(9, 0)], 5001), sound(9, 5002)], 0, FOREVER)
    assert each.ends_at == pytest.approx(5.025)
    each.begin(Buffer(100), 2.0)
    assert each.ends_at == 2.0


def test_times_rise_from_segment_to_segment() -> None:
    each = compiled_writer()
    contents = [segment(each, [picture([unit(9, 0)], ms) for ms in times]) for times in ([0, 20, 40], [10, 20, 60])]
    assert [pes.dts for one in contents for pes in pes_packets(one)] == [
        FIRST_DTS + 90 * ms for ms in (0, 20, 40, 41, 42, 60)
    ]


def test_the_clock_comes_ten_times_a_second() -> None:
    for distance_ms in (7, 20, 33, 40, 99):
        samples = [picture([unit(100, 0)], distance_ms * number) for number in range(60)]
        for each in samples:
            each.duration = distance_ms
        assert judge(segment(compiled_writer(), samples)) == []


class Guarded:
    """A buffer that has not a byte more room than it was asked for, and sees who writes beyond it."""

    def __init__(self) -> None:
        self.content = b""
        self._room = bytearray()

    def write(self, data: bytes) -> None:
        self.content += data

    def reserve(self, more_bytes: int) -> memoryview:
        self._room = bytearray(more_bytes) + GUARD
        return memoryview(self._room)[:more_bytes]

    def advance(self, written_bytes: int) -> None:
        assert self._room.endswith(GUARD)
        self.content += self._room[:written_bytes]


@settings(max_examples=150, deadline=None)
@given(stream=STREAM)
def test_it_writes_no_further_than_it_has_asked_for(stream: list[int | list[int]]) -> None:
    samples, each, buffer = samples_in(stream), compiled_writer(), Guarded()
    made: Any = buffer
    each.begin(made, 0.0)
    write_all(each, samples)
    each.end()
    assert buffer.content == segment(compiled_writer(), samples)
