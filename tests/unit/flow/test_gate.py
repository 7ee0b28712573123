"""A URL's gate: a few deliveries at once, one while it lets them time out, and nobody is held up by another's URL."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.notify import delivery, gate, outbox, queue
from chalicelib.notify.answer import Answer
from chalicelib.notify.delivery import deliver, repair
from chalicelib.notify.events import CallbackEvent, EventType
from chalicelib.notify.gate import Slot
from chalicelib.settings import settings
from chalicelib.table import Update
from tests.fakes.callback_receiver import CallbackReceiver, callback_receiver
from tests.fakes.sqs import Message
from tests.fakes.world import BEGIN, STREAM, World

URL = "http://127.0.0.1:2/callbacks"
"""Nobody listens there."""
LATE = Answer(error="no answer in 20 s", latency_ms=20_000, is_late=True)
REFUSED = Answer(error="ConnectionRefusedError: …")
FAILED = Answer(status=500)
DELIVERED = Answer(status=200)


def enter(world: World, *, url: str = URL, after: float = 0) -> Slot | None:
    return gate.enter(world.table, url, now=BEGIN + after)


def entered(world: World, *, after: float = 0) -> Slot:
    slot = enter(world, after=after)
    assert slot is not None
    return slot


def leave(world: World, slot: Slot, answer: Answer | None, *, after: float = 1) -> list[str]:
    return gate.leave(world.table, slot, answer, now=BEGIN + after)


def due_event(world: World, event_id: str, *, url: str = URL, now: float = BEGIN) -> str:
    """An event of a stream, as one is written with the state change it tells of."""
    event = CallbackEvent(
        event_id=event_id, event_type=EventType.FILE_READY, payload={"file_id": event_id}, stream=STREAM, session_id="5"
    )
    (put,) = outbox.written(event, {"RecordNotifyUrl": url}, now=now)
    world.table.put(put)
    return event_id


def state_of(world: World, event_id: str) -> str:
    return str(world.table.items[keys.event(event_id)]["state"])


def test_four_deliveries_enter_a_url_at_once_and_any_number_the_others(world: World) -> None:
    slots = [entered(world) for _ in range(4)]
    assert len({slot.name for slot in slots}) == 4
    assert enter(world) is None
    assert enter(world, url="https://another.example.com/") is not None
    leave(world, slots[2], DELIVERED)
    assert entered(world).name == slots[2].name


def test_a_url_that_let_one_time_out_takes_one_at_a_time_until_it_answers(world: World) -> None:
    first, second, third = (entered(world) for _ in range(3))
    leave(world, first, LATE)
    assert enter(world) is None, "two are still under way"
    leave(world, second, LATE)
    leave(world, third, LATE)
    probe = entered(world)
    assert enter(world) is None
    leave(world, probe, REFUSED)
    probe = entered(world)
    assert enter(world) is None, "a refused connection is no answer"
    leave(world, probe, FAILED)
    assert [enter(world) is not None for _ in range(5)] == [True] * 4 + [False]


def test_a_delivery_that_never_leaves_loses_its_slot_with_its_lease(world: World) -> None:
    leave(world, entered(world), LATE)
    dead = entered(world)
    lease = settings().callback_timeout_seconds + gate.LEASE_MARGIN_SECONDS
    assert enter(world, after=lease - 0.01) is None
    replacement = entered(world, after=lease)
    leave(world, dead, DELIVERED, after=lease + 1)
    assert enter(world, after=lease + 1) is None, "the slot is another's now, and what a dead one heard counts no more"
    leave(world, replacement, DELIVERED, after=lease + 2)
    assert enter(world, after=lease + 2) is not None


def test_of_many_that_enter_at_one_moment_no_more_than_four_do(world: World) -> None:
    found: list[Slot | None] = []
    threads = [Thread(target=lambda: found.append(enter(world))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots = [slot for slot in found if slot is not None]
    assert len(slots) == len({slot.name for slot in slots}) <= 4


@pytest.fixture
def held(world: World) -> Slot:
    """The one delivery to a slow URL, under way while an event waits."""
    leave(world, entered(world), LATE)
    slot = entered(world)
    deliver(world.table, due_event(world, "e1"), now=BEGIN)
    return slot


def test_an_event_waits_for_its_turn_and_counts_no_try(world: World, held: Slot) -> None:
    event = world.table.items[keys.event("e1")]
    assert (event["state"], event["attempt"]) == ("waiting", 0)
    assert world.listed(keys.ALL_DUE) == []
    assert [each["event_id"] for each in world.listed(keys.waiting_for(URL))] == ["e1"]
    assert world.sqs.messages == []


@pytest.mark.parametrize("answer", [LATE, REFUSED, FAILED, DELIVERED, None])
def test_who_leaves_is_told_of_the_event_that_has_waited_longest(
    world: World, held: Slot, answer: Answer | None
) -> None:
    deliver(world.table, due_event(world, "e0", now=BEGIN - 1), now=BEGIN)
    is_open = answer in (FAILED, DELIVERED)
    assert leave(world, held, answer) == (["e0", "e1"] if is_open else ["e0"])


def test_who_leaves_while_others_are_under_way_is_told_of_one(world: World) -> None:
    slots = [entered(world) for _ in range(4)]
    for number in range(3):
        deliver(world.table, due_event(world, f"e{number}"), now=BEGIN)
    assert [leave(world, slot, DELIVERED) for slot in slots] == [["e0"], ["e0"], ["e0"], ["e0", "e1", "e2"]]


def test_a_sender_goes_on_with_what_waits_in_the_order_in_which_it_was_due(
    world: World, receiver: CallbackReceiver
) -> None:
    slots = [gate.enter(world.table, receiver.base, now=BEGIN) for _ in range(4)]
    waiting = [due_event(world, f"e{number}", url=receiver.base, now=BEGIN + number / 10) for number in range(10)]
    for event_id in reversed(waiting):
        deliver(world.table, event_id, now=BEGIN + 1)
    assert {state_of(world, event_id) for event_id in waiting} == {"waiting"}
    for slot in slots:
        assert slot is not None
        leave(world, slot, DELIVERED)
    deliver(world.table, due_event(world, "new", url=receiver.base), now=BEGIN + 2)
    assert [each["file_id"] for each in receiver.received] == ["new", *waiting]
    deliver(world.table, world.sqs.messages[0].event_id, now=BEGIN + 3)
    assert len(receiver.received) == 11, "what was announced to others too is tried once"


def test_a_sender_whose_time_is_up_announces_what_waits(
    world: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GOES_ON_SECONDS", 0.1)
    monkeypatch.setenv("CALLBACK_TIMEOUT_SECONDS", "0.2")
    settings.cache_clear()
    receiver.hangs = True
    gate.expect(world.table, receiver.base, now=BEGIN)
    waiting = world.table.items[keys.event(due_event(world, "e0", url=receiver.base))]
    assert outbox.wait(world.table, waiting)
    deliver(world.table, due_event(world, "new", url=receiver.base), now=BEGIN)
    assert [each["file_id"] for each in receiver.received] == ["new"]
    assert [message.event_id for message in world.sqs.take()] == ["new", "e0"]


def test_a_slot_that_came_free_while_an_event_began_to_wait_is_not_missed(
    world: World, held: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    update, waits = world.table.update, keys.event("e2")

    def after_all_have_left(write: Update) -> Item:
        if write.key == waits:
            monkeypatch.setattr(world.table, "update", update)
            leave(world, held, DELIVERED)
        return update(write)

    monkeypatch.setattr(world.table, "update", after_all_have_left)
    deliver(world.table, due_event(world, "e2"), now=BEGIN)
    assert world.table.items[waits]["attempt"] == 1


def test_the_tick_wakes_an_event_when_the_delivery_before_it_has_died(world: World, held: Slot) -> None:
    repair(world.table, now=BEGIN + 5)
    assert world.sqs.take() == []
    repair(world.table, now=BEGIN + 60)
    assert world.sqs.take() == [Message("e1", 0)]


def test_the_tick_forgets_a_url_for_which_nothing_has_waited_for_a_minute(
    world: World, held: Slot, receiver: CallbackReceiver
) -> None:
    event = world.table.items[keys.event("e1")]
    leave(world, held, DELIVERED)
    world.table.items[keys.event("e1")] = {name: event[name] for name in event if name not in ("LPK", "LSK")}
    repair(world.table, now=BEGIN + 59)
    assert len(world.listed(keys.ALL_AWAITED)) == 1, "the index may lag behind"
    repair(world.table, now=BEGIN + 61)
    assert world.listed(keys.ALL_AWAITED) == []


def test_one_url_s_trouble_does_not_keep_the_others_waiting(
    world: World, held: Slot, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = "http://a.example.com/"
    gate.expect(world.table, broken, now=BEGIN)
    del world.table.items[keys.callback_url(broken)]["waited_at"]
    repair(world.table, now=BEGIN + 60)
    assert world.sqs.take() == [Message("e1", 0)]
    assert '"event":"callback_url_not_tended"' in capsys.readouterr().err


def test_an_event_that_has_waited_for_a_day_is_parked(
    world: World, held: Slot, capsys: pytest.CaptureFixture[str]
) -> None:
    repair(world.table, now=BEGIN + 86_399)
    assert state_of(world, "e1") == "waiting"
    repair(world.table, now=BEGIN + 86_401)
    event = world.table.items[keys.event("e1")]
    assert (event["state"], event["attempt"], event["error"]) == (
        "parked",
        0,
        "it waited too long for its URL",
    )
    assert '"event":"callback_parked"' in capsys.readouterr().err


@contextmanager
def senders(world: World, count: int) -> Iterator[None]:
    """As many functions as Lambda starts for a queue, each with one message at a time, oldest first."""
    stop = Event()

    def work() -> None:
        while not stop.is_set():
            try:
                message = world.sqs.messages.pop(0)
            except IndexError:
                stop.wait(0.005)
                continue
            deliver(world.table, message.event_id, now=time.time())

    threads = [Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_hundreds_of_callbacks_to_a_receiver_that_hangs_hold_up_no_callback_to_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, timeout = 300, 2.0
    monkeypatch.setenv("CALLBACK_TIMEOUT_SECONDS", str(timeout))
    monkeypatch.setenv("CALLBACK_RETRY_SECONDS", "0")
    settings.cache_clear()
    with callback_receiver() as hanging, callback_receiver() as healthy:
        hanging.hangs = True
        began = time.time()
        waiting = [due_event(world, f"h{number}", url=hanging.base, now=began) for number in range(many)]
        queue.announce([*waiting, due_event(world, "first", url=healthy.base, now=began)])
        with senders(world, 5):  # what Lambda starts with
            healthy.wait_until(lambda: len(healthy.received) == 1)
            assert len(hanging.received) <= 4, "so many enter a URL that was never seen before"
            assert healthy.at[0] < hanging.at[0] + timeout, "it came while these were tried in vain"

            def once_slow() -> list[float]:
                return [at for at in hanging.at if at > hanging.at[0] + timeout * 0.99]

            hanging.wait_until(lambda: len(once_slow()) == 2)
            queue.announce([due_event(world, "second", url=healthy.base, now=time.time())])
            healthy.wait_until(lambda: len(healthy.received) == 2)
            assert healthy.at[1] < once_slow()[1] + timeout
            assert once_slow()[1] - once_slow()[0] > timeout * 0.99, "one is tried at a time"
            hanging.hangs = False
            hanging.let_go.set()
            hanging.wait_until(lambda: len({each["file_id"] for each in hanging.received}) == many)
        while world.sqs.messages:  # those that failed when the receiver came back
            deliver(world.table, world.sqs.messages.pop(0).event_id, now=time.time())
        assert {event["state"] for event in world.events()} == {"delivered"}
        assert len(healthy.received) == 2
