"""A report becomes a callback event, once, where the stream's callback template asks for it."""

from chalicelib import aws
from chalicelib.live import callbacks
from chalicelib.logs import log
from chalicelib.notify import outbox, queue, report_events
from chalicelib.recording import naming
from chalicelib.recording.report import Report
from chalicelib.settings import settings
from chalicelib.table import ConditionFailed, Table


def tell(table: Table, report_id: str, *, now: float) -> Report:
    """Tell what a recorder wrote into the bucket, and return it.

    Raises ValueError where the object is not what it should be, and what S3 raises.
    """
    key = naming.report_key(report_id)
    content = aws.client("s3").get_object(Bucket=settings().bucket_name, Key=key)["Body"].read()
    report = Report.from_json(content)
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
    announcements = outbox.written(event, template, now=now)
    for put in announcements:
        try:
            table.put(put)
            log(
                "report_told",
                session_id=report.session_id,
                stream=str(report.stream),
                file_id=report.file_id,
                recording_id=report.recording_id,
                format=str(report.format),
                event_id=event.event_id,
            )
        except ConditionFailed:
            log("report_told_before", session_id=report.session_id, stream=str(report.stream), event_id=event.event_id)
    if announcements:  # told again if it was known: who told it may have died before it said so
        queue.announce([event.event_id])
