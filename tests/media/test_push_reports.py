"""What a recorder tells of the push itself (event 321), whatever it records of it."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from chalicelib.recording.push_report import PushReport, PushTrouble
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import AUDIO, VIDEO, FlvTag, flv, joined, retimed, tags_of
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]
MADE = ClipOrder(width=96, height=64)
SMALL = ClipOrder(seconds=4, width=96, height=64)
HOUR_MS = 3_600_000


def told(made: Clip, s3: FakeS3, source: Source, *formats: str) -> Counter[PushTrouble]:
    """How often each trouble of the push is said to have occurred, in all reports, when the clip was recorded."""
    studio = Studio(s3)
    studio.order(source(made), template_order(*formats))
    assert studio.run().code == 0
    reports = [PushReport.from_json(report.content) for report in s3.push_reports.values()]
    assert all(key.startswith("reports/push/session-1-1-") for key in s3.push_reports)
    counts: Counter[PushTrouble] = Counter()
    for report in reports:
        assert report.session_id == "session-1"
        for each in report.abnormalities:
            counts[each.trouble] += each.count
            assert each.details
    return counts


def leap(by_ms: int) -> Callable[[FlvTag], int]:
    """From the fifth second on all is stamped later, by so much."""
    return lambda tag: HOUR_MS + tag.milliseconds + (by_ms if tag.milliseconds >= 5000 else 0)


SPOILED: Mapping[str, tuple[Callable[[FlvTag], int], Mapping[PushTrouble, int]]] = {
    "nothing is wrong": (lambda tag: tag.milliseconds, {}),
    "they leap ahead": (leap(HOUR_MS), {PushTrouble.VIDEO_TIME_JUMP: 1, PushTrouble.AUDIO_TIME_JUMP: 1}),
    "they leap back": (leap(-HOUR_MS), {PushTrouble.VIDEO_TIME_BACKWARDS: 1, PushTrouble.AUDIO_TIME_BACKWARDS: 1}),
    "a hole of two seconds": (leap(2000), {PushTrouble.VIDEO_TIME_JUMP: 1, PushTrouble.AUDIO_TIME_JUMP: 1}),
}


@pytest.mark.parametrize(("move", "expected"), SPOILED.values(), ids=SPOILED)
def test_how_the_clock_of_the_push_moved_is_told(
    move: Callable[[FlvTag], int], expected: Mapping[PushTrouble, int], s3: FakeS3, source: Source
) -> None:
    assert told(retimed(clip(MADE), move), s3, source, "flv") == expected


def test_it_is_told_once_however_many_formats_there_are(s3: FakeS3, source: Source) -> None:
    expected = {PushTrouble.VIDEO_TIME_JUMP: 1, PushTrouble.AUDIO_TIME_JUMP: 1}
    assert told(retimed(clip(MADE), leap(HOUR_MS)), s3, source, "flv", "mp4", "hls") == expected


def test_another_codec_is_told(s3: FakeS3, source: Source) -> None:
    other = ClipOrder(seconds=4, width=96, height=64, video_codec="libx265")
    assert told(joined(clip(SMALL), clip(other)), s3, source, "flv")[PushTrouble.VIDEO_CODEC_CHANGED] == 1


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [(VIDEO, PushTrouble.NO_VIDEO_HEADER), (AUDIO, PushTrouble.NO_AUDIO_HEADER)],
    ids=["video", "audio"],
)
def test_media_without_its_header_is_told(kind: int, trouble: PushTrouble, s3: FakeS3, source: Source) -> None:
    made = clip(SMALL)
    (header,) = [tag for tag in tags_of(made) if tag.is_header and tag.kind == kind]
    rest = [tag for tag in tags_of(made) if tag != header]
    late = [
        *(tag for tag in rest if tag.milliseconds < 1500),
        header.at(1500),
        *(tag for tag in rest if tag.milliseconds >= 1500),
    ]
    found = told(flv(late), s3, source, "flv")
    assert found[trouble] == len([tag for tag in rest if tag.kind == kind and tag.milliseconds < 1500])


def test_a_long_group_of_pictures_is_told(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=12, width=96, height=64, key_frame_seconds=12))
    assert told(made, s3, source, "flv") == {PushTrouble.LONG_GROUP: 1}
