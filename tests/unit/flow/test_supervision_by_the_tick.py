"""Recorders that nobody told of: the tick finds those that were never launched, vanished, or ended unheard."""

import pytest

from chalicelib import keys
from chalicelib.recording.supervision import tend
from tests.fakes.world import World


def tick(world: World, seconds: float = 60) -> None:
    """So much later the tick comes."""
    world.now += seconds
    tend(world.table, now=world.now)


def test_a_death_that_ecs_did_not_tell_of_is_made_good_within_90_seconds(world: World, session_id: str) -> None:
    world.claim(session_id)
    world.left_open(session_id)
    world.unpublish()
    tick(world, 30.5)
    assert list(world.ecs.tasks) == [f"{session_id}-1", f"{session_id}-2"]


def test_a_refused_launch_does_not_refuse_the_publish_and_is_tried_again(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.rule(world.template("Flv"))
    world.ecs.refusal = "RESOURCE:MEMORY"
    world.publish()
    (session,) = world.sessions()
    assert session["end_reason"] == "not launched: RESOURCE:MEMORY"
    assert '"event":"recorder_not_launched"' in capsys.readouterr().err
    world.ecs.refusal = None
    tick(world)
    assert list(world.ecs.tasks) == [f"{session['session_id']}-2"]


def test_a_publish_that_died_before_it_launched_is_made_good_by_the_tick(world: World, session_id: str) -> None:
    world.ecs.tasks.clear()
    tick(world, 20)
    assert len(world.ecs.tasks) == 0
    tick(world, 20)
    assert list(world.ecs.tasks) == [f"{session_id}-1"]


def test_a_launch_nobody_heard_of_again_is_lost_and_made_anew(
    world: World, session_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tick(world, 181)
    assert world.session(session_id)["end_reason"] == "lost"
    assert '"event":"recorder_lost"' in capsys.readouterr().err
    tick(world)
    assert list(world.ecs.tasks) == [f"{session_id}-1", f"{session_id}-2"]


def test_a_recorder_whose_lease_has_lapsed_is_lost(
    world: World, session_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.claim(session_id)
    tick(world, 30)
    assert len(world.ecs.tasks) == 1
    tick(world, 1)
    assert '"event":"recorder_lost"' in capsys.readouterr().err
    assert list(world.ecs.tasks) == [f"{session_id}-1", f"{session_id}-2"]


def test_a_lost_recorder_of_an_unpublished_session_closes_it(world: World, session_id: str) -> None:
    world.claim(session_id)
    world.unpublish()
    tick(world)
    assert world.listed(keys.ALL_OPEN) == []
    assert len(world.ecs.tasks) == 1


def test_a_recorder_that_works_is_left_alone(world: World, session_id: str) -> None:
    world.claim(session_id, lease_seconds=1000)
    before = world.session(session_id)
    tick(world)
    assert world.session(session_id) == before


def test_the_tick_lets_go_of_a_session_whose_recorder_ended_untold(world: World, session_id: str) -> None:
    world.claim(session_id)
    world.unpublish()
    world.end(session_id)
    tick(world)
    assert world.listed(keys.ALL_OPEN) == []


def test_one_session_that_cannot_be_tended_does_not_keep_the_others_waiting(
    world: World, session_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del world.table.items[keys.session(session_id)]["launched_at"]
    world.unpublish()
    world.publish()
    tick(world, 181)
    assert '"event":"session_not_tended"' in capsys.readouterr().err
    assert world.sessions()[-1]["end_reason"] == "lost"
