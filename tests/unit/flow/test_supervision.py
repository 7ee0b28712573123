"""A recorder's task has stopped, and ECS tells of it: what is written down, who follows, who is given up."""

from types import SimpleNamespace

import pytest

from chalicelib import keys
from chalicelib.handlers.task_stopped import task_stopped
from chalicelib.recording.supervision import recorder_stopped, tend
from tests.fakes.ecs import detail
from tests.fakes.world import BEGIN, FILE, World


def tick(world: World, seconds: float = 60) -> None:
    """So much later the tick comes."""
    world.now += seconds
    tend(world.table, now=world.now)


def test_a_recorder_that_ended_after_the_unpublish_closes_its_session(world: World, session_id: str) -> None:
    world.claim(session_id)
    world.unpublish()
    world.end(session_id)
    recorder_stopped(world.table, detail(session_id, exit_code=0), now=world.now)
    assert world.listed(keys.ALL_OPEN) == []
    assert world.session(session_id)["end_reason"] == "unpublished"
    assert world.session(session_id)["failures"] == 0
    assert len(world.ecs.tasks) == 1


def test_a_recorder_that_failed_without_a_word_is_written_down(world: World, session_id: str) -> None:
    world.now += 5
    recorder_stopped(world.table, detail(session_id, exit_code=137), now=world.now)
    session = world.session(session_id)
    assert session["recorder_ended_at"] == BEGIN + 5
    assert session["end_reason"] == "stopped: Essential container in task exited, exit code 137"
    assert (session["failures"], session["retry_at"]) == (1, BEGIN + 35)


def test_a_recorder_that_died_at_work_is_followed_at_once_and_fenced(world: World, session_id: str) -> None:
    world.claim(session_id)
    world.now += 5
    recorder_stopped(world.table, detail(session_id, exit_code=137), now=world.now)
    assert list(world.ecs.tasks) == [f"{session_id}-1", f"{session_id}-2"]
    assert (world.session(session_id)["epoch"], world.session(session_id)["failures"]) == (2, 1)
    recorder_stopped(world.table, detail(session_id, exit_code=137), now=world.now)
    assert len(world.ecs.requests) == 2


def test_files_left_open_have_a_recorder_launched_though_the_stream_is_gone(world: World, session_id: str) -> None:
    world.claim(session_id)
    world.left_open(session_id)
    world.unpublish()
    recorder_stopped(world.table, detail(session_id, exit_code=137), now=world.now)
    assert list(world.ecs.tasks) == [f"{session_id}-1", f"{session_id}-2"]
    world.claim(session_id)
    world.table.items.pop(keys.open_file(session_id, FILE.file_id))
    world.end(session_id)
    recorder_stopped(world.table, detail(session_id, 2, exit_code=0), now=world.now)
    assert world.listed(keys.ALL_OPEN) == []
    assert len(world.ecs.tasks) == 2


def test_files_that_cannot_be_recovered_are_given_up_after_three_tries(
    world: World, session_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.claim(session_id)
    world.left_open(session_id)
    world.unpublish()
    for launch in (1, 2, 3):
        recorder_stopped(world.table, detail(session_id, launch, exit_code=137), now=world.now)
        tick(world, 121)
    assert len(world.ecs.tasks) == 3
    assert capsys.readouterr().err.count('"event":"recording_failed"') == 1
    assert world.listed(keys.ALL_OPEN) == []


def test_an_image_that_cannot_be_pulled_is_a_failure_with_its_reason(world: World, session_id: str) -> None:
    event = detail(session_id, exit_code=None, stoppedReason="CannotPullContainerError: no such image")
    recorder_stopped(world.table, event, now=world.now)
    reason = "stopped: CannotPullContainerError: no such image, exit code None"
    assert world.session(session_id)["end_reason"] == reason


def test_a_recorder_that_keeps_dying_is_launched_three_times_with_growing_distance(
    world: World, session_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    launched_at = [world.now]
    for _ in range(10):
        launch = world.session(session_id)["launches"]
        recorder_stopped(world.table, detail(session_id, launch), now=world.now)
        tick(world)
        if world.session(session_id)["launches"] > launch:
            launched_at.append(world.now)
    assert [at - BEGIN for at in launched_at] == [0, 60, 180]
    assert [request["clientToken"] for request in world.ecs.requests] == [f"{session_id}-{n}" for n in (1, 2, 3)]
    assert capsys.readouterr().err.count('"event":"recording_failed"') == 1
    world.unpublish()
    tick(world)
    assert world.listed(keys.ALL_OPEN) == []


def test_the_same_event_told_twice_and_one_of_an_earlier_launch_change_nothing(world: World, session_id: str) -> None:
    recorder_stopped(world.table, detail(session_id), now=world.now)
    recorder_stopped(world.table, detail(session_id), now=world.now)
    assert world.session(session_id)["failures"] == 1
    tick(world)
    before = world.session(session_id)
    recorder_stopped(world.table, detail(session_id, launch=1), now=world.now)
    assert world.session(session_id) == before


def test_a_task_that_is_no_recorder_is_none_of_ours(world: World, session_id: str) -> None:
    before = world.session(session_id)
    recorder_stopped(world.table, {"taskArn": "x", "overrides": {}}, now=world.now)
    recorder_stopped(world.table, detail("0" * 32), now=world.now)
    assert world.session(session_id) == before


def test_the_function_reads_the_event_as_ecs_sends_it(world: World, session_id: str) -> None:
    event = {
        "version": "0",
        "id": "1",
        "account": "000000000000",
        "region": "us-east-1",
        "time": "2027-01-15T08:00:00Z",
        "source": "aws.ecs",
        "detail-type": "ECS Task State Change",
        "resources": [],
        "detail": detail(session_id),
    }
    task_stopped(event, SimpleNamespace())
    assert world.session(session_id)["stopped_launch"] == 1


def test_a_recorder_with_nothing_left_to_do_is_not_launched_again(world: World) -> None:
    world.task(seconds=30)
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    world.claim(session_id)
    world.now += 31
    world.end(session_id, "nothing left to record")
    recorder_stopped(world.table, detail(session_id, exit_code=0), now=world.now)
    tick(world)
    assert world.session(session_id)["failures"] == 0
    assert len(world.ecs.tasks) == 1
