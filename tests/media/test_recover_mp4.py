"""A dead recorder's MP4, which is fragmented, becomes one movie without a sample being read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recorder_task.jobs import stored_mp4 as module
from recorder_task.outputs.mp4_boxes import boxes
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import packets_of
from tests.media.recovering import Recorded, recorded, recovered
from tests.media.test_codecs import AUDIO, VIDEO, made
from tests.media.test_crash_codecs import sent

MADE = ClipOrder(seconds=4, width=64, height=64, b_frames=2, key_frame_seconds=1)


@pytest.fixture
def record(source: Callable[[Clip], Path]) -> Callable[[Clip], Recorded]:
    """Records a clip."""
    return lambda made: recorded("mp4", source(made))


def descriptions(content: bytes) -> list[bytes]:
    """What an MP4 says of its codecs: its `stsd` boxes."""
    found: list[bytes] = []
    waiting = [(payload, end) for kind, _, payload, end in boxes(content) if kind == b"moov"]
    while waiting:
        for kind, _, payload, end in boxes(content, *waiting.pop()):
            if kind in (b"trak", b"mdia", b"minf", b"stbl"):
                waiting.append((payload, end))
            elif kind == b"stsd":
                found.append(content[payload:end])
    return found


@pytest.mark.parametrize("piece_bytes", [4_000, 20_000, 60_000])
def test_however_it_is_read(
    piece_bytes: int, record: Callable[[Clip], Recorded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = record(clip(MADE)).left
    expected = recovered(content, "mp4", tmp_path)
    monkeypatch.setattr(module, "PIECE_BYTES", piece_bytes)
    assert recovered(content, "mp4", tmp_path) == expected


@pytest.mark.parametrize("audio", AUDIO)
@pytest.mark.parametrize("video", [*VIDEO, "vvc", None])
def test_broken_off_it_has_what_ffmpeg_reads_of_it(
    video: str | None, audio: str, record: Callable[[Clip], Recorded], tmp_path: Path
) -> None:
    content = record(sent(video, audio) if video else made(None, audio)).left
    for length in (len(content) - 1, len(content) * 3 // 4, len(content) // 2):
        recovery = recovered(content[:length], "mp4", tmp_path)
        assert recovery.file is not None
        assert recovery.file.size_bytes == len(recovery.content)
        assert [kind for kind, *_ in boxes(recovery.content)] == [b"ftyp", b"moov", b"mdat"]
        for kind, facts in (("video", recovery.file.video), ("audio", recovery.file.audio)):
            before, after = (
                [(each.digest, each.dts_ms) for each in packets_of(source) if each.kind == kind]
                for source in (content[:length], recovery.content)
            )
            assert after == before[: len(after)]
            assert len(before) - len(after) <= 1  # FFmpeg reads a piece of a sample as one
            assert (facts.codec if facts else None) == {"video": video, "audio": audio}[kind]


def test_torn_anywhere_in_its_last_fragment_it_has_the_samples_that_are_whole(
    record: Callable[[Clip], Recorded], tmp_path: Path
) -> None:
    content = record(clip(MADE)).left
    expected = [each.digest for each in packets_of(recovered(content, "mp4", tmp_path).content)]
    [*_, moof] = [start for kind, start, _, _ in boxes(content) if kind == b"moof"]
    counts = []
    for length in [*range(moof - 9, moof + 60, 3), *range(moof + 60, len(content), 307), len(content)]:
        recovery = recovered(content[:length], "mp4", tmp_path)
        found = [each.digest for each in packets_of(recovery.content)]
        assert set(found) <= set(expected)
        assert len(recovery.content) <= length + 64 * 1024
        counts.append(len(found))
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] == len(expected)


@pytest.mark.parametrize("audio", AUDIO)
@pytest.mark.parametrize("video", [*VIDEO, "vvc", None])
def test_it_becomes_the_file_its_recorder_would_have_made(
    video: str | None, audio: str, record: Callable[[Clip], Recorded], tmp_path: Path
) -> None:
    recording = record(sent(video, audio) if video else made(None, audio))
    recovery = recovered(recording.left, "mp4", tmp_path)
    assert list(packets_of(recovery.content)) == list(packets_of(recording.whole))
    assert descriptions(recovery.content) == descriptions(recording.whole)
    assert recovery.file is not None
    assert recovery.file.size_bytes == len(recovery.content)
    assert recovery.file.duration_seconds == pytest.approx(recording.file.duration_seconds, abs=0.001)
    assert [each and each.codec for each in (recovery.file.video, recovery.file.audio)] == [video, audio]


def test_a_file_that_has_ended_stays_as_it_is(record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    recording = record(clip(MADE))
    recovery = recovered(recording.whole, "mp4", tmp_path)
    assert recovery.content == recording.whole
    assert recovery.file is not None
    assert recovery.file.duration_seconds == pytest.approx(recording.file.duration_seconds, abs=0.001)


@pytest.mark.parametrize(
    ("find", "found", "instead"),
    [
        (bytes.index, b"free", b"skip"),
        (bytes.index, b"tfdt\x01", b"tfdt\x00"),
        (bytes.rindex, b"tfdt\x01", b"tfdt\x00"),
    ],
    ids=["its head", "its first fragment", "its last one"],
)
def test_so_does_one_of_which_no_recorder_of_ours_writes(
    find: Callable[[bytes, bytes], int],
    found: bytes,
    instead: bytes,
    record: Callable[[Clip], Recorded],
    tmp_path: Path,
) -> None:
    content = record(clip(MADE)).left
    place = find(content, found)
    other = content[:place] + instead + content[place + len(found) :]
    recovery = recovered(other, "mp4", tmp_path)
    assert recovery.content == other
    assert recovery.file is not None
    assert recovery.file.video is not None


@pytest.mark.parametrize("length", [0, 7, 40, 700])
def test_torn_in_its_head_it_is_none(length: int, record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    content = record(clip(MADE)).left[:length]
    recovery = recovered(content, "mp4", tmp_path)
    assert (recovery.content, recovery.file, recovery.is_entered) == (content, None, False)
