"""Holding a publish until its recorder has subscribed, so that the first frame is in the file."""

import time
from collections.abc import Callable

from chalicelib import keys
from chalicelib.logs import log
from chalicelib.table import Table

NOTHING_TO_WAIT_FOR = ("subscribed_at", "recorder_ended_at", "unpublished_at")
LOOKED_AT = ("session_id", *NOTHING_TO_WAIT_FOR)
"""With something that every session has: an item of which nothing is asked for might count as none."""

CLOSELY_SECONDS = 1.0
"""A recorder that is a process has subscribed by then; one on Fargate takes 20 s: it is not worth so many reads."""
CLOSE_POLL_SECONDS = 0.05
POLL_SECONDS = 0.25


def hold(
    table: Table,
    session_id: str,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the session's recorder has subscribed or ended, the publisher has gone, or `seconds` have passed."""
    began_at = clock()
    while (waited := clock() - began_at) < seconds:
        session = table.get(keys.session(session_id), only=LOOKED_AT)
        if session is None or any(name in session for name in NOTHING_TO_WAIT_FOR):
            return
        distance = CLOSE_POLL_SECONDS if waited < CLOSELY_SECONDS else POLL_SECONDS
        sleep(min(distance, seconds - waited))
    log("publish_not_held", session_id=session_id, waited_seconds=seconds)
