"""The tasks of a stream in the table. Every change of them raises the version of the stream's tasks.

So two clients never make one task too many, and a publish that read the tasks just before one was made, stopped or
deleted notices it: its transaction holds only while the version is the one that it read.
"""

from collections.abc import Collection, Sequence
from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.live.task_errors import MaximumRunningTask
from chalicelib.live.task_items import (
    LONGEST_SECONDS,
    MOST_AT_ONCE,
    MOST_ORDERS,
    has_room,
    has_room_for_order,
    key_of,
    order_window,
    stream_of,
    unchanged,
)
from chalicelib.recording.session import ORDER_KEPT_SECONDS, live_session
from chalicelib.recording.stream import StreamRef
from chalicelib.settings import settings
from chalicelib.table import Compare, Condition, ConditionFailed, Put, Table, Update, Write, item_exists, no_such_item

HISTORY_SECONDS = 90 * 86_400
"""How long a task is kept after its end."""
VERSION_SECONDS = 30 * 86_400
"""A version that nobody has raised for so long is of tasks that are over."""
RIVALS = 20
"""Changes of one stream's tasks at one moment: each loser looks again."""


def add(table: Table, task: Item, *, now: float, beside: tuple[Write, ...] = ()) -> None:
    """Write a new task with what belongs to it; raises MaximumRunningTask, and ConditionFailed of what is `beside`."""
    stream = stream_of(task)
    version_key = keys.tasks_version(stream.domain, stream.app, stream.stream)
    lead_seconds = settings().launch_lead_seconds
    ordered_at, left_at = order_window(task["StartTime"], task["EndTime"], lead_seconds=lead_seconds)
    window = max(now, ordered_at), left_at
    first = keys.tasks_from(int(window[0] - ORDER_KEPT_SECONDS))
    last = keys.tasks_until(int(left_at + lead_seconds) + LONGEST_SECONDS)
    for _ in range(RIVALS):
        version = table.get(version_key)
        others = list(table.query(version_key.pk, first=first, last=last))
        ordered = _ordered(table, stream) if any(other["deleted_at"] for other in others) else ()
        if not has_room(others, starts_at=task["StartTime"], ends_at=task["EndTime"], ordered=ordered):
            raise MaximumRunningTask(f"StartTime: {MOST_AT_ONCE} tasks of this stream run at a moment of this window.")
        if not has_room_for_order(others, window=window, ordered=ordered, lead_seconds=lead_seconds):
            raise MaximumRunningTask(
                f"StartTime: {MOST_ORDERS} tasks of this stream run within {ORDER_KEPT_SECONDS / 60:.0f} minutes of a"
                " moment of this window: its orders have no room for another."
            )
        is_as_read = unchanged(stream, version).when
        try:
            table.transact(_raised(stream, now=now, when=is_as_read), *_written(task), *beside)
        except ConditionFailed as failure:
            if failure.failed != (0,):
                raise
            continue
        return
    raise RuntimeError(f"the tasks of {stream} change {RIVALS} times at once")


def find(table: Table, task_id: str) -> Item | None:
    """The task with this id, of either family."""
    pointer = table.get(keys.task(task_id))
    return table.get(keys.Key(pointer["item_pk"], pointer["item_sk"])) if pointer else None


def change(
    table: Table,
    task: Item,
    *,
    now: float,
    remove: tuple[str, ...] = (),
    beside: tuple[Write, ...] = (),
    **attributes: Any,
) -> None:
    """Set attributes of a task that were 0 and no more than once, with `beside`; raises ConditionFailed."""
    unset = [Compare(name, "=", 0) for name in attributes]
    update = Update(
        key=key_of(task), set={name: attributes[name] for name in attributes}, remove=remove, when=[item_exists, *unset]
    )
    table.transact(_raised(stream_of(task), now=now), update, *beside)


def _ordered(table: Table, stream: StreamRef) -> Collection[str]:
    """The recordings that the stream's live session has orders for, where there is one."""
    session = live_session(table, stream)
    return session["orders"].keys() if session else ()


def _written(task: Item) -> list[Write]:
    key, kept_until = key_of(task), task["EndTime"] + HISTORY_SECONDS
    pointer = {
        "item_pk": key.pk,
        "item_sk": key.sk,
        "LPK": keys.ALL_ARMED,
        "LSK": keys.by_time(task["StartTime"], task["TaskId"]),
        "expires_at": kept_until,
    }
    return [
        Put(key=key, item={**task, "expires_at": kept_until}, when=[no_such_item]),
        Put(key=keys.task(task["TaskId"]), item=pointer, when=[no_such_item]),
    ]


def _raised(stream: StreamRef, *, now: float, when: Sequence[Condition] = ()) -> Update:
    """The next version of the stream's tasks."""
    return Update(
        key=keys.tasks_version(stream.domain, stream.app, stream.stream),
        set={"expires_at": int(now) + VERSION_SECONDS},
        add={"version": 1},
        when=when,
    )
