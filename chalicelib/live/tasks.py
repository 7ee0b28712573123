"""Recording tasks: a recording of one stream ordered by API for a window of time."""

import uuid
from collections.abc import Mapping
from contextlib import suppress

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.params import Natural, Params, ShortText, Switch, UnixSeconds
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidTaskTime, TaskNotExist
from chalicelib.live.names import Domain, GivenPathName
from chalicelib.live.task_history import DescribeRecordTask, describe
from chalicelib.live.templates import continue_seconds_of, formats_of
from chalicelib.recording.launcher import ensure_recorder
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder
from chalicelib.recording.session import live_session, order_added, order_ended
from chalicelib.recording.stream import StreamRef
from chalicelib.recording.waiting import waiting_files
from chalicelib.table import ConditionFailed, Put, Table, Update, item_exists, no_such_item

HORIZON_SECONDS = 7 * 86_400
LONGEST_SECONDS = 86_400
SOON_SECONDS = 5.0
"""A task that starts this soon is ordered at once: its recorder waits for the moment by its own clock."""
HLS_FOR_EVER: Mapping[RecordFormat, FormatOrder] = {RecordFormat.HLS: FormatOrder(interval_seconds=0)}


def order_of(task: Item, template: Item | None) -> RecordingOrder:
    """What a task orders; without a template, or with one that is gone, HLS that is kept for ever."""
    return RecordingOrder(
        recording_id=recording_id(task["TaskId"]),
        template_id=task["TemplateId"] if template else 0,
        task_id=task["TaskId"],
        starts_at=float(task["StartTime"]),
        ends_at=float(task["Stopped"] or task["EndTime"]),
        continue_seconds=continue_seconds_of(template) if template else 0,
        formats=formats_of(template) if template else HLS_FOR_EVER,
    )


def recording_id(task_id: str) -> str:
    """The recording of a task within a session."""
    return f"task-{task_id}"


def is_due(task: Item, now: float) -> bool:
    """Whether a publish at `now` (unix s) is to be recorded by the task."""
    is_in_window = task["StartTime"] <= now + SOON_SECONDS and now < task["EndTime"]
    return is_in_window and not task["Stopped"] and not task["deleted"]


class CreateRecordTask(Params):
    """Parameters of the action."""

    StreamName: GivenPathName
    DomainName: Domain
    AppName: GivenPathName
    EndTime: UnixSeconds
    StartTime: UnixSeconds = 0
    """0: now."""
    StreamType: Switch = 0
    TemplateId: Natural = 0
    Extension: ShortText = ""


class OneTask(Params):
    """Parameters that name a task."""

    TaskId: ShortText


def create(params: CreateRecordTask, call: Call) -> Answer:
    """A new task; where its stream is live and its time has come, the recording begins at once."""
    task = {**params.model_dump(), "StartTime": params.StartTime or int(call.now)}
    _check_window(task["StartTime"], task["EndTime"], call.now)
    task |= {"TaskId": uuid.uuid4().hex, "Stopped": 0, "deleted": False}
    stream = StreamRef(domain=params.DomainName, app=params.AppName, stream=params.StreamName)
    session = live_session(call.table, stream) if is_due(task, call.now) else None
    if session is None or not _write(call.table, task, session["session_id"]):
        _write(call.table, task, None)
    if session is None and is_due(task, call.now):  # published between our reading and our writing?
        session = live_session(call.table, stream)
        if session is not None:
            _add_order(call.table, task, session["session_id"])
    if session is not None:
        ensure_recorder(session["session_id"])
    return {"TaskId": task["TaskId"]}


def stop(params: OneTask, call: Call) -> Answer:
    """End the task now; its files are finished, and it never starts again."""
    task = _task(call.table, params.TaskId)
    if not task["Stopped"]:
        call.table.update(Update(key=_key(task), set={"Stopped": int(call.now)}, when=[item_exists]))
    session = live_session(call.table, _stream(task))
    if session is not None and recording_id(task["TaskId"]) in session["orders"]:
        call.table.update(order_ended(session["session_id"], recording_id(task["TaskId"]), call.now))
    for waiting in waiting_files(call.table, _stream(task), recording_id(task["TaskId"])):
        with suppress(ConditionFailed):  # it goes on, and ends with its session's order; or it is being ended
            call.table.update(waiting.let_go(call.now))
    return {}


def delete(params: OneTask, call: Call) -> Answer:
    """Forget the task: pushes to come are not recorded by it, a recording that runs goes on."""
    task = _task(call.table, params.TaskId)
    if task["deleted"]:
        raise TaskNotExist
    call.table.update(Update(key=_key(task), set={"deleted": True}, remove=["LPK", "LSK"], when=[item_exists]))
    return {}


def _check_window(starts_at: int, ends_at: int, now: float) -> None:
    if ends_at <= now or ends_at <= starts_at:
        raise InvalidTaskTime("EndTime: must lie after StartTime and after now.")
    if ends_at >= now + HORIZON_SECONDS:
        raise InvalidTaskTime("EndTime: must lie within 7 days from now.")
    if ends_at - starts_at > LONGEST_SECONDS:
        raise InvalidTaskTime("StartTime: at most 24 hours before EndTime.")


def _write(table: Table, task: Item, session_id: str | None) -> bool:
    """Write the task, with its order where a session is given; False where that session has ended meanwhile."""
    key = _key(task)
    item = {**task, "LPK": keys.ALL_TASKS, "LSK": keys.by_time(task["StartTime"], task["TaskId"])}
    pointer = Put(key=keys.task(task["TaskId"]), item={"item_pk": key.pk, "item_sk": key.sk}, when=[no_such_item])
    writes = [Put(key=key, item=item, when=[no_such_item]), pointer]
    if session_id is None:
        table.transact(*writes)
        return True
    try:
        table.transact(*writes, order_added(session_id, order_of(task, _template(table, task))))
    except ConditionFailed:
        return False
    return True


def _add_order(table: Table, task: Item, session_id: str) -> None:
    try:
        table.update(order_added(session_id, order_of(task, _template(table, task))))
    except ConditionFailed:  # unpublished already: the next publish finds the task
        return


def _template(table: Table, task: Item) -> Item | None:
    return table.get(keys.record_template(task["TemplateId"])) if task["TemplateId"] else None


def _task(table: Table, task_id: str) -> Item:
    pointer = table.get(keys.task(task_id))
    task = table.get(keys.Key(pointer["item_pk"], pointer["item_sk"])) if pointer else None
    if task is None:
        raise TaskNotExist
    return task


def _stream(task: Item) -> StreamRef:
    return StreamRef(domain=task["DomainName"], app=task["AppName"], stream=task["StreamName"])


def _key(task: Item) -> keys.Key:
    return keys.task_of_stream(task["DomainName"], task["AppName"], task["StreamName"], task["EndTime"], task["TaskId"])


ACTIONS: Actions = {
    "CreateRecordTask": Action(CreateRecordTask, create),
    "StopRecordTask": Action(OneTask, stop),
    "DeleteRecordTask": Action(OneTask, delete),
    "DescribeRecordTask": Action(DescribeRecordTask, describe),
}
