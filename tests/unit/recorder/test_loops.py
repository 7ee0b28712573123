"""The compiled loops do what their twins in Python do, and the build says what it lacks."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from recorder_task.native import build, loops
from recorder_task.outputs.flv_tag_writer import PlainTagWriter
from recorder_task.outputs.flv_track import FrameForm
from recorder_task.outputs.mp4_columns import ANY_TIME, plain_columns
from recorder_task.pull.flv_tags import AUDIO_TAG, VIDEO_TAG
from recorder_task.sample import Sample, Track
from recorder_task.tally import plain_totals
from recorder_task.uploads.buffers import Buffer, plain_extend
from tests.compiled_loops import need_compiled_loops
from tests.unit.recorder.samples import AUDIO, VIDEO

TRACKS = (VIDEO, AUDIO, Track(index=2, kind="audio", codec="opus", time_base=Fraction(1, 48_000)))
FORMS = (
    FrameForm(
        VIDEO, VIDEO_TAG, VIDEO.seconds_per_tick, (b"\x17\x01\0\0\0", b"\x27\x01\0\0\0", b"\x17\x01", b"\x27\x01")
    ),
    FrameForm(AUDIO, AUDIO_TAG, 0.001, (b"\xaf\x01", b"\xaf\x01", b"", b"")),
    FrameForm(TRACKS[2], AUDIO_TAG, TRACKS[2].seconds_per_tick, (b"\x91Opus", b"\x91Opus", b"", b"")),
)
CONTENTS = some.binary(max_size=40)
PAYLOADS: some.SearchStrategy[bytes | memoryview] = CONTENTS | CONTENTS.map(lambda content: memoryview(content))
SCALES = some.sampled_from([(1, 1), (90, 1), (441, 10), (3, 7)])
NUMBERS = some.integers(-3, 60) | some.integers(-(2**40), 2**40) | some.sampled_from([2**24, 2**24 - 1, 2**32, 2**33])


@some.composite
def samples(draw: some.DrawFn) -> list[Sample]:
    """Samples of several tracks whose times mostly rise, and some that no file takes."""
    found: list[Sample] = []
    dts = draw(NUMBERS)
    for _ in range(draw(some.integers(1, 12))):
        dts += draw(some.integers(0, 50) | NUMBERS)
        pts = dts + draw(some.sampled_from([0, 0, 40]) | NUMBERS)
        repairs = draw(some.sampled_from([{}, {}, {"video_jump": 1}]))
        track, payload = draw(some.sampled_from(TRACKS)), draw(PAYLOADS)
        found.append(Sample(track, payload, dts, pts, 40, draw(some.booleans()), 0.0, repairs))
    return found


class Ended(NamedTuple):
    """What a call gave, or which error it raised."""

    value: Any
    error: type[Exception] | None


def ended(call: Callable[..., Any], *arguments: Any) -> Ended:
    """Make the call."""
    try:
        return Ended(call(*arguments), None)
    except (OverflowError, ValueError, KeyError) as error:
        return Ended(None, type(error))


@pytest.fixture(autouse=True, scope="module")
def compiled_loops() -> None:
    need_compiled_loops()


@given(some.lists(PAYLOADS), some.integers(1, 64))
def test_pieces_go_into_a_buffer(pieces: Sequence[bytes | memoryview], room_bytes: int) -> None:
    found = []
    for extend in (plain_extend, loops.extend):
        buffer = Buffer(room_bytes)
        buffer.write(b"before")
        extend(buffer, pieces)
        extend(buffer, tuple(pieces))
        found.append(bytes(buffer.view()))
    assert found[0] == found[1] == b"before" + b"".join(pieces) * 2


@given(samples())
def test_totals(given_samples: list[Sample]) -> None:
    for some_samples in (given_samples, tuple(given_samples), []):
        assert loops.totals(some_samples) == plain_totals(some_samples)


@settings(max_examples=500)
@given(
    samples(),
    some.integers(0, 2),
    some.integers(0, 100),
    some.sampled_from([(1, 1), (90, 1), (441, 10), (3, 7)]),
    some.booleans(),
)
def test_columns(
    given_samples: list[Sample], index: int, earliest: int, scale: tuple[int, int], has_delimiters: bool
) -> None:
    up, down = scale
    longest = 0xFFFFFFFF * down // up
    for farthest in (ANY_TIME, given_samples[0].dts + 10):
        facts = (index, given_samples[0].dts - 5, up, down, longest, earliest, farthest, has_delimiters)
        assert ended(loops.columns, given_samples, *facts) == ended(plain_columns, given_samples, *facts)


def test_a_delimiter_of_av1_is_left_out() -> None:
    payloads: list[bytes | memoryview] = [b"\x12\x00frame", memoryview(b"\x12\x00"), b"\x12", b"", b"bare"]
    given_samples = [Sample(VIDEO, each, at, at, 40, False, 0.0) for at, each in enumerate(payloads)]
    facts = (0, 0, 1, 1, 2**32, 0, ANY_TIME, True)
    found = loops.columns(given_samples, *facts)
    assert found == tuple(plain_columns(given_samples, *facts))
    assert [bytes(each) for each in found[-1]] == [b"frame", b"", b"\x12", b"", b"bare"]


@settings(max_examples=500)
@given(samples(), some.integers(0, 400))
def test_tags(given_samples: list[Sample], full_bytes: int) -> None:
    found = []
    for writer in (PlainTagWriter, loops.TagWriter):
        starts_ms = round(given_samples[0].at * 1000)
        tags, part, key_frames = writer(starts_ms, FORMS), Buffer(64), list[tuple[int, int]]()
        outcomes: list[Ended] = []
        rest = list(given_samples)
        while rest:
            size_bytes = part.size_bytes
            outcome = ended(tags.write, part, rest, size_bytes, size_bytes + 1 + full_bytes, key_frames)
            outcomes.append(outcome)
            rest = rest[outcome.value or 1 :]  # past the one that was refused
        found.append((outcomes, bytes(part.view()), key_frames))
    assert found[0] == found[1]


def test_a_track_that_is_none_of_the_files() -> None:
    stranger = Sample(Track(index=9, kind="audio", codec="aac", time_base=Fraction(1, 1000)), b"a", 0, 0, 1, False, 0.0)
    for writer in (PlainTagWriter, loops.TagWriter):
        with pytest.raises(KeyError):
            writer(0, FORMS).write(Buffer(64), [stranger], 0, 100, [])


def test_a_buffer_that_makes_no_room_is_not_written_beyond() -> None:
    class Mean(Buffer):
        def reserve(self, size_bytes: int) -> Any:
            return super().reserve(0)

    part = Mean(4096)
    with pytest.raises(MemoryError, match="less room"):
        loops.extend(part, [bytes(4097)])
    with pytest.raises(MemoryError, match="less room"):
        loops.TagWriter(0, FORMS).write(part, [Sample(AUDIO, bytes(5000), 0, 0, 1, False, 0.0)], 0, 10_000, [])
    assert part.size_bytes == 0


def test_what_is_no_sample_is_refused() -> None:
    for call in (
        lambda: loops.extend(Buffer(8), [1]),  # type: ignore[list-item]
        lambda: loops.totals([object()]),  # type: ignore[list-item]
        lambda: loops.columns([object()], 0, 0, 1, 1, 1, 0, 0, False),  # type: ignore[list-item]
        lambda: loops.TagWriter(0, FORMS).write(Buffer(8), [object()], 0, 10, []),  # type: ignore[list-item]
        lambda: loops.TagWriter(0, (1,)),  # type: ignore[arg-type]
    ):
        with pytest.raises((AttributeError, TypeError, SystemError)):
            call()


def test_a_machine_without_a_compiler_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(build.CannotBuild, match="no C compiler"):
        build.build(tmp_path / "loops.so")


def test_a_compiler_that_fails_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "loops.so"
    target.write_bytes(b"before")
    monkeypatch.setattr(build, "OPTIONS", ("--no-such-option",))
    with pytest.raises(build.CannotBuild, match="says"):
        build.build(target)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


def test_what_is_built_is_a_module_of_its_own(tmp_path: Path) -> None:
    build.build(tmp_path / "_loops.abi3.so")
    command = [sys.executable, "-c", "import _loops; print(_loops.TagWriter.__name__)"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout == "TagWriter\n"
