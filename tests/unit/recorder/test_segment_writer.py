"""Who writes the segments of HLS: the compiled writer where all is usual, FFmpeg's muxer for everything else."""

from collections.abc import Sequence
from fractions import Fraction
from types import SimpleNamespace

import pytest

from recorder_task.outputs import segment_writer
from recorder_task.outputs.segment_muxer import MuxedSegments
from recorder_task.sample import Sample, Track
from tests.compiled_loops import need_compiled_loops
from tests.media.clips import ClipOrder, clip
from tests.media.mpegts import samples_of

TWO_BYTES_AVCC = "0164001ffde1"


def track(codec: str, extradata: str = "", index: int = 0) -> Track:
    """One of a codec and its configuration, of which no muxer would make anything."""
    kind = "video" if codec in ("h264", "hevc", "vvc", "av1") else "audio"
    template = SimpleNamespace(codec_context=SimpleNamespace(extradata=bytes.fromhex(extradata)))
    return Track(index=index, kind=kind, codec=codec, time_base=Fraction(1, 1000), template=template)  # type: ignore[arg-type]


def usual() -> tuple[Sequence[Track], Sequence[Sample]]:
    """H.264 and AAC."""
    return samples_of(clip(ClipOrder(seconds=1)))


@pytest.mark.parametrize(
    "tracks",
    [
        [track("h264", TWO_BYTES_AVCC)],
        [track("h264", "00000001674d")],
        [track("h264")],
        [track("hevc")],
        [track("vvc")],
        [track("mp3")],
        [track("opus")],
        [track("aac"), track("aac", index=1)],
    ],
    ids=["lengths of 2 bytes", "start codes", "no header", "H.265 without", "H.266", "MP3", "Opus", "two of a kind"],
)
def test_what_is_not_usual_is_for_ffmpeg(tracks: Sequence[Track]) -> None:
    assert segment_writer.compiled_writer(tracks, starts_at=0.0, hole_seconds=1.0) is None


def test_what_is_usual_is_compiled_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    need_compiled_loops()
    tracks, _ = usual()
    made = segment_writer.segment_writer(tracks, starts_at=0.0, hole_seconds=1.0)
    assert not isinstance(made, MuxedSegments)
    monkeypatch.setattr(segment_writer, "loops", None)
    made = segment_writer.segment_writer(tracks, starts_at=0.0, hole_seconds=1.0)
    assert isinstance(made, MuxedSegments)


def test_times_that_the_compiled_writer_cannot_count_are_for_ffmpeg() -> None:
    tracks, _ = usual()
    assert segment_writer.compiled_writer(tracks, starts_at=1e12, hole_seconds=1.0) is None
