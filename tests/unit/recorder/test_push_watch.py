"""What is wrong with a push itself: what is noticed of it, and how it is gathered to be told."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.recording.push_report import Abnormality, PushTrouble
from recorder_task.sample import Sample, Track
from recorder_task.telling.push_troubles import MOST_DETAILS, PushTroubles
from recorder_task.timing.push_watch import PushWatch
from recorder_task.timing.timeline import Timeline
from tests.unit.recorder.samples import AUDIO, VIDEO, sample


def arrived(track: Track, at: float) -> Sample:
    made = sample(track, 0)
    made.arrived_at = at
    return made


@pytest.mark.parametrize(
    ("bursts", "noticed"),
    [
        ([[(VIDEO, 0.0), (AUDIO, 0.1)], [(VIDEO, 3.0), (AUDIO, 3.1)]], {}),
        ([[(VIDEO, 0.0), (AUDIO, 0.1)], [(VIDEO, 3.1), (AUDIO, 3.1)]], {"video_gap": 1}),
        ([[(VIDEO, 0.0), (AUDIO, 0.0)], [(VIDEO, 4.0), (AUDIO, 4.0)]], {"video_gap": 1, "audio_gap": 1}),
        ([[(VIDEO, 0.0)], [(AUDIO, 0.5)], [(AUDIO, 2.0)], [(VIDEO, 3.5), (AUDIO, 3.5)]], {"video_gap": 1}),
        ([[(VIDEO, 0.0), (VIDEO, 2.0)], [(VIDEO, 4.0)], []], {}),
        ([[(VIDEO, 0.0)], [(VIDEO, 9.0)], [(VIDEO, 18.0)]], {"video_gap": 2}),
    ],
    ids=["three seconds are usual", "a gap of video", "of both", "while audio came", "from the last of a burst", "two"],
)
def test_media_that_stays_away_is_noticed(
    bursts: Sequence[Sequence[tuple[Track, float]]], noticed: dict[str, int]
) -> None:
    watch = PushWatch()
    for burst in bursts:
        watch.look([arrived(track, at) for track, at in burst])
    assert watch.noticed == noticed


def test_another_codec_is_noticed_and_a_first_one_and_another_size_are_not() -> None:
    watch = PushWatch()
    watch.change([], VIDEO)
    watch.change([VIDEO], AUDIO)
    watch.change([VIDEO, AUDIO], replace(VIDEO, width=640))
    watch.change([VIDEO, AUDIO], replace(VIDEO, codec="hevc"))
    watch.change([VIDEO, AUDIO], replace(AUDIO, codec="mp3"))
    assert watch.noticed == {"video_codec_changed": 1, "audio_codec_changed": 1}


@pytest.mark.parametrize(
    ("times", "noticed"),
    [
        ([0, 40, 80], {}),
        ([0, 40, 40], {}),
        ([1000, 960, 1040], {"video_back": 1}),
        ([0, 1000, 2001], {"video_ahead": 1}),
        ([0, 60_000, 60_040, 0, 40], {"video_ahead": 1, "video_back": 1}),
        ([2**32 - 40, 0, 40], {}),
    ],
    ids=["even", "the same again", "a step back", "a jump", "there and back", "the clock's end"],
)
def test_how_the_source_s_clock_moved_is_noticed(times: Sequence[int], noticed: dict[str, int]) -> None:
    timeline = Timeline()
    for number, at in enumerate(times):
        timeline.place("video", at, at, 40, 0.04 * number)
    assert timeline.noticed == noticed


def test_troubles_are_gathered_from_the_first_to_the_telling() -> None:
    troubles = PushTroubles()
    assert troubles.is_empty
    troubles.note(PushTrouble.VIDEO_GAP, 1, "late", 100.0)
    troubles.note(PushTrouble.LONG_GROUP, 1, "long", 110.0)
    troubles.note(PushTrouble.VIDEO_GAP, 2, "late", 120.0)
    assert troubles.take(130.0) == (
        30.0,
        (
            Abnormality(trouble=PushTrouble.VIDEO_GAP, count=3, details=(("late", 100.0), ("late", 120.0))),
            Abnormality(trouble=PushTrouble.LONG_GROUP, count=1, details=(("long", 110.0),)),
        ),
    )
    assert troubles.is_empty
    assert troubles.take(140.0) == (0.0, ())


def test_a_trouble_without_end_leaves_a_few_details() -> None:
    troubles = PushTroubles()
    for number in range(1000):
        troubles.note(PushTrouble.VIDEO_GAP, 1, "late", float(number))
    _, (gap,) = troubles.take(1000.0)
    assert (gap.count, len(gap.details)) == (1000, MOST_DETAILS)
