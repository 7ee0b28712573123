"""A publish or an unpublish whose function dies at one of its calls is made whole: told again, or by the tick."""

from dataclasses import replace

import pytest

from chalicelib import aws, keys
from chalicelib.notify import outbox
from chalicelib.recording import publishing
from chalicelib.recording.supervision import tend
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.mortal import Killed, Life
from tests.fakes.world import GONE, HOOK, World

PUBLISH_CALLS = 7
"""Rules, tasks, templates; the transaction; RunTask, the message; a look whether the recorder has subscribed."""
UNPUBLISH_CALLS = 4
"""What is live, its session; the transaction; the message."""
REOPENING_CALLS = 2 + PUBLISH_CALLS
"""What is live, both sessions; then a publish, whose transaction ends the second session and opens the first anew."""


@pytest.fixture
def customer(world: World, receiver: CallbackReceiver) -> World:
    """A world with a rule, and a customer who wants to be told."""
    world.rule(world.template("Flv"))
    world.callbacks(receiver.base)
    return world


def ticks(world: World) -> None:
    """Two minutes with their ticks, and every message delivered."""
    for _ in range(2):
        world.now += 60
        outbox.announce_overdue(world.table, now=world.now)
        tend(world.table, now=world.now)
        world.deliver_all()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, PUBLISH_CALLS + 1))
@pytest.mark.parametrize("is_told_again", [True, False], ids=["told again", "not told again"])
def test_a_publish_that_dies_leaves_one_session_one_recorder_and_one_callback_or_nothing(
    customer: World,
    receiver: CallbackReceiver,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    when: str,
    is_told_again: bool,
) -> None:
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(customer.client(service)))
        with pytest.raises(Killed):
            publishing.publish(life.of(customer.table), HOOK, now=customer.now)
    if is_told_again:
        customer.publish()
    ticks(customer)
    is_whole = is_told_again or at > 4 or (at == 4 and when == "after")
    assert len(customer.sessions()) == is_whole
    assert len(customer.ecs.tasks) == is_whole
    assert [body["event_type"] for body in receiver.received] == [1] * is_whole


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, UNPUBLISH_CALLS + 1))
def test_an_unpublish_that_dies_and_is_told_again_ends_the_session_once(
    customer: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    customer.publish()
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(customer.client(service)))
        with pytest.raises(Killed):
            publishing.unpublish(life.of(customer.table), GONE, now=customer.now)
    customer.unpublish()
    ticks(customer)
    assert customer.listed(keys.ALL_ONLINE) == []
    assert sorted(body["event_type"] for body in receiver.received) == [0, 1]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(3, REOPENING_CALLS + 1))
def test_a_second_publisher_s_end_that_dies_never_leaves_the_first_one_unrecorded(
    customer: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    customer.publish()
    customer.publish(replace(HOOK, client_id="c2"))
    customer.now += 1
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(customer.client(service)))
        with pytest.raises(Killed):
            publishing.unpublish(life.of(customer.table), replace(GONE, client_id="c2"), now=customer.now)
    (online,) = customer.listed(keys.ALL_ONLINE)
    ticks(customer)
    is_reopened = at > 6 or (at == 6 and when == "after")
    assert online["client_id"] == ("c1" if is_reopened else "c2")
    assert len(customer.ecs.tasks) == 2 + is_reopened
    assert [body["event_type"] for body in receiver.received].count(1) == 2 + is_reopened
    assert [body["event_type"] for body in receiver.received].count(0) == 1 + is_reopened


def test_the_calls_of_a_reopening_are_those_the_test_above_dies_at(
    customer: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.publish()
    customer.publish(replace(HOOK, client_id="c2"))
    life = Life()
    monkeypatch.setattr(aws, "client", lambda service: life.of(customer.client(service)))
    publishing.unpublish(life.of(customer.table), replace(GONE, client_id="c2"), now=customer.now)
    assert life.calls == REOPENING_CALLS


def test_the_calls_of_both_are_those_the_tests_above_die_at(customer: World, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life()
    monkeypatch.setattr(aws, "client", lambda service: life.of(customer.client(service)))
    publishing.publish(life.of(customer.table), HOOK, now=customer.now)
    assert life.calls == PUBLISH_CALLS
    publishing.unpublish(life.of(customer.table), GONE, now=customer.now)
    assert life.calls == PUBLISH_CALLS + UNPUBLISH_CALLS
