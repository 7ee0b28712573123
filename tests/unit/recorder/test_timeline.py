"""Timestamps made acceptable: nothing raises, nothing is dropped, what was repaired is counted."""

import pytest

from recorder_task.timeline import WRAP, Timeline, Times


def place(*sources: tuple[int | None, int | None]) -> tuple[list[tuple[int, int]], Timeline]:
    """(dts, pts) of packets of one track, in their order."""
    timeline = Timeline()
    placed = [timeline.place(0, dts, pts, 40) for dts, pts in sources]
    return [(times.dts, times.pts) for times in placed], timeline


@pytest.mark.parametrize(
    ("sources", "expected", "repaired", "wrapped"),
    [
        ([(0, 80), (40, 200), (80, 120)], [(0, 80), (40, 200), (80, 120)], 0, 0),
        ([(3_600_000, 3_600_000)], [(3_600_000, 3_600_000)], 0, 0),
        ([(0, 0), (40, 40), (40, 40), (80, 80)], [(0, 0), (40, 40), (41, 41), (80, 80)], 1, 0),
        ([(0, 0), (40, 40), (20, 20), (80, 80)], [(0, 0), (40, 40), (41, 41), (80, 80)], 1, 0),
        ([(0, 0), (40, 20)], [(0, 0), (40, 40)], 0, 0),
        (
            [(WRAP - 40, WRAP - 40), (0, 0), (40, 80)],
            [(WRAP - 40, WRAP - 40), (WRAP, WRAP), (WRAP + 40, WRAP + 80)],
            0,
            1,
        ),
        ([(0, 0), (40, 40), (None, None), (120, 120)], [(0, 0), (40, 40), (80, 80), (120, 120)], 1, 0),
        ([(None, 10), (None, 50)], [(10, 10), (50, 50)], 0, 0),
        ([(None, None), (40, 40)], [(0, 0), (40, 40)], 0, 0),
        ([(-80, 0), (-40, 40), (0, 80)], [(-80, 0), (-40, 40), (0, 80)], 0, 0),
    ],
    ids=[
        "as it should be, B-frames included",
        "an hour at the start",
        "a repeat",
        "a step back",
        "a pts before its dts",
        "a wrap at 32 bits",
        "no timestamp at all",
        "no dts",
        "no timestamp at the start",
        "negative at the start",
    ],
)
def test_packets_of_one_track(
    sources: list[tuple[int | None, int | None]], expected: list[tuple[int, int]], repaired: int, wrapped: int
) -> None:
    placed, timeline = place(*sources)
    assert placed == expected
    assert (timeline.repaired, timeline.wrapped) == (repaired, wrapped)


def test_tracks_have_clocks_of_their_own() -> None:
    timeline = Timeline()
    assert timeline.place(0, 1000, 1000, 40) == Times(1000, 1000, 40)
    assert timeline.place(1, 10, 10, 23) == Times(10, 10, 23)
    assert timeline.repaired == 0


def test_a_missing_duration_is_the_distance_to_the_packet_before() -> None:
    timeline = Timeline()
    durations = [timeline.place(0, dts, dts, 0).duration for dts in (0, 40, 80)]
    assert durations == [0, 40, 40]
