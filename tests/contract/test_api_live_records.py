"""The older family of recording tasks through the official SDK."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import keys
from chalicelib.api.action import Call
from chalicelib.api.moments import beijing_text
from chalicelib.attribute_values import Item
from chalicelib.live import live_records, task_store
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder
from chalicelib.settings import settings
from chalicelib.table import Put, Table, Update
from tests.fakes.ecs import FakeEcs
from tests.fakes.mortal import Killed, Life
from tests.fakes.table import FakeTable
from tests.known_key import made_in
from tests.sdk import Sdk, now

STREAM = {"DomainName": "push.example.com", "AppName": "live", "StreamName": "room-7"}


def refusal(sdk: Sdk, action: str, /, **fields: Any) -> tuple[str, str]:
    """Code and field of the error that an action gives."""
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk(action, **fields)
    return refused.value.code, refused.value.message.partition(":")[0]


def created(sdk: Sdk, start: float = 0, end: float = 600, **fields: Any) -> int:
    """A task from and to seconds from now."""
    times = {"StartTime": beijing_text(now() + start), "EndTime": beijing_text(now() + end)}
    task_id: int = sdk("CreateLiveRecord", **(times | STREAM | fields))["TaskId"]
    return task_id


def publish(table: Table, param: str = "") -> None:
    """A live session of STREAM, as the publish hook leaves it."""
    address = {"domain": STREAM["DomainName"], "app": STREAM["AppName"], "stream": STREAM["StreamName"]}
    zeros = dict.fromkeys(("launches", "stopped_launch", "failures", "epoch"), 0)
    session = {"session_id": "s1", "stream_param": param, "orders": {}, "orders_version": 1, **address, **zeros}
    table.put(Put(key=keys.session("s1"), item=session))
    table.put(Put(key=keys.live(*STREAM.values()), item={"session_id": "s1", **address}))


def orders(table: Table) -> list[RecordingOrder]:
    session: Item = table.get(keys.session("s1")) or {}
    return [RecordingOrder.from_item(order) for order in session["orders"].values()]


def test_a_task_orders_its_own_format_for_its_window(sdk: Sdk, store: FakeTable, ecs: FakeEcs) -> None:
    publish(store)
    begins = now()
    task_id = created(sdk, FileFormat="MP4", RecordType="Audio", StreamParam="record_interval=3600&storage_time=86400")
    (order,) = orders(store)
    assert order == RecordingOrder(
        recording_id=f"task-{task_id}",
        task_id=str(task_id),
        starts_at=order.starts_at,
        ends_at=order.starts_at + 600,
        audio_only=True,
        formats={RecordFormat.MP4: FormatOrder(interval_seconds=3600, storage_seconds=86_400)},
    )
    assert order.starts_at == pytest.approx(begins, abs=2)
    assert len(ecs.requests) == 1


def test_what_is_left_out_means_flv_with_sound_in_the_app_live(sdk: Sdk, store: FakeTable, ecs: FakeEcs) -> None:
    publish(store)
    created(sdk, AppName="", RecordType="", FileFormat="")
    (order,) = orders(store)
    assert (order.formats, order.audio_only) == ({RecordFormat.FLV: FormatOrder()}, False)


@pytest.mark.parametrize("name", list(RecordFormat))
def test_every_format_can_be_asked_for(sdk: Sdk, store: FakeTable, ecs: FakeEcs, name: RecordFormat) -> None:
    publish(store)
    created(sdk, FileFormat=str(name), StreamParam="record_interval=1800")
    (order,) = orders(store)
    assert order.formats == {name: FormatOrder(interval_seconds=0 if name is RecordFormat.HLS else 1800)}


@pytest.mark.parametrize("spelled", [str, quote_plus, quote], ids=["plain", "as a form", "as a URL"])
def test_times_are_beijing_s_escaped_or_not(any_sdk: Sdk, spelled: Any) -> None:
    starts = now() + 1000
    times = {"StartTime": spelled(beijing_text(starts)), "EndTime": spelled(beijing_text(starts + 60))}
    task_id = any_sdk("CreateLiveRecord", **times, **STREAM)["TaskId"]
    assert isinstance(task_id, int)
    any_sdk("StopLiveRecord", StreamName="room-7", TaskId=task_id)


def test_parameters_of_files_may_be_escaped(sdk: Sdk, store: FakeTable, ecs: FakeEcs) -> None:
    publish(store)
    created(sdk, StreamParam=quote("record_interval=7200&storage_time=0", safe=""))
    assert orders(store)[0].formats == {RecordFormat.FLV: FormatOrder(interval_seconds=7200)}


@pytest.mark.parametrize(
    ("end", "seconds"),
    [
        pytest.param(None, 1800, id="none"),
        pytest.param(600, 600, id="within half an hour"),
        pytest.param(7200, 1800, id="later than half an hour"),
        pytest.param(-60, 1800, id="past"),
    ],
)
def test_a_highlight_is_from_now_for_half_an_hour_at_most(
    sdk: Sdk, store: FakeTable, ecs: FakeEcs, end: int | None, seconds: int
) -> None:
    publish(store)
    times = {} if end is None else {"EndTime": beijing_text(now() + end)}
    sdk("CreateLiveRecord", Highlight=1, StartTime=beijing_text(now() + 5000), **times, **STREAM)
    (order,) = orders(store)
    assert order.starts_at == pytest.approx(now(), abs=2)
    assert order.ends_at == pytest.approx(now() + seconds, abs=2)


def test_a_highlight_of_a_stream_that_nobody_publishes_is_refused(sdk: Sdk, store: FakeTable) -> None:
    found = refusal(sdk, "CreateLiveRecord", Highlight=1, **STREAM)
    assert found == ("ResourceUnavailable.StreamNotExist", "StreamName")
    assert made_in(store) == {}


@pytest.mark.parametrize(("param", "is_recorded"), [("", False), ("output_stream_type=1", True)])
def test_a_mixed_stream_alone_may_be_asked_for(
    sdk: Sdk, store: FakeTable, ecs: FakeEcs, param: str, is_recorded: bool
) -> None:
    publish(store, param)
    created(sdk, MixStream=1)
    assert len(orders(store)) == is_recorded


def test_stopping_ends_the_recording_and_the_task(sdk: Sdk, store: FakeTable, ecs: FakeEcs) -> None:
    publish(store)
    task_id = created(sdk)
    sdk("StopLiveRecord", StreamName="room-7", TaskId=task_id)
    sdk("StopLiveRecord", StreamName="room-7", TaskId=task_id)
    assert orders(store)[0].ends_at == pytest.approx(now(), abs=2)
    sdk("DeleteLiveRecord", StreamName="room-7", TaskId=task_id)


def test_a_task_that_runs_cannot_be_deleted_and_one_to_come_can(any_sdk: Sdk) -> None:
    running, later = created(any_sdk), created(any_sdk, 1000, 2000)
    found = refusal(any_sdk, "DeleteLiveRecord", StreamName="room-7", TaskId=running)
    assert found == ("FailedOperation.AlterTaskState", "TaskId")
    any_sdk("DeleteLiveRecord", StreamName="room-7", TaskId=later)
    found = refusal(any_sdk, "DeleteLiveRecord", StreamName="room-7", TaskId=later)
    assert found == ("ResourceNotFound.TaskId", "TaskId")


@pytest.mark.parametrize("action", ["StopLiveRecord", "DeleteLiveRecord"])
def test_a_task_is_named_by_its_stream_and_number(any_sdk: Sdk, action: str) -> None:
    task_id = created(any_sdk, 1000, 2000)
    assert refusal(any_sdk, action, StreamName="room-7", TaskId=4711) == ("ResourceNotFound.TaskId", "TaskId")
    found = refusal(any_sdk, action, StreamName="room-8", TaskId=task_id)
    assert found == ("ResourceNotFound.ChannelNotExist", "StreamName")


def test_the_families_do_not_see_each_other(sdk: Sdk) -> None:
    older = created(sdk, 1000, 2000)
    newer = sdk("CreateRecordTask", EndTime=now() + 600, **STREAM)["TaskId"]
    listed = sdk("DescribeRecordTask", StartTime=now() - 60, EndTime=now() + 6000)["TaskList"]
    assert [task["TaskId"] for task in listed] == [newer]
    for action in ("StopRecordTask", "DeleteRecordTask"):
        assert refusal(sdk, action, TaskId=str(older))[0] == "InvalidParameter.TaskNotExist"


def test_both_families_together_are_three_tasks_of_a_stream_at_once(any_sdk: Sdk) -> None:
    for _ in range(2):
        created(any_sdk)
    any_sdk("CreateRecordTask", EndTime=now() + 600, **STREAM)
    found = refusal(
        any_sdk, "CreateLiveRecord", StartTime=beijing_text(now()), EndTime=beijing_text(now() + 60), **STREAM
    )
    assert found == ("LimitExceeded.MaximumRunningTask", "StartTime")


def test_four_hundred_tasks_run_at_a_moment(any_sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_records, "MOST_AT_ONCE", 4)
    tasks = [created(any_sdk, 1000, 2000, StreamName=f"room-{number}") for number in range(4)]
    times = {"StartTime": beijing_text(now() + 1500), "EndTime": beijing_text(now() + 3000)}
    found = refusal(any_sdk, "CreateLiveRecord", **times, **STREAM)
    assert found == ("LimitExceeded.MaximumRunningTask", "StartTime")
    created(any_sdk, 2100, 3000)
    any_sdk("StopLiveRecord", StreamName="room-0", TaskId=tasks[0])
    created(any_sdk, 1500, 3000, StreamName="room-9")


def test_four_thousand_tasks_are_made_a_day(sdk: Sdk, store: FakeTable) -> None:
    created(sdk, 1000, 2000)
    store.update(Update(key=keys.counter(keys.LIVE_RECORDS), set={"total": 4000}))
    with pytest.raises(TencentCloudSDKException) as refused:
        created(sdk, 3000, 4000)
    assert refused.value.code == "LimitExceeded.MaximumTask"
    store.update(Update(key=keys.counter(keys.LIVE_RECORDS), set={"day": "2020-01-01"}))
    assert created(sdk, 3000, 4000) == 2
    assert (store.get(keys.counter(keys.LIVE_RECORDS)) or {})["total"] == 1


def test_of_two_clients_at_one_moment_each_has_a_number_of_its_own(
    sdk: Sdk, store: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact, others = store.transact, [lambda: created(sdk, 1000, 2000, StreamName="another")]

    def overtaken(*writes: Any) -> None:
        if others:
            others.pop()()
        transact(*writes)

    monkeypatch.setattr(store, "transact", overtaken)
    assert created(sdk, 1000, 2000) == 2


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"StartTime": ""}, ("MissingParameter", "StartTime")),
        ({"EndTime": ""}, ("MissingParameter", "EndTime")),
        ({"StartTime": "2026-11-20T10:00:00Z"}, ("InvalidParameterValue", "StartTime")),
        ({"EndTime": "2026-02-30 10:00:00"}, ("InvalidParameterValue", "EndTime")),
        ({"EndTime": beijing_text(0)}, ("InvalidParameter.InvalidTaskTime", "EndTime")),
        ({"StartTime": beijing_text(now() - 90_000)}, ("InvalidParameter.InvalidTaskTime", "StartTime")),
        ({"RecordType": "picture"}, ("InvalidParameterValue", "RecordType")),
        ({"FileFormat": "avi"}, ("InvalidParameterValue", "FileFormat")),
        ({"Highlight": 2}, ("InvalidParameterValue", "Highlight")),
        ({"MixStream": -1}, ("InvalidParameterValue", "MixStream")),
        ({"DomainName": "a b"}, ("InvalidParameter.DomainFormatError", "DomainName")),
        ({"DomainName": ""}, ("MissingParameter", "DomainName")),
        ({"StreamParam": "record_interval=60"}, ("InvalidParameterValue", "StreamParam")),
        ({"StreamParam": "record_interval=7201"}, ("InvalidParameterValue", "StreamParam")),
        ({"StreamParam": "storage_time=-1"}, ("InvalidParameterValue", "StreamParam")),
        ({"StreamParam": "storage_time=1&storage_time=2"}, ("InvalidParameterValue", "StreamParam")),
        ({"StreamParam": "bitrate=1"}, ("InvalidParameterValue", "StreamParam")),
        ({"StreamParam": "anything"}, ("InvalidParameterValue", "StreamParam")),
        ({"StreamParam": f"storage_time={'9' * 5000}"}, ("InvalidParameterValue", "StreamParam")),
    ],
)
def test_wrong_fields_are_named(sdk: Sdk, store: FakeTable, fields: dict[str, Any], expected: tuple[str, str]) -> None:
    times = {"StartTime": beijing_text(now()), "EndTime": beijing_text(now() + 600)}
    assert refusal(sdk, "CreateLiveRecord", **(times | STREAM | fields)) == expected
    assert made_in(store) == {}


def test_no_push_domain_means_the_one_of_publishes_that_name_none(
    sdk: Sdk, store: FakeTable, ecs: FakeEcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEFAULT_PUSH_DOMAIN", STREAM["DomainName"])
    settings.cache_clear()
    publish(store)
    created(sdk, DomainName="")
    assert len(orders(store)) == 1


@pytest.mark.parametrize(("action", "start"), [("StopLiveRecord", 0), ("DeleteLiveRecord", 1000)])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("ends_at", range(1, 9))
def test_a_death_leaves_no_window_of_a_task_that_is_over(
    sdk: Sdk, store: FakeTable, action: str, start: float, when: str, ends_at: int
) -> None:
    task_id = created(sdk, start, start + 600)
    call = Call(table=Life(ends_at, when).of(store), now=float(now()))
    with suppress(Killed):
        live_records.ACTIONS[action].run({"StreamName": "room-7", "TaskId": task_id}, call, are_text=False)
    task = task_store.find(store, str(task_id)) or {}
    has_window = any(key.pk == keys.LIVE_RECORDS for key in store.items)
    assert has_window == (task["Stopped"] == 0 and task["deleted_at"] == 0)
