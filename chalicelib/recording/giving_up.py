"""A session whose recorder failed for the last time: nobody but the function that saw it can tell of its recordings."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from chalicelib.attribute_values import Item
from chalicelib.live import callbacks
from chalicelib.logs import log
from chalicelib.notify import outbox, queue, report_events
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.report import Report, Status, StatusEvent
from chalicelib.recording.session import stream_of
from chalicelib.settings import settings
from chalicelib.table import Compare, ConditionFailed, Put, Table, Update

TOLD: Mapping[str, tuple[StatusEvent, ...]] = {
    "": (StatusEvent.START_FAILED,),
    "waiting": (StatusEvent.START_FAILED,),
    "recording": (StatusEvent.ERROR, StatusEvent.ENDED),
}
"""What is told of a format by the state of its outcome; of one that has ended or failed that was told before."""
MOST_TOLD_AT_ONCE = 99
"""DynamoDB's hundred writes of a transaction, less the session's own."""


def give_up(table: Table, end: Update, session: Item, *, now: float) -> None:
    """Write the `end` of the last launch, after which the session is as given, with the events that tell of it.

    Raises ConditionFailed where the session has changed meanwhile: nothing is told then.
    """
    events = list(_events(table, session, now=now))
    for each in events[MOST_TOLD_AT_ONCE:]:
        with suppress(ConditionFailed):  # told before
            table.put(each)
    as_read = Compare("orders_version", "=", session["orders_version"])
    table.transact(replace(end, when=[*end.when, as_read]), *events[:MOST_TOLD_AT_ONCE])
    known = {"session_id": session["session_id"], "stream": str(stream_of(session))}
    log("recording_failed", **known, reason=session["end_reason"])
    event_ids = [each.item["event_id"] for each in events]
    for event_id in event_ids:
        log("report_told", **known, event_id=event_id)
    queue.announce(event_ids)


def _events(table: Table, session: Item, *, now: float) -> Iterator[Put]:
    template = callbacks.template_of(table, session["domain"], session["app"])
    for report in _reports(session, now=now):
        if report_events.is_wanted(report, template):
            yield from outbox.written(report_events.told(report, app_id=settings().app_id), template, now=now)


def _reports(session: Item, *, now: float) -> Iterator[Report]:
    """What becomes of each format that was to be recorded, or is soon: not of a task stopped before its start."""
    orders = [RecordingOrder.from_item(order) for order in session["orders"].values()]
    wanted = [each for each in orders if not each.ends_at or each.starts_at < each.ends_at]
    for order, name in [(each, name) for each in wanted for name in each.formats]:
        outcome = session.get("outcomes", {}).get(order.recording_id, {}).get(name, {})
        for position, event in enumerate(TOLD.get(outcome.get("state", ""), ())):
            yield Report(
                report_id=f"{session['session_id']}-{order.recording_id}-{name}-given-up-{position}",
                sequence=round(now * 1000) + position,
                at=now,
                stream=stream_of(session),
                session_id=session["session_id"],
                recording_id=order.recording_id,
                task_id=order.task_id,
                format=name,
                file_id=outcome.get("file_id", ""),
                told=Status(event=event, reason="" if event is StatusEvent.ENDED else session["end_reason"]),
            )
