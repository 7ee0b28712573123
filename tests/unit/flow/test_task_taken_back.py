"""A task that is deleted before it starts, though its recorder waits for it already: nothing is recorded by it."""

import pytest

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
