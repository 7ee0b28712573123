"""A task and the stream it is for: whichever comes first, the recorder has its order in time, once."""

from dataclasses import replace
from threading import Barrier

import pytest

from chalicelib import keys
from chalicelib.live.task_start import start_due
from chalicelib.recording.supervision import tend
from chalicelib.settings import settings
from tests.fakes.world import BEGIN, GONE, HOOK, STREAM, World

NOW = int(BEGIN)
LEAD = 120


@pytest.fixture(autouse=True)
def schedules(monkeypatch: pytest.MonkeyPatch, short_settings: None) -> None:
    """The template names the function that a schedule wakes."""
    monkeypatch.setenv("SCHEDULE_TARGET_ARN", "arn:aws:lambda:us-east-1:000000000000:function:tick")
    settings.cache_clear()


def task_from(world: World, seconds: float, *, until: float | None = None, **fields: object) -> str:
    """A task that starts `seconds` from the world's beginning."""
    ends = NOW + (seconds + 60 if until is None else until)
    return world.task(seconds=int(ends) - int(world.now), StartTime=NOW + int(seconds), **fields)


def tick(world: World, at: float) -> None:
    """What the minute tick, or whoever is woken, does of tasks and sessions `at` seconds after the beginning."""
    world.now = BEGIN + at
    start_due(world.table, now=world.now)
    tend(world.table, now=world.now)


def ordered(world: World) -> list[dict[str, float]]:
    """The windows of tasks that each session's recorder was given, by task."""
    return [
        {order["task_id"]: order["starts_at"] - NOW for order in session["orders"].values() if order["task_id"]}
        for session in world.sessions()
    ]


def test_a_task_for_later_wakes_somebody_ahead_of_its_start(world: World) -> None:
    world.publish()
    task_id = task_from(world, 3600)
    (schedule,) = world.scheduler.requests
    assert schedule["ScheduleExpression"] == "at(2027-01-15T08:58:00)"
    tick(world, 3600 - LEAD - 1)
    assert (ordered(world), world.ecs.requests) == ([{}], [])
    tick(world, 3600 - LEAD)
    assert ordered(world) == [{task_id: 3600}]
    assert len(world.ecs.tasks) == 1


@pytest.mark.parametrize(
    "ticks",
    [
        pytest.param([3480, 3480.2], id="twice"),
        pytest.param([3400, 3490, 3540, 3600, 3660], id="each minute"),
        pytest.param([3595], id="late"),
        pytest.param([3630], id="after the start"),
    ],
)
def test_whoever_is_woken_early_late_or_twice_orders_a_task_once(world: World, ticks: list[float]) -> None:
    world.publish()
    task_id = task_from(world, 3600)
    for at in ticks:
        tick(world, at)
    assert ordered(world) == [{task_id: 3600}]
    assert len(world.ecs.tasks) == 1
    assert world.sessions()[0]["orders_version"] == 2


def test_a_task_that_was_looked_after_is_not_looked_at_again(world: World) -> None:
    task_from(world, 3600)
    tick(world, 3500)
    assert len(world.listed(keys.ALL_ARMED)) == 1
    tick(world, 3560)
    assert world.listed(keys.ALL_ARMED) == []


@pytest.mark.parametrize(
    ("starts", "published", "unpublished", "is_recorded"),
    [
        pytest.param(60, 0, 30, True, id="published a minute ahead: the recorder waits for the start"),
        pytest.param(3600, 3610, 3620, True, id="published after the start, unpublished before the end"),
        pytest.param(3600, 3659, 3700, True, id="published in the last second"),
        pytest.param(3600, 3660, 3700, False, id="published as it ends"),
        pytest.param(3600, 0, 3000, False, id="unpublished long before"),
        pytest.param(-3600, 0, 10, True, id="a start that has passed"),
    ],
)
def test_a_publish_is_recorded_by_the_tasks_that_it_meets(
    world: World, starts: float, published: float, unpublished: float, is_recorded: bool
) -> None:
    task_id = task_from(world, starts, until=max(starts, 0) + 60)
    world.now = BEGIN + published
    world.publish()
    for at in range(int(published), int(unpublished), 60):
        tick(world, at)
    world.now = BEGIN + unpublished
    world.unpublish()
    tick(world, 4000)
    assert ordered(world) == [{task_id: starts} if is_recorded else {}]
    assert len(world.ecs.tasks) == is_recorded


def test_a_task_goes_on_over_every_interruption_until_it_ends(world: World) -> None:
    task_id = task_from(world, 0, until=300)
    for at in (0, 100, 200, 299, 300):
        world.now = BEGIN + at
        world.publish()
        world.unpublish()
    assert ordered(world) == [{task_id: 0}] * 4 + [{}]


def test_a_task_made_in_the_last_second_of_another_is_the_same_recorders(world: World) -> None:
    world.publish()
    first = task_from(world, 0, until=60)
    session_id = world.sessions()[0]["session_id"]
    world.claim(session_id, lease_seconds=90)
    world.now = BEGIN + 59.5
    second = task_from(world, 59, until=120)
    assert ordered(world) == [{first: 0, second: 59}]
    assert len(world.ecs.tasks) == 1


def test_a_task_made_after_the_recorder_of_another_ended_has_a_recorder_again(world: World) -> None:
    world.publish()
    first = task_from(world, 0, until=60)
    session_id = world.sessions()[0]["session_id"]
    world.claim(session_id)
    world.now = BEGIN + 60.1
    world.end(session_id, "nothing left to record")
    second = task_from(world, 60, until=120)
    assert ordered(world) == [{first: 0, second: 60}]
    assert list(world.ecs.tasks) == [f"{session_id}-1", f"{session_id}-2"]
    assert not {"lease_until", "recorder_ended_at"} & set(world.session(session_id))


@pytest.mark.parametrize("action", ["StopRecordTask", "DeleteRecordTask"])
def test_a_task_given_up_before_its_start_never_starts(world: World, action: str) -> None:
    world.publish()
    task_id = task_from(world, 3600)
    world.act(action, TaskId=task_id)
    tick(world, 3500)
    tick(world, 3600)
    assert (ordered(world), world.ecs.requests) == ([{}], [])
    assert world.listed(keys.ALL_ARMED) == []


def test_a_task_stopped_while_its_recorder_waits_for_the_start_is_over(world: World) -> None:
    world.publish()
    task_id = task_from(world, 60)
    world.now = BEGIN + 30
    world.act("StopRecordTask", TaskId=task_id)
    (order,) = world.sessions()[0]["orders"].values()
    assert (order["starts_at"], order["ends_at"]) == (NOW + 60, BEGIN + 30)


def test_one_task_s_trouble_does_not_keep_the_others_waiting(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.publish()
    task_from(world, 3600)
    good = task_from(world, 3601)
    broken = world.listed(keys.ALL_TASKS)[0]
    del broken["StartTime"]
    tick(world, 3500)
    assert ordered(world) == [{good: 3601}]
    assert '"task_not_started"' in capfd.readouterr().err


def test_an_unpublished_session_is_given_no_task(world: World) -> None:
    world.publish()
    world.unpublish(GONE)
    task_from(world, 0)
    tick(world, 60)
    assert (ordered(world), world.ecs.requests) == ([{}], [])


@pytest.mark.parametrize("stopped", [30.0, 90.0], ids=["stopped twice", "stopped when it is over"])
def test_a_task_ends_once(world: World, stopped: float) -> None:
    world.publish()
    task_id = task_from(world, 0, until=60)
    for seconds in (stopped, stopped + 5):
        world.now = BEGIN + seconds
        world.act("StopRecordTask", TaskId=task_id)
    (order,) = world.sessions()[0]["orders"].values()
    assert order["ends_at"] == min(BEGIN + stopped, NOW + 60)


def test_tasks_that_begin_on_the_hour_do_not_wait_for_each_other(world: World) -> None:
    streams = [replace(STREAM, stream=f"room-{number}") for number in range(4)]
    for stream in streams:
        world.publish(replace(HOOK, stream=stream))
        address = {"DomainName": stream.domain, "AppName": stream.app, "StreamName": stream.stream}
        world.act("CreateRecordTask", **address, StartTime=NOW + 3600, EndTime=NOW + 7200)
    all_four = Barrier(len(streams), timeout=20)

    def start(session_id: str) -> None:
        all_four.wait()

    world.ecs.on_start = start
    tick(world, 3500)
    assert len(world.ecs.tasks) == 4
    assert [list(each.values()) for each in ordered(world)] == [[3600]] * 4
