"""What becomes of a session's recorder: decided here from its item, carried out by launcher and supervision. Pure.

A launch has a number. It fails, or its recorder claims the session (`recorder_started_at`), holds the lease, and ends
(`recorder_ended_at`) or is lost. What is lost or ends before its work is done is launched again, with growing distance.
Work is a stream that lives and has an order, or a file that a dead recorder left open.
"""

from enum import Enum
from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.recording.session import LEAVE_LISTING
from chalicelib.recording.untold import UNTOLD
from chalicelib.table import Absent, Compare, Condition, Path, Present, Update

START_SECONDS = 180.0
"""A launch that has not claimed its session by then is lost: Fargate takes up to two minutes with a cold image."""
RETRY_SECONDS = (30.0, 120.0)
"""After the first failure, after the second; the third is the last."""
DEATH_RETRY_SECONDS = (0.0, 30.0)
"""The same where a recorder was at work and died, or ended (a machine that is maintained) after it had worked steadily:
the stream goes on, and every second of it is missing."""
STEADY_SECONDS = 120.0
"""A recorder that has worked this long has shown that it can: its end does not add to earlier failures."""

LEFT_BY_THE_LAST = (
    "claimed_launch",
    "recorder_started_at",
    "recorder_ended_at",
    "end_reason",
    "lease_until",
    "subscribed_at",
    "retry_at",
)
"""What an earlier launch wrote and the next one starts without."""


class RecorderState(Enum):
    """Where a session's latest launch stands."""

    NONE = "never launched"
    STARTING = "launched, has not claimed the session yet"
    RUNNING = "holds the lease"
    ENDED = "ended, or could not be launched"
    LOST = "gone without a word"


def state_of(session: Item, *, now: float) -> RecorderState:
    """The state of the session's latest launch."""
    if session["launches"] == 0:
        return RecorderState.NONE
    if "recorder_ended_at" in session:
        return RecorderState.ENDED
    if "recorder_started_at" not in session:
        is_late = now - session["launched_at"] > START_SECONDS
        return RecorderState.LOST if is_late else RecorderState.STARTING
    # No margin for clocks that differ: whoever is taken for dead by mistake is fenced, and notices.
    return RecorderState.LOST if now > session["lease_until"] else RecorderState.RUNNING


def launch_at_work(session: Item) -> int:
    """The launch whose end is the session's: the one that claimed it, be it an earlier one that was slow to start."""
    return int(session.get("claimed_launch") or session["launches"])


def is_wanted(session: Item, *, now: float) -> bool:
    """Whether the stream lives and one of its orders is still to be worked on."""
    ends = (order.get("ends_at", 0) for order in session["orders"].values())
    return "unpublished_at" not in session and any(end == 0 or end > now for end in ends)


def has_given_up(session: Item) -> bool:
    """Whether the session's recorder failed too often to be launched by the tick."""
    return bool(session["failures"] > len(RETRY_SECONDS))


def has_work(session: Item, *, now: float, has_open_files: bool) -> bool:
    """Whether a recorder that is not there is missed."""
    return has_open_files or is_wanted(session, now=now)


def may_try_again(session: Item, *, now: float) -> bool:
    """Whether a session that has work and no recorder may have one now: not given up, and its distance kept."""
    return not has_given_up(session) and now >= session.get("retry_at", 0)


def launched(session: Item, *, now: float) -> Update:
    """The next launch: happens once, for its number is a condition. A new epoch fences whoever was taken for dead."""
    return Update(
        key=keys.session(session["session_id"]),
        set={"launched_at": now},
        add={"launches": 1, "epoch": 1},
        remove=LEFT_BY_THE_LAST,
        when=[Compare("launches", "=", session["launches"])],
    )


def stopped(session: Item, *, launch: int, reason: str, now: float, has_open_files: bool) -> Update:
    """A launch is over, once: what its recorder left unsaid is written, and when to try again or to let go.

    `reason` is used where the recorder gave none. A session with reports that nobody told is not let go of.
    """
    work_is_left = has_work(session, now=now, has_open_files=has_open_files)
    changes: dict[Path, Any] = {"stopped_launch": launch}
    conditions: list[Condition] = [
        Compare("launches", "=", session["launches"]),
        Compare("stopped_launch", "<", launch),
        Compare("epoch", "=", session["epoch"]),
    ]
    if "recorder_ended_at" not in session:
        changes |= {"recorder_ended_at": now, "end_reason": reason}
        conditions.append(Absent("recorder_ended_at"))
    if work_is_left:
        changes |= after_failure(session, now=now)
    is_told = UNTOLD not in session
    is_done = is_told and "unpublished_at" in session and (not work_is_left or "retry_at" not in changes)
    return Update(
        key=keys.session(session["session_id"]),
        set=changes,
        remove=LEAVE_LISTING if is_done else (),
        when=conditions,
    )


def after_failure(session: Item, *, now: float) -> dict[Path, Any]:
    """The count of failures and the time of the next try, where there is one."""
    was_steady = now - session.get("recorder_started_at", now) >= STEADY_SECONDS
    failures = 1 if was_steady else session["failures"] + 1
    if failures > len(RETRY_SECONDS):
        return {"failures": failures}
    has_died = "recorder_started_at" in session and "recorder_ended_at" not in session
    distances = DEATH_RETRY_SECONDS if has_died or was_steady else RETRY_SECONDS
    return {"failures": failures, "retry_at": now + distances[failures - 1]}


def closed(session: Item) -> Update:
    """An unpublished session without work, of which all is told, is no longer looked after."""
    return Update(
        key=keys.session(session["session_id"]),
        remove=LEAVE_LISTING,
        when=[Present("unpublished_at"), Absent(UNTOLD)],
    )
