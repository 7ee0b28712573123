"""What the item of a recording task says: its window, what it orders, whether it counts. Pure.

A task of either family is the same item. One of the older family holds its own `formats` where the others name a
template, and is in no list.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.live.templates import continue_seconds_of, formats_of
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder
from chalicelib.recording.stream import StreamRef
from chalicelib.table import Check, Compare, no_such_item

LONGEST_SECONDS = 86_400
MOST_AT_ONCE = 3
"""Tasks of one stream at any moment (wire.md, section 4)."""
HLS_FOR_EVER: Mapping[RecordFormat, FormatOrder] = {RecordFormat.HLS: FormatOrder(interval_seconds=0)}


def order_of(task: Item, template: Item | None) -> RecordingOrder:
    """What a task orders; without a template, or with one that is gone, HLS that is kept for ever."""
    return RecordingOrder(
        recording_id=recording_id(task["TaskId"]),
        template_id=task["TemplateId"] if template else 0,
        task_id=task["TaskId"],
        starts_at=float(task["StartTime"]),
        ends_at=float(task["Stopped"] or task["EndTime"]),
        audio_only=task.get("audio_only", False),
        continue_seconds=continue_seconds_of(template) if template else 0,
        formats=_own_formats(task) or (formats_of(template) if template else HLS_FOR_EVER),
    )


def recording_id(task_id: str) -> str:
    """The recording of a task within a session."""
    return f"task-{task_id}"


def is_due(task: Item, *, now: float, lead_seconds: float, is_mixed: bool) -> bool:
    """Whether a stream that is live at `now` (unix s) is to be recorded by the task; `is_mixed`: a mixer publishes it.

    A task is due `lead_seconds` before its start: its recorder waits for that by its own clock.
    """
    is_in_window = task["StartTime"] <= now + lead_seconds and now < task["EndTime"]
    is_for_stream = is_mixed or task["StreamType"] == 0
    return is_in_window and is_for_stream and not task["Stopped"] and not task["deleted_at"]


def is_over(task: Item, *, now: float) -> bool:
    """Whether nothing is recorded by the task any more, whatever is published."""
    return bool(task["Stopped"] or task["deleted_at"] or task["EndTime"] <= now)


def has_room(others: Iterable[Item], *, starts_at: int, ends_at: int) -> bool:
    """Whether one more task fits beside the stream's `others` at every moment of its window (unix s)."""
    windows = ((other["StartTime"], _occupied_until(other)) for other in others)
    return most_at_once(windows, starts_at=starts_at, ends_at=ends_at) < MOST_AT_ONCE


def most_at_once(windows: Iterable[tuple[int, int]], *, starts_at: int, ends_at: int) -> int:
    """How many windows (first second, end) share a moment between `starts_at` and `ends_at`, all unix s."""
    edges = []
    for first, end in windows:
        begins, ends = max(starts_at, first), min(ends_at, end)
        if begins < ends:
            edges += [(begins, 1), (ends, -1)]  # at one moment what ends makes room for what begins
    return max(accumulate(step for _, step in sorted(edges)), default=0)


def stream_of(task: Item) -> StreamRef:
    """The stream that a task records."""
    return StreamRef(domain=task["DomainName"], app=task["AppName"], stream=task["StreamName"])


def key_of(task: Item) -> keys.Key:
    """Where the task's item lies."""
    return keys.task_of_stream(task["DomainName"], task["AppName"], task["StreamName"], task["EndTime"], task["TaskId"])


def open_range(now: float, *, lead_seconds: float) -> tuple[str, str]:
    """First and last sort key between which the tasks lie that may be due at `now` (unix s)."""
    return keys.tasks_from(int(now)), keys.tasks_until(int(now + lead_seconds) + LONGEST_SECONDS)


def unchanged(stream: StreamRef, tasks_version: Item | None) -> Check:
    """No task of the stream was made, stopped or deleted since its version was read."""
    key = keys.tasks_version(stream.domain, stream.app, stream.stream)
    condition = Compare("version", "=", tasks_version["version"]) if tasks_version else no_such_item
    return Check(key=key, when=[condition])


def _occupied_until(task: Item) -> int:
    """A task that is deleted before its start takes no place; one that runs is left to run."""
    was_left_to_run = task["deleted_at"] >= task["StartTime"]
    return 0 if task["deleted_at"] and not was_left_to_run else int(task["Stopped"] or task["EndTime"])


def _own_formats(task: Item) -> Mapping[RecordFormat, FormatOrder]:
    return {RecordFormat(name): FormatOrder(**order) for name, order in task.get("formats", {}).items()}
