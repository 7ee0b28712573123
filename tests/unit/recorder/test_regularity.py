"""What is odd about a stream's rhythm."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import pytest

from recorder_task.sample import Sample
from recorder_task.timing.regularity import Regularity
from tests.unit.recorder.samples import AUDIO, VIDEO, sample


def pictures(seconds: float, *, key_frame_seconds: float, begins_at: float = 0) -> list[Sample]:
    """Pictures every 40 ms."""
    numbers = range(round(seconds * 25))
    gop = round(key_frame_seconds * 25)
    return [sample(VIDEO, round(begins_at * 1000) + 40 * n, is_key_frame=n % gop == 0) for n in numbers]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (pictures(30, key_frame_seconds=10), {}),
        (pictures(30, key_frame_seconds=11), {"gop_abnormal": 2}),
        (pictures(60, key_frame_seconds=60), {"gop_abnormal": 1}),
        (pictures(12, key_frame_seconds=12)[1:], {"gop_abnormal": 1}),
        (pictures(5, key_frame_seconds=5) + pictures(5, key_frame_seconds=5, begins_at=60), {}),
    ],
    ids=["10 s are usual", "each long one counts", "once", "none at all counts too", "a hole before a key frame"],
)
def test_groups_of_pictures(stream: Sequence[Sample], expected: Mapping[str, int]) -> None:
    regularity = Regularity()
    for each in stream:
        regularity.look([each])
    assert regularity.noticed == expected


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ([23, 23, 24], {}),
        ([40, 40, 40, 40, 80], {}),
        ([20, 60], {"audio_uneven": 3}),
        ([0, 0, 0, 160], {"audio_uneven": 3}),
        ([2000], {}),
        ([1, 3999], {}),
    ],
    ids=["rounded", "every sixth packet lost", "by turns", "in heaps", "sparse", "too few to say"],
)
def test_distances_between_packets_over_30_s(distances: Sequence[int], expected: Mapping[str, int]) -> None:
    times = accumulate([*distances] * (30_500 // sum(distances)), initial=0)
    regularity = Regularity()
    regularity.look([sample(AUDIO, at) for at in times])
    assert regularity.noticed == expected


def test_each_kind_has_a_rhythm_of_its_own() -> None:
    video = [sample(VIDEO, at, is_key_frame=True) for at in accumulate([10, 70] * 130, initial=0)]
    audio = [sample(AUDIO, at) for at in range(0, 10_400, 23)]
    regularity = Regularity()
    regularity.look(sorted([*video, *audio], key=lambda each: each.at))
    assert regularity.noticed == {"video_uneven": 1}
