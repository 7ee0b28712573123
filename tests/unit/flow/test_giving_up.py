"""Who is told of recordings that no recorder could make."""

import json
from typing import Any

import pytest

from chalicelib import aws, keys
from chalicelib.notify.delivery import repair
from chalicelib.recording import launcher
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder
from chalicelib.recording.supervision import recorder_stopped, tend
from chalicelib.table import Path, Update
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.ecs import detail
from tests.fakes.mortal import Killed, Life
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


X = FormatOrder()
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


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 7))
def test_whoever_gives_up_and_dies_has_told_of_it_or_the_tick_does(
    world: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    """The session, its journal; the callback rules, their template; the end with its events; the message."""
    world.callbacks(receiver.base)
    world.rule(world.template("Flv"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    world.change(session_id, failures=2)
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(world.client(service)))
        with pytest.raises(Killed):
            launcher.stop(life.of(world.table), session_id, launch=1, reason="lost", now=world.now)
    is_given_up = world.session(session_id)["stopped_launch"] == 1
    assert [event["event_type"] for event in world.events() if event["event_type"] == 332] == [332] * is_given_up
    launcher.stop(world.table, session_id, launch=1, reason="lost", now=world.now)
    world.now += 60
    repair(world.table, now=world.now)
    assert told(world, receiver) == [("record_start_failed", 1, None, "lost")]


def test_a_task_that_comes_while_a_recorder_is_given_up_is_told_of_too(
    world: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.callbacks(receiver.base)
    world.rule(world.template("Flv"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    world.change(session_id, failures=2)
    query, added = world.table.query, RecordingOrder(recording_id="task-9", task_id="9", formats={RecordFormat.AAC: X})

    def meanwhile(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(world.table, "query", query)
        orders: dict[Path, Any] = {("orders", "task-9"): added.as_item()}
        world.table.update(Update(key=keys.session(session_id), set=orders, add={"orders_version": 1}))
        return query(*arguments, **named)

    monkeypatch.setattr(world.table, "query", meanwhile)
    launcher.stop(world.table, session_id, launch=1, reason="lost", now=world.now)
    assert sorted(each[1] for each in told(world, receiver)) == [1, 4]


def test_a_recorder_that_is_launched_again_is_not_given_up(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    world.rule(world.template("Flv"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    recorder_stopped(world.table, detail(session_id), now=world.now)
    assert told(world, receiver) == []


def test_a_task_that_is_soon_to_start_is_told_of_and_one_that_was_stopped_before_its_start_is_not(
    world: World, receiver: CallbackReceiver
) -> None:
    world.callbacks(receiver.base)
    template_id = world.template("Flv")
    start = int(world.now) + 110
    soon, stopped = (world.task(TemplateId=template_id, StartTime=start) for _ in range(2))
    world.publish()
    world.act("StopRecordTask", TaskId=stopped)
    session_id = world.sessions()[0]["session_id"]
    world.change(session_id, failures=2)
    recorder_stopped(world.table, detail(session_id), now=world.now)
    assert told(world, receiver) == [("record_start_failed", 1, soon, REASON)]
