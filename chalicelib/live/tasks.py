"""Recording tasks: a recording of one stream ordered by API for a window of time."""

import uuid
from contextlib import suppress

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.params import Natural, Params, ShortText, Switch, UnixSeconds
from chalicelib.attribute_values import Item
from chalicelib.live import task_store
from chalicelib.live.names import Domain, GivenPathName
from chalicelib.live.task_errors import InvalidTaskTime, TaskNotExist
from chalicelib.live.task_history import DescribeRecordTask, describe
from chalicelib.live.task_items import LONGEST_SECONDS, recording_id, stream_of
from chalicelib.live.task_start import start_or_wake
from chalicelib.recording.schedules import wake_at
from chalicelib.recording.session import live_session, order_ended
from chalicelib.recording.waiting import WaitingFile, waiting_files
from chalicelib.table import ConditionFailed, Table, Write

HORIZON_SECONDS = 7 * 86_400


class CreateRecordTask(Params):
    """Parameters of the action."""

    StreamName: GivenPathName
    DomainName: Domain
    AppName: GivenPathName
    EndTime: UnixSeconds
    StartTime: UnixSeconds = 0
    """0: now."""
    StreamType: Switch = 0
    """1: only what a mixer publishes under the name (`output_stream_type` in the push URL)."""
    TemplateId: Natural = 0
    Extension: ShortText = ""


class OneTask(Params):
    """Parameters that name a task."""

    TaskId: ShortText


def create(params: CreateRecordTask, call: Call) -> Answer:
    """A new task; where its stream is live and its time has come, the recording begins at once."""
    task = {**params.model_dump(), "StartTime": params.StartTime or int(call.now), "TaskId": uuid.uuid4().hex}
    check_window(task["StartTime"], task["EndTime"], call.now)
    listed = {"LPK": keys.ALL_TASKS, "LSK": keys.by_time(task["StartTime"], task["TaskId"])}
    task |= {"Stopped": 0, "deleted_at": 0, **listed}
    task_store.add(call.table, task, now=call.now)
    start_or_wake(call.table, task, now=call.now)
    return {"TaskId": task["TaskId"]}


def stop(params: OneTask, call: Call) -> Answer:
    """End the task now; its files are finished, and it never starts again."""
    end(call.table, _task(call.table, params.TaskId), now=call.now)
    return {}


def delete(params: OneTask, call: Call) -> Answer:
    """Forget the task: pushes to come are not recorded by it, a recording that runs goes on."""
    forget(call.table, _task(call.table, params.TaskId), now=call.now)
    return {}


def end(table: Table, task: Item, *, now: float, beside: tuple[Write, ...] = ()) -> None:
    """Stop a task of either family, and what is recorded by it or waits for its stream; twice is once.

    `beside` is written with it.
    """
    with suppress(ConditionFailed):  # stopped before
        task_store.change(table, task, now=now, beside=beside, Stopped=int(now))
    _end_order(table, task, now=now)
    for waiting in waiting_files(table, stream_of(task), recording_id(task["TaskId"])):
        with suppress(ConditionFailed):  # it goes on, and ends with its session's order; or it is being ended
            let_go = WaitingFile.from_item(table.update(waiting.let_go(now)))
            wake_at(let_go.due_at, now=now)


def forget(table: Table, task: Item, *, now: float, beside: tuple[Write, ...] = ()) -> None:
    """Delete a task of either family, and write `beside` with it; raises TaskNotExist where that was done before.

    A recorder that waits for its start waits no more; one that has begun goes on.
    """
    try:
        task_store.change(table, task, now=now, beside=beside, deleted_at=int(now), remove=("LPK", "LSK"))
    except ConditionFailed:
        raise TaskNotExist from None
    if now < task["StartTime"]:
        _end_order(table, task, now=now)


def check_window(starts_at: int, ends_at: int, now: float) -> None:
    """Refuse a window (unix s) that lies where the wire does not allow it; raises InvalidTaskTime."""
    if ends_at <= now or ends_at <= starts_at:
        raise InvalidTaskTime("EndTime: must lie after StartTime and after now.")
    if ends_at >= now + HORIZON_SECONDS:
        raise InvalidTaskTime("EndTime: must lie within 7 days from now.")
    if ends_at - starts_at > LONGEST_SECONDS:
        raise InvalidTaskTime("StartTime: at most 24 hours before EndTime.")


def _end_order(table: Table, task: Item, *, now: float) -> None:
    session = live_session(table, stream_of(task))
    if session is not None and recording_id(task["TaskId"]) in session["orders"]:
        with suppress(ConditionFailed):  # over by itself, or stopped before
            table.update(order_ended(session["session_id"], recording_id(task["TaskId"]), now))


def _task(table: Table, task_id: str) -> Item:
    task = task_store.find(table, task_id)
    if task is None or "formats" in task:  # the older family's have actions of their own
        raise TaskNotExist
    return task


def _domains(params: OneTask, call: Call) -> list[str]:
    """The push domain of the task, which the parameters do not name."""
    return [_task(call.table, params.TaskId)["DomainName"]]


ACTIONS: Actions = {
    "CreateRecordTask": Action(CreateRecordTask, create),
    "StopRecordTask": Action(OneTask, stop, _domains),
    "DeleteRecordTask": Action(OneTask, delete, _domains),
    "DescribeRecordTask": Action(DescribeRecordTask, describe),
}
