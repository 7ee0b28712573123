"""The older family of recording tasks: Beijing time as text, a format where the newer one names a template, numbers.

They are the same tasks, made, started and stopped by the same machinery, and are in no list of the newer family.
"""

from dataclasses import asdict

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.moments import beijing_text
from chalicelib.attribute_values import Item
from chalicelib.errors import MissingParameter
from chalicelib.live import task_store, tasks
from chalicelib.live.live_record_params import CreateLiveRecord, OneLiveRecord, order_of_format, window_of
from chalicelib.live.task_errors import (
    AlterTaskState,
    ChannelNotExist,
    MaximumRunningTask,
    MaximumTask,
    OlderTaskNotExist,
    StreamNotExist,
    TaskNotExist,
)
from chalicelib.live.task_items import LONGEST_SECONDS, is_over, most_at_once, stream_of
from chalicelib.live.task_start import start_or_wake
from chalicelib.recording.session import live_session
from chalicelib.settings import settings
from chalicelib.table import Absent, Compare, ConditionFailed, Delete, Put, Table, Update, Write

MOST_A_DAY = 4000
MOST_AT_ONCE = 400
RIVALS = 50
"""Tasks made at one moment: each loser counts again."""


def create(params: CreateLiveRecord, call: Call) -> Answer:
    """A new task; a highlight is of a stream that is live."""
    starts_at, ends_at = window_of(params, call.now)
    tasks.check_window(starts_at, ends_at, call.now)
    name, order = order_of_format(params)
    task: Item = {
        "StreamName": params.StreamName,
        "DomainName": _domain(params),
        "AppName": params.AppName or "live",
        "StartTime": starts_at,
        "EndTime": ends_at,
        "StreamType": params.MixStream,
        "TemplateId": 0,
        "Stopped": 0,
        "deleted_at": 0,
        "formats": {str(name): asdict(order)},
        "audio_only": params.RecordType == "audio",
    }
    if params.Highlight and live_session(call.table, stream_of(task)) is None:
        raise StreamNotExist
    added = _add(call.table, task, now=call.now)
    start_or_wake(call.table, added, now=call.now)
    return {"TaskId": int(added["TaskId"])}


def stop(params: OneLiveRecord, call: Call) -> Answer:
    """End the task now; its files are finished, and it never starts again."""
    task = _task(params, call)
    tasks.end(call.table, task, now=call.now, beside=_no_window(task))
    return {}


def delete(params: OneLiveRecord, call: Call) -> Answer:
    """Forget a task that is to come, or over; one that runs must be stopped."""
    task = _task(params, call)
    if task["StartTime"] <= call.now and not is_over(task, now=call.now):
        raise AlterTaskState
    try:
        tasks.forget(call.table, task, now=call.now, beside=_no_window(task))
    except TaskNotExist:  # deleted at the same moment
        raise OlderTaskNotExist from None
    return {}


def _domain(params: CreateLiveRecord) -> str:
    domain = params.DomainName or settings().default_push_domain
    if not domain:
        raise MissingParameter("DomainName: this parameter is required: no push domain is the default.")
    return domain


def _add(table: Table, task: Item, *, now: float) -> Item:
    """Write the task under the next number; raises MaximumTask, MaximumRunningTask."""
    today = beijing_text(now).partition(" ")[0]
    for _ in range(RIVALS):
        counter = table.get(keys.counter(keys.LIVE_RECORDS)) or {}
        made_today = counter["total"] if counter.get("day") == today else 0
        if made_today >= MOST_A_DAY:
            raise MaximumTask(f"{MOST_A_DAY} tasks were made today: the next can be made tomorrow, Beijing time.")
        if not _has_room(table, task):
            raise MaximumRunningTask(f"StartTime: {MOST_AT_ONCE} tasks run at a moment of this window.")
        numbered = {**task, "TaskId": str(counter.get("last_id", 0) + 1)}
        try:
            task_store.add(table, numbered, now=now, beside=_counted(numbered, counter, today, made_today))
        except ConditionFailed:  # another was made at the same moment
            continue
        return numbered
    raise RuntimeError(f"{RIVALS} tasks of the older family are made at once")


def _has_room(table: Table, task: Item) -> bool:
    first = keys.live_record(0, task["StartTime"], "").sk
    last = keys.live_record(0, task["EndTime"] + LONGEST_SECONDS, "").sk
    ends_and_starts = (item["SK"].split("#") for item in table.query(keys.LIVE_RECORDS, first=first, last=last))
    windows = ((int(start), int(end)) for end, start, _ in ends_and_starts)
    return most_at_once(windows, starts_at=task["StartTime"], ends_at=task["EndTime"]) < MOST_AT_ONCE


def _counted(task: Item, counter: Item, today: str, made_today: int) -> tuple[Write, ...]:
    as_read = Compare("last_id", "=", counter["last_id"]) if counter else Absent("last_id")
    return (
        Update(
            key=keys.counter(keys.LIVE_RECORDS),
            set={"last_id": int(task["TaskId"]), "day": today, "total": made_today + 1},
            when=[as_read],
        ),
        Put(key=_window_key(task), item={"expires_at": task["EndTime"]}),
    )


def _task(params: OneLiveRecord, call: Call) -> Item:
    task = task_store.find(call.table, str(params.TaskId))
    if task is None or "formats" not in task or task["deleted_at"]:
        raise OlderTaskNotExist
    if task["StreamName"] != params.StreamName:
        raise ChannelNotExist
    return task


def _no_window(task: Item) -> tuple[Write, ...]:
    """The task runs no more: it counts among those at one moment no more."""
    return (Delete(key=_window_key(task)),)


def _window_key(task: Item) -> keys.Key:
    return keys.live_record(task["StartTime"], task["EndTime"], task["TaskId"])


def _domain_to_be(params: CreateLiveRecord, call: Call) -> list[str]:
    return [_domain(params)]


def _domain_of_task(params: OneLiveRecord, call: Call) -> list[str]:
    return [_task(params, call)["DomainName"]]


ACTIONS: Actions = {
    "CreateLiveRecord": Action(CreateLiveRecord, create, _domain_to_be),
    "StopLiveRecord": Action(OneLiveRecord, stop, _domain_of_task),
    "DeleteLiveRecord": Action(OneLiveRecord, delete, _domain_of_task),
}
