"""What stands untold in a session's item: written with the outcomes it belongs to, within a bound, oldest first."""

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.recording.untold import UntoldReport
from chalicelib.table import Update
from recorder_task.telling.untold_reports import UNTOLD_BYTES, UntoldReports
from tests.fakes.table import FakeTable
from tests.media.watched_table import WatchedTable
from tests.unit.recorder.test_control import KEY, Clock, control, stored

OUTCOMES = {"template-1": {"flv": {"state": "recording", "files": 0}}}


def report(number: int, size_bytes: int = 20) -> UntoldReport:
    key = f"reports/s-1-{number}.json"
    return UntoldReport(key, b"x" * (size_bytes - len(key)))


def as_stored(*reports: UntoldReport, beyond: int = 0) -> dict[str, Any]:
    return {
        "reports": [{"key": each.key, "content": each.content.decode()} for each in reports],
        "beyond": beyond,
    }


def test_what_is_kept_is_bounded_oldest_first_and_the_rest_is_counted() -> None:
    untold = UntoldReports()
    reports = [report(number, UNTOLD_BYTES // 4) for number in range(6)]
    assert [untold.add(each) for each in reports] == [True] * 4 + [False] * 2
    assert untold.to_write()[0] == as_stored(*reports[:4], beyond=2)
    untold.told(reports[0])
    untold.told(reports[4])
    assert untold.to_write()[0] == as_stored(*reports[1:4], beyond=1)
    untold.told(reports[5])
    assert untold.add(report(9, UNTOLD_BYTES // 4))
    for each in [*reports[1:4], report(9, UNTOLD_BYTES // 4)]:
        untold.told(each)
    assert untold.to_write()[0] is None


def test_a_report_is_written_in_the_same_update_as_the_outcome_it_belongs_to() -> None:
    class Noting(WatchedTable):
        """Notes what is written."""

        updates: Sequence[Update] = ()

        def update(self, write: Update) -> dict[str, Any]:
            self.updates = [*self.updates, write]
            return super().update(write)

    table = Noting()
    mine = control(table, Clock())
    mine.claim()
    mine.untold.add(report(1))
    mine.report(OUTCOMES)
    mine.follow(lambda: None)
    table.wait_for(lambda: "untold" in stored(table))
    mine.close()
    (written,) = [each for each in table.updates if "outcomes" in each.set]
    assert (written.set["outcomes"], written.set["untold"]) == (OUTCOMES, as_stored(report(1)))


def test_what_was_told_leaves_with_the_next_write_and_calls_for_none() -> None:
    table, clock = FakeTable(), Clock()
    mine = control(table, clock)
    mine.claim()
    mine.untold.add(report(1))
    assert mine.untold.has_news
    mine.untold.told(report(1))
    assert not mine.untold.has_news
    mine.untold.add(report(2))
    clock.now += 31
    mine.assure_lease()
    assert stored(table)["untold"] == as_stored(report(2))
    assert not mine.untold.has_news
    mine.untold.told(report(2))
    assert not mine.untold.has_news
    clock.now += 31
    mine.assure_lease()
    assert "untold" not in stored(table)


def test_a_write_that_fails_is_news_still(monkeypatch: pytest.MonkeyPatch) -> None:
    table, clock = FakeTable(), Clock()
    mine = control(table, clock)
    mine.claim()
    mine.untold.add(report(1))
    clock.now += 31
    with monkeypatch.context() as gone:
        gone.delattr(FakeTable, "update")
        mine.assure_lease()
    assert mine.untold.has_news


def test_a_recorder_begins_with_what_its_predecessor_left_and_ends_with_what_it_leaves() -> None:
    table, clock = FakeTable(), Clock()
    left = as_stored(report(1), beyond=3)
    mine = control(table, clock, epoch=1, recorder_ended_at=990.0, untold=left)
    mine.claim()
    assert mine.untold.reports == [report(1)]
    assert not mine.untold.has_news
    mine.untold.add(report(2))
    assert mine.end("unpublished", whatever_was_ordered=True)
    assert stored(table)["untold"] == as_stored(report(1), report(2), beyond=3)


def test_who_was_replaced_leaves_nothing_untold() -> None:
    table = FakeTable()
    mine = control(table, Clock())
    mine.claim()
    mine.untold.add(report(1))
    table.update(Update(key=keys.session("s"), add={"epoch": 1}))
    assert mine.end("unpublished", whatever_was_ordered=True)
    assert "untold" not in table.items[KEY]
