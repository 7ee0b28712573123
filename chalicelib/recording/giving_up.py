"""A session whose recorder failed for the last time: nobody but the function that saw it can tell of its recordings."""

from collections.abc import Mapping

from chalicelib.attribute_values import Item
from chalicelib.recording import reporting
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.report import Report, Status, StatusEvent
from chalicelib.recording.session import stream_of
from chalicelib.table import Table

TOLD: Mapping[str, tuple[StatusEvent, ...]] = {
    "": (StatusEvent.START_FAILED,),
    "waiting": (StatusEvent.START_FAILED,),
    "recording": (StatusEvent.ERROR, StatusEvent.ENDED),
}
"""What is told of a format by the state of its outcome; of one that has ended or failed that was told before."""


def tell_given_up(table: Table, session: Item, *, now: float) -> None:
    """Tell what becomes of each format that was to be recorded by `now` (unix s)."""
    orders = [RecordingOrder.from_item(order) for order in session["orders"].values()]
    formats = [(order, name) for order in orders if order.starts_at <= now for name in order.formats]
    for order, name in formats:
        outcome = session.get("outcomes", {}).get(order.recording_id, {}).get(name, {})
        for position, event in enumerate(TOLD.get(outcome.get("state", ""), ())):
            report = Report(
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
            reporting.announce(table, report, now=now)
