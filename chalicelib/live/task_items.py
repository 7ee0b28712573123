"""What the item of a recording task says: its window, what it orders, whether it counts. Pure.

A task of either family is the same item. One of the older family holds its own `formats` where the others name a
template, and is in no list.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate
from typing import TypeAlias

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.live.templates import continue_seconds_of, formats_of
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder
from chalicelib.recording.session import ORDER_KEPT_SECONDS
from chalicelib.recording.stream import StreamRef
from chalicelib.table import Check, Compare, no_such_item

LONGEST_SECONDS = 86_400
MOST_AT_ONCE = 3
"""Tasks of one stream at any moment (wire.md, section 4)."""
MOST_ORDERS = 128
"""Tasks of one stream whose orders its session may hold at any moment: 100 KB of its item."""
HLS_FOR_EVER: Mapping[RecordFormat, FormatOrder] = {RecordFormat.HLS: FormatOrder(interval_seconds=0)}

Window: TypeAlias = tuple[float, float]
"""Unix s: the first moment, the end."""


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


def over_at(task: Item, ordered: Collection[str]) -> int:
    """When (unix s) a task is over; `ordered`: the recordings that the stream's live session has orders for.

    A task that was deleted while it ran is left to run where it is recorded; nothing else records it any more.
    """
    is_left_to_run = task["deleted_at"] >= task["StartTime"] and recording_id(task["TaskId"]) in ordered
    deleted_at = 0 if is_left_to_run else task["deleted_at"]
    return int(min(filter(None, (task["Stopped"], deleted_at, task["EndTime"]))))


def has_room(others: Iterable[Item], *, starts_at: int, ends_at: int, ordered: Collection[str]) -> bool:
    """Whether one more task fits beside the stream's `others` at every moment of its window (unix s)."""
    windows = ((other["StartTime"], over_at(other, ordered)) for other in others)
    return most_at_once(windows, starts_at=starts_at, ends_at=ends_at) < MOST_AT_ONCE


def has_room_for_order(
    others: Iterable[Item], *, window: Window, ordered: Collection[str], lead_seconds: float
) -> bool:
    """Whether a session has room for the order of one more task beside those of `others`, all through its `window`."""
    windows = (order_window(other["StartTime"], over_at(other, ordered), lead_seconds=lead_seconds) for other in others)
    return most_at_once(windows, starts_at=window[0], ends_at=window[1]) < MOST_ORDERS


def order_window(starts_at: float, over_at: float, *, lead_seconds: float) -> Window:
    """From when to when (unix s) the order of a task is with a live session; none of one that is over before."""
    ordered_at = starts_at - lead_seconds
    return ordered_at, over_at + ORDER_KEPT_SECONDS if over_at > ordered_at else ordered_at


def most_at_once(windows: Iterable[Window], *, starts_at: float, ends_at: float) -> int:
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


def _own_formats(task: Item) -> Mapping[RecordFormat, FormatOrder]:
    return {RecordFormat(name): FormatOrder(**order) for name, order in task.get("formats", {}).items()}
