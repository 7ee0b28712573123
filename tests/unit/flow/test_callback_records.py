"""DescribeCallbackRecordsList: one entry a try, as it went over the wire less its secrets."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.api.action import Call
from chalicelib.api.api_key import ApiKey
from chalicelib.live.callback_records import ACTIONS
from chalicelib.settings import settings
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.world import BEGIN, HOOK, World

DAY = {"StartTime": "2027-01-15T00:00:00Z", "EndTime": "2027-01-16T00:00:00Z", "StreamName": "room-7"}
"""BEGIN is 2027-01-15T08:00:00.25Z."""


@pytest.fixture
def told(world: World, receiver: CallbackReceiver) -> World:
    """A publish of a minute: event 1 was taken at the second try, event 0 at once."""
    world.callbacks(receiver.base, key="abcd1234")
    receiver.status, receiver.answer = 500, "太忙".encode()
    world.publish()
    world.deliver_all()
    receiver.status, receiver.answer = 200, b'{"code":0}'
    world.now = BEGIN + 60
    world.deliver_all()
    world.now = BEGIN + 90
    world.unpublish()
    world.deliver_all()
    world.now = BEGIN + 100
    return world


def listed(world: World, **fields: Any) -> Mapping[str, Any]:
    return world.act("DescribeCallbackRecordsList", **(DAY | fields))


def tries(answer: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    return [(each["EventTime"], each["EventType"], each["ResultCode"]) for each in answer["DataInfoList"]]


def test_a_try_is_shown_with_its_request_and_its_answer(told: World) -> None:
    (first,) = listed(told, ResultCode=1)["DataInfoList"]
    request = first.pop("Request")
    assert first == {
        "EventTime": "2027-01-15T08:00:00Z",
        "EventType": 1,
        "Response": "太忙",
        "ResponseTime": "2027-01-15T08:00:00Z",
        "ResultCode": 500,
        "StreamId": "room-7",
    }
    assert request.startswith('{"event_type": 1, ')
    assert '"user_ip": "203.0.113.7"' in request
    assert "abcd1234" not in request
    assert '"sign"' not in request


def test_tries_are_listed_by_their_time_in_the_form_that_was_asked_in(told: World) -> None:
    answer = listed(told)
    assert tries(answer) == [
        ("2027-01-15T08:00:00Z", 1, 500),
        ("2027-01-15T08:01:00Z", 1, 0),
        ("2027-01-15T08:01:30Z", 0, 0),
    ]
    assert {name: answer[name] for name in answer if name != "DataInfoList"} == {
        "PageNum": 1,
        "PageSize": 20,
        "TotalNum": 3,
        "TotalPage": 1,
    }
    beijing = listed(told, StartTime="2027-01-15 16:00:30", EndTime="2027-01-15T08:01:30Z")
    assert tries(beijing) == [("2027-01-15 16:01:00", 1, 0), ("2027-01-15 16:01:30", 0, 0)]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"EventType": 1}, [500, 0]),
        ({"EventType": 0}, [0]),
        ({"EventType": 100}, []),
        ({"ResultCode": 0}, [0, 0]),
        ({"ResultCode": 404}, [500]),
        ({"EventType": 1, "ResultCode": 0}, [0]),
        ({"StreamName": "room"}, []),
        ({"PageSize": 2}, [500, 0]),
        ({"PageSize": 2, "PageNum": 2}, [0]),
        ({"PageNum": 2}, []),
        ({"EndTime": "2027-01-15T08:00:00Z"}, [500]),
        ({"StartTime": "2027-01-15T08:00:01Z"}, [0, 0]),
    ],
    ids=str,
)
def test_a_filter_and_a_page(told: World, fields: dict[str, Any], found: list[int]) -> None:
    assert [each["ResultCode"] for each in listed(told, **fields)["DataInfoList"]] == found


def test_totals_are_of_what_the_filters_leave(told: World) -> None:
    answer = listed(told, EventType=1, PageSize=1)
    assert (answer["TotalNum"], answer["TotalPage"], len(answer["DataInfoList"])) == (2, 2, 1)


def test_a_try_that_got_no_answer_says_why(
    world: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBACK_TIMEOUT_SECONDS", "0.3")
    settings.cache_clear()
    world.callbacks(receiver.base)
    receiver.hangs = True
    world.publish()
    world.deliver_all()
    (entry,) = listed(world)["DataInfoList"]
    assert (entry["ResultCode"], entry["Response"]) == (1, "no answer in 0.3 s")


def test_the_secret_of_a_push_is_not_shown(world: World, receiver: CallbackReceiver) -> None:
    world.callbacks(receiver.base)
    world.publish(HOOK.__class__(**{**vars(HOOK), "param": "txSecret=f00&txTime=7FFFFFFF"}))
    world.deliver_all()
    assert receiver.received[0]["stream_param"] == "txSecret=f00&txTime=7FFFFFFF"
    (entry,) = listed(world)["DataInfoList"]
    assert '"stream_param": "txSecret=***&txTime=7FFFFFFF"' in entry["Request"]


@pytest.mark.parametrize(("domain", "count"), [("push.example.com", 3), ("other.example.com", 0)])
def test_a_key_for_named_domains_sees_the_callbacks_of_these(told: World, domain: str, count: int) -> None:
    key = ApiKey(secret_id="k", domains=frozenset({domain}))
    call = Call(table=told.table, now=told.now, key=key)
    assert ACTIONS["DescribeCallbackRecordsList"].run(DAY, call, are_text=False)["TotalNum"] == count


def test_a_page_costs_one_query_and_one_read(told: World) -> None:
    told.table.calls.clear()
    listed(told)
    assert told.table.calls == ["query", "get_many"]
