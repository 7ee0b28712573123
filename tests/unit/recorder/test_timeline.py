"""Timestamps made acceptable: nothing raises, nothing is dropped, what was repaired is named and counted."""

from collections.abc import Iterable, Iterator

import pytest

from recorder_task.sample import TrackKind
from recorder_task.timing.timeline import WRAP, Timeline, Times

Placed = list[tuple[int, int]]


def place(*sources: tuple[int, int]) -> tuple[Placed, Timeline]:
    """(dts, pts) of packets of one track, in their order, all arrived at once."""
    timeline = Timeline()
    placed = [timeline.place("video", dts, pts, 40, 0.0) for dts, pts in sources]
    return [(times.dts, times.pts) for times in placed], timeline


AS_THEY_WERE = [(0, 80), (40, 200), (80, 120)]
PACKETS: dict[str, tuple[Placed, Placed, dict[str, int]]] = {
    "as it should be, B-frames included": (AS_THEY_WERE, AS_THEY_WERE, {}),
    "an hour at the start": ([(3_600_000, 3_600_000)], [(3_600_000, 3_600_000)], {}),
    "a repeat": (
        [(0, 0), (40, 40), (40, 40), (80, 80)],
        [(0, 0), (40, 40), (79, 79), (80, 80)],
        {"video_stands_still": 1},
    ),
    "a clock that stops and goes on where it would be": (
        [(0, 0), (40, 40), (40, 120), (40, 40), (160, 160)],
        [(0, 0), (40, 40), (79, 159), (119, 119), (160, 160)],
        {"video_stands_still": 2},
    ),
    "a clock that never moves": (
        [(0, 0), (0, 0), (0, 0), (0, 0)],
        [(0, 0), (39, 39), (79, 79), (119, 119)],
        {"video_stands_still": 3},
    ),
    "a clock that stops for long and goes on where it stopped": (
        [(0, 0)] * 40 + [(40, 40), (80, 80)],
        [(0, 0), *((at, at) for at in range(39, 1560, 40)), (1599, 1599), (1639, 1639)],
        {"video_stands_still": 39, "video_jump": 1},
    ),
    "a step back": (
        [(0, 0), (40, 40), (20, 20), (80, 80)],
        [(0, 0), (40, 40), (41, 41), (80, 80)],
        {"video_time_illegal": 1},
    ),
    "a pts before its dts": ([(0, 0), (40, 20)], [(0, 0), (40, 40)], {"video_time_illegal": 1}),
    "a wrap at 32 bits": (
        [(WRAP - 40, WRAP - 40), (0, 0), (40, 80)],
        [(WRAP - 40, WRAP - 40), (WRAP, WRAP), (WRAP + 40, WRAP + 80)],
        {"wrap": 1},
    ),
    "a hole": ([(0, 0), (40, 40), (9000, 9000)], [(0, 0), (40, 40), (9000, 9000)], {}),
    "a leap forward": (
        [(0, 0), (40, 40), (90_000, 90_080), (90_040, 90_040)],
        [(0, 0), (40, 40), (80, 160), (120, 120)],
        {"video_jump": 1},
    ),
    "a leap back": (
        [(90_000, 90_000), (90_040, 90_040), (0, 80), (40, 40)],
        [(90_000, 90_000), (90_040, 90_040), (90_080, 90_160), (90_120, 90_120)],
        {"video_jump": 1},
    ),
    "a single packet astray": (
        [(0, 0), (40, 40), (90_000, 90_000), (80, 80), (120, 120)],
        [(0, 0), (40, 40), (80, 80), (81, 81), (120, 120)],
        {"video_jump": 2, "video_time_illegal": 1},
    ),
    "B-frames without composition offsets": (
        [(0, 0), (120, 120), (40, 40), (80, 80), (160, 160)],
        [(0, 0), (120, 120), (121, 121), (122, 122), (160, 160)],
        {"video_time_illegal": 2},
    ),
}


@pytest.mark.parametrize(("sources", "expected", "repairs"), PACKETS.values(), ids=PACKETS)
def test_packets_of_one_track(sources: Placed, expected: Placed, repairs: dict[str, int]) -> None:
    placed, timeline = place(*sources)
    assert placed == expected
    assert timeline.repairs == repairs


def test_tracks_have_clocks_of_their_own() -> None:
    timeline = Timeline()
    assert timeline.place("video", 1000, 1000, 40, 0.0) == Times(1000, 1000, 40)
    assert timeline.place("audio", 10, 10, 23, 0.0) == Times(10, 10, 23)
    assert timeline.repairs == {}


def test_a_missing_duration_is_the_distance_to_the_packet_before() -> None:
    timeline = Timeline()
    durations = [timeline.place("video", dts, dts, 0, 0.0).duration for dts in (0, 40, 80)]
    assert durations == [0, 40, 40]


def test_a_hole_that_our_clock_has_seen_is_no_leap() -> None:
    timeline = Timeline()
    placed = [timeline.place("video", dts, dts, 40, at).dts for dts, at in ((0, 0.0), (60_000, 60.0), (60_040, 60.0))]
    assert placed == [0, 60_000, 60_040]
    assert timeline.repairs == {}


def interleaved(seconds: float, start_ms: int = 0) -> Iterator[tuple[TrackKind, int]]:
    """25 pictures and 43 frames of sound a second, in the order of their times."""
    pictures: list[tuple[TrackKind, int]] = [("video", start_ms + at) for at in range(0, round(seconds * 1000), 40)]
    sounds: list[tuple[TrackKind, int]] = [
        ("audio", start_ms + 10 + at) for at in range(0, round(seconds * 1000) - 10, 23)
    ]
    return iter(sorted([*pictures, *sounds], key=lambda each: each[1]))


def placed(timeline: Timeline, packets: Iterable[tuple[TrackKind, int]]) -> list[tuple[TrackKind, int]]:
    """(kind, dts) of packets as they were placed."""
    return [(kind, timeline.place(kind, dts % WRAP, dts % WRAP, 0, 0.0).dts) for kind, dts in packets]


@pytest.mark.parametrize("start_ms", [0, 7_000_000, WRAP - 500, 90_000], ids=["0", "forward", "past 32 bits", "back"])
def test_at_a_leap_audio_and_video_move_together(start_ms: int) -> None:
    timeline = Timeline()
    before = placed(timeline, interleaved(2, 600_000))
    source = list(interleaved(2, start_ms))
    after = placed(timeline, source)
    shifts = {at - dts for (_, at), (_, dts) in zip(after, source, strict=True)}
    assert len(shifts) == 1
    assert 600_000 + 1990 < after[0][1] <= 600_000 + 2050
    assert [at for _, at in [*before, *after]] == sorted(at for _, at in [*before, *after])
    expected = {"audio_jump": 1, "video_jump": 1}
    assert timeline.repairs == (expected if start_ms != WRAP - 500 else {**expected, "wrap": 2})


def test_a_track_that_leaps_later_follows_the_same_shift() -> None:
    timeline = Timeline()
    placed(timeline, interleaved(1))
    video = placed(timeline, [("video", 500_000 + at) for at in range(0, 400, 40)])
    audio_before = placed(timeline, [("audio", 1000 + at) for at in range(0, 200, 23)])
    audio_after = placed(timeline, [("audio", 500_200 + at) for at in range(0, 200, 23)])
    assert audio_before[0][1] == 1000
    assert audio_after[0][1] - video[0][1] == 200
    assert timeline.repairs == {"audio_jump": 1, "video_jump": 1}


def test_tracks_that_begin_an_hour_apart_begin_together() -> None:
    timeline = Timeline()
    assert placed(timeline, [("video", 0), ("audio", 3_600_000), ("video", 40), ("audio", 3_600_023)]) == [
        *[("video", 0), ("audio", 0), ("video", 40), ("audio", 23)],
    ]
    assert timeline.repairs == {"audio_jump": 1}


def test_a_drift_is_told_once_and_left_as_it_is() -> None:
    timeline = Timeline()
    packets = [(kind, round(at * 1.01) if kind == "audio" else at) for kind, at in interleaved(600)]
    assert placed(timeline, packets) == packets
    assert timeline.repairs == {"desync": 1}


def test_fifty_days_of_a_stream_wrap_once() -> None:
    timeline = Timeline()
    day_ms = 86_400_000
    at, last, arrived_at = 0, -1, 0.0
    while at < 50 * day_ms:
        times = timeline.place("audio", at % WRAP, at % WRAP, 23, arrived_at)
        assert times.dts == at > last
        last, at, arrived_at = times.dts, at + 9000, arrived_at + 9
    assert timeline.repairs == {"wrap": 1}
