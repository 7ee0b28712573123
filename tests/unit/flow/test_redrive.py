"""RedriveCallbacks: what was parked is tried again from the beginning, once, by time, stream, URL and type of event."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.api.action import Call
from chalicelib.api.api_key import ApiKey
from chalicelib.errors import InvalidParameterValue, UnauthorizedOperation, UrlNotSafe
from chalicelib.live.callback_redrive import ACTIONS
from chalicelib.notify.delivery import repair
from chalicelib.recording.created_objects import take
from chalicelib.recording.stream import StreamRef
from chalicelib.settings import settings
from tests.fakes.callback_receiver import CallbackReceiver, callback_receiver
from tests.fakes.world import BEGIN, FILE, STREAM, World

SPAN = {"StartTime": "2027-01-15T08:00:00Z", "EndTime": "2027-01-15 16:01:00"}
"""A minute from BEGIN, 2027-01-15T08:00:00.25Z, its end in Beijing time."""


def file_told(world: World, number: int, *, stream: StreamRef = STREAM, after: float = 0) -> str:
    """Event 100 of a file."""
    file_id = f"{5_000_000_000_000_000_000 + number}"
    message = world.finish(replace(FILE, file_id=file_id, stream=stream))
    take(world.table, message, now=BEGIN + after)
    return f"{file_id}-100"


def exhaust(world: World) -> None:
    """Every try of every event, as time goes by."""
    while world.sqs.messages:
        world.deliver_all()
        world.now += 61


@pytest.fixture
def parked(world: World, receiver: CallbackReceiver) -> World:
    """Three files and the beginning of a publish that nobody wanted to hear of; the receiver is well again."""
    world.callbacks(receiver.base, key="abcd1234")
    receiver.status = 503
    file_told(world, 1)
    file_told(world, 2, stream=replace(STREAM, app="vip", stream="room-8"), after=10)
    file_told(world, 3, after=120)
    world.publish()
    world.now = BEGIN + 120
    exhaust(world)
    receiver.status = 200
    assert {event["state"] for event in world.events()} == {"parked"}
    receiver.received.clear()
    return world


def redrive(world: World, **fields: Any) -> Mapping[str, Any]:
    return world.act("RedriveCallbacks", **(SPAN | fields))


def states(world: World) -> dict[str, str]:
    return {event["event_id"]: event["state"] for event in world.events()}


def test_parked_callbacks_of_a_span_are_sent_again_and_once(parked: World, receiver: CallbackReceiver) -> None:
    assert redrive(parked) == {"Count": 3, "ScrollToken": ""}
    exhaust(parked)
    assert sorted(each["event_type"] for each in receiver.received) == [1, 100, 100]
    assert redrive(parked) == {"Count": 0, "ScrollToken": ""}
    assert [each["event_id"] for each in parked.listed(keys.ALL_PARKED)] == ["5000000000000000003-100"]


def test_what_is_sent_again_is_signed_anew_and_has_all_its_tries(parked: World, receiver: CallbackReceiver) -> None:
    receiver.status = 503
    now = parked.now
    redrive(parked, EventType=1)
    event = parked.table.items[keys.event(f"{parked.sessions()[0]['session_id']}-1")]
    assert (event["state"], event["attempt"]) == ("due", 0)
    assert "expires_at" not in event
    exhaust(parked)
    assert len(receiver.received) == 13
    assert receiver.received[0]["t"] == int(now) + 600
    assert redrive(parked, EventType=1)["Count"] == 1, "parked once more, and sent again once more"


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 3),
        ({"EventType": 100}, 2),
        ({"EventType": 332}, 0),
        ({"StreamName": "room-8"}, 1),
        ({"AppName": "live"}, 2),
        ({"DomainName": "push.example.com"}, 3),
        ({"DomainName": "other.example.com"}, 0),
        ({"EndTime": "2027-01-15T08:02:00Z"}, 4),
        ({"StartTime": "2027-01-15T08:00:01Z"}, 1),
        ({"EventType": 100, "StreamName": "room-7"}, 1),
    ],
    ids=str,
)
def test_a_dry_run_counts_what_the_filters_leave_and_sends_nothing(
    parked: World, fields: dict[str, Any], count: int
) -> None:
    before = states(parked)
    assert redrive(parked, **fields, DryRun=True) == {"Count": count, "ScrollToken": ""}
    assert (states(parked), parked.sqs.messages) == (before, [])
    assert redrive(parked, **fields)["Count"] == count


def test_by_url_and_to_another_one(parked: World, receiver: CallbackReceiver) -> None:
    with callback_receiver() as other:
        assert redrive(parked, Url=f"{receiver.base}/begin", NewUrl=f"{other.base}/moved") == {
            "Count": 1,
            "ScrollToken": "",
        }
        exhaust(parked)
        assert (other.paths, receiver.received) == (["/moved"], [])
    assert sorted(states(parked).values()) == ["delivered", "parked", "parked", "parked"]


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "ftp://example.com/"])
def test_a_new_url_is_checked_as_any(parked: World, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "0")
    settings.cache_clear()
    with pytest.raises(UrlNotSafe):
        redrive(parked, NewUrl=url)
    assert set(states(parked).values()) == {"parked"}


def test_pages_lead_to_the_end_dry_or_not(parked: World) -> None:
    for is_dry in (True, False):
        token = ""
        counts: list[int] = []
        while not counts or token:
            answer = redrive(parked, DryRun=is_dry, Limit=2, ScrollToken=token)
            counts.append(answer["Count"])
            token = answer["ScrollToken"]
        assert sum(counts) == 3
        assert max(counts) == 2


def test_a_page_costs_one_query_and_one_read_for_a_hundred(parked: World) -> None:
    parked.table.calls.clear()
    redrive(parked, DryRun=True)
    assert parked.table.calls == ["query", "get_many"]
    parked.table.calls.clear()
    redrive(parked, EventType=1)
    assert parked.table.calls == ["query", "get_many", "update"]


def test_a_token_of_another_span_leads_nowhere_else(parked: World) -> None:
    token = redrive(parked, DryRun=True, Limit=1)["ScrollToken"]
    later = {"StartTime": "2027-06-01T00:00:00Z", "EndTime": "2027-06-02T00:00:00Z"}
    assert redrive(parked, **later, ScrollToken=token) == {"Count": 0, "ScrollToken": ""}
    assert set(states(parked).values()) == {"parked"}


def test_a_token_that_is_none_is_refused(parked: World) -> None:
    for token in ("x", "eA==", "!"):
        with pytest.raises(InvalidParameterValue, match="ScrollToken"):
            redrive(parked, ScrollToken=token)


def test_two_at_once_send_each_callback_once(parked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = list(parked.table.query(keys.ALL_PARKED, index=keys.LISTING))[:3]  # the fourth lies outside the span
    assert redrive(parked)["Count"] == 3
    monkeypatch.setattr(parked.table, "query", lambda *_, **__: iter(listed))  # an index that lags behind
    assert redrive(parked)["Count"] == 0


def test_a_key_for_named_domains_sends_those_of_its_domains_alone(parked: World) -> None:
    call = Call(table=parked.table, now=parked.now, key=ApiKey(secret_id="k", domains=frozenset({"other.example.com"})))
    assert ACTIONS["RedriveCallbacks"].run(SPAN, call, are_text=False)["Count"] == 0


@pytest.mark.parametrize("is_dry", [False, True])
def test_a_key_for_named_domains_names_no_new_url(parked: World, is_dry: bool) -> None:
    call = Call(table=parked.table, now=parked.now, key=ApiKey(secret_id="k", domains=frozenset({STREAM.domain})))
    elsewhere = {**SPAN, "NewUrl": "https://example.org/mine", "DryRun": is_dry}
    with pytest.raises(UnauthorizedOperation, match="NewUrl"):
        ACTIONS["RedriveCallbacks"].run(elsewhere, call, are_text=False)
    assert set(states(parked).values()) == {"parked"}
    assert ACTIONS["RedriveCallbacks"].run(SPAN, call, are_text=False)["Count"] == 3


def test_one_whose_message_is_lost_is_announced_by_the_tick(parked: World) -> None:
    parked.sqs.is_down = True
    assert redrive(parked, EventType=1)["Count"] == 1
    parked.sqs.is_down = False
    parked.now += 31
    repair(parked.table, now=parked.now)
    assert len(parked.sqs.messages) == 1
