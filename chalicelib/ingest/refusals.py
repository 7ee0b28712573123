"""Publishes that were not let in, told: in the history of the stream, and as event 0 where a customer is to be told.

A stream is told of one reason once a minute, however often an encoder, or somebody who guesses, tries again; a domain
no more often a minute than `refusal_limit` lets.
"""

from contextlib import suppress
from hashlib import sha256

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.ingest import refusal_limit
from chalicelib.ingest.admission import NotAdmitted
from chalicelib.ingest.hooks import QUERY_BYTES, PublishHook
from chalicelib.live import callbacks, stream_history
from chalicelib.notify import events, outbox, queue
from chalicelib.settings import settings
from chalicelib.table import ConditionFailed, Table, Update

ERRCODE = 18
"""The wire's family of pushes that were not let in."""
TOLD_EVERY_SECONDS = 60
RIVALS = 5
"""Refusals of a domain told at one moment: each loser counts again, and the last goes untold."""


def tell(table: Table, hook: PublishHook, refusal: NotAdmitted, *, now: float) -> None:
    """Tell of a refused publish at `now` (unix s), unless that, or enough, was told in the same minute."""
    minute = now - now % TOLD_EVERY_SECONDS
    count_key = refusal_limit.count_key(hook, refusal)
    for _ in range(RIVALS):
        count = table.get(count_key)
        if not refusal_limit.has_room(count, minute):
            break
        try:
            _tell(table, hook, refusal, count, refusal_limit.told(count_key, count, minute), now=now)
        except ConditionFailed as failure:
            if 0 in failure.failed:  # told before
                return
            continue
        return
    with suppress(ConditionFailed):  # the count has just expired
        table.update(refusal_limit.untold(count_key))


def _tell(
    table: Table, hook: PublishHook, refusal: NotAdmitted, count: Item | None, counted: Update, *, now: float
) -> None:
    """Raises ConditionFailed: of the first write where it was told before, of the second where `count` is old."""
    minute = now - now % TOLD_EVERY_SECONDS
    stream = keys.stream_partition(hook.stream.domain, hook.stream.app, hook.stream.stream)
    refusal_id = sha256(f"{stream}#{refusal.code}#{minute:.0f}".encode()).hexdigest()[:32]
    not_told = f"; {count['untold']} refused pushes before it were not told" if count and count["untold"] else ""
    ending = events.Ending(code=ERRCODE, message=f"{refusal}{not_told}")
    stopped = events.push_stopped(_as_session(hook, refusal_id, now), ending, app_id=settings().app_id, now=now)
    template = callbacks.template_of(table, hook.stream.domain, hook.stream.app)
    announcements = outbox.written(stopped, template, now=now)
    table.transact(stream_history.refused(hook, refusal_id, ending, at=minute), counted, *announcements)
    if announcements:
        queue.announce([stopped.event_id])


def _as_session(hook: PublishHook, refusal_id: str, now: float) -> Item:
    """What event 0 says of a session, of one that never began."""
    return {
        "session_id": refusal_id,
        "domain": hook.stream.domain,
        "app": hook.stream.app,
        "stream": hook.stream.stream,
        "node": hook.node,
        "client_ip": hook.client_ip,
        "stream_param": hook.param[:QUERY_BYTES],
        "published_at": now,
    }
