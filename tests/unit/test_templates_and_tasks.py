"""What the items of templates and tasks order from a recorder."""

import pytest

from chalicelib.attribute_values import Item
from chalicelib.live.tasks import is_due, order_of
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
    "deleted": False,
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
    ("changes", "now", "expected"),
    [
        ({}, 994.9, False),
        ({}, 995.0, True),
        ({}, 1999.9, True),
        ({}, 2000.0, False),
        ({"Stopped": 1500}, 1600.0, False),
        ({"deleted": True}, 1600.0, False),
    ],
    ids=["later", "soon", "last-moment", "over", "stopped", "deleted"],
)
def test_a_publish_is_recorded_by_the_tasks_whose_window_covers_it(changes: Item, now: float, expected: bool) -> None:
    assert is_due({**TASK, **changes}, now) is expected
