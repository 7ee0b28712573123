"""A publish over a live name: whether the publisher who has it is still there, asked before it is replaced.

SRS and nginx-rtmp ask us about a second publisher before they turn it away: replaced at each of its tries, the first
one would hardly be recorded. A mixer alone may take a name from who is there.
"""

from chalicelib.attribute_values import Item
from chalicelib.ingest import origin_control
from chalicelib.ingest.hooks import Publisher, PublishHook, PublishRefused, takes_over
from chalicelib.logs import log
from chalicelib.recording import session
from chalicelib.settings import settings
from chalicelib.table import Table

ASKING_SECONDS = 1.0
"""How long the origin may take to connect, and to answer: it waits for our answer to its hook meanwhile."""


def check(table: Table, hook: PublishHook, live: Item, *, kept_until: float, now: float) -> None:
    """Raise PublishRefused where the live session's publisher is not to be replaced.

    Where the origin cannot be asked, the name is its publisher's until `kept_until` (unix s).
    """
    if live["client_id"] == hook.client_id or takes_over(hook.param):
        return
    is_there = _is_connected(live, now=now)
    if is_there and session.is_live(table, live):  # its end may have been told while the origin was asked
        raise PublishRefused(f"the stream is live, and its publisher {live['client_id']} is connected")
    if is_there is None and now < kept_until:
        raise PublishRefused("the stream is live and changed hands just now; the origin cannot be asked who is there")


def _is_connected(live: Item, *, now: float) -> bool | None:
    """Whether the origin knows the connection of a live session; None where it cannot be asked."""
    if not settings().origin_control_url:
        return None
    publisher = Publisher(stream=session.stream_of(live), client_id=live["client_id"])
    try:
        return origin_control.is_connected(live["dialect"], publisher, seconds=ASKING_SECONDS, now=now)
    except Exception as failure:  # no answer is no reason to fail a publish
        facts = {"session_id": live["session_id"], "stream": str(publisher.stream)}
        log("origin_not_asked", **facts, reason=str(failure))
        return None
