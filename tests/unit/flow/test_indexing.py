"""A ready object becomes one media entry and one callback, however often it is told and wherever its function dies."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import aws, keys
from chalicelib.handlers.file_ready import file_ready
from chalicelib.notify import outbox
from chalicelib.recording.created_objects import named_in
from chalicelib.recording.indexing import index_file
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.mortal import Killed, Life
from tests.fakes.world import BEGIN, FILE, World, notification

READY = f"ready/{FILE.file_id}.json"


def tell(*messages: str) -> Any:
    """The queue gives messages to the function; what it answers."""
    records = [{"messageId": f"m{number}", "body": message} for number, message in enumerate(messages)]
    return file_ready({"Records": records}, SimpleNamespace())


def test_a_ready_file_is_indexed_and_told(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    assert tell(world.finish()) == {"batchItemFailures": []}
    (media,) = world.listed(keys.ALL_MEDIA)
    assert (media["FileId"], media["BasicInfo"]["Name"]) == (FILE.file_id, "room-7_2027")
    world.now = 2_000_000_000.0  # the function has its own clock
    world.deliver_all()
    assert receiver.paths == ["/file"]
    assert [body["file_id"] for body in receiver.received] == [FILE.file_id]


def test_a_file_told_of_over_and_over_is_indexed_and_called_back_once(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    message = world.finish()
    tell(message, message)
    tell(message)
    world.now = 2_000_000_000.0
    world.deliver_all()
    tell(message)
    world.deliver_all()
    assert len(world.listed(keys.ALL_MEDIA)) == 1
    assert len(world.events()) == 1
    assert len(receiver.received) == 1


def test_a_file_nobody_wants_to_be_told_of_is_indexed_alone(world: World) -> None:
    tell(world.finish())
    assert len(world.listed(keys.ALL_MEDIA)) == 1
    assert world.events() == []
    assert world.sqs.messages == []


def test_a_message_that_fails_is_given_back_alone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.objects["ready/5000000000000000043.json"] = b"{}"
    bad = notification("ready/5000000000000000043.json")
    missing = notification("ready/5000000000000000044.json")
    other = world.objects["ready/5000000000000000045.json"] = FILE.to_json()
    assert other
    misplaced = notification("ready/5000000000000000045.json")
    answer = tell(bad, world.finish(), missing, misplaced, "not JSON")
    failed = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
    assert failed == ["m0", "m2", "m3", "m4"]
    assert len(world.listed(keys.ALL_MEDIA)) == 1
    assert capsys.readouterr().err.count('"event":"message_failed"') == 4


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}), []),
        (notification(READY), [FILE.file_id]),
        (notification(READY.replace("/", "%2F")), [FILE.file_id]),
        (notification("reports/5f-2-17.json"), ["5f-2-17"]),
        (notification("ready/../media/x.json", "media/5/f0.mp4", "ready/5.json", "reports/a/b.json"), []),
        (notification("media/5/f0.mp4", READY, "reports/5f-2-17.json"), [FILE.file_id, "5f-2-17"]),
    ],
    ids=["S3's test event", "a ready object", "its key is quoted", "a report", "other objects", "several objects"],
)
def test_which_objects_a_notification_names(message: str, names: list[str]) -> None:
    assert [name for _, name in named_in(message)] == names


CALLS = 5
"""Of an indexing: S3's object, the callback's rules, its template, the transaction, the message."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS + 1))
@pytest.mark.parametrize("repaired_by", ["the event told again", "the tick"])
def test_wherever_the_function_dies_there_is_one_entry_one_event_and_one_callback(
    world: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch, at: int, when: str, repaired_by: str
) -> None:
    world.callbacks(receiver.base)
    world.finish()
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(world.client(service)))
        with pytest.raises(Killed):
            index_file(life.of(world.table), FILE.file_id, now=BEGIN)
    if repaired_by == "the tick" and world.events():
        world.now += 60
        outbox.announce_overdue(world.table, now=world.now)
    else:
        index_file(world.table, FILE.file_id, now=BEGIN + 1)
    world.now += 60
    world.deliver_all()
    world.deliver_all()
    assert len(world.listed(keys.ALL_MEDIA)) == 1
    assert len(world.events()) == 1
    assert len(receiver.received) == 1


def test_the_calls_of_an_indexing_are_those_the_test_above_dies_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.callbacks()
    world.finish()
    life = Life()
    monkeypatch.setattr(aws, "client", lambda service: life.of(world.client(service)))
    index_file(life.of(world.table), FILE.file_id, now=BEGIN)
    assert life.calls == CALLS
