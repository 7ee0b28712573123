"""A dead recorder's FLV is recovered byte for byte: the file its recorder would have made, as far as it has come."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder_task.jobs import stored_flv
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.recovering import Recorded, Recovered, recorded, recovered
from tests.media.test_codecs import AUDIO, VIDEO, made
from tests.media.test_crash_codecs import sent
from tests.media.test_flv import HEADER_BYTES, metadata, tags

AUDIO_KIND, SCRIPT_KIND = 8, 18
MADE = ClipOrder(seconds=2, width=64, height=64, b_frames=2, key_frame_seconds=0.5)


@pytest.fixture
def record(source: Callable[[Clip], Path]) -> Callable[[Clip], Recorded]:
    """Records a clip."""
    return lambda made: recorded("flv", source(made))


def frames_at(content: bytes) -> int:
    """Where the first frame's tag begins: behind the metadata and what the codecs need, which is at the time 0."""
    return next(
        at for at, kind, _, first in tags(content) if kind != SCRIPT_KIND and first not in (b"\x17\x00", b"\xaf\x00")
    )


def facts_of(recovery: Recovered | Recorded) -> Any:
    """What the bytes of a file say, as its ready object has it."""
    file = recovery.file
    return file and (file.duration_seconds, file.size_bytes, file.video, file.audio, file.media_start_ms >= 0)


def assert_true(recovery: Recovered) -> None:
    """All that the file says of itself is so."""
    content, file = recovery.content, recovery.file
    assert file is not None
    assert file.recovered
    facts = metadata(content)
    assert facts["filesize"] == len(content) == file.size_bytes
    assert facts["duration"] == pytest.approx(file.duration_seconds, abs=1e-6)
    found = {at: milliseconds for at, _, milliseconds, _ in tags(content)}
    index = facts["keyframes"]
    assert [found[int(at)] / 1000 for at in index["filepositions"]] == index["times"]


@pytest.mark.parametrize("audio", AUDIO)
@pytest.mark.parametrize("video", [*VIDEO, "vvc", None])
def test_it_is_the_file_its_recorder_would_have_made(
    video: str | None, audio: str, record: Callable[[Clip], Recorded], tmp_path: Path
) -> None:
    recording = record(sent(video, audio) if video else made(None, audio))
    for content in (recording.left, recording.whole):
        recovery = recovered(content, "flv", tmp_path)
        assert recovery.content == recording.whole
        assert facts_of(recovery) == facts_of(recording)
        assert_true(recovery)


@pytest.mark.parametrize("piece_bytes", [100, 1000, 30_000], ids=["tags over many pieces", "a tag a piece", "some"])
def test_however_it_is_read(
    piece_bytes: int, record: Callable[[Clip], Recorded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = record(clip(MADE))
    monkeypatch.setattr(stored_flv, "PIECE_BYTES", piece_bytes)
    for content in (recording.left, recording.whole):
        assert recovered(content, "flv", tmp_path).content == recording.whole


@pytest.mark.parametrize("part_bytes", [4 * 1024, 8 * 1024 * 1024], ids=["many parts", "one"])
def test_however_it_is_written(part_bytes: int, record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    recording = record(clip(MADE))
    assert recovered(recording.left, "flv", tmp_path, part_bytes=part_bytes).content == recording.whole


def broken_off(recording: Recorded, positions: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Lengths to break off at, each with that of the whole tags which are there: those without the last size too."""
    content = recording.left
    ends = [at for at, *_ in tags(content)] + [len(content)]
    for length in positions:
        yield length, max(end for end in ends if end - 4 <= length)


def test_torn_anywhere_in_its_last_tags_it_has_all_that_are_whole(
    record: Callable[[Clip], Recorded], tmp_path: Path
) -> None:
    recording = record(clip(ClipOrder(seconds=1, width=32, height=32, video_bit_rate=20_000, audio_bit_rate=16_000)))
    content = recording.left
    begin = frames_at(content)
    third_last = tags(content)[-3][0]
    expected: dict[int, bytes] = {}
    for length, whole in broken_off(recording, iter(range(third_last, len(content)))):
        recovery = recovered(content[:length], "flv", tmp_path)
        assert recovery.content == expected.setdefault(whole, recovery.content)
        assert recovery.content.endswith(content[begin:whole])
        assert_true(recovery)
    assert len(expected) >= 3


def test_torn_before_its_first_frame_is_whole_it_is_none(record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    content = record(clip(MADE)).left
    first, second = frames_at(content), tags(content)[tags(content).index(tag_at(content, frames_at(content))) + 1][0]
    lengths = [*range(first + 12), *range(first + 12, second - 4, 97), second - 5]
    for length in lengths:
        recovery = recovered(content[:length], "flv", tmp_path)
        assert (recovery.content, recovery.file, recovery.is_entered) == (content[:length], None, False)
    assert recovered(content[:second], "flv", tmp_path).file is not None


def tag_at(content: bytes, position: int) -> tuple[int, int, int, bytes]:
    """The tag that begins there."""
    return next(tag for tag in tags(content) if tag[0] == position)


def test_torn_anywhere(record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    recording = record(clip(MADE))
    content = recording.left
    begin = frames_at(content)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(begin, len(content)))
    def check(length: int) -> None:
        [(_, whole)] = broken_off(recording, iter([length]))
        recovery = recovered(content[:length], "flv", tmp_path)
        if whole == begin:
            assert recovery.file is None
            return
        assert recovery.content.endswith(content[begin:whole])
        assert len(recovery.content) - frames_at(recovery.content) == whole - begin
        assert_true(recovery)
        again = recovered(recovery.content, "flv", tmp_path)
        assert again == recovery

    check()


def test_a_track_that_fell_silent_stays_in_its_head(record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    content = record(clip(MADE)).left
    begin = frames_at(content)
    ends = [*[at for at, *_ in tags(content)][1:], len(content)]
    pictures = [
        content[at:end]
        for (at, kind, *_), end in zip(tags(content), ends, strict=True)
        if at >= begin and kind != AUDIO_KIND
    ]
    recovery = recovered(content[:begin] + b"".join(pictures), "flv", tmp_path)
    assert_true(recovery)
    assert recovery.file is not None
    assert recovery.file.audio is None
    assert recovery.file.video is not None
    told = metadata(recovery.content)
    assert {name: told[name] for name in metadata(content)} == metadata(content)
    assert "audiodatarate" not in told
    assert recovery.content[4] == content[4]
    assert recovery.content.endswith(content[HEADER_BYTES:begin][-(begin - tags(content)[1][0]) :] + b"".join(pictures))


def test_told_to_end_it_leaves_all_as_it_was(record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    content = record(clip(MADE)).left
    asked = iter([False, False, True])
    recovery = recovered(content, "flv", tmp_path, part_bytes=16 * 1024, must_stop=lambda: next(asked, True))
    assert recovery == Recovered(content, None, is_entered=True)
