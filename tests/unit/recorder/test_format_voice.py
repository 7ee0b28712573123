"""What one format tells of its status, whatever happens to it in which order."""

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.recording.orders import RecordFormat, RecordingOrder
from chalicelib.recording.report import StatusEvent, Trouble
from recorder_task.telling.format_voice import FormatVoice
from recorder_task.telling.reporter import Reporter
from tests.unit.recorder.test_control import Clock
from tests.unit.recorder.test_reporter import SESSION, ReportBucket

ORDER = RecordingOrder(recording_id="task-t9", task_id="t9")
SAID = {
    "started": lambda voice: voice.started("5"),
    "resumed": lambda voice: voice.resumed("5"),
    "paused": lambda voice: voice.paused("5"),
    "error": lambda voice: voice.error("broken", file_id="5"),
    "waits": lambda voice: voice.waits("nothing came"),
    "failed": lambda voice: voice.failed("full", file_id="5"),
    "ended": lambda voice: voice.ended("5"),
}
STARTED, START_FAILED = StatusEvent.START_SUCCEEDED, StatusEvent.START_FAILED
PAUSED, RESUMED, ERROR, ENDED = StatusEvent.PAUSED, StatusEvent.RESUMED, StatusEvent.ERROR, StatusEvent.ENDED


def told(bucket: ReportBucket) -> list[Any]:
    return [each.told.event for each in bucket.reports if hasattr(each.told, "event")]


@pytest.mark.parametrize(
    ("said", "goes_on", "expected"),
    [
        (["started", "started", "ended"], False, [STARTED, ENDED]),
        (["ended"], False, []),
        (["failed", "ended"], False, [START_FAILED]),
        (["started", "failed", "failed", "ended"], False, [STARTED, ERROR, ENDED]),
        (["started", "error", "error", "ended"], False, [STARTED, ERROR, ERROR, ENDED]),
        (["started", "paused", "ended"], False, [STARTED, PAUSED]),
        (["resumed", "paused"], False, [RESUMED, PAUSED]),
        (["resumed", "started", "ended", "ended"], False, [RESUMED, ENDED]),
        (["started", "started", "ended"], True, [RESUMED, ENDED]),
        (["failed", "ended"], True, [ERROR, ENDED]),
        (["waits", "ended"], False, [START_FAILED]),
        (["waits", "started", "ended"], False, [START_FAILED, STARTED, ENDED]),
        (["waits", "ended"], True, [ERROR, ENDED]),
        (["waits", "started", "ended"], True, [ERROR, RESUMED, ENDED]),
    ],
    ids=[
        "two files and the end",
        "never began",
        "could not begin",
        "broke for good",
        "stumbled",
        "waits for the stream",
        "went on and waits again",
        "went on and ended",
        "took a dead recorder's place",
        "could not take its place",
        "waited in vain",
        "waited for its sound",
        "took its place in vain",
        "took its place and waited",
    ],
)
def test_what_a_format_tells(said: Sequence[str], goes_on: bool, expected: Sequence[StatusEvent]) -> None:
    bucket = ReportBucket()
    reporter = Reporter(bucket, SESSION, Clock())
    voice = FormatVoice(reporter, SESSION, ORDER, RecordFormat.HLS, goes_on=goes_on)
    for each in said:
        SAID[each](voice)
    reporter.close()
    assert told(bucket) == expected
    statuses = [each for each in bucket.reports if hasattr(each.told, "event")]
    assert {(each.task_id, each.recording_id, each.format) for each in statuses} <= {("t9", "task-t9", "hls")}


def test_a_file_that_goes_on_keeps_the_session_it_began_in() -> None:
    bucket = ReportBucket()
    reporter = Reporter(bucket, SESSION, Clock())
    voice = FormatVoice(reporter, SESSION, ORDER, RecordFormat.HLS, goes_on=False)
    voice.resumed("5", session_id="4" * 32)
    voice.paused("5")
    reporter.close()
    assert [(each.session_id, each.report_id) for each in bucket.reports] == [
        ("4" * 32, f"{'5' * 32}-2-1"),
        ("4" * 32, f"{'5' * 32}-2-2"),
    ]


def test_a_recording_that_breaks_for_good_is_an_exception_too() -> None:
    bucket = ReportBucket()
    reporter = Reporter(bucket, SESSION, Clock())
    voice = FormatVoice(reporter, SESSION, ORDER, RecordFormat.HLS, goes_on=False)
    voice.started("5")
    voice.failed("upload failed", file_id="5")
    reporter.close()
    ((name, occurrences),) = bucket.occurrences
    assert (name, occurrences.trouble, occurrences.description) == ("hls", Trouble.WRITE_FAILED, "upload failed")
