"""A report becomes a callback event, once, where the stream's callback template asks for it."""

from collections.abc import Mapping

from chalicelib import aws, keys
from chalicelib.attribute_values import Item
from chalicelib.live import callbacks
from chalicelib.logs import log
from chalicelib.notify import outbox, queue, report_events
from chalicelib.notify.events import CallbackEvent
from chalicelib.notify.push_exceptions import push_exception
from chalicelib.recording import naming
from chalicelib.recording.push_report import PushReport
from chalicelib.recording.report import Report
from chalicelib.recording.untold import UNTOLD, UntoldReport, untold_of
from chalicelib.settings import settings
from chalicelib.table import Compare, ConditionFailed, Table, Update


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
    _announce_of_push(table, report, now=now)


def tell_untold(table: Table, session: Item, *, now: float) -> Item:
    """Tell what stands untold in a session's item, and take it out: whose recorder lives tells it again, to no effect.

    Returns the session without it; as it was where its recorder has written another meanwhile.
    """
    if UNTOLD not in session:
        return session
    reports, beyond = untold_of(session)
    for report in reports:
        try:
            _announce_untold(table, report, now=now)
        except ValueError as error:  # nobody will ever understand it
            told = report.content.decode()
            log("report_lost", session_id=session["session_id"], key=report.key, told=told, reason=str(error))
    if beyond:
        log("reports_beyond", session_id=session["session_id"], count=beyond)
    as_read = Compare(UNTOLD, "=", session[UNTOLD])
    try:
        table.update(Update(key=keys.session(session["session_id"]), remove=[UNTOLD], when=[as_read]))
    except ConditionFailed:
        return session
    return {name: session[name] for name in session if name != UNTOLD}


def _announce_untold(table: Table, report: UntoldReport, *, now: float) -> None:
    if naming.push_report_id_of_key(report.key) is None:
        announce(table, Report.from_json(report.content), now=now)
    else:
        _announce_of_push(table, PushReport.from_json(report.content), now=now)


def _announce_of_push(table: Table, report: PushReport, *, now: float) -> None:
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
