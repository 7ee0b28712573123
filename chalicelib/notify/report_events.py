"""Events 332 and 341: what a recorder reported, as wire.md, section 6, has a customer told of it. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.attribute_values import Item
from chalicelib.notify.events import CallbackEvent, EventType
from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.report import Occurrences, Report, Status

FORMAT_NUMBERS: Mapping[RecordFormat, int] = {
    RecordFormat.FLV: 1,
    RecordFormat.HLS: 2,
    RecordFormat.MP4: 3,
    RecordFormat.AAC: 4,
    RecordFormat.MP3: 5,
}
"""`record_detail.file_format`."""
CONTAINERS: Mapping[RecordFormat, str] = {name: name.upper() for name in RecordFormat} | {RecordFormat.HLS: "TS"}
"""`file_format` of event 341; MP3, which the vendor does not list, under its own name."""
BY_TEMPLATE, BY_API = 1, 5
ORIGINAL, LIVE = 1, 1


def told(report: Report, *, app_id: int) -> CallbackEvent:
    """The event of a report."""
    if isinstance(report.told, Status):
        return _event(report, EventType.RECORD_STATUS, _status(report, report.told, app_id))
    return _event(report, EventType.RECORD_EXCEPTION, _exception(report, report.told, app_id))


def is_wanted(report: Report, template: Item | None) -> bool:
    """Whether a callback template takes a report's level; one that names no levels takes all of them."""
    levels = template.get("RecordExceptionLevels") if template else None
    return isinstance(report.told, Status) or not levels or report.told.level in levels


def _event(report: Report, event_type: EventType, payload: Mapping[str, Any]) -> CallbackEvent:
    return CallbackEvent(
        event_id=f"{report.report_id}-{int(event_type)}",
        event_type=event_type,
        payload={"event_type": int(event_type), **payload},
        stream=report.stream,
        session_id=report.session_id,
        file_id=report.file_id,
    )


def _status(report: Report, status: Status, app_id: int) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "file_format": FORMAT_NUMBERS[report.format],
        "record_bps": 0,
        "start_model": BY_API if report.task_id else BY_TEMPLATE,
        "record_content": ORIGINAL,
        "source_type": LIVE,
        "codec_temp_id": 0,
    }
    if status.reason:
        detail["reason"] = status.reason  # the vendor leaves its customers to guess
    return {
        "appid": app_id,
        "appname": report.stream.app,
        "domain": report.stream.domain,
        "stream_id": report.stream.stream,
        "event_time": int(report.at),
        "record_event": str(status.event),
        "record_detail": json.dumps(detail, ensure_ascii=False),
        "session_id": report.session_id,
        "seq": str(report.sequence),
        **({"task_id": report.task_id} if report.task_id else {}),
    }


def _exception(report: Report, occurrences: Occurrences, app_id: int) -> dict[str, Any]:
    return {
        "interface": "general_callback",
        "appid": app_id,
        "stream_id": report.stream.stream,
        "session_id": report.session_id,
        "file_format": CONTAINERS[report.format],
        "timestamp": int(report.at),
        "seq": str(report.sequence),
        "exception_level": str(occurrences.level),
        "exception": {
            "type": int(occurrences.trouble),
            "occurs": occurrences.occurs,
            "desc": occurrences.description,
        },
    }
