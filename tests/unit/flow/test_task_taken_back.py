"""A task that is deleted: one that waits for its start is recorded no more, and the place it took is another's."""

import pytest

from chalicelib.live.task_errors import MaximumRunningTask
from chalicelib.live.task_start import start_due
from tests.fakes.world import BEGIN, World

NOW = int(BEGIN)


@pytest.fixture
def task_id(world: World) -> str:
    """A task that starts in a minute; its live stream's recorder was given it."""
    world.publish()
    return world.task(StartTime=NOW + 60)


def window(world: World, task_id: str) -> tuple[float, float]:
    (session,) = world.sessions()
    order = session["orders"][f"task-{task_id}"]
    return order["starts_at"], order["ends_at"]


def test_it_is_taken_from_its_recorder(world: World, task_id: str) -> None:
    assert window(world, task_id) == (NOW + 60, NOW + 600)
    world.now += 30
    world.act("DeleteRecordTask", TaskId=task_id)
    start_due(world.table, now=world.now + 30)
    assert window(world, task_id) == (NOW + 60, world.now)


def test_one_that_has_begun_goes_on(world: World, task_id: str) -> None:
    world.now += 61
    world.act("DeleteRecordTask", TaskId=task_id)
    assert window(world, task_id) == (NOW + 60, NOW + 600)


def test_tasks_that_are_deleted_while_nobody_publishes_leave_their_places_at_once(world: World) -> None:
    for task_id in [world.task() for _ in range(3)]:
        world.now += 1
        world.act("DeleteRecordTask", TaskId=task_id)
    world.task()


def test_a_deleted_task_keeps_its_place_while_its_recording_goes_on_and_no_longer(world: World) -> None:
    world.publish()
    for task_id in [world.task() for _ in range(3)]:
        world.now += 1
        world.act("DeleteRecordTask", TaskId=task_id)
    with pytest.raises(MaximumRunningTask):
        world.task()
    world.unpublish()
    world.task()


def test_a_deleted_task_keeps_no_place_in_a_session_that_does_not_record_it(world: World) -> None:
    tasks = [world.task(StreamType=1) for _ in range(3)]
    world.publish()
    for task_id in tasks:
        world.act("DeleteRecordTask", TaskId=task_id)
    world.task()
