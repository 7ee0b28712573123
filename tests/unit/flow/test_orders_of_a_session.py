"""Orders that reach a session in mid-stream, and a recorder for them."""

from dataclasses import replace

import pytest

from chalicelib.live.concurrent_recordings import spans_of
from chalicelib.recording.launcher import ensure_recorder
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.session import order_added, order_ended
from chalicelib.table import ConditionFailed
from tests.fakes.world import World


def test_a_task_made_in_mid_stream_gets_a_recorder_if_none_runs(world: World) -> None:
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    task_id = world.task()
    assert list(world.session(session_id)["orders"]) == [f"task-{task_id}"]
    assert list(world.ecs.tasks) == [f"{session_id}-1"]
    ensure_recorder(world.table, session_id, now=world.now)
    world.claim(session_id)
    ensure_recorder(world.table, session_id, now=world.now)
    assert len(world.ecs.requests) == 1
    world.act("StopRecordTask", TaskId=task_id)
    assert world.session(session_id)["orders"][f"task-{task_id}"]["ends_at"] == world.now
    assert world.session(session_id)["orders_version"] == 3


def test_an_unpublished_session_takes_no_more_orders(world: World, session_id: str) -> None:
    world.unpublish()
    order = RecordingOrder.from_item(world.session(session_id)["orders"]["template-1"])
    with pytest.raises(ConditionFailed):
        world.table.update(order_added(world.session(session_id), replace(order, recording_id="new"), now=world.now))
    ensure_recorder(world.table, session_id, now=world.now)
    ensure_recorder(world.table, "0" * 32, now=world.now)
    assert len(world.ecs.requests) == 1


def test_an_order_that_a_session_does_not_have_cannot_be_ended(world: World, session_id: str) -> None:
    with pytest.raises(ConditionFailed):
        world.table.update(order_ended(session_id, "task-unknown", world.now))


def test_an_order_is_added_once(world: World, session_id: str) -> None:
    order = RecordingOrder.from_item(world.session(session_id)["orders"]["template-1"])
    with pytest.raises(ConditionFailed):
        world.table.update(order_added(world.session(session_id), order, now=world.now))


def test_a_stream_that_is_live_for_months_keeps_the_tasks_of_the_last_hour(world: World) -> None:
    world.publish()
    begin = int(world.now)
    for hour in range(100):
        world.now = begin + hour * 3600.0
        world.task(seconds=1800)
    (session,) = world.sessions()
    assert [order["starts_at"] - begin for order in session["orders"].values()] == [98 * 3600, 99 * 3600]
    assert [first - begin for first, _ in session["let_go"].values()] == [hour * 3600 for hour in range(98)]
    assert spans_of(session, now=world.now)[:2] == [
        (session["published_at"], begin + 1800),
        (begin + 3600, begin + 5400),
    ]
    assert len(spans_of(session, now=world.now + 3600)) == 100
