"""Whole payloads of events 332 and 341, as wire.md lists their fields."""

import json
from dataclasses import replace

import pytest

from chalicelib.notify import report_events
from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.report import Level, Occurrences, Report, Status, StatusEvent, Trouble
from tests.fakes.world import REPORT

JUMPS = Occurrences(trouble=Trouble.VIDEO_JUMP, level=Level.WARNING, occurs=3, description="video timestamps jumped")


def test_event_332_of_a_recording_by_template() -> None:
    event = report_events.told(REPORT, app_id=1_250_000_000)
    assert (event.event_id, event.file_id) == (f"{'5' * 32}-1-7-332", "5000000000000000042")
    assert event.payload == {
        "event_type": 332,
        "appid": 1_250_000_000,
        "appname": "live",
        "domain": "push.example.com",
        "stream_id": "room-7",
        "event_time": 1_800_000_009,
        "record_event": "record_start_succeeded",
        "record_detail": (
            '{"file_format": 2, "record_bps": 0, "start_model": 1, "record_content": 1, "source_type": 1, '
            '"codec_temp_id": 0}'
        ),
        "session_id": "5" * 32,
        "seq": "1800000009750",
    }


def test_event_332_of_a_task_that_failed_has_its_task_and_the_reason() -> None:
    by_rule = report_events.told(REPORT, app_id=1)
    failed = Status(event=StatusEvent.START_FAILED, reason="AAC needs an AAC source, not opus")
    event = report_events.told(replace(REPORT, task_id="t9", format=RecordFormat.AAC, told=failed), app_id=1)
    assert event.payload == {
        **by_rule.payload,
        "record_event": "record_start_failed",
        "record_detail": (
            '{"file_format": 4, "record_bps": 0, "start_model": 5, "record_content": 1, "source_type": 1, '
            '"codec_temp_id": 0, "reason": "AAC needs an AAC source, not opus"}'
        ),
        "task_id": "t9",
    }


@pytest.mark.parametrize("event", StatusEvent)
def test_every_status_has_the_same_fields_and_its_own_name(event: StatusEvent) -> None:
    started = report_events.told(REPORT, app_id=1)
    told = report_events.told(replace(REPORT, told=Status(event=event)), app_id=1)
    assert told.payload == {**started.payload, "record_event": str(event)}


def test_event_341_of_jumping_timestamps() -> None:
    event = report_events.told(replace(REPORT, file_id="", told=JUMPS), app_id=1_250_000_000)
    assert event.event_id == f"{'5' * 32}-1-7-341"
    assert event.payload == {
        "event_type": 341,
        "interface": "general_callback",
        "appid": 1_250_000_000,
        "stream_id": "room-7",
        "session_id": "5" * 32,
        "file_format": "TS",
        "timestamp": 1_800_000_009,
        "seq": "1800000009750",
        "exception_level": "warning",
        "exception": {"type": -9, "occurs": 3, "desc": "video timestamps jumped"},
    }


@pytest.mark.parametrize(
    ("name", "number", "container"),
    [
        (RecordFormat.FLV, 1, "FLV"),
        (RecordFormat.HLS, 2, "TS"),
        (RecordFormat.MP4, 3, "MP4"),
        (RecordFormat.AAC, 4, "AAC"),
        (RecordFormat.MP3, 5, "MP3"),
    ],
    ids=str,
)
def test_a_format_in_the_words_of_each_event(name: RecordFormat, number: int, container: str) -> None:
    status = report_events.told(replace(REPORT, format=name), app_id=1).payload
    exception = report_events.told(replace(REPORT, format=name, told=JUMPS), app_id=1).payload
    assert (json.loads(status["record_detail"])["file_format"], exception["file_format"]) == (number, container)


@pytest.mark.parametrize(
    ("levels", "told", "is_wanted"),
    [
        (["error"], REPORT.told, True),
        (["error"], JUMPS, False),
        (["error", "warning"], JUMPS, True),
        ([], JUMPS, True),
    ],
    ids=["a status whatever the levels", "not this level", "this level", "no levels named: all"],
)
def test_levels_choose_the_exceptions_that_are_told(
    levels: list[str], told: Status | Occurrences, is_wanted: bool
) -> None:
    template = {"RecordExceptionLevels": levels}
    assert report_events.is_wanted(replace(REPORT, told=told), template) is is_wanted


@pytest.mark.parametrize("report", [REPORT, replace(REPORT, told=JUMPS)], ids=["status", "exception"])
def test_a_report_is_read_as_it_was_written(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        REPORT.to_json().replace(b'"version": 1', b'"version": 2'),
        REPORT.to_json().replace(b"record_start_succeeded", b"record_done"),
        REPORT.to_json().replace(b'"status"', b'"state"'),
        REPORT.to_json().replace(b'"stream": {', b'"stream": {"x": 1, '),
    ],
    ids=["nothing", "a list", "empty", "another version", "unknown status", "no kind", "an unknown field"],
)
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a report"):
        Report.from_json(content)
