"""Samples of all tracks in one order."""

from recorder_task.interleaver import Interleaver
from recorder_task.sample import Track
from tests.unit.recorder.samples import AUDIO, VIDEO, sample

Placed = tuple[str, int]


def ordered(*sources: tuple[Track, int]) -> tuple[list[Placed], list[Placed]]:
    """What comes out while samples come in, and what comes out at the end."""
    interleaver = Interleaver([AUDIO, VIDEO])
    out = [each for track, at in sources for each in interleaver.push(sample(track, at))]
    rest = interleaver.flush()
    return [(each.track.kind, each.dts) for each in out], [(each.track.kind, each.dts) for each in rest]


def test_a_track_that_runs_ahead_waits_for_the_other() -> None:
    out, rest = ordered((VIDEO, 0), (VIDEO, 40), (VIDEO, 80), (AUDIO, 30), (AUDIO, 60))
    assert out == [("video", 0), ("audio", 30), ("video", 40), ("audio", 60)]
    assert rest == [("video", 80)]


def test_video_comes_first_at_the_same_instant() -> None:
    out, rest = ordered((AUDIO, 0), (VIDEO, 0))
    assert out + rest == [("video", 0), ("audio", 0)]


def test_a_track_that_is_silent_holds_nothing_back_for_longer_than_a_second() -> None:
    out, rest = ordered(*((VIDEO, at) for at in range(0, 2000, 500)))
    assert out == [("video", 0), ("video", 500)]
    assert rest == [("video", 1000), ("video", 1500)]


def test_a_single_track_never_waits() -> None:
    interleaver = Interleaver([AUDIO])
    assert [each.dts for each in interleaver.push(sample(AUDIO, 5))] == [5]
