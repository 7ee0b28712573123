"""Orders that reach a session in mid-stream, and a recorder for them."""

from dataclasses import replace

import pytest

from chalicelib.live.concurrent_recordings import spans_of
from chalicelib.recording.launcher import ensure_recorder
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.session import ORDER_KEPT_SECONDS, let_go, order_added, order_ended
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
        world.table.update(order_added(session_id, replace(order, recording_id="new")))
    ensure_recorder(world.table, session_id, now=world.now)
    ensure_recorder(world.table, "0" * 32, now=world.now)
    assert len(world.ecs.requests) == 1


def test_an_order_that_a_session_does_not_have_cannot_be_ended(world: World, session_id: str) -> None:
    with pytest.raises(ConditionFailed):
        world.table.update(order_ended(session_id, "task-unknown", world.now))


def test_an_order_is_added_once(world: World, session_id: str) -> None:
    order = RecordingOrder.from_item(world.session(session_id)["orders"]["template-1"])
    with pytest.raises(ConditionFailed):
        world.table.update(order_added(session_id, order))


def test_a_stream_that_is_live_for_months_keeps_the_latest_tasks(world: World) -> None:
    world.publish()
    begin = int(world.now)
    for hour in range(100):
        world.now = begin + hour * 3600.0
        world.task(seconds=1800)
    (session,) = world.sessions()
    assert [order["starts_at"] - begin for order in session["orders"].values()] == [99 * 3600]
    assert [first - begin for first, _ in session["let_go"]["spans"]] == [hour * 3600 for hour in range(99)]
    assert spans_of(session, now=world.now)[:2] == [
        (session["published_at"], begin + 1800),
        (begin + 3600, begin + 5400),
    ]
    assert len(spans_of(session, now=world.now + 3600)) == 100


def test_an_order_that_is_over_stays_until_its_recorder_has_surely_ended_its_uploads(world: World) -> None:
    world.publish()
    first = world.task(seconds=60)
    world.now = int(world.now) + 60 + ORDER_KEPT_SECONDS
    second = world.task()
    assert list(world.sessions()[0]["orders"]) == [f"task-{first}", f"task-{second}"]
    assert let_go(world.sessions()[0], now=world.now) is None
    assert let_go(world.sessions()[0], now=world.now + 1) is not None


def test_what_came_of_orders_that_are_let_go_leaves_the_item_once_it_is_told(world: World) -> None:
    world.publish()
    task_ids = [world.task(seconds=60) for _ in range(3)]
    session_id = world.sessions()[0]["session_id"]
    ended, untold = ({"hls": {"state": state, "files": 1}} for state in ("ended", "recording"))
    outcomes = dict(zip([f"task-{each}" for each in task_ids], [ended, untold, ended], strict=True))
    world.change(session_id, outcomes={**outcomes, "task-earlier": ended})
    world.now += 3600
    world.task()
    assert world.session(session_id)["outcomes"] == {f"task-{task_ids[1]}": untold}


def test_orders_that_change_meanwhile_are_let_go_by_the_next_task(world: World) -> None:
    world.publish()
    world.task(seconds=60)
    world.now += 3600
    (before,) = world.sessions()
    change = let_go(dict(before), now=world.now)
    assert change is not None
    world.change(before["session_id"], orders_version=before["orders_version"] + 1)
    with pytest.raises(ConditionFailed):
        world.table.update(change)
    world.task()
    assert len(world.sessions()[0]["orders"]) == 1
