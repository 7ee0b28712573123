"""The function that sends callbacks: messages it cannot read, and its death at any of its calls."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import aws, keys
from chalicelib.handlers.callback_due import callback_due
from chalicelib.notify import gate
from chalicelib.notify.answer import Answer
from chalicelib.notify.delivery import deliver, repair
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.mortal import Killed, Life
from tests.fakes.world import BEGIN, World

SENT_CALLS = 6
"""The event, the URL's gate; the slot, the claim; the outcome with its record, the slot given back."""
FAILED_CALLS = SENT_CALLS + 1
"""As above, and the message of the next try."""
WAITING_CALLS = 5
"""The event, the URL's gate; the gate that is to look for it, the event that waits, the gate once more."""
SENT = 4
"""The last call before the request is sent."""


def give(*messages: str) -> Any:
    """The queue gives messages to the function; what it answers."""
    records = [{"messageId": f"m{number}", "body": message} for number, message in enumerate(messages)]
    return callback_due({"Records": records}, SimpleNamespace())


@pytest.fixture
def event_id(world: World, receiver: CallbackReceiver) -> str:
    """An event that is due: a push has started."""
    world.callbacks(receiver.base)
    world.publish()
    world.sqs.take()
    return str(world.events()[0]["event_id"])


def pass_time(world: World) -> None:
    """Three minutes with their ticks; every message reaches its function."""
    for _ in range(3):
        world.now += 60
        repair(world.table, now=world.now)
        while world.sqs.messages:
            world.deliver_all()


def test_what_our_code_cannot_read_is_given_back_and_goes_to_the_dead_letters(
    world: World, event_id: str, receiver: CallbackReceiver
) -> None:
    world.now = 2_000_000_000.0  # the function has its own clock
    assert give("not JSON", "{}", json.dumps({"event_id": event_id})) == {
        "batchItemFailures": [{"itemIdentifier": "m0"}, {"itemIdentifier": "m1"}]
    }


def test_a_receiver_that_fails_and_an_event_that_is_gone_are_no_failures_of_ours(
    world: World, event_id: str, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 500
    monkeypatch.setattr("time.time", lambda: BEGIN)
    assert give(json.dumps({"event_id": event_id}), json.dumps({"event_id": "no-such-event"})) == {
        "batchItemFailures": []
    }
    assert len(receiver.received) == 1


def test_a_table_that_cannot_be_reached_is_a_failure_of_ours(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> None:
        raise ConnectionError

    monkeypatch.setattr(aws, "table", unreachable)
    assert give('{"event_id": "e"}') == {"batchItemFailures": [{"itemIdentifier": "m0"}]}


def kill(world: World, event_id: str, monkeypatch: pytest.MonkeyPatch, at: int, when: str) -> None:
    """Have the function die at one of its calls."""
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(world.client(service)))
        with pytest.raises(Killed):
            deliver(life.of(world.table), event_id, now=world.now)


def assert_all_is_well(world: World) -> None:
    """Everything was delivered, nothing waits, and the URL takes as many deliveries as ever."""
    assert {event["state"] for event in world.events()} == {"delivered"}
    assert [world.listed(each) for each in (keys.ALL_DUE, keys.ALL_PARKED)] == [[], []]
    url = world.events()[0]["url"]
    assert world.listed(keys.waiting_for(url)) == []
    assert [gate.enter(world.table, url, now=world.now) is not None for _ in range(5)] == [True] * 4 + [False]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, SENT_CALLS + 1))
@pytest.mark.parametrize("is_given_again", [True, False], ids=["the message again", "the tick"])
def test_a_sender_that_dies_is_replaced_and_only_its_own_request_comes_twice(
    world: World,
    receiver: CallbackReceiver,
    event_id: str,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    when: str,
    is_given_again: bool,
) -> None:
    kill(world, event_id, monkeypatch, at, when)
    if is_given_again:
        world.now += 180  # the queue's visibility time-out
        deliver(world.table, event_id, now=world.now)
    pass_time(world)
    was_sent_and_not_written = at == SENT + 1 and when == "before"
    assert len(receiver.received) == 1 + was_sent_and_not_written
    assert_all_is_well(world)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, FAILED_CALLS + 1))
def test_a_sender_that_dies_over_a_failure_is_replaced(
    world: World, receiver: CallbackReceiver, event_id: str, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    receiver.status = 500
    kill(world, event_id, monkeypatch, at, when)
    receiver.status = 200
    pass_time(world)
    assert_all_is_well(world)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, WAITING_CALLS + 1))
@pytest.mark.parametrize("leaves", ["in order", "never"])
def test_an_event_that_begins_to_wait_as_its_sender_dies_is_woken(
    world: World,
    receiver: CallbackReceiver,
    event_id: str,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    when: str,
    leaves: str,
) -> None:
    url = world.events()[0]["url"]
    slow = gate.enter(world.table, url, now=world.now)
    assert slow is not None
    gate.leave(world.table, slow, Answer(is_late=True), now=world.now)
    probe = gate.enter(world.table, url, now=world.now)
    assert probe is not None
    kill(world, event_id, monkeypatch, at, when)
    if leaves == "in order":
        gate.leave(world.table, probe, Answer(status=200), now=world.now)
    pass_time(world)
    assert_all_is_well(world)


@pytest.mark.parametrize(
    ("arrange", "calls"),
    [
        (lambda receiver: None, SENT_CALLS),
        (lambda receiver: setattr(receiver, "status", 500), FAILED_CALLS),
    ],
    ids=["delivered", "failed"],
)
def test_the_calls_of_a_delivery_are_those_the_tests_above_die_at(
    world: World,
    receiver: CallbackReceiver,
    event_id: str,
    monkeypatch: pytest.MonkeyPatch,
    arrange: Callable[[CallbackReceiver], None],
    calls: int,
) -> None:
    arrange(receiver)
    life = Life()
    monkeypatch.setattr(aws, "client", lambda service: life.of(world.client(service)))
    deliver(life.of(world.table), event_id, now=world.now)
    assert life.calls == calls


def test_the_calls_of_an_event_that_waits_are_those_the_test_above_dies_at(world: World, event_id: str) -> None:
    world.table.calls.clear()
    slots = [gate.enter(world.table, world.events()[0]["url"], now=world.now) for _ in range(4)]
    life = Life()
    deliver(life.of(world.table), event_id, now=world.now)
    assert None not in slots
    assert life.calls == WAITING_CALLS
