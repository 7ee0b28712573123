"""A report becomes one callback, however often it is told and wherever its function dies."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import aws
from chalicelib.handlers.file_ready import file_ready
from chalicelib.notify import outbox
from chalicelib.recording.report import Level, Occurrences, Trouble
from chalicelib.recording.reporting import announce, tell
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.mortal import Killed, Life
from tests.fakes.world import BEGIN, REPORT, World

PULL_FAILED = Occurrences(trouble=Trouble.PULL_FAILED, level=Level.ERROR, occurs=1, description="source stalled")


def give(*messages: str) -> Any:
    """The queue gives messages to the function; what it answers."""
    records = [{"messageId": f"m{number}", "body": message} for number, message in enumerate(messages)]
    return file_ready({"Records": records}, SimpleNamespace())


def test_a_status_told_over_and_over_is_called_back_once(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    message = world.report()
    assert give(message, message) == {"batchItemFailures": []}
    world.now = 2_000_000_000.0  # the function has its own clock
    world.deliver_all()
    assert give(message) == {"batchItemFailures": []}
    world.deliver_all()
    assert receiver.paths == ["/status"]
    assert [body["record_event"] for body in receiver.received] == ["record_start_succeeded"]


def test_a_file_and_reports_in_one_batch(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    give(world.report(), world.finish(), world.report(report_id="5-1-8", told=PULL_FAILED))
    world.now = 2_000_000_000.0
    world.deliver_all()
    assert sorted(receiver.paths) == ["/exception", "/file", "/status"]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"RecordStatusNotifyUrl": "", "RecordExceptionLevels": ["error"]}, 1),
        ({"RecordExceptionNotifyUrl": ""}, 1),
        ({"RecordExceptionLevels": ["warning", "info"]}, 1),
        ({}, 2),
    ],
    ids=["no URL for a status", "no URL for an exception", "another level", "both"],
)
def test_what_nobody_wants_to_know_is_no_event(world: World, fields: dict[str, Any], count: int) -> None:
    world.callbacks()
    world.act("ModifyLiveCallbackTemplate", TemplateId=1, **fields)
    give(world.report(), world.report(report_id="5-1-8", told=PULL_FAILED))
    assert len(world.events()) == count


def test_a_report_of_a_stream_without_callbacks_is_no_event(world: World) -> None:
    assert give(world.report(), world.report(report_id="5-1-8", told=PULL_FAILED)) == {"batchItemFailures": []}
    assert (world.events(), world.sqs.messages) == ([], [])


def test_a_report_that_cannot_be_read_is_given_back_alone(world: World) -> None:
    world.callbacks()
    good, bad, misplaced = world.report(), world.report(report_id="5-1-8"), world.report(report_id="5-1-9")
    world.objects["reports/5-1-8.json"] = b"{}"
    world.objects["reports/5-1-9.json"] = REPORT.to_json()
    assert give(bad, good, misplaced) == {"batchItemFailures": [{"itemIdentifier": "m0"}, {"itemIdentifier": "m2"}]}
    assert len(world.events()) == 1


def test_a_function_s_own_report_needs_no_object(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    announce(world.table, replace(REPORT, report_id="5-file-ended"), now=world.now)
    announce(world.table, replace(REPORT, report_id="5-file-ended"), now=world.now)
    world.deliver_all()
    world.deliver_all()
    assert receiver.paths == ["/status"]


CALLS = 5
"""Of a telling: S3's object, the callback's rules, its template, the event, the message."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS + 1))
@pytest.mark.parametrize("repaired_by", ["the report told again", "the tick"])
def test_wherever_the_function_dies_there_is_one_event_and_one_callback(
    world: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch, at: int, when: str, repaired_by: str
) -> None:
    world.callbacks(receiver.base)
    world.report()
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(world.client(service)))
        with pytest.raises(Killed):
            tell(life.of(world.table), REPORT.report_id, now=BEGIN)
    if repaired_by == "the tick" and world.events():
        world.now += 60
        outbox.announce_overdue(world.table, now=world.now)
    else:
        tell(world.table, REPORT.report_id, now=BEGIN + 1)
    world.now += 60
    world.deliver_all()
    world.deliver_all()
    assert len(world.events()) == 1
    assert len(receiver.received) == 1


def test_the_calls_of_a_telling_are_those_the_test_above_dies_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.callbacks()
    world.report()
    life = Life()
    monkeypatch.setattr(aws, "client", lambda service: life.of(world.client(service)))
    tell(life.of(world.table), REPORT.report_id, now=BEGIN)
    assert life.calls == CALLS
