"""A dead recorder's MP4, which is fragmented, is read of its bytes as FFmpeg's demuxer reads it, but faster."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from recorder_task.jobs import stored_mp4 as module
from recorder_task.jobs.mp4_fragments import OtherForm, is_fragmented, runs_of
from recorder_task.jobs.stored_file import StoredFile
from recorder_task.jobs.stored_mp4 import StoredMp4, stored_mp4
from recorder_task.outputs.mp4_boxes import boxes
from tests.bench.memory_disk_bucket import MemoryDiskBucket
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import packets_of
from tests.media.recovering import Recorded, recorded, recovered
from tests.media.test_codecs import AUDIO, VIDEO, made
from tests.media.test_crash_codecs import sent

KEY, BEGAN_AT = "media/a/f0.mp4", 1_800_000_000.0
MADE = ClipOrder(seconds=4, width=64, height=64, b_frames=2, key_frame_seconds=1)


class Found(NamedTuple):
    """A sample, as it was read."""

    track: int
    dts: int
    pts: int
    duration: int
    is_key_frame: bool
    arrived_ms: int
    payload: bytes


@pytest.fixture
def record(tmp_path: Path) -> Callable[[Clip], Recorded]:
    """Records a clip."""

    def put(clip: Clip) -> Recorded:
        path = tmp_path / "source.flv"
        path.write_bytes(clip.content)
        return recorded("mp4", path)

    return put


def bucket_of(content: bytes, folder: Path) -> MemoryDiskBucket:
    """A bucket with a file of these bytes."""
    bucket = MemoryDiskBucket(folder)
    bucket.put(KEY, content, content_type="video/mp4")
    return bucket


def samples_of(stored: StoredMp4 | StoredFile) -> Sequence[Found]:
    """All that is read, in its order."""
    with stored as opened:
        return [
            Found(
                each.track.index,
                each.dts,
                each.pts,
                each.duration,
                each.is_key_frame,
                round(each.arrived_at * 1000),
                bytes(each.payload),
            )
            for run in opened.runs()
            for each in run
        ]


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


@pytest.mark.parametrize("audio", AUDIO)
@pytest.mark.parametrize("video", [*VIDEO, "vvc", None])
def test_its_samples_are_those_that_ffmpeg_reads(
    video: str | None, audio: str, record: Callable[[Clip], Recorded], tmp_path: Path
) -> None:
    content = record(sent(video, audio) if video else made(None, audio)).left
    for length in (len(content), len(content) - 1, len(content) * 3 // 4, len(content) // 2):
        bucket = bucket_of(content[:length], tmp_path)
        stored = stored_mp4(bucket, KEY, began_at=BEGAN_AT)
        assert isinstance(stored, StoredMp4)
        found = samples_of(stored)
        assert found
        assert found == samples_of(StoredFile(bucket, KEY, began_at=BEGAN_AT))


@pytest.mark.parametrize("piece_bytes", [4_000, 20_000, 60_000])
def test_however_it_is_read(
    piece_bytes: int, record: Callable[[Clip], Recorded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = record(clip(MADE)).left
    bucket = bucket_of(content, tmp_path)
    expected = samples_of(stored_mp4(bucket, KEY, began_at=BEGAN_AT)), recovered(content, "mp4", tmp_path)
    monkeypatch.setattr(module, "PIECE_BYTES", piece_bytes)
    stored = stored_mp4(bucket, KEY, began_at=BEGAN_AT)
    assert isinstance(stored, StoredMp4)
    assert (samples_of(stored), recovered(content, "mp4", tmp_path)) == expected


def test_torn_anywhere_in_its_last_fragment_it_has_the_samples_that_are_whole(
    record: Callable[[Clip], Recorded], tmp_path: Path
) -> None:
    content = record(clip(MADE)).left
    expected = samples_of(stored_mp4(bucket_of(content, tmp_path), KEY, began_at=BEGAN_AT))
    [*_, moof] = [start for kind, start, _, _ in boxes(content) if kind == b"moof"]
    counts = []
    for length in [*range(moof - 9, moof + 60), *range(moof + 60, len(content), 101), len(content)]:
        found = samples_of(stored_mp4(bucket_of(content[:length], tmp_path), KEY, began_at=BEGAN_AT))
        assert {each.payload for each in found} <= {each.payload for each in expected}
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


def test_a_file_that_has_ended_is_read_by_ffmpeg(record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    whole = record(clip(MADE)).whole
    assert not is_fragmented(whole)
    assert isinstance(stored_mp4(bucket_of(whole, tmp_path), KEY, began_at=BEGAN_AT), StoredFile)
    assert list(packets_of(recovered(whole, "mp4", tmp_path).content)) == list(packets_of(whole))


def test_so_is_one_in_another_form(record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    content = bytearray(record(clip(MADE)).left)
    [(start, end), *_] = [(start, end) for kind, start, _, end in boxes(bytes(content)) if kind == b"moof"]
    content[content.index(b"tfhd") + 5] = 0
    with pytest.raises(OtherForm):
        list(runs_of(bytes(content), start, end))
    assert isinstance(stored_mp4(bucket_of(bytes(content), tmp_path), KEY, began_at=BEGAN_AT), StoredFile)


@pytest.mark.parametrize("length", [0, 7, 40, 700])
def test_torn_in_its_head_it_is_none(length: int, record: Callable[[Clip], Recorded], tmp_path: Path) -> None:
    content = record(clip(MADE)).left[:length]
    recovery = recovered(content, "mp4", tmp_path)
    assert (recovery.content, recovery.file, recovery.is_entered) == (content, None, False)
