"""Recording tasks through the official SDK."""

from collections.abc import Iterator
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import aws, keys
from chalicelib.attribute_values import Item
from chalicelib.live import task_history
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder
from chalicelib.table import Put, Table, Update
from tests.fakes.ecs import FakeEcs
from tests.fakes.table import FakeTable
from tests.known_key import made_in
from tests.sdk import Sdk, now
from tests.sdk_values import own_values

STREAM = {"DomainName": "push.example.com", "AppName": "live", "StreamName": "room-7"}
HLS = {RecordFormat.HLS: FormatOrder(interval_seconds=0)}


def refusal(sdk: Sdk, action: str, /, **fields: Any) -> tuple[str, str]:
    """Code and field of the error that an action gives."""
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk(action, **fields)
    return refused.value.code, refused.value.message.partition(":")[0]


def created(sdk: Sdk, **fields: Any) -> str:
    task_id: str = sdk("CreateRecordTask", **({"EndTime": now() + 3600} | STREAM | fields))["TaskId"]
    return task_id


def listed(sdk: Sdk, **fields: Any) -> list[dict[str, Any]]:
    window = {"StartTime": now() - 3600, "EndTime": now() + 6 * 86_400}
    tasks: list[dict[str, Any]] = sdk("DescribeRecordTask", **(window | fields))["TaskList"]
    return tasks


def publish(table: Table) -> str:
    """A live session of STREAM with a recorder at work, as the publish hook leaves it."""
    session = {
        "session_id": "s1",
        "domain": STREAM["DomainName"],
        "app": STREAM["AppName"],
        "stream": STREAM["StreamName"],
        "stream_param": "",
        "orders": {},
        "orders_version": 1,
        "launches": 0,
        "stopped_launch": 0,
        "failures": 0,
        "epoch": 0,
        "published_at": float(now()),
    }
    table.put(Put(key=keys.session("s1"), item=session))
    live = {name: session[name] for name in ("session_id", "domain", "app", "stream", "published_at")}
    table.put(Put(key=keys.live(*STREAM.values()), item=live))
    return "s1"


def orders(table: Table) -> dict[str, RecordingOrder]:
    session: Item = table.get(keys.session("s1")) or {}
    return {name: RecordingOrder.from_item(order) for name, order in session["orders"].items()}


def test_a_task_of_a_live_stream_is_ordered_at_once_and_a_recorder_is_started(
    sdk: Sdk, store: FakeTable, ecs: FakeEcs
) -> None:
    session_id = publish(store)
    template_id = sdk("CreateLiveRecordTemplate", TemplateName="t", FlvParam={"Enable": 1, "RecordInterval": 60})
    ends_at = now() + 3600
    task_id = created(sdk, EndTime=ends_at, TemplateId=template_id["TemplateId"])
    (order,) = orders(store).values()
    assert order == RecordingOrder(
        recording_id=f"task-{task_id}",
        template_id=template_id["TemplateId"],
        task_id=task_id,
        starts_at=order.starts_at,
        ends_at=ends_at,
        formats={RecordFormat.FLV: FormatOrder(interval_seconds=60)},
    )
    assert abs(order.starts_at - now()) < 5
    assert [request["startedBy"] for request in ecs.requests] == [session_id]
    assert (store.get(keys.session(session_id)) or {})["orders_version"] == 2


@pytest.mark.parametrize("template_id", [None, 0, 4711], ids=["absent", "zero", "unknown"])
def test_a_task_without_a_template_is_hls_kept_for_ever(
    sdk: Sdk, store: FakeTable, ecs: FakeEcs, template_id: int | None
) -> None:
    publish(store)
    created(sdk, **({} if template_id is None else {"TemplateId": template_id}))
    (order,) = orders(store).values()
    assert (order.formats, order.template_id, order.continue_seconds) == (HLS, 0, 0)


def test_stopping_a_task_ends_its_recording_and_leaves_the_others(sdk: Sdk, store: FakeTable, ecs: FakeEcs) -> None:
    publish(store)
    ends_at = now() + 3600
    stopped, other = created(sdk, EndTime=ends_at), created(sdk, EndTime=ends_at)
    sdk("StopRecordTask", TaskId=stopped)
    found = orders(store)
    assert abs(found[f"task-{stopped}"].ends_at - now()) < 5
    assert found[f"task-{other}"].ends_at == ends_at
    marks = {task["TaskId"]: task["Stopped"] for task in listed(sdk)}
    assert abs(marks[stopped] - now()) < 5
    assert marks[other] == 0


def test_a_running_task_is_ordered_and_stopped_on_either_table(any_sdk: Sdk) -> None:
    publish(aws.table())
    task_id = created(any_sdk)
    assert orders(aws.table())[f"task-{task_id}"].ends_at > now() + 3000
    any_sdk("StopRecordTask", TaskId=task_id)
    assert orders(aws.table())[f"task-{task_id}"].ends_at <= now() + 1


def test_stopping_twice_is_stopping_once(any_sdk: Sdk) -> None:
    task_id = created(any_sdk)
    any_sdk("StopRecordTask", TaskId=task_id)
    before = listed(any_sdk)
    any_sdk("StopRecordTask", TaskId=task_id)
    assert listed(any_sdk) == before


def test_deleting_a_task_leaves_its_running_recording_alone(sdk: Sdk, store: FakeTable, ecs: FakeEcs) -> None:
    publish(store)
    task_id = created(sdk)
    before = orders(store)
    sdk("DeleteRecordTask", TaskId=task_id)
    assert (orders(store), listed(sdk)) == (before, [])
    assert refusal(sdk, "DeleteRecordTask", TaskId=task_id) == ("InvalidParameter.TaskNotExist", "TaskId")
    sdk("StopRecordTask", TaskId=task_id)


def test_a_stream_that_is_unpublished_meanwhile_keeps_its_task(sdk: Sdk, store: FakeTable, ecs: FakeEcs) -> None:
    publish(store)
    store.update(Update(key=keys.session("s1"), set={"unpublished_at": 1.0}))
    task_id = created(sdk)
    assert [task["TaskId"] for task in listed(sdk)] == [task_id]
    assert orders(store) == {}


def test_a_task_that_starts_later_is_kept_for_its_time(sdk: Sdk, store: FakeTable, ecs: FakeEcs) -> None:
    publish(store)
    start = now() + 3600
    task_id = created(sdk, StartTime=start, EndTime=start + 60)
    assert [(task["TaskId"], task["StartTime"]) for task in listed(sdk)] == [(task_id, start)]
    assert (orders(store), ecs.requests) == ({}, [])


def test_a_fourth_task_of_a_stream_at_one_moment_is_refused(any_sdk: Sdk) -> None:
    start = now() + 1000
    tasks = [created(any_sdk, StartTime=start, EndTime=start + 100) for _ in range(3)]
    found = refusal(any_sdk, "CreateRecordTask", StartTime=start + 99, EndTime=start + 200, **STREAM)
    assert found == ("LimitExceeded.MaximumRunningTask", "StartTime")
    created(any_sdk, StartTime=start + 100, EndTime=start + 200)
    created(any_sdk, StartTime=start, EndTime=start + 100, StreamName="another")
    any_sdk("StopRecordTask", TaskId=tasks[0])
    created(any_sdk, StartTime=start, EndTime=start + 100)


def test_of_two_clients_that_make_the_third_task_at_once_one_wins(
    sdk: Sdk, store: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        created(sdk)
    query, others = store.query, [lambda: created(sdk)]

    def overtaken(*arguments: Any, **named: Any) -> Any:
        found = list(query(*arguments, **named))
        if others:
            others.pop()()
        return iter(found)

    monkeypatch.setattr(store, "query", overtaken)
    assert refusal(sdk, "CreateRecordTask", EndTime=now() + 60, **STREAM)[0] == "LimitExceeded.MaximumRunningTask"
    assert len(listed(sdk)) == 3


def test_a_task_is_kept_for_90_days_after_its_end(sdk: Sdk, store: FakeTable) -> None:
    ends_at = now() + 3600
    task_id = created(sdk, EndTime=ends_at)
    kept = [item["expires_at"] for item in store.items.values() if task_id in item["SK"] or task_id in item["PK"]]
    assert kept == [ends_at + 90 * 86_400] * 2


def test_a_task_of_24_hours_up_to_7_days_ahead_is_taken(any_sdk: Sdk) -> None:
    ends_at = now() + 7 * 86_400 - 5
    task_id = created(any_sdk, StartTime=ends_at - 86_400, EndTime=ends_at)
    span = {"StartTime": ends_at - 86_400, "EndTime": ends_at}
    assert [task["TaskId"] for task in listed(any_sdk, **span)] == [task_id]


def test_every_field_of_a_task_is_given_back(sdk: Sdk) -> None:
    times = {"StartTime": now() - 10, "EndTime": now() + 100}
    own = own_values("live", "CreateRecordTask") | times
    task_id = sdk("CreateRecordTask", **own)["TaskId"]
    window = {"StartTime": now() - 3600, "EndTime": now() + 3600}
    answer = sdk.raw("DescribeRecordTask", **window)
    assert answer == {"TaskList": [own | {"TaskId": task_id, "Stopped": 0}], "ScrollToken": ""}


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (None, -1, "EndTime"),
        (None, 0, "EndTime"),
        (100, 100, "EndTime"),
        (100, 50, "EndTime"),
        (None, 7 * 86_400 + 5, "EndTime"),
        (0, 86_405, "StartTime"),
        (-3600, 86_400, "StartTime"),
    ],
)
def test_a_window_out_of_range_is_refused(sdk: Sdk, store: FakeTable, start: int | None, end: int, field: str) -> None:
    begins = {} if start is None else {"StartTime": now() + start}
    found = refusal(sdk, "CreateRecordTask", EndTime=now() + end, **begins, **STREAM)
    assert found == ("InvalidParameter.InvalidTaskTime", field)
    assert made_in(store) == {}


@pytest.mark.parametrize("field", ["StreamName", "AppName", "DomainName"])
def test_a_task_is_of_one_stream(sdk: Sdk, field: str) -> None:
    found = refusal(sdk, "CreateRecordTask", EndTime=now() + 60, **(STREAM | {field: ""}))
    assert found[1] == field


@pytest.mark.parametrize("action", ["StopRecordTask", "DeleteRecordTask"])
@pytest.mark.parametrize("task_id", ["", "nothing", "x" * 255])
def test_a_task_that_does_not_exist_is_named(any_sdk: Sdk, action: str, task_id: str) -> None:
    assert refusal(any_sdk, action, TaskId=task_id) == ("InvalidParameter.TaskNotExist", "TaskId")


def test_tasks_are_listed_that_lie_inside_the_span_and_match_the_names(any_sdk: Sdk) -> None:
    start = now() + 1000
    inside = created(any_sdk, StartTime=start, EndTime=start + 100)
    created(any_sdk, StartTime=start, EndTime=start + 5000)
    other = created(any_sdk, StartTime=start + 1, EndTime=start + 100, StreamName="room-8")
    span = {"StartTime": start, "EndTime": start + 100}
    assert [task["TaskId"] for task in listed(any_sdk, **span)] == [inside, other]
    assert [task["TaskId"] for task in listed(any_sdk, **span, StreamName="room-8")] == [other]
    assert listed(any_sdk, **span, DomainName="elsewhere") == []


def test_a_long_list_is_read_page_by_page(sdk: Sdk) -> None:
    start = now() + 1000
    expected = [
        created(sdk, StartTime=start + number, EndTime=start + 5000, StreamName=f"room-{number}")
        for number in range(250)
    ]
    pages = list(pages_of(sdk, {"StartTime": start, "EndTime": start + 5000}))
    assert ([each for page in pages for each in page], len(pages)) == (expected, 3)


def test_a_page_that_ends_where_reading_ended_is_not_the_last(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_history, "PAGE", 2)
    monkeypatch.setattr(task_history, "READ_AT_ONCE", 4)
    start, rooms = now() + 1000, ["other", "room", "other", "room", "room"]
    made = [created(sdk, StartTime=start + at, EndTime=start + 60, StreamName=room) for at, room in enumerate(rooms)]
    pages = list(pages_of(sdk, {"StartTime": start, "EndTime": start + 60, "StreamName": "room"}))
    assert pages == [[made[1], made[3]], [made[4]]]


def pages_of(sdk: Sdk, asked: dict[str, Any]) -> Iterator[list[str]]:
    token, is_first = "", True
    while is_first or token:
        answer = sdk("DescribeRecordTask", **asked, ScrollToken=token)
        yield [task["TaskId"] for task in answer["TaskList"]]
        token, is_first = answer["ScrollToken"], False


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"StartTime": 0, "EndTime": 100}, ("InvalidParameter.InvalidTaskTime", "StartTime")),
        ({"EndTime": 0}, ("InvalidParameter.InvalidTaskTime", "EndTime")),
        ({"EndTime": 7 * 86_400 + 1}, ("InvalidParameter.InvalidTaskTime", "EndTime")),
        ({"ScrollToken": "x"}, ("InvalidParameterValue", "ScrollToken")),
        ({"ScrollToken": "é"}, ("InvalidParameterValue", "ScrollToken")),
        ({"ScrollToken": "eHh4"}, ("InvalidParameterValue", "ScrollToken")),
    ],
    ids=["long-ago", "empty", "long", "token", "token-of-letters", "token-of-another-list"],
)
def test_a_span_or_token_that_is_wrong_is_refused(sdk: Sdk, span: dict[str, Any], expected: tuple[str, str]) -> None:
    start = now()
    fields = {"StartTime": start, "EndTime": start + 60} | span
    if span.get("EndTime", 100) != 100 and "StartTime" not in span:
        fields["EndTime"] += start
    assert refusal(sdk, "DescribeRecordTask", **fields) == expected
