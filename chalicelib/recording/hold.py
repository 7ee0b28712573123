"""Holding a publish until its recorder has subscribed, so that the first frame is in the file."""

import time
from collections.abc import Callable

from chalicelib import keys
from chalicelib.logs import log
from chalicelib.table import Table

POLL_SECONDS = 0.05
NOTHING_TO_WAIT_FOR = ("subscribed_at", "recorder_ended_at", "unpublished_at")


def hold(
    table: Table,
    session_id: str,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the session's recorder has subscribed or ended, the publisher has gone, or `seconds` have passed."""
    deadline = clock() + seconds
    while clock() < deadline:
        session = table.get(keys.session(session_id))
        if session is None or any(name in session for name in NOTHING_TO_WAIT_FOR):
            return
        sleep(POLL_SECONDS)
    log("publish_not_held", session_id=session_id, waited_seconds=seconds)
