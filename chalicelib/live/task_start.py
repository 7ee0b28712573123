"""From a task to its recorder: the order is given to the session that is live, in time for the recorder to be there.

A task is looked after when it is made, and by the tick from its lead on: woken for it, and each minute. A publish that
comes later finds it by itself. Looked after twice, late or at once by several, it is ordered once.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.ingest.hooks import is_mixed
from chalicelib.live.task_items import is_due, is_over, key_of, order_of, recording_id, stream_of
from chalicelib.logs import log
from chalicelib.recording.launcher import ensure_recorder
from chalicelib.recording.schedules import wake_at
from chalicelib.recording.session import let_go, live_session, order_added
from chalicelib.settings import settings
from chalicelib.table import Check, Compare, ConditionFailed, Present, Table, Update

AT_ONCE = 8
"""Tasks looked after side by side: many begin on the hour. Fewer than the 10 connections of a client."""
SETTLED_SECONDS = 60.0
"""A publish that read the stream's tasks before one was due has opened its session by then: a hook ends in 29 s."""
MOST_ORDER_BYTES = 160_000
"""What the orders of one session may be, as JSON; its item holds outcomes and reports beside them."""


class NoRoom(Exception):
    """The session's orders are too long for another one: the task waits until some have left."""


def start_or_wake(table: Table, task: Item, *, now: float) -> None:
    """Look after a task that was just made: at once where its time has come, else somebody is woken for it.

    What fails here is logged and no more: the task exists, and the tick looks after it.
    """
    due_at = task["StartTime"] - settings().launch_lead_seconds
    try:
        if due_at > now:
            wake_at(due_at, now=now)
        else:
            start(table, task, now=now)
    except Exception as error:
        log("task_not_started", task_id=task["TaskId"], stream=str(stream_of(task)), error=repr(error))


def start_due(table: Table, *, now: float) -> None:
    """Look after every task whose time has come and that was not looked after since."""
    last = keys.by_time(now + settings().launch_lead_seconds, "~")
    listed = [keys.Key(item["PK"], item["SK"]) for item in table.query(keys.ALL_ARMED, index=keys.LISTING, last=last)]
    pointers = table.get_many(listed)
    tasks = table.get_many(keys.Key(each["item_pk"], each["item_sk"]) for each in pointers.values())
    with ThreadPoolExecutor(AT_ONCE) as workers:
        list(workers.map(lambda task: _look_after(table, task, now=now), tasks.values()))


def _look_after(table: Table, task: Item, *, now: float) -> None:
    try:
        start(table, task, now=now)
        if is_over(task, now=now) or _is_settled(task, now=now):
            table.update(_disarmed(task))
    except Exception as error:  # one task's trouble must not keep the others waiting
        log("task_not_started", task_id=task["TaskId"], stream=str(stream_of(task)), error=repr(error))


def start(table: Table, task: Item, *, now: float) -> None:
    """Order the task of the session that is live, where there is one, and see to a recorder."""
    session = live_session(table, stream_of(task))
    if session is None:
        return
    lead_seconds = settings().launch_lead_seconds
    if not is_due(task, now=now, lead_seconds=lead_seconds, is_mixed=is_mixed(session["stream_param"])):
        return
    if recording_id(task["TaskId"]) not in session["orders"] and not _order(table, task, session, now=now):
        return
    ensure_recorder(table, session["session_id"], now=now)


def _order(table: Table, task: Item, session: Item, *, now: float) -> bool:
    template = table.get(keys.record_template(task["TemplateId"])) if task["TemplateId"] else None
    order = order_of(task, template)
    if not order.formats:  # a template that means "do not record"
        return False
    session = _without_what_is_over(table, session, now=now)
    orders = [*session["orders"].values(), order.as_item()]
    if len(json.dumps(orders)) > MOST_ORDER_BYTES:
        raise NoRoom(f"{len(orders)} orders are more than its session's item has room for")
    is_open = [Compare("Stopped", "=", 0), Compare("deleted_at", "=", 0)]
    try:
        table.transact(order_added(session["session_id"], order), Check(key=key_of(task), when=is_open))
    except ConditionFailed:  # unpublished, stopped, deleted, or ordered by another at the same moment
        return False
    return True


def _without_what_is_over(table: Table, session: Item, *, now: float) -> Item:
    """The session after its orders that have been over for long were let go."""
    change = let_go(session, now=now)
    if change is not None:
        with suppress(ConditionFailed):  # the orders change at this moment: the next task's sees to it
            return table.update(change)
    return session


def _is_settled(task: Item, *, now: float) -> bool:
    return bool(now >= task["StartTime"] - settings().launch_lead_seconds + SETTLED_SECONDS)


def _disarmed(task: Item) -> Update:
    return Update(key=keys.task(task["TaskId"]), remove=["LPK", "LSK"], when=[Present("PK")])
