"""The last words of recordings that nobody takes up: they ended, wait for the stream, or never got anything."""

from collections.abc import Callable, Collection

from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.recording.report import StatusEvent, Trouble
from recorder_task.session.control import Outcomes
from recorder_task.telling.reporter import Reporter


def say_last_words(
    reporter: Reporter,
    session: SessionOrders,
    left: Outcomes,
    waiting: Collection[str],
    is_elsewhere: Callable[[str, str], bool],
) -> Outcomes:
    """Tell event 332 for every format in `left` that was recording, and return the outcomes that are true now.

    `waiting`: ids of the recordings whose HLS file waits. Of an HLS file that `is_elsewhere`
    (recording id, file id) others tell.
    """
    said = {}
    for recording_id, formats in left.items():
        order = session.recordings.get(recording_id)
        said[recording_id] = {name: dict(outcome) for name, outcome in formats.items()}
        for name, outcome in said[recording_id].items():
            if outcome["state"] != "recording":
                continue
            is_hls, file_id = name == RecordFormat.HLS, outcome.get("file_id", "")
            is_paused = is_hls and recording_id in waiting
            is_others = is_hls and not is_paused and is_elsewhere(recording_id, file_id)
            outcome["state"] = "paused" if is_paused or is_others else "ended"
            if is_others:
                continue
            reporter.status(
                StatusEvent.PAUSED if is_paused else StatusEvent.ENDED,
                RecordFormat(name),
                recording_id=recording_id,
                task_id=order.task_id if order else "",
                file_id=file_id,
            )
    return said


def say_that_nothing_came(
    reporter: Reporter, session: SessionOrders, left: Outcomes, reason: str, now: float
) -> Outcomes:
    """Tell, once for each format however often it is tried, that the source brings nothing; returns what is true now.

    `left` is what an earlier recorder was at; `now` is in unix seconds.
    """
    said = {recording_id: dict(formats) for recording_id, formats in left.items()}
    for order in (each for each in session.recordings.values() if each.starts_at <= now):
        formats = said.setdefault(order.recording_id, {})
        for name in order.formats:
            reporter.expect(name)
            state = formats.get(name, {}).get("state")
            if state == "failed":
                continue
            reporter.status(
                StatusEvent.ERROR if state == "recording" else StatusEvent.START_FAILED,
                name,
                recording_id=order.recording_id,
                task_id=order.task_id,
                reason=reason,
            )
            if state != "recording":
                formats[name] = {"state": "failed", "files": 0, "reason": reason}
    reporter.trouble(Trouble.PULL_FAILED, description=reason)
    return said
