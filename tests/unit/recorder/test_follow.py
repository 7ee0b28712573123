"""Packets that simply follow the one before them are left where they are, many at a time."""

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_task.sample import Sample, Track, TrackKind
from recorder_task.timing.timeline import Timeline
from tests.unit.recorder.samples import AUDIO, VIDEO

Facts = dict[str, object]


def packet(track: Track, dts: int, *, later_ms: int = 0, duration: int = 0, arrived_at: float = 0.0) -> Sample:
    """A packet as a source brings it."""
    return Sample(track, b"frame", dts, dts + later_ms, duration, False, arrived_at)


def begun(*tracks: Track, at: int = 0) -> Timeline:
    """A timeline whose tracks had their first packets at this time."""
    timeline = Timeline()
    for track in tracks:
        place(timeline, packet(track, at))
    return timeline


def place(timeline: Timeline, sample: Sample) -> None:
    """Give a packet its place."""
    times = timeline.place(sample.track.kind, sample.dts, sample.pts, sample.duration, sample.arrived_at)
    sample.place(times.dts, times.pts, times.duration)
    sample.repairs = times.repairs


def facts(sample: Sample) -> Facts:
    """Where a packet is."""
    return {name: getattr(sample, name) for name in ("dts", "pts", "source_pts", "at", "duration", "repairs")}


def repaired(sample: Sample) -> Sample:
    """One with something to be counted."""
    sample.repairs = {"video_frame_dropped": 1}
    return sample


def test_packets_stay_where_they_are_and_last_until_the_next() -> None:
    newest = dict[TrackKind, float]()
    burst = [packet(VIDEO, 40, later_ms=80, arrived_at=5.0), packet(AUDIO, 23, duration=23), packet(VIDEO, 81)]
    assert begun(VIDEO, AUDIO).follow(burst, 0, newest) == 3
    assert [(each.dts, each.pts, each.duration) for each in burst] == [(40, 120, 40), (23, 23, 23), (81, 81, 41)]
    assert newest == {"video": 0.081, "audio": 0.023}


@pytest.mark.parametrize(
    "odd",
    [packet(VIDEO, 1041), packet(VIDEO, 39), packet(VIDEO, 80, later_ms=-1), repaired(packet(VIDEO, 80))],
    ids=["too far", "back", "shown too early", "repaired"],
)
def test_it_ends_before_a_packet_that_has_to_be_placed(odd: Sample) -> None:
    newest = dict[TrackKind, float]()
    assert begun(VIDEO, AUDIO).follow([packet(VIDEO, 40), odd, packet(VIDEO, 120)], 0, newest) == 1
    assert newest == {"video": 0.04}


def test_nothing_follows_where_nothing_was() -> None:
    assert Timeline().follow([packet(VIDEO, 40)], 0, {}) == 0
    assert begun(AUDIO).follow([packet(VIDEO, 40)], 0, {}) == 0
    assert begun(AUDIO).follow([], 0, {}) == 0


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


@settings(deadline=None, max_examples=300)
@given(packets=PACKETS, seed=st.integers(0, 1000))
def test_they_lie_where_each_would_have_been_placed(packets: list[Any], seed: int) -> None:
    sizes, timeline, newest = Random(seed), Timeline(), dict[TrackKind, float]()
    waiting = together = burst_of(packets)
    while waiting:
        size = sizes.randrange(1, 20)
        burst, waiting = waiting[:size], waiting[size:]
        at = 0
        while (at := timeline.follow(burst, at, newest)) < len(burst):
            place(timeline, burst[at])
            at += 1
    one_by_one, alone = Timeline(), burst_of(packets)
    for sample in alone:
        place(one_by_one, sample)
    assert [facts(each) for each in together] == [facts(each) for each in alone]
    assert (timeline.repairs, timeline.noticed) == (one_by_one.repairs, one_by_one.noticed)
