"""The parts of the minute tick: one that fails keeps no other from being done."""

import pytest

from chalicelib.handlers.duties import each_duty
from chalicelib.table import Table
from tests.fakes.table import FakeTable


def test_a_duty_that_fails_is_told_and_the_others_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[tuple[str, float]] = []

    def first(table: Table, /, *, now: float) -> None:
        raise KeyError("broken")

    def second(table: Table, /, *, now: float) -> None:
        done.append(("second", now))

    with pytest.raises(KeyError, match="broken"):
        each_duty(FakeTable(), first, second, first, clock=iter([1.0, 2.0, 3.0]).__next__)
    assert done == [("second", 2.0)]
    assert capsys.readouterr().err.count('"event":"duty_failed","duty":"tests.unit.flow.test_duties"') == 2
