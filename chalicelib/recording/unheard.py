"""Publishers that have gone, and whose end no hook told: where no recorder gets at the stream, the origin is asked.

A hook may be lost, or the function that took it may die. What the stream's recorders see is no proof: they fail for
other reasons too.
"""

import time
from collections.abc import Callable, Iterable

from chalicelib.attribute_values import Item
from chalicelib.ingest import origin_control
from chalicelib.ingest.hooks import Publisher
from chalicelib.live import callbacks
from chalicelib.logs import log
from chalicelib.notify.events import Ending
from chalicelib.recording import publishing
from chalicelib.recording.recorder_life import has_given_up
from chalicelib.recording.session import stream_of
from chalicelib.settings import settings
from chalicelib.table import Table

UNHEARD = Ending(code=8, message="nothing comes any more, and the origin knows no such connection")
ASKING_SECONDS = 15.0
"""How long one tick asks: an origin that does not answer holds each question up."""


def end_those_gone(
    table: Table, sessions: Iterable[Item], *, now: float, clock: Callable[[], float] = time.monotonic
) -> None:
    """End the sessions whose recorders were given up, where the origin says that their publisher is not there."""
    deadline = clock() + ASKING_SECONDS
    for session in sessions:
        if "unpublished_at" in session or not has_given_up(session) or not settings().origin_control_url:
            continue
        if clock() > deadline:
            return
        _end_if_gone(table, session, now=now)


def _end_if_gone(table: Table, session: Item, *, now: float) -> None:
    stream = stream_of(session)
    try:
        publisher = Publisher(stream=stream, client_id=session["client_id"])
        if origin_control.is_connected(session["dialect"], publisher, now=now) is False:
            template = callbacks.template_of(table, stream.domain, stream.app)
            publishing.end(table, session, template, UNHEARD, now=now)
    except Exception as failure:  # one session's trouble must not keep the others waiting
        log("origin_not_asked", session_id=session["session_id"], stream=str(stream), reason=str(failure))
