"""A publish is held until its recorder has subscribed, and no longer than that is worth."""

import pytest

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.keys import Key
from chalicelib.recording.hold import hold
from chalicelib.table import Put
from tests.fakes.table import FakeTable


class Clock:
    """Sleeping moves it; at a moment something happens to the session."""

    def __init__(self, table: FakeTable, happening: str, at: float) -> None:
        self.now = 0.0
        self.table, self.happening, self.at = table, happening, at

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self.at:
            self.table.items[keys.session("s")][self.happening] = 1.0


class TableThatNotes(FakeTable):
    """Which attributes were asked for, read by read."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, ...]] = []

    def get(self, key: Key, only: tuple[str, ...] = ()) -> Item | None:
        self.asked.append(tuple(only))
        return super().get(key, only)


@pytest.fixture
def table() -> TableThatNotes:
    table = TableThatNotes()
    table.put(Put(key=keys.session("s"), item={"orders": {}}))
    return table


@pytest.mark.parametrize("happening", ["subscribed_at", "recorder_ended_at", "unpublished_at"])
def test_a_publish_is_let_go_as_soon_as_waiting_is_over(table: TableThatNotes, happening: str) -> None:
    clock = Clock(table, happening, at=0.14)
    hold(table, "s", seconds=8, clock=clock, sleep=clock.sleep)
    assert clock.now == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("at", "notice_seconds"), [(0.21, 0.05), (0.51, 0.05), (0.97, 0.05), (1.26, 0.25), (7.6, 0.25)]
)
def test_what_is_awaited_is_noticed_soon_and_later_a_little_less_soon(
    table: TableThatNotes, at: float, notice_seconds: float
) -> None:
    clock = Clock(table, "subscribed_at", at=at)
    hold(table, "s", seconds=8, clock=clock, sleep=clock.sleep)
    assert at <= clock.now <= at + notice_seconds


def test_a_publish_whose_recorder_never_comes_is_let_go_in_time(
    table: TableThatNotes, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock(table, "subscribed_at", at=9)
    hold(table, "s", seconds=8, clock=clock, sleep=clock.sleep)
    assert clock.now == pytest.approx(8)
    assert '"event":"publish_not_held"' in capsys.readouterr().err


def test_a_publish_held_in_full_costs_the_reads_that_the_documents_say_and_of_few_attributes(
    table: TableThatNotes,
) -> None:
    """docs/07-operate.md: what a publish costs."""
    clock = Clock(table, "subscribed_at", at=9)
    hold(table, "s", seconds=8, clock=clock, sleep=clock.sleep)
    assert set(table.asked) == {("session_id", "subscribed_at", "recorder_ended_at", "unpublished_at")}
    assert 48 <= len(table.asked) <= 50


def test_a_publish_whose_session_is_gone_is_let_go_at_once(table: TableThatNotes) -> None:
    clock = Clock(table, "subscribed_at", at=9)
    hold(table, "another", seconds=8, clock=clock, sleep=clock.sleep)
    assert clock.now == 0
