"""Samples of all tracks in one order."""

from recorder_task.sample import Track
from recorder_task.timing.interleaver import Interleaver
from tests.unit.recorder.samples import AUDIO, VIDEO, sample

Placed = tuple[str, int]


def ordered(*sources: tuple[Track, int]) -> tuple[list[Placed], list[Placed]]:
    """What comes out while samples come in, and what comes out at the end."""
    interleaver = Interleaver([AUDIO, VIDEO])
    out = [each for track, at in sources for each in interleaver.push([sample(track, at)])]
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
    assert [each.dts for each in interleaver.push([sample(AUDIO, 5)])] == [5]


def test_a_track_that_comes_two_seconds_late_is_waited_for() -> None:
    times = range(0, 20_000, 500)
    sources = [each for at in times for each in ((VIDEO, at + 2000), (AUDIO, at))]
    out, rest = ordered(*sources)
    placed = [at for _, at in out + rest]
    assert placed == sorted(placed)
    assert len(out) > 70


def test_no_track_is_waited_for_longer_than_five_seconds_of_media() -> None:
    out, _ = ordered((VIDEO, 0), (AUDIO, 10), *((VIDEO, at) for at in range(500, 10_000, 500)))
    assert out[-1] == ("video", 4500)


def test_a_track_that_nobody_announced_is_met_with_its_first_sample() -> None:
    interleaver = Interleaver([AUDIO])
    pushed = [each for at in (0, 500) for each in interleaver.push([sample(AUDIO, at)])]
    pushed += [each for at in (500, 600) for each in interleaver.push([sample(VIDEO, at)])]
    pushed += list(interleaver.push([sample(AUDIO, 600)]))
    pushed += interleaver.flush()
    assert [(each.track.kind, each.dts) for each in pushed] == [
        ("audio", 0),
        ("audio", 500),
        ("video", 500),
        ("video", 600),
        ("audio", 600),
    ]
