"""A report becomes a callback event, once, where the stream's callback template asks for it."""

from collections.abc import Mapping

from chalicelib import aws
from chalicelib.attribute_values import Item
from chalicelib.live import callbacks
from chalicelib.logs import log
from chalicelib.notify import outbox, queue, report_events
from chalicelib.notify.events import CallbackEvent
from chalicelib.notify.push_exceptions import push_exception
from chalicelib.recording import naming
from chalicelib.recording.push_report import PushReport
from chalicelib.recording.report import Report
from chalicelib.settings import settings
from chalicelib.table import ConditionFailed, Table


def tell(table: Table, report_id: str, *, now: float) -> Report:
    """Tell what a recorder wrote into the bucket, and return it.

    Raises ValueError where the object is not what it should be, and what S3 raises.
    """
    key = naming.report_key(report_id)
    report = Report.from_json(_content(key))
    if report.report_id != report_id:
        raise ValueError(f"{key} is report {report.report_id}")
    announce(table, report, now=now)
    return report


def announce(table: Table, report: Report, *, now: float) -> None:
    """Tell a report that needs no object: a function's own; the same `report_id` again changes nothing."""
    template = callbacks.template_of(table, report.stream.domain, report.stream.app)
    if not report_events.is_wanted(report, template):
        return
    event = report_events.told(report, app_id=settings().app_id)
    facts = {"file_id": report.file_id, "recording_id": report.recording_id, "format": str(report.format)}
    _tell_once(table, event, template, facts, now=now)


def tell_of_push(table: Table, report_id: str, *, now: float) -> None:
    """Tell what a recorder wrote of the push itself; raises as `tell` does."""
    key = naming.push_report_key(report_id)
    report = PushReport.from_json(_content(key))
    if report.report_id != report_id:
        raise ValueError(f"{key} is report {report.report_id}")
    template = callbacks.template_of(table, report.stream.domain, report.stream.app)
    _tell_once(table, push_exception(report, app_id=settings().app_id), template, {}, now=now)


def _content(key: str) -> bytes:
    content: bytes = aws.client("s3").get_object(Bucket=settings().bucket_name, Key=key)["Body"].read()
    return content


def _tell_once(
    table: Table, event: CallbackEvent, template: Item | None, facts: Mapping[str, str], *, now: float
) -> None:
    known = {"session_id": event.session_id, "stream": str(event.stream)}
    announcements = outbox.written(event, template, now=now)
    for put in announcements:
        try:
            table.put(put)
            log("report_told", **known, **facts, event_id=event.event_id)
        except ConditionFailed:
            log("report_told_before", **known, event_id=event.event_id)
    if announcements:  # told again if it was known: who told it may have died before it said so
        queue.announce([event.event_id])
