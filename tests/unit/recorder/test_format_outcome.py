"""A state that stands in the session's item is one that was told: who dies in between leaves the telling to others."""

from collections.abc import Callable

import pytest

from chalicelib.recording.orders import RecordFormat, RecordingOrder
from recorder_task.recordings.format_outcome import FormatOutcome
from recorder_task.telling.format_voice import FormatVoice
from recorder_task.telling.reporter import Reporter
from recorder_task.telling.untold_reports import UntoldReports
from tests.unit.recorder.test_control import Clock
from tests.unit.recorder.test_reporter import SESSION, ReportBucket

ORDER = RecordingOrder(recording_id="template-1", template_id=1, formats={})
Step = Callable[[FormatOutcome], None]


def begin(outcome: FormatOutcome) -> None:
    outcome.begin()
    outcome.is_in("5")


@pytest.mark.parametrize(
    ("before", "step", "state"),
    [
        ([], begin, "recording"),
        ([begin], FormatOutcome.pause, "paused"),
        ([begin], lambda outcome: outcome.wait_again("gone"), "waiting"),
        ([begin], lambda outcome: outcome.fail("gone"), "failed"),
        ([], lambda outcome: outcome.fail("gone"), "failed"),
    ],
    ids=["begin", "pause", "wait again", "fail", "fail to start"],
)
def test_a_change_is_untold_before_it_stands_in_the_item(before: list[Step], step: Step, state: str) -> None:
    seen: list[str] = []

    class Watched(UntoldReports):
        """Looks at the outcome whenever a report comes."""

        def add(self, report: object) -> bool:
            seen.append(outcome.as_item()["state"])
            return True

    reporter = Reporter(ReportBucket(), SESSION, Clock(), untold=Watched())
    outcome = FormatOutcome(FormatVoice(reporter, SESSION, ORDER, RecordFormat.FLV, goes_on=False))
    for each in before:
        each(outcome)
    seen.clear()
    step(outcome)
    reporter.close()
    assert seen
    assert outcome.as_item()["state"] == state
    assert state not in seen[:1]


def test_a_file_that_is_not_known_yet_is_not_said_to_be_recorded() -> None:
    reporter = Reporter(ReportBucket(), SESSION, Clock())
    outcome = FormatOutcome(FormatVoice(reporter, SESSION, ORDER, RecordFormat.HLS, goes_on=False))
    outcome.begin()
    assert outcome.as_item()["state"] == "waiting"
    outcome.is_in("5")
    assert outcome.as_item()["state"] == "recording"
    reporter.close()
