"""The life of a callback event: tried 13 times a minute apart, claimed once a try, parked in the end."""

import json

import pytest

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.notify import outbox
from chalicelib.notify.answer import Answer
from chalicelib.notify.delivery import deliver
from chalicelib.notify.signing import header, signature
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.sqs import Message
from tests.fakes.world import BEGIN, World


def claim(world: World, event_id: str, *, now: float) -> Item | None:
    """The event as a sender takes it."""
    event = outbox.due(world.table, event_id, now=now)
    return event and outbox.claim(world.table, event, now=now)


def told(world: World) -> Item:
    """The one event of a world where a push has started."""
    (event,) = world.events()
    return event


@pytest.fixture
def event_id(world: World, receiver: CallbackReceiver) -> str:
    """An event that is due: a push has started."""
    world.callbacks(receiver.base, key="abcd1234")
    world.publish()
    return str(told(world)["event_id"])


def test_an_event_is_written_whole_and_announced(world: World, event_id: str, receiver: CallbackReceiver) -> None:
    session_id = world.sessions()[0]["session_id"]
    assert told(world) == {
        "PK": f"EVENT#{session_id}-1",
        "SK": "EVENT",
        "event_id": f"{session_id}-1",
        "event_type": 1,
        "url": f"{receiver.base}/begin",
        "callback_key": "abcd1234",
        "payload": told(world)["payload"],
        "domain": "push.example.com",
        "app": "live",
        "stream": "room-7",
        "session_id": session_id,
        "file_id": "",
        "created_at": BEGIN,
        "attempt": 0,
        "state": "due",
        "due_at": BEGIN,
        "LPK": "DUE",
        "LSK": f"01800000000.250#{session_id}-1",
    }
    assert world.sqs.messages == [Message(event_id, 0)]


def test_a_delivered_event_is_signed_logged_and_done(
    world: World, event_id: str, receiver: CallbackReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    world.deliver_all()
    event = told(world)
    assert receiver.paths == ["/begin"]
    assert receiver.received == [
        {**event["payload"], "t": int(BEGIN) + 600, "sign": signature("abcd1234", int(BEGIN) + 600)}
    ]
    assert (event["state"], event["attempt"], event["status"], event["answer"]) == ("delivered", 1, 200, '{"code":0}')
    assert event["expires_at"] == int(event["finished_at"]) + 14 * 86_400
    assert world.listed(keys.ALL_DUE) == []
    session_id, body = event["session_id"], receiver.bodies[0]
    assert receiver.headers[0]["X-Tapedeck-Signature"] == header(body, "abcd1234", at=int(BEGIN))
    written = capsys.readouterr().err
    (line,) = [json.loads(each) for each in written.splitlines() if '"event":"callback_delivered"' in each]
    assert {name: line[name] for name in line if name not in ("time", "latency_ms")} == {
        "event": "callback_delivered",
        "session_id": session_id,
        "stream": "push.example.com/live/room-7",
        "file_id": "",
        "event_id": f"{session_id}-1",
        "event_type": 1,
        "url": f"{receiver.base}/begin",
        "attempt": 1,
        "status": 200,
        "error": "",
        "answer": '{"code":0}',
        "request": event["payload"],
    }
    assert "abcd1234" not in written
    assert signature("abcd1234", int(BEGIN) + 600) not in written


def test_without_a_key_a_callback_is_signed_in_no_way(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    world.publish()
    world.deliver_all()
    assert receiver.received == [told(world)["payload"]]
    assert "X-Tapedeck-Signature" not in receiver.headers[0]


def test_each_try_leaves_a_record_for_fourteen_days(world: World, event_id: str, receiver: CallbackReceiver) -> None:
    receiver.status = 500
    world.deliver_all()
    receiver.status = 200
    world.now += 61
    world.deliver_all()
    records = list(world.table.query(keys.callback_records("room-7")))
    assert [(each["event_id"], each["event_type"], each["attempt"], each["result"]) for each in records] == [
        (event_id, 1, 1, 500),
        (event_id, 1, 2, 0),
    ]
    assert [round(each["sent_at"] - BEGIN, 3) for each in records] == [0, 61]
    assert [each["answer"] for each in records] == ['{"code":0}'] * 2
    assert all(each["expires_at"] == int(each["answered_at"]) + 14 * 86_400 for each in records)
    assert all("callback_key" not in each for each in records)


def test_a_message_for_a_delivered_event_changes_nothing(
    world: World, event_id: str, receiver: CallbackReceiver
) -> None:
    world.deliver_all()
    before = told(world)
    deliver(world.table, event_id, now=world.now + 1000)
    deliver(world.table, "no-such-event", now=world.now)
    assert told(world) == before
    assert len(receiver.received) == 1


def test_an_event_fails_thirteen_times_a_minute_apart_and_is_parked(
    world: World, event_id: str, receiver: CallbackReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.status = 500
    delays = []
    while world.sqs.messages:
        delays += [message.delay_seconds for message in world.sqs.messages]
        world.deliver_all()
        world.now += 61
    assert delays == [0] + [60] * 12
    assert len(receiver.received) == 13
    event = told(world)
    assert (event["state"], event["attempt"], event["status"]) == ("parked", 13, 500)
    assert event["expires_at"] == int(event["finished_at"]) + 30 * 86_400
    assert world.listed(keys.ALL_DUE) == []
    assert world.listed(keys.ALL_PARKED) == [event]
    written = capsys.readouterr().err
    assert written.count('"event":"callback_failed"') == 12
    assert written.count('"event":"callback_parked"') == 1
    deliver(world.table, event_id, now=world.now)
    assert len(receiver.received) == 13


def test_a_later_try_that_succeeds_ends_the_matter(world: World, event_id: str, receiver: CallbackReceiver) -> None:
    receiver.status = 500
    world.deliver_all()
    receiver.status = 200
    world.now += 61
    world.deliver_all()
    assert (told(world)["state"], told(world)["attempt"]) == ("delivered", 2)


def test_each_try_is_signed_anew(world: World, event_id: str, receiver: CallbackReceiver) -> None:
    receiver.status = 500
    world.deliver_all()
    world.now += 61
    world.deliver_all()
    assert [body["t"] for body in receiver.received] == [int(BEGIN) + 600, int(BEGIN) + 661]


def test_a_doubled_message_before_the_next_try_is_due_does_nothing(
    world: World, event_id: str, receiver: CallbackReceiver
) -> None:
    receiver.status = 500
    world.deliver_all()
    deliver(world.table, event_id, now=world.now + 10)
    assert len(receiver.received) == 1


def test_of_two_senders_at_one_moment_one_sends(world: World, event_id: str, receiver: CallbackReceiver) -> None:
    assert claim(world, event_id, now=BEGIN) is not None
    assert claim(world, event_id, now=BEGIN) is None
    deliver(world.table, event_id, now=BEGIN)
    assert receiver.received == []


def test_a_sender_that_died_is_replaced_after_its_deadline(
    world: World, event_id: str, receiver: CallbackReceiver
) -> None:
    assert claim(world, event_id, now=BEGIN) is not None
    world.sqs.take()
    outbox.announce_overdue(world.table, now=BEGIN + 20)
    assert world.sqs.messages == []
    world.now = BEGIN + 60
    outbox.announce_overdue(world.table, now=world.now)
    world.deliver_all()
    assert (told(world)["state"], told(world)["attempt"]) == ("delivered", 2)


def test_a_slow_sender_that_was_replaced_writes_nothing(world: World, event_id: str) -> None:
    slow = claim(world, event_id, now=BEGIN)
    quick = claim(world, event_id, now=BEGIN + 60)
    assert slow is not None
    assert quick is not None
    outbox.settle(world.table, quick, Answer(status=200), now=BEGIN + 61)
    outbox.settle(world.table, slow, Answer(error="late"), now=BEGIN + 62)
    assert (told(world)["state"], told(world)["status"]) == ("delivered", 200)


def test_an_event_whose_last_sender_died_is_parked(world: World, event_id: str) -> None:
    for _ in range(13):
        assert claim(world, event_id, now=world.now) is not None
        world.now += 60
    assert claim(world, event_id, now=world.now) is None
    assert (told(world)["state"], told(world)["error"]) == ("parked", "the last sender died")


def test_the_tick_announces_an_event_whose_message_was_lost(
    world: World, receiver: CallbackReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    world.callbacks(receiver.base)
    world.sqs.is_down = True
    world.publish()
    assert '"event":"callback_not_queued"' in capsys.readouterr().err
    world.sqs.is_down = False
    world.now += 31
    outbox.announce_overdue(world.table, now=world.now)
    world.deliver_all()
    assert told(world)["state"] == "delivered"


def test_a_template_without_the_url_of_an_event_is_not_told_of_it(world: World) -> None:
    answer = world.act("CreateLiveCallbackTemplate", TemplateName="c", StreamEndNotifyUrl="http://127.0.0.1:2/end")
    world.act("CreateLiveCallbackRule", DomainName="push.example.com", AppName="live", TemplateId=answer["TemplateId"])
    world.publish()
    assert world.events() == []
    world.unpublish()
    assert [event["event_type"] for event in world.events()] == [0]


def test_the_rule_of_the_app_goes_before_that_of_the_domain(world: World) -> None:
    world.callbacks("http://127.0.0.1:2/any-app")
    answer = world.act("CreateLiveCallbackTemplate", TemplateName="c", StreamBeginNotifyUrl="http://127.0.0.1:2/this")
    world.act("CreateLiveCallbackRule", DomainName="push.example.com", AppName="live", TemplateId=answer["TemplateId"])
    world.publish()
    assert told(world)["url"] == "http://127.0.0.1:2/this"
