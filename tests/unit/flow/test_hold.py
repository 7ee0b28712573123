"""A publish is held until its recorder has subscribed, and no longer than that is worth."""

import pytest

from chalicelib import keys
from chalicelib.recording.hold import hold
from chalicelib.table import Put
from tests.fakes.table import FakeTable


class Clock:
    """Sleeping moves it; after so many sleeps something happens to the session."""

    def __init__(self, table: FakeTable, happening: str, after: int) -> None:
        self.now, self.sleeps = 0.0, 0
        self.table, self.happening, self.after = table, happening, after

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.sleeps += 1
        if self.sleeps == self.after:
            self.table.items[keys.session("s")][self.happening] = 1.0


@pytest.mark.parametrize("happening", ["subscribed_at", "recorder_ended_at", "unpublished_at"])
def test_a_publish_is_let_go_as_soon_as_waiting_is_over(happening: str) -> None:
    table = FakeTable()
    table.put(Put(key=keys.session("s"), item={}))
    clock = Clock(table, happening, after=3)
    hold(table, "s", seconds=8, clock=clock, sleep=clock.sleep)
    assert clock.now == pytest.approx(0.15)


def test_a_publish_whose_recorder_never_comes_is_let_go_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    table = FakeTable()
    table.put(Put(key=keys.session("s"), item={}))
    clock = Clock(table, "subscribed_at", after=0)
    hold(table, "s", seconds=8, clock=clock, sleep=clock.sleep)
    assert 8 <= clock.now < 8.1
    assert '"event":"publish_not_held"' in capsys.readouterr().err
