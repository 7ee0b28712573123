"""What the items of templates and tasks order from a recorder."""

import pytest

from chalicelib.attribute_values import Item
from chalicelib.live.task_items import has_room, is_due, order_of
from chalicelib.live.template_params import CreateLiveRecordTemplate
from chalicelib.live.templates import continue_seconds_of, formats_of
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder

TASK: Item = {
    "TaskId": "t1",
    "DomainName": "push.example.com",
    "AppName": "live",
    "StreamName": "room-7",
    "StartTime": 1000,
    "EndTime": 2000,
    "StreamType": 0,
    "TemplateId": 3,
    "Extension": "",
    "Stopped": 0,
    "deleted_at": 0,
}


def template(**fields: object) -> Item:
    return {**CreateLiveRecordTemplate.model_validate({"TemplateName": "t", **fields}).model_dump(), "TemplateId": 3}


def test_every_field_of_a_format_is_ordered() -> None:
    param = {
        "Enable": 1,
        "RecordInterval": 60,
        "StorageTime": 86_400,
        "VodSubAppId": 5,
        "VodFileName": "{StreamID}",
        "Procedure": "p",
        "StorageMode": "cold",
        "ClassId": 7,
    }
    order = FormatOrder(
        interval_seconds=60,
        storage_seconds=86_400,
        sub_app_id=5,
        file_name="{StreamID}",
        procedure="p",
        storage_mode="cold",
        class_id=7,
    )
    assert formats_of(template(Mp4Param=param)) == {RecordFormat.MP4: order}


def test_hls_is_never_cut() -> None:
    formats = formats_of(template(HlsParam={"Enable": 1, "RecordInterval": 60}))
    assert formats == {RecordFormat.HLS: FormatOrder(interval_seconds=0)}


def test_a_template_with_no_format_on_orders_nothing() -> None:
    assert formats_of(template()) == {}


def test_all_formats_may_be_on() -> None:
    on = {f"{name}Param": {"Enable": 1} for name in ("Flv", "Hls", "Mp4", "Aac", "Mp3")}
    assert list(formats_of(template(**on))) == list(RecordFormat)


def test_the_continuation_window_is_the_templates() -> None:
    item = template(HlsSpecialParam={"FlowContinueDuration": 60})
    assert (continue_seconds_of(item), order_of(TASK, item).continue_seconds) == (60, 60)


def test_a_task_orders_its_template_for_its_window() -> None:
    assert order_of(TASK, template(FlvParam={"Enable": 1})) == RecordingOrder(
        recording_id="task-t1",
        template_id=3,
        task_id="t1",
        starts_at=1000.0,
        ends_at=2000.0,
        formats={RecordFormat.FLV: FormatOrder()},
    )


def test_a_stopped_task_ends_when_it_was_stopped() -> None:
    assert order_of({**TASK, "Stopped": 1500}, None).ends_at == 1500.0


@pytest.mark.parametrize(
    ("changes", "now", "is_mixed", "expected"),
    [
        pytest.param({}, 879.9, False, False, id="later"),
        pytest.param({}, 880.0, False, True, id="its lead before the start"),
        pytest.param({}, 1999.9, False, True, id="the last moment"),
        pytest.param({}, 2000.0, False, False, id="over"),
        pytest.param({"Stopped": 1500}, 1600.0, False, False, id="stopped"),
        pytest.param({"Stopped": 500}, 900.0, False, False, id="stopped before its start"),
        pytest.param({"deleted_at": 500}, 1600.0, False, False, id="deleted"),
        pytest.param({"StreamType": 1}, 1600.0, False, False, id="a mixed stream is wanted, an encoder publishes"),
        pytest.param({"StreamType": 1}, 1600.0, True, True, id="a mixed stream is wanted, a mixer publishes"),
        pytest.param({}, 1600.0, True, True, id="whoever publishes under the name"),
    ],
)
def test_a_publish_is_recorded_by_the_tasks_whose_window_it_meets(
    changes: Item, now: float, is_mixed: bool, expected: bool
) -> None:
    assert is_due({**TASK, **changes}, now=now, lead_seconds=120, is_mixed=is_mixed) is expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([], True, id="alone"),
        pytest.param([(0, 9000)] * 2, True, id="two all the time"),
        pytest.param([(0, 9000)] * 3, False, id="three all the time"),
        pytest.param([(0, 1200), (1500, 1600), (1800, 9000), (0, 9000)], True, id="three that share no moment"),
        pytest.param([(0, 1200), (1199, 1600), (0, 9000)], False, id="three that share one second"),
        pytest.param([(0, 1200), (1200, 1600), (0, 9000)], True, id="one begins as another ends"),
        pytest.param([(0, 1000)] * 9 + [(2000, 3000)] * 9, True, id="ends as it begins, begins as it ends"),
        pytest.param([(0, 9000, 900)] * 3, True, id="stopped before it begins"),
        pytest.param([(0, 9000, 1001)] * 3, False, id="stopped within it"),
        pytest.param([(500, 9000, 0, 400)] * 3, True, id="deleted before their start"),
        pytest.param([(500, 9000, 0, 500)] * 3, False, id="deleted in their first second: they go on"),
        pytest.param([(500, 9000, 0, 600)] * 3, False, id="deleted while they ran: they go on"),
        pytest.param([(500, 9000, 700, 600)] * 3, True, id="deleted while they ran, then stopped"),
    ],
)
def test_three_tasks_of_a_stream_run_at_any_moment(others: list[tuple[int, ...]], expected: bool) -> None:
    assert has_room(items_of(others), starts_at=1000, ends_at=2000, ordered={"task-t1"}) is expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([(500, 9000)] * 3, False, id="they wait for their stream"),
        pytest.param([(500, 9000, 0, 600)] * 3, True, id="deleted in their window"),
        pytest.param([(500, 9000, 0, 1200)] * 3, False, id="deleted later than the new one begins"),
    ],
)
def test_a_deleted_task_takes_no_place_where_nothing_is_recorded_by_it(
    others: list[tuple[int, ...]], expected: bool
) -> None:
    assert has_room(items_of(others), starts_at=1000, ends_at=2000, ordered=()) is expected


def items_of(tasks: list[tuple[int, ...]]) -> list[Item]:
    """Tasks of the stream: start, end, stopped, deleted at."""
    names = ("StartTime", "EndTime", "Stopped", "deleted_at")
    return [{**TASK, **dict(zip(names, each, strict=False))} for each in tasks]
