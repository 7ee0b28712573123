"""One-time schedules: what is asked of EventBridge Scheduler, and that nothing hangs on it."""

import json
import time
from types import SimpleNamespace

import pytest

from chalicelib.handlers.tick import tick
from chalicelib.recording.schedules import EVENT, wake_at
from chalicelib.settings import settings
from tests.fakes.world import World

NOW = 1_800_000_000.0
TICK, ROLE = "arn:aws:lambda:us-east-1:000000000000:function:tick", "arn:aws:iam::000000000000:role/scheduler"


@pytest.fixture(autouse=True)
def target(monkeypatch: pytest.MonkeyPatch, short_settings: None) -> None:
    """Where the template says that the tick is."""
    monkeypatch.setenv("SCHEDULE_TARGET_ARN", TICK)
    monkeypatch.setenv("SCHEDULE_ROLE_ARN", ROLE)
    settings.cache_clear()


def test_a_schedule_is_one_time_in_utc_and_deleted_after_it_ran(world: World) -> None:
    wake_at(NOW + 300.2, now=NOW)
    assert world.scheduler.requests == [
        {
            "Name": "wake-1800000305",
            "GroupName": "tapedeck",
            "ScheduleExpression": "at(2027-01-15T08:05:05)",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": TICK,
                "RoleArn": ROLE,
                "Input": EVENT,
                "RetryPolicy": {"MaximumRetryAttempts": 0},
            },
        }
    ]


def test_what_a_schedule_calls_the_tick_with_is_what_the_tick_takes(world: World) -> None:
    tick(json.loads(EVENT), SimpleNamespace())


@pytest.mark.parametrize(
    ("moment", "expression"),
    [
        pytest.param(1_792_889_995.0, "at(2026-10-25T00:59:55)", id="seconds before a clock goes back"),
        pytest.param(1_792_890_000.0, "at(2026-10-25T01:00:00)", id="as a clock goes back"),
        pytest.param(1_792_893_600.0, "at(2026-10-25T02:00:00)", id="the hour that local clocks show twice"),
        pytest.param(1_806_195_600.0, "at(2027-03-28T01:00:00)", id="the hour that local clocks leave out"),
    ],
)
def test_a_change_of_local_clocks_moves_no_schedule(
    world: World, monkeypatch: pytest.MonkeyPatch, moment: float, expression: str
) -> None:
    with monkeypatch.context() as in_london:
        in_london.setenv("TZ", "Europe/London")
        time.tzset()
        wake_at(moment, now=moment - 3600)
    time.tzset()
    assert [each["ScheduleExpression"] for each in world.scheduler.requests] == [expression]


@pytest.mark.parametrize(
    ("seconds", "names"),
    [
        pytest.param([-1, 0], [], id="moments that have passed"),
        pytest.param([300, 300], ["wake-1800000300"], id="the same moment twice"),
        pytest.param([300.1, 304.9, 305], ["wake-1800000305"], id="moments that lie together: none too early"),
        pytest.param([300, 305.1], ["wake-1800000300", "wake-1800000310"], id="moments apart"),
    ],
)
def test_what_is_due_together_shares_a_schedule(
    world: World, capfd: pytest.CaptureFixture[str], seconds: list[float], names: list[str]
) -> None:
    for each in seconds:
        wake_at(NOW + each, now=NOW)
    assert list(world.scheduler.schedules) == names
    assert capfd.readouterr().err == ""


def test_a_scheduler_that_is_down_is_told_of_in_the_log_and_stops_nobody(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.scheduler.is_down = True
    wake_at(NOW + 300, now=NOW)
    assert '"not_scheduled"' in capfd.readouterr().err


def test_where_no_function_is_named_the_minute_tick_does_it_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDULE_TARGET_ARN", "")
    settings.cache_clear()
    wake_at(NOW + 300, now=NOW)
    assert world.scheduler.requests == []
