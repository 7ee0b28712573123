"""The backlog: in order, whole groups dropped, the oldest first, every packet given on or counted, memory bounded."""

import random
from collections.abc import Sequence

import pytest

from recorder_task.sample import Sample
from recorder_task.uploads.backlog import Backlog, Dropped
from recorder_task.uploads.upload_lane import UploadMemory
from tests.unit.recorder.samples import AUDIO, VIDEO, sample

LIMIT = 1000


class Bench:
    """A backlog, its memory, what was given on and what was dropped; each is 100 bytes."""

    def __init__(self) -> None:
        self.memory = UploadMemory(LIMIT)
        self.dropped: list[Dropped] = []
        self.given: list[int] = []
        self.backlog = Backlog(self.memory, self.dropped.append)

    def push(self, *samples: Sample) -> None:
        self._give(self.backlog.push(samples))

    def free(self) -> None:
        """The lanes have uploaded everything."""
        self.memory.give_back(self.memory.held_bytes)
        self._give(self.backlog.drain())

    def _give(self, samples: object) -> None:
        assert hasattr(samples, "__iter__")
        for each in samples:
            self.given.append(each.dts)
            self.memory.take(each.size)


def group(at_ms: int, frames: int = 3) -> Sequence[Sample]:
    """A key frame and what follows it, 40 ms each."""
    return [sample(VIDEO, at_ms + 40 * number, is_key_frame=not number) for number in range(frames)]


def test_while_there_is_room_everything_passes_at_once() -> None:
    bench = Bench()
    bench.push(*group(0), *group(120, frames=1))
    assert bench.given == [0, 40, 80, 120]
    assert bench.backlog.is_empty


def test_without_room_samples_wait_and_follow_in_order() -> None:
    bench = Bench()
    bench.push(*group(0), *group(120), *group(240))
    assert bench.given == [0, 40, 80, 120, 160]
    assert not bench.backlog.is_empty
    bench.free()
    assert bench.given == [0, 40, 80, 120, 160, 200, 240, 280, 320]
    assert bench.dropped == []


def test_the_oldest_whole_group_is_dropped_and_a_begun_one_is_ended() -> None:
    bench = Bench()
    bench.push(*group(0), *group(120), *group(240), *group(360))
    assert bench.dropped == [Dropped(0.12, 3, 0.0, True)]
    bench.free()
    bench.push(*group(480, frames=1))
    assert bench.given == [0, 40, 80, 120, 160, 200, 360, 400, 440, 480]


def test_what_is_dropped_first_after_the_bucket_was_fast_again_is_told_as_the_first() -> None:
    bench = Bench()
    for at_ms in range(0, 1200, 120):
        bench.push(*group(at_ms))
    bench.free()
    bench.free()
    bench.free()
    for at_ms in range(1200, 2400, 120):
        bench.push(*group(at_ms))
    assert [each.is_first for each in bench.dropped] == [True, *[False] * 6, True, *[False] * 6]


def test_a_group_larger_than_the_memory_loses_its_rest() -> None:
    bench = Bench()
    bench.push(*group(0, frames=30))
    assert bench.dropped == []
    bench.free()
    bench.push(*group(1200))
    assert bench.given == [0, 40, 80, 120, 160, 1200, 1240, 1280]
    assert bench.dropped == [Dropped(1.0, 25, 0.0, True)]


def test_media_without_video_is_divided_by_time() -> None:
    bench = Bench()
    bench.push(*(sample(AUDIO, at_ms) for at_ms in range(0, 20_000, 1000)))
    bench.free()
    assert bench.given[:5] == [0, 1000, 2000, 3000, 4000]
    assert [each.seconds for each in bench.dropped] == [5.0, 5.0]


def test_a_group_that_is_being_dropped_is_told_of_at_the_end() -> None:
    bench = Bench()
    bench.push(*group(0, frames=30))
    bench.backlog.end()
    assert [(each.packets, round(each.seconds, 2)) for each in bench.dropped] == [(25, 1.0)]


@pytest.mark.parametrize("seed", range(40))
def test_every_sample_is_given_once_or_counted_and_memory_is_bounded(seed: int) -> None:
    chance = random.Random(seed)
    bench = Bench()
    samples = [
        sample(chance.choice((VIDEO, AUDIO)), 40 * number, size=chance.randrange(10, 80)) for number in range(600)
    ]
    for each in samples:
        each.is_key_frame = each.track is VIDEO and chance.random() < 0.1
    for each in samples:
        bench.push(each)
        assert bench.backlog.size_bytes <= LIMIT / 2
        assert bench.memory.held_bytes < LIMIT / 2 + 80
        if chance.random() < 0.05:
            bench.free()
    bench.backlog.end()
    while not bench.backlog.is_empty:
        bench.free()
    assert bench.given == sorted(set(bench.given))
    assert len(bench.given) + sum(each.packets for each in bench.dropped) == len(samples)
    assert bench.dropped
    lost_seconds = 0.04 * sum(each.packets for each in bench.dropped)
    assert sum(each.seconds for each in bench.dropped) == pytest.approx(lost_seconds, abs=1e-6)


def test_the_rest_of_a_group_that_passed_is_kept_though_sound_comes_first() -> None:
    bench = Bench()
    bench.push(*group(0, frames=5), sample(AUDIO, 200), sample(VIDEO, 200), *group(240), *group(360))
    bench.free()
    assert bench.given == [0, 40, 80, 120, 160, 200, 200, 360, 400, 440]
