"""The compiled writer of MPEG-TS where something fails: it says so, keeps what it has, and leaves nothing behind."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder_task.native import loops
from recorder_task.outputs.annex_b import FORMS
from recorder_task.outputs.ts_beginning import beginning
from recorder_task.sample import Sample
from recorder_task.uploads.buffers import Buffer
from tests.compiled_loops import need_compiled_loops
from tests.media.mpegts import FOREVER, segment, write_all
from tests.media.ts_samples import compiled_writer, picture, sound, tracks, unit


@pytest.fixture(autouse=True)
def compiled() -> None:
    """What is tested here."""
    need_compiled_loops()


class Unfit:
    """A sample that lacks what it should have."""

    def __init__(self, fit: Sample, **other: Any) -> None:
        self.__dict__ |= {name: getattr(fit, name) for name in Sample.__slots__} | other


class Failing:
    """Is of no use as a truth or as a number."""

    def __bool__(self) -> bool:
        raise ZeroDivisionError

    __index__ = __float__ = __bool__


def lacking(name: str) -> Unfit:
    """A picture without one attribute."""
    made = Unfit(picture([unit(9, 0)], 40))
    del made.__dict__[name]
    return made


UNFIT: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    **{
        f"no {name}": (AttributeError, lambda name=name: lacking(name))  # type: ignore[misc]
        for name in ("track", "payload", "at", "dts", "pts", "duration", "is_key_frame")
    },
    "a payload of text": (TypeError, lambda: Unfit(picture([unit(9, 0)], 40), payload="text")),
    "a dts of text": (TypeError, lambda: Unfit(picture([unit(9, 0)], 40), dts="text")),
    "a dts of 65 bits": (OverflowError, lambda: Unfit(picture([unit(9, 0)], 40), dts=1 << 64)),
    "a dts of 62 bits": (ValueError, lambda: Unfit(picture([unit(9, 0)], 40), dts=1 << 62)),
    "a pts of 62 bits": (ValueError, lambda: Unfit(picture([unit(9, 0)], 40), pts=-(1 << 62))),
    "a duration of 62 bits": (ValueError, lambda: Unfit(picture([unit(9, 0)], 40), duration=1 << 62)),
    "a truth that fails": (ZeroDivisionError, lambda: Unfit(picture([unit(9, 0)], 40), is_key_frame=Failing())),
    "a time that fails": (ZeroDivisionError, lambda: Unfit(picture([unit(9, 0)], 40), at=Failing())),
    "another track": (ValueError, lambda: Unfit(picture([unit(9, 0)], 40), track=object())),
    "a unit beyond the end": (ValueError, lambda: Unfit(picture([unit(9, 0)], 40), payload=b"\x00\x00\x01\x00A")),
    "an absurd length": (ValueError, lambda: Unfit(picture([unit(9, 0)], 40), payload=b"\xff\xff\xff\xffA")),
    "half a length": (ValueError, lambda: Unfit(picture([unit(9, 0)], 40), payload=b"\x00\x00\x00\x02AA\x01")),
    "a broken key frame": (
        ValueError,
        lambda: Unfit(picture([unit(9, 0)], 40), payload=b"\x00\x00\x00\x09\x65", is_key_frame=True),
    ),
    "sound that is too long": (ValueError, lambda: sound(8185, 40)),
}


@pytest.mark.parametrize(("error", "unfit"), UNFIT.values(), ids=list(UNFIT))
def test_one_that_is_refused_leaves_no_trace(error: type[Exception], unfit: Callable[[], Any]) -> None:
    before = [picture([unit(300, 0)], 0), sound(100, 10), picture([unit(5000, 0)], 20), sound(100, 30)]
    behind = [picture([unit(300, 0)], 60), sound(100, 70)]
    each, buffer, refused = compiled_writer(), Buffer(64), unfit()
    each.begin(buffer, 0.0)
    samples = [*before, refused, *behind]
    with pytest.raises(error):
        write_all(each, samples)
    assert each.taken in (0, len(before))  # a key frame is the first of a call
    write_all(each, behind)
    each.end()
    assert bytes(buffer.view()) == segment(compiled_writer(), [*before, *behind])


class Scarce(Buffer):
    """Fails when it is asked for room, in one way or another."""

    def __init__(self, way: str) -> None:
        super().__init__(4096)
        self.way = way

    def reserve(self, more_bytes: int) -> memoryview:
        if self.way == "no memory":
            raise MemoryError
        room = super().reserve(more_bytes)
        return {"too little": room[: more_bytes - 1], "for readers": room.toreadonly()}.get(self.way, room)

    def advance(self, written_bytes: int) -> None:
        if self.way == "no counting":
            raise OverflowError
        super().advance(written_bytes)


@pytest.mark.parametrize(
    ("way", "error"),
    [
        ("no memory", MemoryError),
        ("too little", MemoryError),
        ("for readers", BufferError),
        ("no counting", OverflowError),
    ],
)
def test_without_room_it_says_so(way: str, error: type[Exception]) -> None:
    each, buffer = compiled_writer(), Scarce("")
    each.begin(buffer, 0.0)
    each.write([picture([unit(9, 0)], 0), sound(9, 10)], 0, FOREVER)
    buffer.way = way
    for sample in (picture([unit(9, 0)], 20), picture([b"\x65"], 20, is_key_frame=True)):
        with pytest.raises(error):
            each.write([sample], 0, FOREVER)
    with pytest.raises(error):
        each.end()
    buffer.way = ""
    each.end()


def raw_writer() -> Any:
    """One that knows no tracks."""
    file = beginning(tracks())
    return loops.TsWriter(file.tables, file.tables_again, 1.0)


def test_calls_that_make_no_sense_are_refused() -> None:
    made, (pictures, sounds), form = raw_writer(), tracks(), FORMS["h264"]
    with pytest.raises(RuntimeError, match="no segment"):
        made.write([], 0, 0.0)
    made.end()
    rest = (lambda payload, is_key_frame: b"", form.is_notable, form.front, 3)
    for ratio in ((0, 1), (1, 0), (-1, 1), (1 << 40, 1)):
        with pytest.raises(ValueError, match="track"):
            made.add_pictures(pictures, 256, True, 0, *ratio, *rest)
    for pid, offset in ((0, 0), (0x1FFF, 0), (256, 1 << 60)):
        with pytest.raises(ValueError, match="track"):
            made.add_pictures(pictures, pid, True, offset, 90, 1, *rest)
    for notable, front, start in ((b"", form.front, 3), (form.is_notable, bytes(99), 3), (form.is_notable, b"", 5)):
        with pytest.raises(ValueError, match="form"):
            made.add_pictures(pictures, 256, True, 0, 90, 1, rest[0], notable, front, start)
    for header in (b"\xff", bytes(65)):
        with pytest.raises(ValueError, match="ADTS"):
            made.add_sound(sounds, 257, False, 0, 90, 1, header)
    with pytest.raises(AttributeError):
        made.add_sound(object(), 257, False, 0, 90, 1, bytes(7))
    made.add_pictures(pictures, 256, True, 0, 90, 1, *rest)
    with pytest.raises(ValueError, match="track"):
        made.add_pictures(pictures, 256, True, 0, 90, 1, *rest)
    with pytest.raises(ValueError, match="tables"):
        made.__init__(b"", b"", 1.0)
    for wrong in ((None, 0.0), (Buffer(9),), ()):
        with pytest.raises((TypeError, AttributeError)):
            made.begin(*wrong)
    with pytest.raises(SystemError):
        loops.TsWriter.__new__(loops.TsWriter).begin(Buffer(9), 0.0)


@pytest.mark.parametrize("made", [None, "text", bytearray(9)])
def test_a_picture_that_is_rewritten_is_bytes(made: Any) -> None:
    each, form = raw_writer(), FORMS["h264"]
    each.add_pictures(tracks()[0], 256, True, 0, 90, 1, lambda *_: made, form.is_notable, form.front, 3)
    each.begin(Buffer(9), 0.0)
    with pytest.raises(TypeError):
        each.write([picture([b"\x65"], 0, is_key_frame=True)], 0, FOREVER)


@pytest.mark.parametrize("call", ["end", "begin", "write"])
def test_no_call_comes_in_the_midst_of_another(call: str) -> None:
    each, form, samples = raw_writer(), FORMS["h264"], [picture([unit(9, 0)], 0), picture([b"\x65"], 20)]
    calls = {
        "end": each.end,
        "begin": lambda: each.begin(Buffer(9), 0.0),
        "write": lambda: each.write(samples, 0, FOREVER),
    }

    def rewrite(payload: bytes, is_key_frame: bool) -> bytes:
        calls[call]()
        return b""

    each.add_pictures(tracks()[0], 256, True, 0, 90, 1, rewrite, form.is_notable, form.front, 3)
    each.begin(Buffer(9), 0.0)
    with pytest.raises(RuntimeError, match="one call at a time"):
        each.write(samples, 0, FOREVER)
    assert each.taken == 1
    each.end()


def resident_bytes() -> int:
    """What this process holds in memory; 0 where the system does not say."""
    said = Path("/proc/self/statm")
    return int(said.read_text().split()[1]) * 4096 if said.exists() else 0


def test_it_lets_go_of_what_it_held() -> None:
    buffer, before = Buffer(9), [sys.getrefcount(one) for one in tracks()]
    each = compiled_writer()
    each.begin(buffer, 0.0)
    assert [sys.getrefcount(one) for one in tracks()] > before
    held = sys.getrefcount(buffer)
    del each
    assert [sys.getrefcount(one) for one in tracks()] == before
    assert sys.getrefcount(buffer) == held - 1


def test_nothing_is_left_behind() -> None:
    samples: list[Any] = [picture([b"\x65 slice"], 0, is_key_frame=True), picture([unit(300, 0)], 20), sound(100, 30)]
    unfit = [make() for _, make in UNFIT.values()]
    each, buffer = compiled_writer(), Buffer(1 << 20)
    watched = [*samples, *tracks(), each, *(sample.payload for sample in samples), *(one.track for one in samples)]

    def use() -> None:
        buffer.size_bytes = 0
        each.begin(buffer, 0.0)
        write_all(each, samples)
        for one in unfit:
            with pytest.raises(Exception):  # noqa: B017, PT011 - of many kinds
                each.write([samples[1], one, samples[2]], 1, FOREVER)
        each.end()

    for _ in range(50):
        use()
    counts, memory = [sys.getrefcount(one) for one in watched], resident_bytes()
    of_buffer = sys.getrefcount(buffer)
    for _ in range(2000):
        use()
    each.begin(buffer, 0.0)
    for _ in range(100_000):
        buffer.size_bytes = 0
        each.write(samples, 1, FOREVER)
    each.end()
    assert [sys.getrefcount(one) for one in watched] == counts
    assert sys.getrefcount(buffer) == of_buffer
    assert resident_bytes() - memory < 1 << 20
