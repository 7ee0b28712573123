"""However samples come together, the segments of HLS are those that each of them alone would make."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_task.outputs import hls
from recorder_task.outputs.growing_playlist import Piece
from recorder_task.outputs.output import FileOrder
from recorder_task.sample import Sample, Track
from recorder_task.tally import Tally
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.mpegts import WAYS, Way, retimed, samples_of, use, with_payload
from tests.unit.recorder.test_growing_playlist import FILE

CLIPS = {
    "both": ClipOrder(seconds=7, key_frame_seconds=1),
    "sound alone": ClipOrder(seconds=7, video_codec=None),
    "picture alone": ClipOrder(seconds=7, audio_codec=None, key_frame_seconds=1),
    "one key frame": ClipOrder(seconds=9, key_frame_seconds=30),
}
Lengths = Sequence[int]
Segments = list[tuple[bytes, Piece]]


class Playlist:
    """Keeps the pieces; the newest one made is the one asked for them."""

    newest: ClassVar["Playlist"]

    def __init__(self, *_: Any, **__: Any) -> None:
        self.pieces: Segments = []
        Playlist.newest = self

    def add(self, piece: Piece, *, is_last: bool) -> None:
        self.pieces.append((bytes(memoryview(piece.content)), piece._replace(content=b"")))


class Lane:
    """Does at once what is to be done."""

    def submit(self, request: Callable[[], None], size_bytes: int = 0) -> None:
        request()


@pytest.fixture(params=WAYS, autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    """Both writers; the playlist keeps what it gets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hls, "GrowingPlaylist", Playlist)
        use(request.param, patch)
        yield request.param


def output_of(tracks: Sequence[Track], first: Sample) -> tuple[hls.HlsOutput, Tally]:
    """A file of segments of two seconds."""
    tally, nothing = Tally(first), Any
    order = FileOrder(
        bucket=nothing,  # type: ignore[arg-type]
        lane=Lane(),  # type: ignore[arg-type]
        entry=FILE,
        continuation=nothing,  # type: ignore[arg-type]
        on_file=lambda *_: None,
        tally=tally,
        tracks=tracks,
        starts_at=first.at,
        part_bytes=1 << 20,
        segment_seconds=2,
        utc_offset_hours=0,
    )
    return hls.HlsOutput(order), tally


def segments(made: hls.HlsOutput) -> Segments:
    """What its playlist got."""
    made.finish()
    return Playlist.newest.pieces


def written(tracks: Sequence[Track], samples: Sequence[Sample], lengths: Lengths) -> Segments:
    """The segments of samples that come so many at a time, over and over."""
    output, tally = output_of(tracks, samples[0])
    at = turn = 0
    while at < len(samples):
        length = lengths[turn % len(lengths)]
        output.write(samples[at : at + length])
        at, turn = at + length, turn + 1
    assert tally.samples == len(samples)
    return segments(output)


def with_hole(samples: Sequence[Sample]) -> Sequence[Sample]:
    """All from 3 s on 2.5 s later."""
    retimed([each for each in samples if each.at >= 3], 2500)
    return samples


@pytest.mark.parametrize("has_hole", [False, True], ids=["whole", "a hole"])
@pytest.mark.parametrize("order", CLIPS.values(), ids=list(CLIPS))
def test_runs_of_any_length_make_the_same_segments(order: ClipOrder, has_hole: bool) -> None:
    tracks, samples = samples_of(clip(order))
    if has_hole:
        with_hole(samples)
    one_by_one = written(tracks, samples, [1])
    assert len(one_by_one) >= 2
    if has_hole and order is not CLIPS["one key frame"]:
        assert [piece.is_discontinuous for _, piece in one_by_one].count(True) == 1
    for lengths in ([2], [3, 1, 7], [128], [len(samples)]):
        assert written(tracks, samples, lengths) == one_by_one


@settings(max_examples=15, deadline=None)
@given(lengths=st.lists(st.integers(1, 200), min_size=1, max_size=20))
def test_runs_of_all_lengths(lengths: list[int]) -> None:
    made: Clip = clip(CLIPS["both"])
    tracks, samples = samples_of(made)
    assert written(tracks, samples, lengths) == written(tracks, samples, [128])


def test_a_sample_that_is_refused_is_the_one_behind_those_that_are_counted(way: Way) -> None:
    tracks, samples = samples_of(clip(CLIPS["both"]))
    # FFmpeg looks at a frame's length only behind the first one.
    number = next(number for number, each in enumerate(samples) if each.track.kind == "audio" and each.at > 1)
    broken = [*samples[:number], with_payload(samples[number], bytes(9000)), *samples[number + 1 :]]
    output, tally = output_of(tracks, samples[0])
    with pytest.raises(ValueError, match="9007 bytes"):
        output.write(broken)
    assert tally.samples == number
    output.write(broken[number + 1 :])
    assert tally.samples == len(samples) - 1
    assert segments(output)[1:]
