"""A task that meets a publish, an end or a death at one moment: it is recorded once, or was never there."""

from collections.abc import Callable

import pytest

from chalicelib import aws
from chalicelib.api.action import Call
from chalicelib.attribute_values import Item
from chalicelib.live import tasks
from chalicelib.table import Write
from tests.fakes.mortal import Killed, Life
from tests.fakes.world import STREAM, World
from tests.unit.flow.test_task_start import NOW, ordered, task_from, tick


def overtaken(world: World, act: Callable[[], object]) -> None:
    """Let `act` happen between the next transaction's reads and its writes."""
    transact, others = world.table.transact, [act]

    def late(*writes: Write) -> None:
        if others:
            others.pop()()
        transact(*writes)

    world.table.transact = late  # type: ignore[method-assign]


def test_a_task_made_between_a_publish_s_reading_and_its_writing_is_ordered(world: World) -> None:
    overtaken(world, lambda: task_from(world, 0))
    world.publish()
    assert [list(each.values()) for each in ordered(world)] == [[0]]
    assert len(world.ecs.tasks) == 1


def test_a_publish_between_a_task_s_reading_and_its_writing_is_recorded(world: World) -> None:
    overtaken(world, world.publish)
    task_id = task_from(world, 0)
    assert ordered(world) == [{task_id: 0}]
    assert len(world.ecs.tasks) == 1


@pytest.mark.parametrize("action", ["StopRecordTask", "DeleteRecordTask"])
def test_a_task_given_up_between_a_publish_s_reading_and_its_writing_is_not_recorded(world: World, action: str) -> None:
    task_id = task_from(world, 0)
    overtaken(world, lambda: world.act(action, TaskId=task_id))
    world.publish()
    assert ordered(world) == [{}]


@pytest.mark.parametrize("action", ["StopRecordTask", "DeleteRecordTask"])
def test_a_task_given_up_as_it_is_being_started_is_not_recorded(world: World, action: str) -> None:
    world.publish()
    task_id = task_from(world, 3600)
    overtaken(world, lambda: world.act(action, TaskId=task_id))
    tick(world, 3500)
    assert (ordered(world), world.ecs.requests) == ([{}], [])


def test_a_task_is_answered_though_no_recorder_can_be_started_and_the_tick_tries_again(world: World) -> None:
    world.publish()
    world.ecs.is_down = True
    task_id = task_from(world, 0, until=600)
    world.ecs.is_down = False
    tick(world, 60)
    assert ordered(world) == [{task_id: 0}]
    assert len(world.ecs.tasks) == 1


def test_a_task_is_answered_though_its_order_cannot_be_given_and_the_tick_gives_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    with monkeypatch.context() as broken:
        broken.setattr("chalicelib.live.task_start.live_session", lambda table, stream: 1 / 0)
        task_id = task_from(world, 0, until=600)
    assert ordered(world) == [{}]
    tick(world, 60)
    assert ordered(world) == [{task_id: 0}]
    assert len(world.ecs.tasks) == 1


CREATE_CALLS = 9
"""Version, other tasks; the transaction; what is live, its session; the order; the session, its launch; RunTask."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, CREATE_CALLS + 1))
def test_a_task_whose_function_dies_is_whole_or_not_there(
    world: World, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    world.publish()
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(world.client(service)))
        with pytest.raises(Killed):
            create(world, life)
    tick(world, 60)
    tick(world, 200)
    is_there = at > 3 or (at, when) == (3, "after")
    assert [len(each) for each in ordered(world)] == [is_there]
    assert len(world.ecs.tasks) == is_there


def test_the_calls_of_a_new_task_are_those_the_test_above_dies_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    life = Life()
    monkeypatch.setattr(aws, "client", lambda service: life.of(world.client(service)))
    create(world, life)
    assert life.calls == CREATE_CALLS


def create(world: World, life: Life) -> Item:
    """CreateRecordTask in a function that may die."""
    params = tasks.CreateRecordTask(
        DomainName=STREAM.domain, AppName=STREAM.app, StreamName=STREAM.stream, EndTime=NOW + 600
    )
    return dict(tasks.create(params, Call(table=life.of(world.table), now=world.now)))
