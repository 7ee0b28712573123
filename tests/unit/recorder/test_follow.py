"""Packets that simply follow the one before them: by Python, and by the compiled loop that takes its place."""

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_task.native import loops
from recorder_task.sample import Sample, Track, TrackKind
from recorder_task.timing.timeline import (
    DESYNC_MS,
    NEAR_MS,
    Follow,
    Timeline,
    TrackClock,
    follow_all,
    plain_follow,
)
from tests.compiled_loops import need_compiled_loops
from tests.unit.recorder.samples import AUDIO, VIDEO

Facts = dict[str, object]


def compiled(*given: Any) -> int:
    """The compiled one, whatever the recorder uses."""
    need_compiled_loops()
    return loops.Follower(Sample, TrackClock, NEAR_MS, DESYNC_MS).follow(*given)


@pytest.fixture(params=[plain_follow, compiled], ids=["plain", "compiled"])
def follow(request: pytest.FixtureRequest) -> Follow:
    """Each of the two."""
    made: Follow = request.param
    return made


def packet(track: Track, dts: int, *, later_ms: int = 0, duration: int = 0, arrived_at: float = 0.0) -> Sample:
    """A packet as a source brings it."""
    return Sample(track, b"frame", dts, dts + later_ms, duration, False, arrived_at)


def clocks(**last_ms: int) -> dict[TrackKind, TrackClock]:
    """Those of tracks whose last packets were at these times."""
    kinds: tuple[TrackKind, ...] = ("video", "audio")
    found = {kind: clock(last_ms[kind]) for kind in kinds if kind in last_ms}
    if len(found) == 2:
        found["video"].other, found["audio"].other = found["audio"], found["video"]
    return found


def clock(last_ms: int) -> TrackClock:
    """One whose last packet was at this time."""
    return TrackClock(last=last_ms, last_source=last_ms, shift=0, step=7, arrived_at=-1.0)


def said(of: dict[TrackKind, TrackClock]) -> dict[str, Facts]:
    """What clocks say."""
    names = ("last", "last_source", "shift", "step", "arrived_at", "others_turn")
    return {kind: {name: getattr(each, name) for name in names} for kind, each in of.items()}


def facts(sample: Sample) -> Facts:
    """Where a packet is."""
    return {name: getattr(sample, name) for name in ("dts", "pts", "source_pts", "at", "duration", "repairs")}


def test_packets_stay_where_they_are_and_last_until_the_next(follow: Follow) -> None:
    now, newest = clocks(video=0, audio=0), dict[TrackKind, float]()
    burst = [packet(VIDEO, 40, later_ms=80, arrived_at=5.0), packet(AUDIO, 23, duration=23), packet(VIDEO, 81)]
    assert follow(burst, 0, now, newest) == 3
    assert [(each.dts, each.pts, each.duration) for each in burst] == [(40, 120, 40), (23, 23, 23), (81, 81, 41)]
    assert newest == {"video": 0.081, "audio": 0.023}
    assert said(now) == {
        "video": {"last": 81, "last_source": 81, "shift": 0, "step": 41, "arrived_at": 0.0, "others_turn": False},
        "audio": {"last": 23, "last_source": 23, "shift": 0, "step": 23, "arrived_at": 0.0, "others_turn": True},
    }


def repaired(sample: Sample) -> Sample:
    """One with something to be counted."""
    sample.repairs = {"video_frame_dropped": 1}
    return sample


@pytest.mark.parametrize(
    "odd",
    [
        packet(VIDEO, 1041),
        packet(VIDEO, 39),
        packet(VIDEO, 80, later_ms=-1),
        packet(AUDIO, 3041),
        repaired(packet(VIDEO, 80)),
        packet(Track(index=2, kind="audio", codec="aac", time_base=VIDEO.time_base), 0),
    ],
    ids=["too far", "back", "shown too early", "far from the other", "repaired", "the other's as well"],
)
def test_it_ends_before_a_packet_that_has_to_be_placed(follow: Follow, odd: Sample) -> None:
    now, newest = clocks(video=0, audio=2999), dict[TrackKind, float]()
    assert follow([packet(VIDEO, 40), odd, packet(VIDEO, 120)], 0, now, newest) == 1
    assert newest == {"video": 0.04}
    assert said(now)["video"]["last"] == 40


@pytest.mark.parametrize("at", [0, 1, 2])
def test_it_begins_where_it_is_told(follow: Follow, at: int) -> None:
    now = clocks(video=0)
    assert follow([packet(VIDEO, 40), packet(VIDEO, 41)], at, now, {}) == 2
    assert said(now)["video"]["step"] == [1, 41, 7][at]


def test_nothing_follows_where_nothing_was(follow: Follow) -> None:
    assert follow([packet(VIDEO, 40)], 0, {}, {}) == 0
    assert follow([packet(VIDEO, 40)], 0, clocks(audio=0), {}) == 0
    assert follow([], 0, clocks(audio=0), {}) == 0


def test_a_track_that_was_moved_is_placed(follow: Follow) -> None:
    now = clocks(video=0)
    now["video"].shift = 5
    assert follow([packet(VIDEO, 40)], 0, now, {}) == 0


@pytest.mark.parametrize(
    "given",
    [
        ([VIDEO], 0, clocks(video=0), {}),
        ([packet(VIDEO, 40)], 0, {"video": None}, {}),
        ([packet(VIDEO, 40)], "0", clocks(video=0), {}),
        ((packet(VIDEO, 40),), 0, clocks(video=0), {}),
        ([packet(VIDEO, 40)], 0),
        ([packet(VIDEO, 40)], -1, clocks(video=0), {}),
    ],
    ids=["no sample", "no clock", "no number", "no list", "too few", "no place"],
)
def test_what_it_cannot_read_is_an_error(given: Any) -> None:
    need_compiled_loops()
    with pytest.raises((TypeError, ValueError)):
        compiled(*given)


def test_the_recorder_uses_the_compiled_loop_where_it_is() -> None:
    need_compiled_loops()
    assert isinstance(getattr(follow_all, "__self__", None), loops.Follower)


STEPS = st.sampled_from([0, 1, 20, 23, 40, 40, 40, 40, 1000, 1001, 3500, 60_000, -1, -40, -5000])
PACKETS = st.lists(
    st.tuples(st.sampled_from([VIDEO, AUDIO]), STEPS, st.sampled_from([0, 0, 0, 80, -1]), st.sampled_from([0, 23])),
    max_size=60,
)


def burst_of(packets: Iterable[tuple[Track, int, int, int]]) -> list[Sample]:
    """Packets at these distances from the last of their track."""
    last = {VIDEO: 100_000, AUDIO: 100_000}
    samples = []
    for number, (track, step, later_ms, duration) in enumerate(packets):
        last[track] += step
        samples.append(packet(track, last[track], later_ms=later_ms, duration=duration, arrived_at=number / 10))
    return samples


def placed(follow: Follow, samples: list[Sample], sizes: Random) -> tuple[list[Facts], dict[str, int], object]:
    """Packets as an intake places them, in bursts of any size."""
    timeline, newest = Timeline(follow), dict[TrackKind, float]()
    waiting = samples
    while waiting:
        size = sizes.randrange(1, 20)
        burst, waiting = waiting[:size], waiting[size:]
        at = 0
        while (at := timeline.follow(burst, at, newest)) < len(burst):
            place(timeline, burst[at])
            newest[burst[at].track.kind] = burst[at].at
            at += 1
    return [facts(each) for each in samples], timeline.repairs | timeline.noticed, newest


def place(timeline: Timeline, sample: Sample) -> None:
    """Give a packet its place."""
    times = timeline.place(sample.track.kind, sample.dts, sample.pts, sample.duration, sample.arrived_at)
    sample.place(times.dts, times.pts, times.duration)
    sample.repairs = times.repairs


@settings(deadline=None, max_examples=300)
@given(packets=PACKETS, seed=st.integers(0, 1000))
def test_both_place_packets_as_if_each_had_been_placed(packets: list[Any], seed: int) -> None:
    plain, fast = (placed(each, burst_of(packets), Random(seed)) for each in (plain_follow, compiled))
    timeline, alone = Timeline(), burst_of(packets)
    for sample in alone:
        place(timeline, sample)
    assert plain[:2] == ([facts(each) for each in alone], timeline.repairs | timeline.noticed)
    assert fast == plain


@settings(deadline=None, max_examples=300)
@given(packets=PACKETS, at=st.integers(0, 60), last=st.tuples(STEPS, STEPS))
def test_both_leave_the_same_clocks(packets: list[Any], at: int, last: tuple[int, int]) -> None:
    found = []
    for each in (plain_follow, compiled):
        now, newest = clocks(video=100_000 + last[0], audio=100_000 + last[1]), dict[TrackKind, float]()
        samples = burst_of(packets)
        end = each(samples, at, now, newest) if at <= len(samples) else None
        found.append((end, said(now), newest, [facts(sample) for sample in samples]))
    assert found[0] == found[1]
