"""Publishers that have gone, and whose end no hook told: where no recorder gets at the stream, the origin is asked.

A hook may be lost, or the function that took it may die. What the stream's recorders see is no proof: they fail for
other reasons too.
"""

from chalicelib.attribute_values import Item
from chalicelib.ingest import origin_control
from chalicelib.ingest.hooks import ControlFailed, Publisher
from chalicelib.live import callbacks
from chalicelib.logs import log
from chalicelib.notify.events import Ending
from chalicelib.recording import publishing
from chalicelib.recording.recorder_life import has_given_up
from chalicelib.recording.session import stream_of
from chalicelib.settings import settings
from chalicelib.table import Table

UNHEARD = Ending(code=8, message="nothing comes any more, and the origin knows no such connection")


def end_if_gone(table: Table, session: Item, *, now: float) -> bool:
    """End a session whose recorders were given up, if the origin says that its publisher is not there."""
    if "unpublished_at" in session or not has_given_up(session) or not settings().origin_control_url:
        return False
    stream = stream_of(session)
    try:
        publisher = Publisher(stream=stream, client_id=session["client_id"])
        if origin_control.is_connected(session["dialect"], publisher, now=now) is not False:
            return False
    except ControlFailed as failure:
        log("origin_not_asked", session_id=session["session_id"], stream=str(stream), reason=str(failure))
        return False
    publishing.end(table, session, callbacks.template_of(table, stream.domain, stream.app), UNHEARD, now=now)
    return True
