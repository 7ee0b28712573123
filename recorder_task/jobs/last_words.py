"""The last words of recordings that a dead recorder left and nobody took up: they ended, or wait for the stream."""

from collections.abc import Collection

from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.recording.report import StatusEvent
from recorder_task.control import Outcomes
from recorder_task.reporter import Reporter


def say_last_words(reporter: Reporter, session: SessionOrders, left: Outcomes, waiting: Collection[str]) -> Outcomes:
    """Tell event 332 for every format in `left` that was recording, and return the outcomes that are true now.

    `waiting`: ids of the recordings whose HLS file waits.
    """
    said = {}
    for recording_id, formats in left.items():
        order = session.recordings.get(recording_id)
        said[recording_id] = {name: dict(outcome) for name, outcome in formats.items()}
        for name, outcome in said[recording_id].items():
            if outcome["state"] != "recording":
                continue
            is_paused = name == RecordFormat.HLS and recording_id in waiting
            outcome["state"] = "paused" if is_paused else "ended"
            reporter.status(
                StatusEvent.PAUSED if is_paused else StatusEvent.ENDED,
                RecordFormat(name),
                recording_id=recording_id,
                task_id=order.task_id if order else "",
                file_id=outcome.get("file_id", ""),
            )
    return said
