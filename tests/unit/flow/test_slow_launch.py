"""A launch that was taken for lost comes after all: whichever of two claims the session is the one that counts."""

import pytest

from chalicelib.recording.supervision import recorder_stopped, tend
from chalicelib.settings import Settings
from recorder_task.session.control import AlreadyClaimed, Control
from tests.fakes.ecs import detail
from tests.fakes.world import World


def recorder(world: World, session_id: str, launch: int) -> Control:
    """The control of a recorder that this launch has started."""
    return Control(world.table, session_id, Settings(), lambda: world.now, launch=launch)


@pytest.fixture
def first(world: World, session_id: str) -> Control:
    """The recorder of the first launch, which claims its session as the second launch is on its way."""
    world.now += 181
    tend(world.table, now=world.now)
    world.now += 60
    tend(world.table, now=world.now)
    assert world.session(session_id)["launches"] == 2
    late = recorder(world, session_id, 1)
    late.claim()
    with pytest.raises(AlreadyClaimed):
        recorder(world, session_id, 2).claim()
    return late


def test_the_end_of_a_launch_that_was_not_needed_leaves_the_living_recorder_alone(
    world: World, session_id: str, first: Control
) -> None:
    before = world.session(session_id)
    recorder_stopped(world.table, detail(session_id, 2, exit_code=0), now=world.now)
    tend(world.table, now=world.now)
    assert world.session(session_id) == before
    assert len(world.ecs.tasks) == 2


def test_the_late_one_is_followed_when_it_dies(world: World, session_id: str, first: Control) -> None:
    recorder_stopped(world.table, detail(session_id, 2, exit_code=0), now=world.now)
    world.now += 200
    recorder_stopped(world.table, detail(session_id, 1, exit_code=137), now=world.now)
    assert list(world.ecs.tasks) == [f"{session_id}-{launch}" for launch in (1, 2, 3)]
    recorder_stopped(world.table, detail(session_id, 1, exit_code=137), now=world.now)
    recorder_stopped(world.table, detail(session_id, 2, exit_code=0), now=world.now)
    assert len(world.ecs.tasks) == 3


def test_the_late_one_is_followed_when_nobody_hears_of_it_again(world: World, session_id: str, first: Control) -> None:
    world.now += 200
    tend(world.table, now=world.now)
    assert list(world.ecs.tasks) == [f"{session_id}-{launch}" for launch in (1, 2, 3)]


def test_the_late_one_closes_its_session(world: World, session_id: str, first: Control) -> None:
    world.now += 5
    world.unpublish()
    assert first.end("unpublished", whatever_was_ordered=True)
    recorder_stopped(world.table, detail(session_id, 1, exit_code=0), now=world.now)
    session = world.session(session_id)
    assert ("LPK" in session, len(world.ecs.tasks)) == (False, 2)
