"""Recorders looked after: by what ECS tells of a stopped task, and by the minute tick for what was not told."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.logs import log
from chalicelib.recording import launcher, recorder_life
from chalicelib.recording.recorder_life import RecorderState
from chalicelib.recording.reporting import tell_untold
from chalicelib.recording.session import stream_of
from chalicelib.recording.unheard import end_those_gone
from chalicelib.recording.untold import UNTOLD
from chalicelib.table import Table


def recorder_stopped(table: Table, detail: Mapping[str, Any], *, now: float) -> None:
    """A task has stopped: `detail` is that of ECS's "Task State Change". Of a task that is no recorder: nothing."""
    environment = {
        each["name"]: each["value"]
        for container in detail.get("overrides", {}).get("containerOverrides", [])
        for each in container.get("environment", [])
    }
    session_id, number = environment.get(launcher.SESSION_VARIABLE), environment.get(launcher.LAUNCH_VARIABLE)
    session = table.get(keys.session(session_id)) if session_id else None
    if session is None or number is None:
        return
    exit_codes = [each["exitCode"] for each in detail.get("containers", []) if "exitCode" in each]
    reason = detail.get("stoppedReason") or detail.get("stopCode") or "no reason given"
    facts = {"launch": int(number), "exit_code": next(iter(exit_codes), None), "reason": reason}
    log("recorder_stopped", session_id=session_id, stream=str(stream_of(session)), **facts)
    _told(table, session, now=now)
    said = f"stopped: {reason}, exit code {facts['exit_code']}"
    launcher.stop(table, session["session_id"], launch=int(number), reason=said, now=now)
    _launch_if_due(table, session["session_id"], now=now)


def tend(table: Table, *, now: float) -> None:
    """Go through the open sessions: launch what is wanted, give up what is lost, let go of what has ended."""
    listed = [keys.session(item["session_id"]) for item in table.query(keys.ALL_OPEN, index=keys.LISTING)]
    sessions = table.get_many(listed).values()  # the listing may lag behind
    for session in sessions:
        try:
            state = recorder_life.state_of(session, now=now)
            left = session if state is RecorderState.RUNNING else _told(table, session, now=now)
            TENDING[state](table, left, now)
        except Exception as error:  # one session's trouble must not keep the others waiting
            log("session_not_tended", session_id=session["session_id"], error=repr(error))
    end_those_gone(table, sessions, now=now)


def _tend_starting(table: Table, session: Item, now: float) -> None:
    """Ask again: if nobody asked ECS, now somebody has; if somebody did, ECS knows the client token."""
    if now - session["launched_at"] > recorder_life.RETRY_SECONDS[0]:
        launcher.launch(table, session, now=now)


def _tend_running(table: Table, session: Item, now: float) -> None:
    """Its lease holds: nothing to do."""


def _tend_lost(table: Table, session: Item, now: float) -> None:
    facts = {"session_id": session["session_id"], "stream": str(stream_of(session))}
    launch = recorder_life.launch_at_work(session)
    log("recorder_lost", **facts, launch=launch)
    launcher.stop(table, session["session_id"], launch=launch, reason="lost", now=now)
    _launch_if_due(table, session["session_id"], now=now)


def _tend_ended(table: Table, session: Item, now: float) -> None:
    has_open_files = launcher.has_open_files_of(table, session["session_id"])
    has_work = recorder_life.has_work(session, now=now, has_open_files=has_open_files)
    if has_work and not recorder_life.has_given_up(session):
        if recorder_life.may_try_again(session, now=now):
            launcher.launch_again(table, session, now=now)
    elif "unpublished_at" in session and UNTOLD not in session:
        table.update(recorder_life.closed(session))


def _told(table: Table, session: Item, *, now: float) -> Item:
    """The session after what its recorder left untold was told; as it was where that fails: the tick tries again."""
    try:
        return tell_untold(table, session, now=now)
    except Exception as error:  # a recorder that is missed is more urgent than what is told late
        log("session_not_tended", session_id=session["session_id"], error=repr(error))
        return session


def _launch_if_due(table: Table, session_id: str, *, now: float) -> None:
    """The first time a recorder dies the next one follows at once."""
    session = table.get(keys.session(session_id))
    if session is not None and recorder_life.state_of(session, now=now) is RecorderState.ENDED:
        _tend_ended(table, session, now)


TENDING: Mapping[RecorderState, Callable[[Table, Item, float], None]] = {
    RecorderState.NONE: _tend_ended,
    RecorderState.STARTING: _tend_starting,
    RecorderState.RUNNING: _tend_running,
    RecorderState.ENDED: _tend_ended,
    RecorderState.LOST: _tend_lost,
}
