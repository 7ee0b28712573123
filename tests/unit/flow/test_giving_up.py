"""Who is told of recordings that no recorder could make."""

import json
from typing import Any

import pytest

from chalicelib.recording.supervision import recorder_stopped, tend
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.ecs import detail
from tests.fakes.world import World


def keep_dying(world: World, session_id: str) -> None:
    """Every recorder of the session dies, more often than it is launched."""
    for _ in range(6):
        recorder_stopped(world.table, detail(session_id, world.session(session_id)["launches"]), now=world.now)
        world.now += 130
        tend(world.table, now=world.now)


def told(world: World, receiver: CallbackReceiver) -> list[tuple[str, int, str | None, str]]:
    """Event, format, task and reason of what was called back of recordings, in the order of its numbers."""
    world.deliver_all()
    bodies = sorted((body for body in receiver.received if body["event_type"] == 332), key=lambda body: body["seq"])
    details: list[dict[str, Any]] = [json.loads(body["record_detail"]) for body in bodies]
    return [
        (body["record_event"], detail["file_format"], body.get("task_id"), detail.get("reason", ""))
        for body, detail in zip(bodies, details, strict=True)
    ]


REASON = "stopped: Essential container in task exited, exit code 1"


def test_what_never_began_has_failed_to_start(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    world.rule(world.template("Flv", "Mp4"))
    task_id = world.task()
    world.publish()
    keep_dying(world, world.sessions()[0]["session_id"])
    assert sorted(told(world, receiver), key=str) == sorted(
        [
            ("record_start_failed", 1, None, REASON),
            ("record_start_failed", 3, None, REASON),
            ("record_start_failed", 2, task_id, REASON),
        ],
        key=str,
    )


def test_what_had_begun_has_an_error_and_an_end_and_what_had_ended_is_not_told_again(
    world: World, receiver: CallbackReceiver
) -> None:
    world.callbacks(receiver.base)
    world.rule(world.template("Flv", "Mp4", "Aac"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    states = {"flv": "recording", "mp4": "ended", "aac": "failed"}
    (recording_id,) = world.session(session_id)["orders"]
    world.change(session_id, outcomes={recording_id: {name: {"state": states[name]} for name in states}})
    keep_dying(world, session_id)
    assert told(world, receiver) == [("record_error", 1, None, REASON), ("record_ended", 1, None, "")]


def test_a_recorder_that_ecs_never_starts_is_told_of(
    world: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise RuntimeError("no capacity")

    monkeypatch.setattr(world.ecs, "run_task", refuse)
    world.callbacks(receiver.base)
    world.rule(world.template("Flv"))
    world.publish()
    for _ in range(6):
        world.now += 130
        tend(world.table, now=world.now)
    assert told(world, receiver) == [("record_start_failed", 1, None, "not launched: no capacity")]


def test_a_recorder_that_is_launched_again_is_not_given_up(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    world.rule(world.template("Flv"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    recorder_stopped(world.table, detail(session_id), now=world.now)
    assert told(world, receiver) == []
